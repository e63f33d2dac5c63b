"""What happens when time runs out: the history says so, rooms that listen are told, and somebody is woken up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tickets.deadlines import record_breaches
from tickets.models import Ticket

from .signals import sla_breached, sla_warning

WARNING, BREACH = "warning", "breach"
SIGNALS = {WARNING: sla_warning, BREACH: sla_breached}
IN_WORDS = {"first_response": "first response", "resolution": "resolution"}


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
    for event in events:
        SIGNALS[event.kind].send(
            Ticket,
            ticket=event.ticket,
            target=event.target,
            deadline=event.deadline,
            policy_name=event.policy_name,
            now=now,
        )
