"""What a condition can ask about a ticket: every field by its name, with its type and where its value comes from."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import CharField, DateTimeField, F, OuterRef, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from accounts.models import Role
from companies.models import AccountTier, HealthScore
from helpdesk.api.naming import camel
from tickets.models import Action, Activity, Priority, Reply, Source, Status, Ticket, TicketLink

from .facts import Facts
from .operators import Anything, Choice, Flag, Hours, Id, Moment, Number, Text, Type, Words

CUSTOM = "customFields."


@dataclass(frozen=True)
class Field:
    """One thing to ask about. `read` gives its value as plain data; `column` is the same in SQL, where there is one.

    `stored` is the JSON in which the value stands among others, where it has no column of its own.
    `needs` names what `read` takes from `Facts.derived`: it stands in other rows than those of ticket and people.
    """

    name: str
    type: Type
    read: Callable[[Facts], Any]
    column: Callable[[], Combinable] | None = None
    stored: Callable[[], Combinable] | None = None
    needs: str | None = None


def of_ticket(name: str, type_: Type) -> Field:
    """An attribute of the ticket's own row."""
    value = attrgetter(name)
    as_text = isinstance(type_, Id)
    return Field(
        camel(name),
        type_,
        lambda facts: plain(value(facts.ticket)) if as_text else value(facts.ticket),
        *where(name, type_),
    )


def of_customer(name: str, type_: Type) -> Field:
    value = attrgetter(name)
    place = where(f"customer__{name}", type_)
    return Field(f"customer.{camel(name)}", type_, lambda facts: plain(value(facts.customer)), *place)


def of_company(name: str, type_: Type) -> Field:
    value = attrgetter(name)
    place = where(f"customer__company__{name}", type_)
    return Field(f"company.{camel(name)}", type_, lambda facts: facts.company and plain(value(facts.company)), *place)


Place = Callable[[], Combinable]


def where(path: str, type_: Type) -> tuple[Place | None, Place | None]:
    """Column or JSON of a value. Lists are asked in Python: what the database can ask of JSON differs."""
    return (None, partial(json_text, path)) if isinstance(type_, Words) else (partial(F, path), None)


def json_text(path: str) -> Combinable:
    return Cast(path, CharField())


def plain(value: Any) -> Any:
    return str(value) if type(value).__name__ == "UUID" else value


def hours_since(name: str, moment: Callable[[Facts], datetime], column: Callable[[], Combinable]) -> Field:
    return Field(name, Hours(), lambda facts: facts.now - moment(facts), column)


def hours_since_derived(name: str, instant: str) -> Field:
    return Field(name, Hours(), lambda facts: facts.now - derived(facts, instant), DERIVED[instant], needs=instant)


def status_changed() -> Combinable:
    """When the ticket entered its status: the last change of it, or its creation."""
    changes = Activity.objects.filter(ticket=OuterRef("pk"), action=Action.STATUS_CHANGED)
    return Coalesce(last(changes), F("created_at"))


def customer_replied() -> Combinable:
    """When a customer wrote last; the request itself counts as their first message, whoever took it down."""
    written = Reply.objects.filter(ticket=OuterRef("pk"), from_staff=False, is_internal=False)
    return Coalesce(last(written), F("created_at"))


def last(rows: Any) -> Subquery:
    latest = rows.order_by("-created_at", "-id").values("created_at")[:1]
    return Subquery(latest, output_field=DateTimeField())


def hours_until_sla(facts: Facts) -> timedelta | None:
    deadline = facts.ticket.sla_deadline
    return None if deadline is None else deadline - facts.now


LINKS = "links"
# Instants that stand in no column of the ticket.
DERIVED = {"status_changed": status_changed, "customer_replied": customer_replied}

TICKET_FIELDS = (
    of_ticket("id", Id("ticket")),
    of_ticket("ticket_number", Number()),
    of_ticket("subject", Text()),
    of_ticket("description", Text()),
    of_ticket("status", Choice(*Status.values)),
    of_ticket("priority", Choice(*Priority.values, ranked=True)),
    of_ticket("category", Text()),
    of_ticket("customer_id", Id("customer")),
    of_ticket("assignee_id", Id("agent")),
    of_ticket("group_id", Id("group")),
    of_ticket("parent_ticket_id", Id("ticket")),
    Field("linkedTicketIds", Words(), lambda facts: derived(facts, LINKS), needs=LINKS),
    of_ticket("tags", Words()),
    of_ticket("source", Choice(*Source.values)),
    *(
        of_ticket(name, Moment())
        for name in (
            "sla_deadline",
            "first_response_deadline",
            "first_response_at",
            "resolved_at",
            "due_date",
            "archived_at",
            "created_at",
            "updated_at",
        )
    ),
)
HOURS = (
    hours_since("hoursSinceCreated", lambda facts: facts.ticket.created_at, partial(F, "created_at")),
    hours_since("hoursSinceUpdated", lambda facts: facts.ticket.updated_at, partial(F, "updated_at")),
    hours_since_derived("hoursSinceStatusChanged", "status_changed"),
    hours_since_derived("hoursSinceCustomerReply", "customer_replied"),
    Field("hoursUntilSlaDeadline", Hours(), hours_until_sla, partial(F, "sla_deadline")),
)
CUSTOMER_FIELDS = (
    of_customer("id", Id("customer")),
    of_customer("name", Text()),
    of_customer("email", Text()),
    of_customer("username", Text()),
    of_customer("phone", Text()),
    of_customer("role", Choice(*Role.values)),
    of_customer("company_id", Id("company")),
    of_customer("tags", Words()),
    of_customer("is_active", Flag()),
    of_customer("created_at", Moment()),
)
COMPANY_FIELDS = (
    of_company("id", Id("company")),
    of_company("name", Text()),
    of_company("description", Text()),
    of_company("domains", Words()),
    of_company("industry", Text()),
    of_company("health_score", Choice(*HealthScore.values)),
    of_company("account_tier", Choice(*AccountTier.values)),
    of_company("renewal_date", Moment()),
    of_company("created_at", Moment()),
)
FIELDS = {field.name: field for field in (*TICKET_FIELDS, *HOURS, *CUSTOMER_FIELDS, *COMPANY_FIELDS)}
# Custom fields, by what stands before their name: whose they are, and how they are read.
CUSTOM_FIELDS: dict[str, tuple[str, Callable[[Facts], dict[str, Any]]]] = {
    CUSTOM: ("ticket", lambda facts: facts.ticket.custom_fields),
    f"customer.{CUSTOM}": ("contact", lambda facts: facts.customer.custom_fields),
    f"company.{CUSTOM}": ("company", lambda facts: facts.company.custom_fields if facts.company else {}),
}
CUSTOM_STORED = {
    CUSTOM: "custom_fields",
    f"customer.{CUSTOM}": "customer__custom_fields",
    f"company.{CUSTOM}": "customer__company__custom_fields",
}


def derived(facts: Facts, name: str) -> Any:
    """What stands in no column of the ticket: asked once for each set of facts, if at all."""
    if name not in facts.derived:
        facts.derived[name] = derived_of([facts.ticket], name)[facts.ticket.pk]
    return facts.derived[name]


def derived_of(tickets: Sequence[Ticket], name: str) -> dict[UUID, Any]:
    """The same for several tickets, by their ids."""
    keys = [ticket.pk for ticket in tickets]
    if name != LINKS:
        found = dict(Ticket.objects.filter(pk__in=keys).order_by().values_list("pk", DERIVED[name]()))
        return {ticket.pk: found.get(ticket.pk, ticket.created_at) for ticket in tickets}
    links: dict[UUID, list[str]] = {key: [] for key in keys}
    pairs = TicketLink.objects.filter(ticket__in=keys).order_by("linked_id")
    for key, other in pairs.values_list("ticket_id", "linked_id"):
        links[key].append(str(other))
    return links


def field_named(name: str) -> Field | None:
    """The field of this name, a custom field of ticket, customer or company included; None when there is none."""
    if name in FIELDS:
        return FIELDS[name]
    for prefix, (_, values) in CUSTOM_FIELDS.items():
        if name.startswith(prefix) and (key := name.removeprefix(prefix)):
            return custom_field(name, values, key, CUSTOM_STORED[prefix])
    return None


def custom_field(name: str, values: Callable[[Facts], dict[str, Any]], key: str, path: str) -> Field:
    return Field(name, Anything(), lambda facts: values(facts).get(key), stored=partial(json_text, path))


def facts_about(tickets: Sequence[Ticket], fields: Iterable[Field], now: datetime) -> Iterator[Facts]:
    """What is known about each of many tickets, with one query for whatever these fields take from other rows."""
    asked = {name: derived_of(tickets, name) for name in {field.needs for field in fields if field.needs}}
    for ticket in tickets:
        yield Facts(ticket, now, {name: values[ticket.pk] for name, values in asked.items()})
