"""What happens when time runs out: the history says so, rooms that listen are told, and somebody is woken up.

One mail for each event, but for much that comes at once: what a new promise finds late already, and what has piled up,
waits to be told in a single mail.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction
from outbox.services import queue_mail
from tickets.deadlines import record_breaches
from tickets.models import Ticket

from .models import SlaPolicy, Untold
from .signals import sla_breached, sla_warning

FEW = 10  # events of one policy in one pass that are told one by one
LISTED = 20  # tickets that a digest names
WARNING, BREACH = "warning", "breach"
SIGNALS = {WARNING: sla_warning, BREACH: sla_breached}
IN_WORDS = {"first_response": "first response", "resolution": "resolution"}
SUBJECTS = {
    WARNING: "Ticket #{number}: {promise} due soon",
    BREACH: "Ticket #{number}: {promise} overdue",
}
TEXT = """\
{news}

Ticket:   #{number} {subject}
Priority: {priority}
Status:   {status}
Due:      {due}
Policy:   {policy}
"""
NEWS = {
    WARNING: "Most of the time until the {promise} of this ticket is used up.",
    BREACH: "The {promise} of this ticket is late.",
}


@dataclass(frozen=True)
class Event:
    """Something that has to be said once about a target of a ticket."""

    ticket: Ticket
    policy_id: UUID | None
    policy_name: str
    target: str
    kind: str
    deadline: datetime | None
    # Whether it comes of a change of promises, and so with others.
    together: bool = False


def escalate(events: Sequence[Event], *, now: datetime) -> None:
    """Say it, in the transaction that has noted it on the clock."""
    if not events:
        return
    record_breaches(((event.ticket, IN_WORDS[event.target]) for event in events if event.kind == BREACH), now=now)
    policies = SlaPolicy.objects.in_bulk({event.policy_id for event in events if event.policy_id})
    tell([(event, policy) for event in events if event.policy_id and (policy := policies.get(event.policy_id))])
    for event in events:
        SIGNALS[event.kind].send(
            Ticket,
            ticket=event.ticket,
            target=event.target,
            deadline=event.deadline,
            policy_name=event.policy_name,
            now=now,
        )


def tell(events: Sequence[tuple[Event, SlaPolicy]]) -> None:
    """Write to whom policies name: at once, or later in a digest."""
    count = Counter(policy.pk for _, policy in events)
    later = []
    for event, policy in events:
        if not policy.escalation_email:
            continue
        if event.together or count[policy.pk] > FEW:
            later.append(untold(event, policy))
        else:
            write_to(policy.escalation_email, event)
    Untold.objects.bulk_create(later)


def untold(event: Event, policy: SlaPolicy) -> Untold:
    return Untold(
        id=new_id(),
        policy=policy,
        ticket=event.ticket,
        target=event.target,
        kind=event.kind,
        deadline=event.deadline,
    )


def write_to(address: str, event: Event) -> None:
    ticket = event.ticket
    words = {
        "number": ticket.ticket_number,
        "promise": IN_WORDS[event.target],
        "subject": " ".join(ticket.subject.split()),
        "priority": ticket.priority,
        "status": ticket.get_status_display().lower(),
        "due": in_utc(event.deadline),
        "policy": event.policy_name,
    }
    queue_mail(
        to=address,
        subject=SUBJECTS[event.kind].format(**words),
        text=TEXT.format(news=NEWS[event.kind].format(**words), **words),
        key=f"sla:{ticket.pk}:{event.target}:{event.kind}",
    )


def in_utc(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


# --- Digests ------------------------------------------------------------------------------------------

CHUNK = 500
DUE = {WARNING: "is due", BREACH: "was due"}
DIGEST_SUBJECTS = {WARNING: "{policy}: {count} tickets are due soon", BREACH: "{policy}: {count} tickets are late"}
DIGEST = """\
{news}

{lines}

Policy: {policy}
"""
DIGEST_NEWS = {
    WARNING: "Most of the time that {count} tickets were promised is used up.",
    BREACH: "{count} tickets are late, or nearly late.",
}


def send_digests() -> None:
    """Tell what has waited to be told together: one mail for each policy."""
    for policy in SlaPolicy.objects.filter(pk__in=Untold.objects.values("policy")).order_by("pk"):
        send_digest(policy.pk)


@in_one_transaction
def send_digest(policy_id: UUID) -> None:
    policy = SlaPolicy.objects.select_for_update(no_key=True).filter(pk=policy_id).first()
    waiting = list(Untold.objects.filter(policy=policy_id).order_by("deadline", "id"))
    for begin in range(0, len(waiting), CHUNK):
        Untold.objects.filter(pk__in=[row.pk for row in waiting[begin : begin + CHUNK]]).delete()
    if not waiting or policy is None or not policy.escalation_email:
        return
    if len(waiting) == 1:
        (row,) = waiting
        ticket = Ticket.objects.get(pk=row.ticket_id)
        write_to(policy.escalation_email, Event(ticket, policy.pk, policy.name, row.target, row.kind, row.deadline))
        return
    late: dict[UUID, list[str]] = {}
    for row in waiting:
        late.setdefault(row.ticket_id, []).append(f"{IN_WORDS[row.target]} {DUE[row.kind]} {in_utc(row.deadline)}")
    kind = BREACH if any(row.kind == BREACH for row in waiting) else WARNING
    words = {"policy": policy.name, "count": len(late)}
    queue_mail(
        to=policy.escalation_email,
        subject=DIGEST_SUBJECTS[kind].format(**words),
        text=DIGEST.format(news=DIGEST_NEWS[kind].format(**words), lines=lines_of(late), **words),
    )


def lines_of(late: dict[UUID, list[str]]) -> str:
    """The tickets that have waited longest, and how many there are besides."""
    first = list(late)[:LISTED]
    tickets = Ticket.objects.in_bulk(first)
    lines = [
        f"#{tickets[key].ticket_number} {' '.join(tickets[key].subject.split())}: {', '.join(late[key])}"
        for key in first
        if key in tickets
    ]
    if rest := len(late) - len(first):
        lines.append(f"and {rest} more")
    return "\n".join(lines)
