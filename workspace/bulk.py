"""What can be done to many tickets at once, and what became of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from helpdesk.errors import HelpDeskError, Invalid
from tickets import services
from tickets.merging import for_each, merge_tickets, update_many
from tickets.models import Priority, Status, Ticket


@dataclass(frozen=True)
class Order:
    """What somebody asks for: an action with its value, for some of the tickets they see."""

    user: User
    ids: Sequence[UUID]
    value: str
    visible: QuerySet[Ticket]
    joins: bool = False  # whether customers of merged tickets go on reading

    def change(self, **changes: Any) -> list[dict[str, Any]]:
        return update_many(list(self.ids), changes=changes, actor=self.user, visible=self.visible)

    def each(self, verb: Callable[[UUID], object]) -> list[dict[str, Any]]:
        return for_each(list(self.ids), verb, visible=self.visible)


def set_choice(name: str, choices: Sequence[str]) -> Callable[[Order], list[dict[str, Any]]]:
    def act(order: Order) -> list[dict[str, Any]]:
        if order.value not in choices:
            raise Invalid(f"Choose a {name} first.")
        return order.change(**{name: order.value})

    return act


def set_reference(name: str, what: str) -> Callable[[Order], list[dict[str, Any]]]:
    def act(order: Order) -> list[dict[str, Any]]:
        return order.change(**{name: reference(order.value, what)})

    return act


def reference(text: str, what: str) -> UUID | None:
    """The id that was chosen, None for nobody; raises Invalid when nothing was."""
    if text == "none":
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"Choose {what} first.") from None


def tagging(how: str) -> Callable[[Order], list[dict[str, Any]]]:
    def act(order: Order) -> list[dict[str, Any]]:
        tags = [tag.strip() for tag in order.value.split(",") if tag.strip()]
        if not tags:
            raise Invalid("Type a tag first.")
        return order.each(lambda key: services.tag_ticket(key, actor=order.user, **{how: tags}))

    return act


def merge(order: Order) -> list[dict[str, Any]]:
    """Into the ticket that is the value: it cannot be done for some of them only."""
    kept = reference(order.value, "the ticket that is kept")
    if kept is None or kept not in order.ids or not order.visible.filter(pk=kept).exists():
        raise Invalid("Choose the ticket that is kept.")
    others = [key for key in order.ids if key != kept]
    if not others:
        raise Invalid("Choose at least two tickets to merge.")
    merge_tickets(kept, source_ids=others, actor=order.user, visible=order.visible, keep_informed=order.joins)
    return [{"id": str(key), "success": True, "error": None} for key in order.ids]


ACTIONS: dict[str, tuple[str, Callable[[Order], list[dict[str, Any]]]]] = {
    "mine": ("assigned to you", lambda order: order.change(assignee_id=order.user.pk)),
    "assignee": ("assigned", set_reference("assignee_id", "an agent")),
    "group": ("handed over", set_reference("group_id", "a group")),
    "status": ("changed", set_choice("status", Status.values)),
    "priority": ("changed", set_choice("priority", Priority.values)),
    "tag": ("tagged", tagging("add")),
    "untag": ("changed", tagging("remove")),
    "archive": ("archived", lambda order: order.each(lambda key: services.archive_ticket(key, actor=order.user))),
    "restore": ("restored", lambda order: order.each(lambda key: services.restore_ticket(key, actor=order.user))),
    "merge": ("merged", merge),
    "delete": ("deleted", lambda order: order.each(lambda key: services.delete_ticket(key, actor=order.user))),
}
ASKS_FIRST = ("merge", "delete")


@dataclass(frozen=True)
class Line:
    """What became of one ticket."""

    name: str
    number: int | None
    error: str | None


@dataclass(frozen=True)
class Told:
    done: str
    lines: list[Line]

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.lines if line.error]

    @property
    def sentence(self) -> str:
        count = len(self.lines) - len(self.refused)
        return f"{count} {'ticket' if count == 1 else 'tickets'} {self.done}."


def carry_out(name: str, order: Order) -> Told:
    """Do it, in the caller's transaction; raises a HelpDeskError where nothing at all can be done."""
    if name not in ACTIONS:
        raise HelpDeskError("Choose what to do with the tickets first.")
    done, act = ACTIONS[name]
    numbered = {str(key): (number, subject) for key, number, subject in titles(order)}
    lines = []
    for outcome in act(order):
        number, subject = numbered.get(outcome["id"], (None, "A ticket that is not there"))
        lines.append(Line(subject, number, outcome["error"]))
    return Told(done, lines)


def titles(order: Order) -> QuerySet:
    return (
        order.visible.filter(pk__in=order.ids).order_by("ticket_number").values_list("pk", "ticket_number", "subject")
    )
