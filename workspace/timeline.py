"""A ticket from its first message to its last: what people wrote, and quietly between it, what happened."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import AgentGroup, User
from custom_fields.models import CustomField, EntityType
from email_channel.facts import Fact, message_of, undelivered
from email_channel.models import Outcome, TicketMail
from tickets.models import Action, Activity, Attachment, Note, Reply, Ticket

from .templatetags.workspace import label

MESSAGES = 60  # the latest ones; `everything` asks for the rest
ACTIVITIES = 200
MOST = 5_000
OF_MAILS = (Action.MAIL_SENT_AGAIN, Action.MAIL_DISMISSED)
OF_RULES = (Action.AUTOMATION_EXECUTED, Action.AUTOMATION_FAILED)
# Said by the messages themselves.
SILENT = (Action.REPLIED, Action.NOTE_ADDED, Action.CREATED)


@dataclass
class Message:
    """What somebody wrote: `kind` is opening, customer, staff or note."""

    id: UUID | None
    kind: str
    author: User | None
    content: str
    at: datetime
    attachments: list[Attachment] = field(default_factory=list)
    is_new: bool = False
    is_latest: bool = False
    hidden_from: str = ""  # a ticket whose messages a merge hid: "#7", or "another ticket"
    undelivered: list[Fact] = field(default_factory=list)


@dataclass
class Event:
    """Something that happened, as a sentence that begins with who did it."""

    who: str
    text: str
    at: datetime
    icon: str = "history"
    is_rule: bool = False  # the trace of that moment says why
    fact: Fact | None = None  # of a mail that never reached its reader


@dataclass
class Stretch:
    """What happened between two messages."""

    events: list[Event]

    @property
    def is_long(self) -> bool:
        """Whether it is folded: never when somebody has to see what is in it."""
        return len(self.events) > 3 and not any(event.fact for event in self.events)


@dataclass
class Timeline:
    entries: list[Message | Stretch]
    earlier: int  # messages that are not shown
    seen: UUID | None  # the last message

    @property
    def messages(self) -> list[Message]:
        return [entry for entry in self.entries if isinstance(entry, Message)]


def timeline(ticket: Ticket, *, everything: bool = False, new: Iterable[UUID] = ()) -> Timeline:
    """`new` are messages to point at."""
    most = MOST if everything else MESSAGES
    written = latest(ticket, Reply, most) + latest(ticket, Note, most)
    written.sort(key=lambda row: (row.created_at, row.pk))
    earlier = 0
    if len(written) > most:
        written, earlier = written[-most:], number_of(ticket) - most
    files: dict[UUID | None, list[Attachment]] = defaultdict(list)
    attachments = Attachment.objects.filter(ticket=ticket).select_related("uploaded_by")
    for attachment in attachments.order_by("created_at", "id"):
        files[attachment.reply_id].append(attachment)
    pointed, hidden = set(new), hidden_by_merges(ticket, written)
    unsent = unsent_mails(ticket, [row.pk for row in written])
    messages = [
        Message(
            row.pk,
            kind_of(row),
            row.user,
            row.content,
            row.created_at,
            files.get(row.pk, []) if isinstance(row, Reply) else [],
            row.pk in pointed,
            hidden_from=hidden.get(row.pk, ""),
            undelivered=unsent.get(row.pk, []),
        )
        for row in written
    ]
    if not earlier:
        opening = Message(
            None,
            "opening",
            ticket.customer,
            ticket.description,
            ticket.created_at,
            files.get(None, []),
            undelivered=unsent.get(ticket.pk, []),
        )
        messages.insert(0, opening)
    if messages:
        messages[-1].is_latest = True
    since = messages[0].at if earlier else None
    # Files that stand below their message are not told of again.
    sent = {file.filename for reply, group in files.items() if reply for file in group}
    happened = events(ticket, since, sent) + [
        failure(fact) for fact in unsent.get(None, ()) if not earlier or fact.mail.created_at >= messages[0].at
    ]
    return Timeline(woven(messages, happened), earlier, written[-1].pk if written else None)


def latest(ticket: Ticket, model: Any, most: int) -> list[Any]:
    rows = model._default_manager.filter(ticket=ticket).select_related("user").order_by("-created_at", "-id")
    return list(rows[: most + 1])


def number_of(ticket: Ticket) -> int:
    return Reply.objects.filter(ticket=ticket).count() + Note.objects.filter(ticket=ticket).count()


def unsent_mails(ticket: Ticket, messages: list[UUID]) -> dict[UUID | None, list[Fact]]:
    """What never reached its reader, or waits too long, by the message that it belongs to, or None."""
    found: dict[UUID | None, list[Fact]] = defaultdict(list)
    for fact in undelivered(ticket, messages, now=timezone.now()):
        found[message_of(fact.mail)].append(fact)
    return found


def kind_of(row: Reply | Note) -> str:
    if isinstance(row, Note) or row.is_internal:
        return "note"
    return "staff" if row.from_staff else "customer"


def hidden_by_merges(ticket: Ticket, written: Iterable[Reply | Note]) -> dict[UUID, str]:
    """From where messages came here that are kept from the customer; replies that staff wrote as internal are not.

    History stays where it happened, so it tells on which ticket each of them was written.
    """
    internal = {row.pk: row for row in written if isinstance(row, Reply) and row.is_internal}
    if not internal:
        return {}
    told = Activity.objects.filter(ticket=ticket, action=Action.MERGED, new_value__startswith="#")
    numbers = [int(value[1:]) for value in told.values_list("new_value", flat=True) if value and value[1:].isdigit()]
    if not numbers:
        return {}
    beginnings = Activity.objects.filter(
        action=Action.REPLIED, new_value__in=list(map(str, internal)), ticket__ticket_number__in=numbers
    ).exclude(ticket__customer=ticket.customer_id)
    found = {UUID(key): f"#{number}" for key, number in beginnings.values_list("new_value", "ticket__ticket_number")}
    # Customers write nothing internal: theirs came from a ticket that is gone, say, or had been merged itself.
    others = {key: "another ticket" for key, row in internal.items() if not row.from_staff}
    return others | found


def woven(messages: Sequence[Message], happened: Sequence[Event]) -> list[Message | Stretch]:
    """Events between the messages, those of one gap together."""
    found: list[Message | Stretch] = []
    rows: list[Message | Event] = sorted([*messages, *happened], key=lambda row: row.at)
    for row in rows:
        if isinstance(row, Message):
            found.append(row)
        elif found and isinstance(found[-1], Stretch):
            found[-1].events.append(row)
        else:
            found.append(Stretch([row]))
    return found


# --- Activities in words ------------------------------------------------------------------------------


def events(ticket: Ticket, since: datetime | None, sent: set[str]) -> list[Event]:
    rows = Activity.objects.filter(ticket=ticket).exclude(action__in=SILENT).select_related("user")
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    found = list(rows.order_by("-created_at", "-id")[:ACTIVITIES])[::-1]
    names = Names(found)
    return [
        Event(
            row.user.name if row.user else "HelpDesk",
            TOLD[row.action](row, names),
            row.created_at,
            icon_of(row),
            row.action in OF_RULES,
        )
        for row in found
        if row.action != Action.ATTACHMENT_ADDED or row.new_value not in sent
    ]


def failure(fact: Fact) -> Event:
    """A mail that belongs to no message, told where it was written."""
    mail = fact.mail
    outcome = "has not sent yet" if mail.outcome == Outcome.WAITING else "could not deliver"
    return Event(
        "HelpDesk", f"{outcome} the mail “{mail.subject or '…'}” to {mail.email}", mail.created_at, "error", fact=fact
    )


class Names:
    """People and groups that history knows by id."""

    def __init__(self, rows: Sequence[Activity]) -> None:
        self.people = self.named(User, rows, Action.ASSIGNED)
        self.groups = self.named(AgentGroup, rows, Action.GROUP_CHANGED)
        self.mails = self.addresses(rows)
        self.fields = labels() if any(row.action == Action.CUSTOM_FIELD_CHANGED for row in rows) else {}

    def named(self, model: Any, rows: Sequence[Activity], action: str) -> dict[str, str]:
        keys = {value for row in rows if row.action == action for value in (row.old_value, row.new_value) if value}
        found = model._default_manager.filter(pk__in=keys).values_list("pk", "name") if keys else ()
        return {str(key): name for key, name in found}

    def addresses(self, rows: Sequence[Activity]) -> dict[str, str]:
        keys = {row.new_value for row in rows if row.action in OF_MAILS and row.new_value}
        found = TicketMail.objects.filter(pk__in=keys).values_list("pk", "email") if keys else ()
        return {str(key): email for key, email in found}


def changed(what: str, read: Callable[[str], str] = str) -> Callable[[Activity, Names], str]:
    def tell(row: Activity, names: Names) -> str:
        old, new = (read(value)[:120] if value else None for value in (row.old_value, row.new_value))
        if new is None:
            return f"removed the {what} {old}"
        return f"changed the {what} from {old} to {new}" if old else f"set the {what} to {new}"

    return tell


def labels() -> dict[str, str]:
    """What the fields of tickets are called, those that are switched off as well."""
    return dict(CustomField.objects.filter(entity_type=EntityType.TICKET).values_list("name", "label"))


def field_changed(row: Activity, names: Names) -> str:
    """History says "name: value"; the name stands in for the label of a field that is gone."""
    (name, _, old), (named, _, new) = ((value or "").partition(": ") for value in (row.old_value, row.new_value))
    what = names.fields.get(name or named, name or named)
    if not named:
        return f"removed {what}, which was {old[:120]}"
    return f"changed {what} from {old[:120]} to {new[:120]}" if name else f"set {what} to {new[:120]}"


def assigned(row: Activity, names: Names) -> str:
    if not row.new_value:
        return f"unassigned {names.people.get(row.old_value or '', 'somebody')}"
    if row.user_id and str(row.user_id) == row.new_value:
        return "took the ticket"
    return f"assigned the ticket to {names.people.get(row.new_value, 'somebody')}"


def grouped(row: Activity, names: Names) -> str:
    if not row.new_value:
        return f"took the ticket out of {names.groups.get(row.old_value or '', 'a group')}"
    return f"handed the ticket to {names.groups.get(row.new_value, 'a group')}"


def tagged(row: Activity, names: Names) -> str:
    old, new = (value.split(", ") if value else [] for value in (row.old_value, row.new_value))
    added, gone = [tag for tag in new if tag not in old], [tag for tag in old if tag not in new]
    parts = [f"added the tag {', '.join(added)}"] * bool(added) + [f"removed the tag {', '.join(gone)}"] * bool(gone)
    return " and ".join(parts) or "changed the tags"


def linked(row: Activity, names: Names) -> str:
    return f"linked {row.new_value}" if row.new_value else f"removed the link to {row.old_value}"


def filed(row: Activity, names: Names) -> str:
    return f"attached {row.new_value}" if row.new_value else f"removed the file {row.old_value}"


def informed(row: Activity, names: Names) -> str:
    return f"keeps {row.new_value} informed" if row.new_value else f"informs {row.old_value} no longer"


def resent(row: Activity, names: Names) -> str:
    return f"had the mail to {names.mails.get(row.new_value or '', 'somebody')} sent again"


def dismissed(row: Activity, names: Names) -> str:
    return f"dismissed the mail to {names.mails.get(row.new_value or '', 'somebody')}, which did not arrive"


def timed(row: Activity, names: Names) -> str:
    if row.old_value and row.new_value:
        return f"corrected {row.old_value} to {row.new_value}"
    return f"logged {row.new_value}" if row.new_value else f"removed {row.old_value} of time"


TOLD: dict[str, Callable[[Activity, Names], str]] = {
    Action.CREATED: lambda _row, _names: "filed the ticket",
    Action.REPLIED: lambda _row, _names: "replied",
    Action.NOTE_ADDED: lambda _row, _names: "left a note",
    Action.STATUS_CHANGED: changed("status", label),
    Action.PRIORITY_CHANGED: changed("priority", label),
    Action.ASSIGNED: assigned,
    Action.GROUP_CHANGED: grouped,
    Action.CATEGORY_CHANGED: changed("category"),
    Action.SUBJECT_CHANGED: changed("subject"),
    Action.DESCRIPTION_CHANGED: lambda _row, _names: "changed the description",
    Action.TAGS_CHANGED: tagged,
    Action.CUSTOM_FIELD_CHANGED: field_changed,
    Action.DUE_DATE_CHANGED: changed("due date", lambda text: text[:16].replace("T", " ")),
    Action.AUTOMATION_EXECUTED: lambda row, _names: f"ran the rule “{row.new_value}”",
    Action.AUTOMATION_FAILED: lambda row, _names: f"could not run a rule: {row.new_value}",
    Action.MERGED: lambda row, _names: f"merged {row.new_value}",
    Action.LINKED: linked,
    Action.ARCHIVED: lambda _row, _names: "archived the ticket",
    Action.RESTORED: lambda _row, _names: "restored the ticket",
    Action.SLA_BREACHED: lambda row, _names: f"noticed a missed target: {(row.new_value or '').replace('_', ' ')}",
    Action.ATTACHMENT_ADDED: filed,
    Action.TIME_LOGGED: timed,
    Action.INFORMED: informed,
    Action.MAIL_SENT_AGAIN: resent,
    Action.MAIL_DISMISSED: dismissed,
}
ICONS = {
    Action.AUTOMATION_EXECUTED: "bolt",
    Action.AUTOMATION_FAILED: "error",
    Action.SLA_BREACHED: "alarm",
    Action.STATUS_CHANGED: "flag",
    Action.ASSIGNED: "person",
    Action.ATTACHMENT_ADDED: "attach_file",
    Action.TIME_LOGGED: "schedule",
    Action.INFORMED: "group_add",
    Action.MAIL_SENT_AGAIN: "replay",
    Action.MAIL_DISMISSED: "check",
    Action.MERGED: "merge",
    Action.LINKED: "link",
    Action.TAGS_CHANGED: "sell",
}


def icon_of(row: Activity) -> str:
    return ICONS.get(Action(row.action), "edit")
