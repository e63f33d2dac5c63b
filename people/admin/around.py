"""What stands beside a contact, a company or an agent: tickets that the reader may see, and where they lead."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse

from tickets.models import WORK, Ticket

LATEST = 15


def visible(request: HttpRequest) -> Any:
    return Ticket.objects.visible_to(request.user)  # type: ignore[arg-type]


def latest(tickets: QuerySet, **query: str) -> dict[str, Any]:
    """The newest tickets, and the queue that holds them all."""
    rows = list(tickets.select_related("assignee").order_by("-created_at", "-id")[: LATEST + 1])
    return {
        "tickets": rows[:LATEST],
        "more_tickets": len(rows) > LATEST,
        "queue": f"{reverse('admin:queue')}?{urlencode({'view': 'all', **query})}",
    }


def counted_open(rows: QuerySet, request: HttpRequest, field: str) -> QuerySet:
    """The rows with `open_tickets`: how many of theirs the reader sees that still ask for work."""
    return rows.annotate(open_tickets=number_of(visible(request).filter(WORK, **{field: OuterRef("pk")}), field))


def number_of(theirs: QuerySet, field: str) -> Coalesce:
    """How many rows belong to the row outside, which `field` leads to."""
    count = theirs.order_by().values(field).annotate(how_many=Count("*")).values("how_many")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)
