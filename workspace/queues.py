"""The queues of agents: which tickets, in which order, from where on. The address of a page holds all of it.

A queue is one of the VIEWS, narrowed by the filters of the API. Pages go on from the last row by its sort key, so the
hundredth costs what the first does.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.db import connection, models
from django.db.models import F, OuterRef, Subquery
from django.http import QueryDict
from django.utils.timezone import get_current_timezone_name

from accounts.emails import matching_key
from accounts.models import GroupMember, TicketScope, User
from helpdesk.api.filters import Equals, conditions
from helpdesk.api.paging import Key, Order, read_cursor, write_cursor
from helpdesk.api.reads import Among, AnyOf, Param, Question, Statement, compiled
from helpdesk.api.serializers import Column
from helpdesk.api.sqltext import JsonText, MomentText, UuidText
from helpdesk.errors import Invalid
from tickets.api.filters import TICKET_FILTERS, TICKET_ORDERS
from tickets.expressions import next_due
from tickets.models import NOT_ARCHIVED, WORK, Reply, Status, Ticket
from tickets.querysets import TicketQuerySet

from .figure_filters import FIGURE_FILTERS
from .promises import SOON
from .queue_filters import QUEUE_FILTERS, CompanyNamed

PAGE = 50
MOST = 999  # counts beyond are "999+"
NO_TICKETS = "There are no tickets yet. They arrive from the portal and by the API, or you write the first one."
NO_GROUP = UUID(int=0)

BY_DATE = ("-createdAt", "createdAt", "-updatedAt", "updatedAt")

# What a view asks with: its SQL has places for who asks and when, and is the same for everybody who sees all tickets.
ME, NOW, WITHIN_THE_HOUR = (
    Param("me", models.UUIDField()),
    Param("now", models.DateTimeField()),
    Param("within_the_hour", models.DateTimeField()),
)
# Of some tickets those of a view, and how many groups they may be of.
Rows = Callable[[TicketQuerySet, int], TicketQuerySet]


@dataclass(frozen=True)
class View:
    """A queue that everybody has; `empty` is what its page says when there is nothing in it."""

    name: str
    title: str
    icon: str
    rows: Rows
    empty: str
    sorts: tuple[str, ...] = ("due", *BY_DATE)  # the first is how it comes
    counted: str | None = "createdAt"  # in which order, so that an index of what is open serves it
    own: bool = False  # only tickets that are one's own, and may be seen therefore
    of_groups: bool = False  # only tickets of one's groups


def due_soon(tickets: TicketQuerySet, _groups: int) -> TicketQuerySet:
    """The next promise or the due date falls within the hour."""
    return tickets.alias(due=next_due()).filter(WORK, due__gte=NOW, due__lt=WITHIN_THE_HOUR)


def overdue(tickets: TicketQuerySet, _groups: int) -> TicketQuerySet:
    """A promise or the due date has passed."""
    return tickets.alias(due=next_due()).filter(WORK, due__lt=NOW)


def of_my_groups(tickets: TicketQuerySet, groups: int) -> TicketQuerySet:
    return tickets.filter(WORK, Among("group", *(Param(place, models.UUIDField()) for place in places(groups))))


def groups_of(user: User) -> list[UUID]:
    """One's groups, and one that nobody has, so that there always is one.

    Looked up first: what is chosen by a question inside the question is planned as if it were anything.
    """
    return [*GroupMember.objects.filter(user=user).order_by().values_list("group", flat=True), NO_GROUP]


def places(groups: int) -> list[str]:
    return [f"my_group{index}" for index in range(groups)]


def asked_by(user: User, now: datetime, groups: Sequence[UUID]) -> dict[str, Any]:
    """What goes into the places."""
    one_by_one = dict(zip(places(len(groups)), groups, strict=True))
    return {"me": user.pk, "now": now, "within_the_hour": now + SOON, **one_by_one}


VIEWS = {
    view.name: view
    for view in (
        View(
            "mine",
            "My open tickets",
            "person",
            lambda tickets, _groups: tickets.filter(WORK, assignee=ME),
            "Nothing is waiting for you. Unassigned tickets are a good place to look for the next one.",
            own=True,
        ),
        View(
            "unassigned",
            "Unassigned",
            "inbox",
            lambda tickets, _groups: tickets.filter(WORK, assignee__isnull=True),
            "Every open ticket has an owner.",
        ),
        View(
            "soon",
            "Due within the hour",
            "timer",
            due_soon,
            "Nothing falls due within the hour. Targets live in SLA policies.",
            counted="due",
        ),
        View(
            "overdue", "Overdue", "alarm", overdue, "No overdue tickets. Targets live in SLA policies.", counted="due"
        ),
        View(
            "replies",
            "New replies",
            "mark_chat_unread",
            lambda tickets, _groups: tickets.filter(WORK, unanswered_since__isnull=False),
            "Every customer has an answer. Tickets come here when a customer writes last.",
            sorts=("waiting", "due", *BY_DATE),
            counted="waiting",
        ),
        View(
            "waiting",
            "Waiting on customer",
            "hourglass_empty",
            lambda tickets, _groups: tickets.filter(WORK, status=Status.PENDING),
            "Nobody owes you an answer. Tickets come here with the status pending.",
            sorts=("createdAt", "-createdAt", "-updatedAt", "updatedAt", "due"),
        ),
        View(
            "groups",
            "My groups",
            "groups",
            of_my_groups,
            "No open tickets in your groups, or you are not a member of one. Groups are made under People.",
            of_groups=True,
        ),
        View(
            "all",
            "All tickets",
            "list",
            lambda tickets, _groups: tickets.filter(NOT_ARCHIVED),
            NO_TICKETS,
            sorts=(*BY_DATE, "due"),
            counted=None,
        ),
        View(
            "archived",
            "Archived",
            "inventory_2",
            lambda tickets, _groups: tickets.filter(archived_at__isnull=False),
            "Nothing is archived. Archived tickets leave the lists and keep everything.",
            sorts=("-createdAt", "createdAt"),
            counted=None,
        ),
    )
}
COUNTED = [view for view in VIEWS.values() if view.counted]
ORDERS = {
    order.name: order
    for order in (
        *TICKET_ORDERS,
        Order("due", (Key(next_due(), models.DateTimeField()),)),
        Order("waiting", (Key(F("unanswered_since"), models.DateTimeField()),)),
    )
}
SORTS = {
    "due": "Most urgent first",
    "-createdAt": "Newest first",
    "createdAt": "Oldest first",
    "-updatedAt": "Recently changed",
    "updatedAt": "Longest unchanged",
    "waiting": "Longest waiting for an answer",
}
FILTERS = (
    *(declared for declared in TICKET_FILTERS if declared.name not in ("archived", "parentTicketId")),
    Equals("customer", "customer__email_key", "Address of the customer.", normalise=matching_key),
    CompanyNamed("company", "customer__company__name", "Name of the company, whatever its case."),
    *FIGURE_FILTERS,
    *QUEUE_FILTERS,
)
ADDRESS = ("view", *(declared.name for declared in FILTERS), "sort")
PLACE = ("cursor", "back")  # where on the list a page is: not what the list is


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def last_reply(column: str) -> Subquery:
    public = Reply.objects.filter(ticket=OuterRef("pk"), is_internal=False).order_by("-created_at", "-id")
    return Subquery(public.values(column)[:1])


COLUMNS = (
    Column("id", UuidText(F("id")), UUID),
    Column("number", F("ticket_number"), None),
    Column("subject", F("subject"), None),
    Column("status", F("status"), None),
    Column("priority", F("priority"), None),
    Column("category", F("category"), None),
    Column("tags", JsonText(F("tags")), orjson.loads),
    Column("customer", F("customer__name"), None),
    Column("company", F("customer__company__name"), None),
    Column("assignee", F("assignee__name"), None),
    Column("group", F("group__name"), None),
    Column("created_at", MomentText(F("created_at")), moment),
    Column("updated_at", MomentText(F("updated_at")), moment),
    Column("resolved_at", MomentText(F("resolved_at")), moment),
    Column("sla_deadline", MomentText(F("sla_deadline")), moment),
    Column("first_response_deadline", MomentText(F("first_response_deadline")), moment),
    Column("first_response_at", MomentText(F("first_response_at")), moment),
    Column("due_date", MomentText(F("due_date")), moment),
    Column("unanswered_since", MomentText(F("unanswered_since")), moment),
    Column("last_reply", UuidText(last_reply("pk")), UUID),
)
NUMBER = (Column("id", UuidText(F("id")), UUID), Column("number", F("ticket_number"), None))


@dataclass(frozen=True)
class Page:
    rows: list[dict[str, Any]]
    newer: str | None  # query strings of the pages beside it
    older: str | None


class Queue:
    """The tickets a query string names, as far as somebody may see them; raises Invalid for what it cannot read."""

    def __init__(self, user: User, query: QueryDict, *, now: datetime) -> None:
        self.user, self.query, self.now = user, query, now
        name = query.get("view") or ("all" if query.get("q") else "mine")
        if name not in VIEWS:
            raise Invalid("There is no such view.")
        self.view = VIEWS[name]
        sort = query.get("sort") or self.view.sorts[0]
        if sort not in self.view.sorts:
            raise Invalid("Tickets are not sorted by that.")
        self.order = ORDERS[sort]
        self.conditions = conditions(FILTERS, query)
        self.groups = groups_of(user) if self.view.of_groups else []
        self.values = asked_by(user, now, self.groups)
        for condition in self.conditions:
            self.values |= condition.values

    @cached_property
    def tickets(self) -> TicketQuerySet:
        rows = self.view.rows(self.seen, len(self.groups))
        return rows.filter(*(condition.build() for condition in self.conditions))

    @cached_property
    def seen(self) -> TicketQuerySet:
        return Ticket.objects.all() if self.view.own else Ticket.objects.visible_to(self.user)

    @cached_property
    def shape(self) -> tuple[Hashable, ...] | None:
        """What tells its SQL from any other; None where something of who asks is in it, or it hardly comes again."""
        if self.seen.query.where or not all(condition.lasting for condition in self.conditions):
            return None
        shapes = (condition.shape for condition in self.conditions)
        return (Queue, self.view.name, len(self.groups), get_current_timezone_name(), *shapes)

    def statement(self, kind: tuple[Hashable, ...], build: Callable[[], Statement]) -> Statement:
        return compiled.get((*self.shape, *kind), build) if self.shape else build()

    @property
    def is_empty(self) -> bool:
        """Whether it asks for tickets of others, or of nobody, where only one's own are seen.

        Databases do not notice, and look through the whole table.
        """
        if self.user.is_admin or self.user.ticket_scope != TicketScope.RESTRICTED:
            return False
        asked = [one for one in self.conditions if isinstance(one.shape, tuple) and one.shape[0] == "assigneeId"]
        return any(self.user.pk not in one.values.values() for one in asked)

    def count(self) -> str:
        """How many tickets it holds, up to MOST."""
        if self.is_empty:
            return told(0)
        is_gathered = self.is_gathered(self.order)

        def build() -> Statement:
            rows = self.tickets.order_by(*self.order.order_by(gathered=is_gathered))
            return Statement(rows, NUMBER[:1], afresh=True)

        statement = self.statement(("count", self.order.name, is_gathered), build)
        return told(len(statement.execute(statement.window(MOST + 1), self.values)))

    @property
    def is_narrowed(self) -> bool:
        return bool(self.conditions)

    def is_gathered(self, order: Order) -> bool:
        return self.is_narrowed and not order.is_of_creation and self.are_few

    @cached_property
    def are_few(self) -> bool:
        """Whether all of it is soon gathered, wherever it stands on the list."""
        unordered = self.statement(("unordered",), lambda: Statement(self.tickets.order_by(), NUMBER[:1]))
        return unordered.matches_few(self.values)

    def address(self, **changes: str | None) -> str:
        """The query string of this queue, with some parameters changed (None: gone), without a place on the list.

        What makes no difference is left out and the rest comes in one order, so that a queue has one address.
        """
        given = {name: [value for value in self.query.getlist(name) if value] for name in ADDRESS}
        given |= {"view": [self.view.name], "sort": [self.order.name] if self.order.name != self.view.sorts[0] else []}
        given |= {name: [value] if value else [] for name, value in changes.items()}
        return urlencode([(name, value) for name, values in given.items() for value in values])

    # --- Reading -----------------------------------------------------------------------------------

    def page(self) -> Page:
        cursor, back = self.query.get("cursor"), bool(self.query.get("back"))
        found, more = self.read(COLUMNS, PAGE, order=turned(self.order) if back else self.order, cursor=cursor)
        if back:
            found.reverse()
        rows = [row for row, _ in found]
        first, last = (found[0][1], found[-1][1]) if found else (None, None)
        has_newer, has_older = (more, True) if back else (bool(cursor), more)
        return Page(
            rows,
            newer=self.address(cursor=first, back="1") if first and has_newer else None,
            older=self.address(cursor=last) if last and has_older else None,
        )

    def read(
        self, columns: Sequence[Column], limit: int, *, order: Order, cursor: str | None
    ) -> tuple[list[tuple[dict[str, Any], str]], bool]:
        """Rows with their cursors, and whether more follow.

        First which ones, then what they say: a list that has to be sorted does not look up the people of all its rows.
        """
        if self.is_empty:
            return [], False
        is_gathered = self.is_gathered(order)
        values = {**self.values, **(read_cursor(order, cursor) if cursor else {})}

        def build() -> Statement:
            tickets = self.tickets.order_by(*order.order_by(gathered=is_gathered))
            after = tickets.filter(order.after()) if cursor else tickets
            return Statement(after, NUMBER, keys=order.key_texts(), afresh=True)

        statement = self.statement((order.name, order.descending, is_gathered, bool(cursor)), build)
        found = statement.execute(statement.window(limit + 1), values)
        places = [(statement.shape(row), write_cursor(order, statement.key_of(row))) for row in found[:limit]]
        if found and columns is not NUMBER:
            said = {row["id"]: row for row in all_about([row["id"] for row, _ in places])}
            places = [(said[row["id"]], place) for row, place in places if row["id"] in said]
        return places, len(found) > limit

    def neighbours(self, ticket: Ticket) -> tuple[int | None, int | None]:
        """The numbers of the tickets before and after one, whether it is on the list (any more) or not."""

        def build() -> Statement:
            one = Ticket.objects.filter(pk=Param("ticket", models.UUIDField())).order_by()
            return Statement(one, NUMBER, keys=self.order.key_texts())

        place = compiled.get(("place in a queue", self.order.name), build)
        found = place.execute(place.sql, {"ticket": ticket.pk})
        if not found:  # deleted meanwhile
            return None, None
        key = place.key_of(found[0])
        if None in key:  # it has left the list, and where it was
            return None, self.one(self.order, None)
        cursor = write_cursor(self.order, key)
        return self.one(turned(self.order), cursor), self.one(self.order, cursor)

    def one(self, order: Order, cursor: str | None) -> int | None:
        found, _ = self.read(NUMBER, 1, order=order, cursor=cursor)
        return found[0][0]["number"] if found else None


def all_about(keys: list[UUID]) -> list[dict[str, Any]]:
    """What rows of a queue say, in no order."""

    def build() -> Statement:
        return Statement(Ticket.objects.filter(AnyOf("pk", "keys", models.UUIDField())).order_by(), COLUMNS)

    return compiled.get("rows of a queue", build).fetch({"keys": keys})


def turned(order: Order) -> Order:
    return replace(order, descending=not order.descending)


def counts(user: User, *, now: datetime) -> dict[str, str]:
    """How many tickets each view holds, up to MOST, in one question.

    In an order: without one the database looks for a thousand of them anywhere in the table, as if they were spread
    over it, and what is open stands at its end.
    """
    seen, groups = Ticket.objects.visible_to(user), groups_of(user)
    if seen.query.where:  # which has something in it of who asks
        question = counting(seen, len(groups))
    else:
        question = compiled.get((counts, len(groups)), lambda: counting(seen, len(groups)))
    with connection.cursor() as cursor:
        cursor.execute(question.sql, question.bind(asked_by(user, now, groups)))
        found = cursor.fetchone()
    return {view.name: told(number) for view, number in zip(COUNTED, found, strict=True)}


def counting(seen: TicketQuerySet, groups: int) -> Question:
    parts: list[str] = []
    params: list[Any] = []
    for view in COUNTED:
        rows = view.rows(Ticket.objects.all() if view.own else seen, groups)
        ordered = rows.order_by(*ORDERS[view.counted or "createdAt"].order_by()).values("pk")[: MOST + 1]
        sql, values = ordered.query.sql_with_params()
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608 - made by Django
        params += values
    return Question(f"SELECT {', '.join(parts)}", params)


def told(number: int) -> str:
    return f"{MOST}+" if number > MOST else str(number)
