"""What happens when time runs out: the history says so, rooms that listen are told, and somebody is woken up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from outbox.services import queue_mail
from tickets.deadlines import record_breaches
from tickets.models import Ticket

from .models import SlaPolicy
from .signals import sla_breached, sla_warning

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


def escalate(events: Sequence[Event], *, now: datetime) -> None:
    """Say it, in the transaction that has noted it on the clock."""
    if not events:
        return
    record_breaches(((event.ticket, IN_WORDS[event.target]) for event in events if event.kind == BREACH), now=now)
    policies = SlaPolicy.objects.in_bulk({event.policy_id for event in events if event.policy_id})
    for event in events:
        policy = policies.get(event.policy_id) if event.policy_id else None
        if policy and policy.escalation_email:
            write_to(policy.escalation_email, event)
        SIGNALS[event.kind].send(
            Ticket,
            ticket=event.ticket,
            target=event.target,
            deadline=event.deadline,
            policy_name=event.policy_name,
            now=now,
        )


def write_to(address: str, event: Event) -> None:
    ticket = event.ticket
    words = {
        "number": ticket.ticket_number,
        "promise": IN_WORDS[event.target],
        "subject": " ".join(ticket.subject.split()),
        "priority": ticket.priority,
        "status": ticket.get_status_display().lower(),
        "due": f"{event.deadline.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if event.deadline else "",
        "policy": event.policy_name,
    }
    queue_mail(
        to=address,
        subject=SUBJECTS[event.kind].format(**words),
        text=TEXT.format(news=NEWS[event.kind].format(**words), **words),
        key=f"sla:{ticket.pk}:{event.target}:{event.kind}",
    )
