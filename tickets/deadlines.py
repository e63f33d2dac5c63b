"""What service levels write about tickets: deadlines, and that one was missed.

Deadlines follow from rules, not from what somebody did: writing them leaves no history, sends no signal and does not
count as a change of the ticket. That one was missed does, like everything in its history.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from helpdesk.transactions import in_one_transaction

from .history import activity
from .models import Action, Activity, Ticket

# A ticket, its sla_deadline, its first_response_deadline.
Deadlines = tuple[Ticket, datetime | None, datetime | None]
# One by one in a single round trip: Django's bulk_update takes a hundred times as long.
SET_DEADLINES = "UPDATE tickets_ticket SET sla_deadline = %s, first_response_deadline = %s WHERE id = %s"


@in_one_transaction
def set_deadlines(deadlines: Iterable[Deadlines]) -> None:
    """Give locked tickets their deadlines; what they have already is not written."""
    moved = []
    for ticket, sla_deadline, first_response_deadline in deadlines:
        if (ticket.sla_deadline, ticket.first_response_deadline) != (sla_deadline, first_response_deadline):
            ticket.sla_deadline, ticket.first_response_deadline = sla_deadline, first_response_deadline
            moved.append(ticket)
    if moved:
        with connection.cursor() as cursor:
            cursor.executemany(SET_DEADLINES, [stored(ticket) for ticket in moved])


def stored(ticket: Ticket) -> list[Any]:
    """The values of SET_DEADLINES as the database takes them."""
    columns = {field.attname: field for field in Ticket._meta.concrete_fields}
    names = ("sla_deadline", "first_response_deadline", "id")
    return [columns[name].get_db_prep_save(getattr(ticket, name), connection) for name in names]


@in_one_transaction
def record_breaches(breaches: Iterable[tuple[Ticket, str]], *, now: datetime) -> None:
    """Note in the history of locked tickets which promise was broken."""
    found = list(breaches)
    Activity.objects.bulk_create(
        activity(ticket, Action.SLA_BREACHED, actor=None, now=now, new=promise) for ticket, promise in found
    )
    for ticket, _ in found:
        ticket.updated_at = max(now, ticket.updated_at)
    late = Ticket.objects.filter(pk__in={ticket.pk for ticket, _ in found}, updated_at__lt=now)
    late.update(updated_at=now)
