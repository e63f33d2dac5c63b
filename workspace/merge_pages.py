"""Asking before tickets are merged: which one is kept, and who will read what then."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tickets.merge_plans import plan_merge
from tickets.models import Ticket

from . import bulk
from .pages import page

FORETOLD = 10  # tickets for each of which is said what it would mean to keep it


@dataclass(frozen=True)
class Choice:
    """One of the tickets, and what becomes of the others if it is kept."""

    ticket: Ticket
    sentences: list[str]
    is_kept: bool


def confirm_merge(
    request: HttpRequest, order: bulk.Order, back: str, *, kept: Ticket | None = None, from_ticket: int | None = None
) -> HttpResponse:
    """`from_ticket` is the number of the ticket whose page this was asked for on."""
    rows: QuerySet[Ticket] = order.visible.filter(pk__in=order.ids).select_related("customer__company")
    tickets = list(rows.order_by("ticket_number"))
    keys = [ticket.pk for ticket in tickets]
    chosen = kept.pk if kept else keys[0] if keys else None
    plans = {ticket.pk: plan_merge(ticket, source_ids=keys) for ticket in tickets} if len(keys) <= FORETOLD else {}
    choices = [Choice(ticket, plans[ticket.pk].sentences() if plans else [], ticket.pk == chosen) for ticket in tickets]
    context = {
        "title": "Merge tickets",
        "choices": choices,
        "customers": len({ticket.customer_id for ticket in tickets}),
        "is_to_decide": not plans or any(plan.needs_a_decision for plan in plans.values()),
        "back": back,
        "from_ticket": from_ticket,
    }
    return page(request, "merge.html", context)
