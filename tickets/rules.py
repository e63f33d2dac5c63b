"""What must hold for the values of a ticket: checks that need the database, raising Invalid with the field's name."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from accounts.models import AgentGroup, User
from helpdesk.api.reads import Param, Statement, compiled, exists
from helpdesk.api.serializers import Column
from helpdesk.errors import Invalid
from helpdesk.transactions import Lock, take

from .models import DONE_STATUSES, Priority, Source, Status, Ticket

CHOICES = {"status": Status, "priority": Priority, "source": Source}
MAX_LINKS = 200
MAX_ANCESTORS = 100


Check = Callable[..., Any]


def directly(check: Check, *of: Any) -> Any:
    """Ask a check now."""
    return check(*of)


class Once:
    """Ask each check once, and keep what came out: for many tickets that are looked at in one go."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Any, ...], tuple[Any, Invalid | None]] = {}

    def __call__(self, check: Check, *of: Any) -> Any:
        if (check, *of) not in self.kept:
            try:
                self.kept[check, *of] = check(*of), None
            except Invalid as problem:
                self.kept[check, *of] = None, problem
        answer, refusal = self.kept[check, *of]
        if refusal:
            raise refusal
        return answer


def check_choices(values: dict[str, Any]) -> None:
    for name, choices in CHOICES.items():
        if name in values and values[name] not in choices.values:
            raise Invalid(**{name: f"Must be one of: {', '.join(choices.values)}."})


def check_customer(customer_id: UUID) -> dict[str, Any]:
    """The name and email of the customer."""
    customer = compiled.get("customer of a ticket", names_of_people).fetch_one({"pk": customer_id})
    if customer is None:
        raise Invalid(customer_id="No active user has this id.")
    return customer


def check_assignee(user_id: UUID | None, *, field: str = "assignee_id") -> None:
    if user_id is not None and not exists(active_staff, user_id):
        raise Invalid(**{field: "No active agent or admin has this id."})


def check_group(group_id: UUID | None) -> None:
    if group_id is not None and not exists(groups, group_id):
        raise Invalid(group_id="No agent group has this id.")


def names_of_people() -> Statement:
    people = User.objects.active().filter(pk=Param("pk", User._meta.pk)).order_by()
    statement = Statement(people, [Column("name", F("name"), None), Column("email", F("email"), None)])
    if connection.vendor == "postgresql":
        # Whoever is being erased or merged just now is not read as they were. The new row takes this lock anyway.
        statement.sql += " FOR KEY SHARE"
    return statement


def active_staff(pk: Param) -> QuerySet[User]:
    return User.objects.staff().filter(pk=pk)


def groups(pk: Param) -> QuerySet[AgentGroup]:
    return AgentGroup.objects.filter(pk=pk)


def lock_hierarchy() -> None:
    """Let nobody else move tickets below one another until this transaction ends.

    Two tickets becoming each other's parent at once would each see the other without a parent.
    """
    take(Lock.HIERARCHY)


def check_parent(ticket_id: UUID | None, parent_id: UUID | None, visible: QuerySet[Ticket] | None) -> None:
    """A parent exists, may be seen, and is neither the ticket itself nor one of its descendants."""
    if parent_id is None:
        return
    if not among(visible).filter(pk=parent_id).exists():
        raise Invalid(parent_ticket_id="No ticket has this id.")
    lock_hierarchy()
    step = parent_id
    for _ in range(MAX_ANCESTORS):
        if step == ticket_id:
            raise Invalid(parent_ticket_id="A ticket cannot be its own parent or ancestor.")
        above = Ticket.objects.filter(pk=step).values_list("parent_ticket_id", flat=True).first()
        if above is None:
            return
        step = above
    raise Invalid(parent_ticket_id=f"Tickets can be nested {MAX_ANCESTORS} levels deep at most.")


def check_links(ticket_id: UUID | None, linked_ids: Iterable[UUID], visible: QuerySet[Ticket] | None) -> list[UUID]:
    """The distinct ids of existing other tickets, in a stable order."""
    distinct = sorted(set(linked_ids))
    if ticket_id in distinct:
        raise Invalid(linked_ticket_ids="A ticket cannot be linked to itself.")
    if len(distinct) > MAX_LINKS:
        raise Invalid(linked_ticket_ids=f"At most {MAX_LINKS} tickets can be linked.")
    if distinct and among(visible).filter(pk__in=distinct).count() != len(distinct):
        raise Invalid(linked_ticket_ids="Every id must be that of an existing ticket.")
    return distinct


def among(visible: QuerySet[Ticket] | None) -> QuerySet[Ticket]:
    """The tickets somebody may refer to: all of them, unless said otherwise."""
    return Ticket.objects.all() if visible is None else visible


def resolved_at(old_status: str | None, new_status: str, current: datetime | None, now: datetime) -> datetime | None:
    """When a ticket counts as resolved: kept from resolved to closed, gone on leaving both."""
    if new_status not in DONE_STATUSES:
        return None
    return current if old_status in DONE_STATUSES and current else now


def is_closing(old_status: str | None, new_status: str) -> bool:
    """Whether a change enters resolved or closed, which is when fields can be required."""
    return new_status in DONE_STATUSES and old_status not in DONE_STATUSES
