"""A request as its customer reads it: what was said, and what became of it, in plain words and in order.

Page by page, from the newest message back, so that a page of a long conversation is no heavier than others.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from tickets.history import MERGED_INTO
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
MESSAGES, CHARACTERS = 20, 12_000  # on a page: at most so many, and no further one once it holds so much
EVENTS = 60


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
    leads_to: int | None = None  # the number of another request
    files: list[Attachment] = field(default_factory=list)


@dataclass
class Talk:
    """A page of a conversation, oldest first."""

    entries: list[Entry]
    before: UUID | None = None  # the message before which the earlier page ends
    is_newest: bool = True

    @property
    def goes_on_in(self) -> int | None:
        """The number of the request into which this one was merged, as far as the reader may open it."""
        return next((entry.leads_to for entry in reversed(self.entries) if entry.leads_to), None)


def conversation(ticket: Ticket, reader: User, *, before: str = "") -> Talk:
    """What customers may know of a ticket. Three questions to the database, four when it was merged into another."""
    newest_first = Reply.objects.filter(ticket=ticket, is_internal=False).order_by("-created_at", "-id")
    end = place_of(newest_first, before)
    rows = newest_first.select_related("user")
    rows = rows.filter(Q(created_at__lt=end[0]) | Q(created_at=end[0], pk__lt=end[1])) if end else rows
    replies, is_more = as_many_as_fit(rows)
    files = files_of(ticket, replies, loose=not is_more)
    entries = [] if is_more else [first_message(ticket, reader, files[None])]
    entries += [message(reply, reader, files[reply.pk]) for reply in replies]
    entries += events(ticket, reader, since=replies[0].created_at if is_more else None, until=end and end[0])
    entries.sort(key=lambda entry: (entry.at, entry.order))
    return Talk(entries, replies[0].pk if is_more else None, end is None)


def place_of(replies: QuerySet[Reply], before: str) -> tuple[datetime, UUID] | None:
    if not before:
        return None
    try:
        key = UUID(before)
    except ValueError:
        raise Http404 from None
    found = replies.filter(pk=key).values_list("created_at", "pk").first()
    if found is None:
        raise Http404
    return found


def as_many_as_fit(rows: QuerySet[Reply]) -> tuple[list[Reply], bool]:
    """The newest ones, oldest first, and whether there are more."""
    found = list(rows[: MESSAGES + 1])
    taken, length = 0, 0
    while taken < min(len(found), MESSAGES) and length < CHARACTERS:
        length += len(found[taken].content)
        taken += 1
    return found[:taken][::-1], len(found) > taken


def files_of(ticket: Ticket, replies: list[Reply], *, loose: bool) -> dict[UUID | None, list[Attachment]]:
    """Files by message; the loose ones came with the request itself."""
    found: dict[UUID | None, list[Attachment]] = defaultdict(list)
    wanted = Q(reply__in=[reply.pk for reply in replies]) | (Q(reply__isnull=True) if loose else Q())
    for attachment in Attachment.objects.for_customers().filter(wanted, ticket=ticket):
        found[attachment.reply_id].append(attachment)
    return found


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
        is_team=reply.from_staff,
        files=files,
    )


# --- What became of it --------------------------------------------------------------------------------


def events(ticket: Ticket, reader: User, *, since: datetime | None, until: datetime | None) -> list[Entry]:
    steps = Activity.objects.filter(ticket=ticket, action__in=[Action.STATUS_CHANGED, Action.MERGED])
    steps = steps.filter(created_at__gte=since) if since else steps
    steps = steps.filter(created_at__lt=until) if until else steps
    rows = list(steps.select_related("user").order_by("-created_at", "-id")[:EVENTS])
    seen = numbers_seen(rows, reader)
    found = [merger(row, seen) if row.action == Action.MERGED else step(row, ticket, reader) for row in rows]
    return [entry for entry in found if entry is not None][::-1]


def numbers_seen(rows: list[Activity], reader: User) -> set[int]:
    """Of the requests into which this one was merged, those that the reader may open."""
    numbers = [int(found[1]) for row in rows if (found := target_of(row))]
    if not numbers:
        return set()
    seen = Ticket.objects.visible_to(reader).filter(ticket_number__in=numbers)
    return set(seen.values_list("ticket_number", flat=True))


def target_of(row: Activity) -> re.Match[str] | None:
    return MERGED_INTO.fullmatch(row.new_value or "") if row.action == Action.MERGED else None


def merger(row: Activity, seen: set[int]) -> Entry | None:
    """This request goes on in another one, for those who may read that."""
    found = target_of(row)
    if found is None or int(found[1]) not in seen:
        return None
    text = gettext("This request continues in")
    return Entry(at=row.created_at, order=2, text=text, is_message=False, icon="arrow", leads_to=int(found[1]))


def step(row: Activity, ticket: Ticket, reader: User) -> Entry | None:
    old, new = row.old_value or "", row.new_value or ""
    if new not in WORDS:
        return None
    text = what_happened(old, new, row.user if by_customer(row, ticket) else None, reader)
    return Entry(at=row.created_at, order=2, text=text, is_message=False, icon=ICONS[GROUP_OF[Status(new)]])


def by_customer(row: Activity, ticket: Ticket) -> bool:
    return row.user is not None and (row.user_id == ticket.customer_id or row.user.role == Role.CUSTOMER)


def what_happened(old: str, new: str, by: User | None, reader: User) -> str:
    """A change of status, as one would tell it; `by` is the customer who made it, None for us."""
    who = {"name": by.own_name} if by else {}
    if new == Status.RESOLVED:
        if by is None:
            return gettext("We marked this request as solved.")
        if by.pk == reader.pk:
            return gettext("You marked this request as solved.")
        return gettext("%(name)s marked this request as solved.") % who
    if new == Status.CLOSED:
        return gettext("This request is closed.")
    if old in DONE_STATUSES and new != Status.PENDING:
        if by is None:
            return gettext("This request is open again.")
        if by.pk == reader.pk:
            return gettext("You reopened this request.")
        return gettext("%(name)s reopened this request.") % who
    return {
        Status.PENDING: gettext("We are waiting for your answer."),
        Status.IN_PROGRESS: gettext("We are working on it."),
    }.get(Status(new), gettext("It is our turn again."))
