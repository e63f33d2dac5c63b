"""What service levels write about tickets: deadlines, and that one was missed.

Deadlines follow from rules, not from what somebody did: writing them leaves no history, sends no signal and does not
count as a change of the ticket. That one was missed does, like everything in its history.
"""

from collections.abc import Iterable
from datetime import datetime

from helpdesk.transactions import in_one_transaction

from .history import activity
from .models import Action, Activity, Ticket

# A ticket, its sla_deadline, its first_response_deadline.
Deadlines = tuple[Ticket, datetime | None, datetime | None]


@in_one_transaction
def set_deadlines(deadlines: Iterable[Deadlines]) -> None:
    """Give locked tickets their deadlines; what they have already is not written."""
    moved = []
    for ticket, sla_deadline, first_response_deadline in deadlines:
        if (ticket.sla_deadline, ticket.first_response_deadline) != (sla_deadline, first_response_deadline):
            ticket.sla_deadline, ticket.first_response_deadline = sla_deadline, first_response_deadline
            moved.append(ticket)
    if len(moved) == 1:
        moved[0].save(update_fields=["sla_deadline", "first_response_deadline"])
    elif moved:
        Ticket.objects.bulk_update(moved, ["sla_deadline", "first_response_deadline"])


@in_one_transaction
def record_breaches(breaches: Iterable[tuple[Ticket, str]], *, now: datetime) -> None:
    """Note in the history of locked tickets which promise was broken."""
    found = list(breaches)
    Activity.objects.bulk_create(
        activity(ticket, Action.SLA_BREACHED, actor=None, now=now, new=promise) for ticket, promise in found
    )
    for ticket, _ in found:
        ticket.updated_at = max(now, ticket.updated_at)
    Ticket.objects.bulk_update({ticket.pk: ticket for ticket, _ in found}.values(), ["updated_at"])
