"""A request as its customer reads it: what was said, and what became of it, in plain words and in order."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.models import DONE_STATUSES, Action, Activity, Attachment, Reply, Status, Ticket

WAITING, WITH_US, SOLVED = "you", "us", "solved"
GROUPS: dict[str, tuple[str, ...]] = {
    WAITING: (Status.PENDING,),
    WITH_US: (Status.OPEN, Status.IN_PROGRESS),
    SOLVED: DONE_STATUSES,
}
GROUP_OF = {status: group for group, statuses in GROUPS.items() for status in statuses}
WORDS: dict[str, Promise] = {
    Status.OPEN: _("With us"),
    Status.IN_PROGRESS: _("Being worked on"),
    Status.PENDING: _("Waiting for you"),
    Status.RESOLVED: _("Solved"),
    Status.CLOSED: _("Closed"),
}
ICONS = {WAITING: "chat", WITH_US: "clock", SOLVED: "check"}


@dataclass
class Entry:
    """A message, or an event between messages."""

    at: datetime
    order: int  # of what happened at the same moment
    text: str
    is_message: bool = True
    author: User | None = None
    is_mine: bool = False
    is_team: bool = False
    icon: str = ""
    files: list[Attachment] = field(default_factory=list)


def conversation(ticket: Ticket, reader: User) -> list[Entry]:
    """Everything customers may know of a ticket, oldest first. Three questions to the database."""
    files: dict[UUID | None, list[Attachment]] = defaultdict(list)
    for attachment in Attachment.objects.for_customers().filter(ticket=ticket):
        files[attachment.reply_id].append(attachment)
    entries = [first_message(ticket, reader, files[None])]
    replies = Reply.objects.filter(ticket=ticket, is_internal=False).select_related("user")
    entries += [message(reply, reader, files[reply.pk]) for reply in replies]
    steps = Activity.objects.filter(ticket=ticket, action=Action.STATUS_CHANGED)
    entries += [event(step, ticket, reader) for step in steps if step.new_value in WORDS]
    return sorted(entries, key=lambda entry: (entry.at, entry.order))


def first_message(ticket: Ticket, reader: User, files: list[Attachment]) -> Entry:
    return Entry(
        at=ticket.created_at,
        order=0,
        text=ticket.description,
        author=ticket.customer,
        is_mine=ticket.customer_id == reader.pk,
        files=files,
    )


def message(reply: Reply, reader: User, files: list[Attachment]) -> Entry:
    return Entry(
        at=reply.created_at,
        order=1,
        text=reply.content,
        author=reply.user,
        is_mine=reply.user_id == reader.pk,
        is_team=reply.user.role != "customer",
        files=files,
    )


def event(step: Activity, ticket: Ticket, reader: User) -> Entry:
    old, new = step.old_value or "", step.new_value or ""
    group = GROUP_OF[Status(new)]
    text = what_happened(old, new, by_reader=step.user_id == reader.pk)
    return Entry(at=step.created_at, order=2, text=str(text), is_message=False, icon=ICONS[group])


def what_happened(old: str, new: str, *, by_reader: bool) -> Promise:
    """A change of status, as one would tell it."""
    if new == Status.RESOLVED:
        return _("You marked this request as solved.") if by_reader else _("We marked this request as solved.")
    if new == Status.CLOSED:
        return _("This request is closed.")
    if old in DONE_STATUSES:
        return _("You reopened this request.") if by_reader else _("This request is open again.")
    return {
        Status.PENDING: _("We are waiting for your answer."),
        Status.IN_PROGRESS: _("We are working on it."),
    }.get(Status(new), _("It is our turn again."))
