"""How lists of tickets are narrowed and ordered."""

from collections.abc import Collection
from dataclasses import replace

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from helpdesk.api.filters import Compared, Equals, Filter, OneOf, Reference, Switch, Tagged
from helpdesk.api.paging import Key, Order, newest_first, oldest_first
from helpdesk.api.reads import Param
from helpdesk.api.search import Searched
from tickets.expressions import OrFarFuture
from tickets.models import ACTIVE_STATUSES, Priority, Source, Status
from tickets.searching import words_in, words_said_in


def is_overdue() -> Q:
    now = Param("now", models.DateTimeField())
    return Q(status__in=ACTIVE_STATUSES) & (Q(due_date__lt=now) | Q(sla_deadline__lt=now))


TICKET_FILTERS = (
    OneOf("status", "status", "Status; several with commas.", allowed=tuple(Status.values)),
    OneOf("priority", "priority", "Priority; several with commas.", allowed=tuple(Priority.values)),
    OneOf("source", "source", "Channel the ticket came through.", allowed=tuple(Source.values)),
    Reference("assigneeId", "assignee", "Assigned agent; `null` for unassigned."),
    Reference("groupId", "group", "Agent group; `null` for none."),
    Reference("customerId", "customer", "Customer."),
    Reference("companyId", "customer__company", "Company of the customer."),
    Reference("parentTicketId", "parent_ticket", "Parent ticket; `null` for tickets without one."),
    Equals("category", "category", "Category; `null` for none."),
    Tagged("tag", "tags", "Tickets with this tag; several with commas."),
    Searched(
        "q",
        "",
        "Every word, or its beginning: in number, subject, description, messages, notes; "
        "with the scope users:read also in the customer's name and email.",
        search=words_in,
    ),
    Compared("createdAfter", "created_at__gt", "Created after this instant."),
    Compared("createdBefore", "created_at__lt", "Created before this instant."),
    Compared("updatedAfter", "updated_at__gt", "Changed after this instant."),
    Compared("updatedBefore", "updated_at__lt", "Changed before this instant."),
    Switch(
        "overdue",
        "",
        "Open tickets past their due date or SLA deadline.",
        on=is_overdue,
        off=lambda: ~is_overdue(),
        values=lambda: {"now": timezone.now()},
    ),
    Switch(
        "archived",
        "",
        "Archived tickets instead of the others; `all` for both.",
        default="false",
        on=lambda: Q(archived_at__isnull=False),
        off=lambda: Q(archived_at__isnull=True),
    ),
)

# The same for whoever may not read people: they could guess a name or an address letter by letter.
WITHOUT_PEOPLE = tuple(
    replace(one, search=words_said_in) if isinstance(one, Searched) else one for one in TICKET_FILTERS
)


def filters_for(scopes: Collection[str]) -> tuple[Filter, ...]:
    return TICKET_FILTERS if "users:read" in scopes else WITHOUT_PEOPLE


def by_deadline(path: str, name: str) -> Order:
    return Order(name, (Key(OrFarFuture(F(path)), models.DateTimeField()),))


TICKET_ORDERS = (
    newest_first(),
    oldest_first(),
    newest_first("updated_at", "-updatedAt"),
    oldest_first("updated_at", "updatedAt"),
    by_deadline("due_date", "dueDate"),
    by_deadline("sla_deadline", "slaDeadline"),
    Order("ticketNumber", (Key(F("ticket_number"), models.BigIntegerField()),)),
    Order("-ticketNumber", (Key(F("ticket_number"), models.BigIntegerField()),), descending=True),
)
