"""Lists: in a stable order, limited with a cursor to go on from, or streamed whole.

A cursor names the last row by its sort key, never by a count of rows, so page 1,000 is one index range scan like
page 1, and rows that arrive in between are neither repeated nor skipped.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models
from django.db.models import BooleanField, Expression, F, Func, OrderBy, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from helpdesk.errors import Invalid

from .json import CONTENT_TYPE, dumps
from .lookups import MOST_ROWS, Lookup
from .plans import Gathered
from .reads import CHUNK, Param, Statement, compiled
from .serializers import Column
from .sqltext import RawText
from .text import check_text

MAX_LIMIT = 2**31 - 1
MAX_DIGITS = 10
PAGE = 1000  # rows of the longest page that is put together in memory


@dataclass(frozen=True)
class Key:
    """One expression of a sort order. It must not be null: rows are compared by it."""

    expression: Expression | F
    field: models.Field


@dataclass(frozen=True)
class Order:
    """A total order: some keys, then the id, all in one direction."""

    name: str
    keys: tuple[Key, ...]
    descending: bool = False

    @cached_property
    def all_keys(self) -> tuple[Key, ...]:
        return (*self.keys, Key(F("id"), models.UUIDField()))

    def order_by(self, *, gathered: bool = False) -> list[OrderBy]:
        """`gathered`: what matches is few, and sorted once it is found."""
        first, *rest = (key.expression for key in self.all_keys)
        expressions = [Gathered(first) if gathered else first, *rest]
        return [OrderBy(expression, descending=self.descending) for expression in expressions]

    @property
    def is_of_creation(self) -> bool:
        """Whether indexes of filters have their rows in this order, too."""
        return bool(self.keys) and self.keys[0].expression == F("created_at")

    def key_texts(self) -> list[Expression]:
        """What a row is sorted by before its id, at full precision."""
        return [RawText(key.expression) for key in self.keys]

    def after(self) -> Expression:
        """The rows that follow the one whose key is bound as `cursor0`, `cursor1`, …"""
        comparison = RowBefore if self.descending else RowAfter
        keys = self.all_keys
        places = [Param(f"cursor{index}", key.field) for index, key in enumerate(keys)]
        return comparison(*(key.expression for key in keys), *places)


class RowAfter(Func):
    """`(a, b) > (x, y)`: a row comparison, which both databases answer from one index."""

    output_field = BooleanField()
    conditional = True
    sign = ">"

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        parts = [compiler.compile(source) for source in self.source_expressions]
        half = len(parts) // 2
        left, right = (", ".join(sql for sql, _ in side) for side in (parts[:half], parts[half:]))
        return f"({left}) {self.sign} ({right})", [param for _, params in parts for param in params]


class RowBefore(RowAfter):
    sign = "<"


def newest_first(path: str = "created_at", name: str = "-createdAt") -> Order:
    return Order(name, (Key(F(path), models.DateTimeField()),), descending=True)


def oldest_first(path: str = "created_at", name: str = "createdAt") -> Order:
    return Order(name, (Key(F(path), models.DateTimeField()),))


def by_name(*paths: str) -> Order:
    """Settings-like lists: by name, or by the given paths (an integer position first, where there is one)."""
    keys = [
        Key(F(path), models.IntegerField() if path in ("position", "order") else models.TextField()) for path in paths
    ]
    return Order("name", tuple(keys))


def choose_order(orders: Sequence[Order], asked: str | None) -> Order:
    """The order a `sort` parameter names; the first one is the default."""
    if not asked:
        return orders[0]
    for order in orders:
        if order.name == asked:
            return order
    raise Invalid(f"sort must be one of: {', '.join(order.name for order in orders)}.")


def parse_limit(text: str | None) -> int | None:
    if text is None:
        return None
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else 0
    if not 0 < limit <= MAX_LIMIT:
        raise Invalid("limit must be a positive whole number.")
    return limit


def write_cursor(order: Order, key: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(dumps([order.name, *map(str, key)])).rstrip(b"=").decode()


def read_cursor(order: Order, text: str) -> dict[str, Any]:
    """The values to bind for a cursor this API wrote; anything else raises Invalid."""
    try:
        name, *parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not all(isinstance(part, str) for part in parts):
            raise TypeError
        if name != order.name:
            raise Invalid("This cursor belongs to a list with another sort order.")
        pairs = zip(order.all_keys, parts, strict=True)
        return {f"cursor{index}": key_value(key, part) for index, (key, part) in enumerate(pairs)}
    except (ValueError, TypeError, OverflowError, binascii.Error):
        raise Invalid("cursor is not one that this API gave out.") from None


def key_value(key: Key, text: str) -> Any:
    if isinstance(key.field, models.DateTimeField):
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if moment.year == 1:  # nobody can add an offset to it
            raise ValueError(text)
        return moment
    if isinstance(key.field, models.UUIDField):
        return UUID(text)
    if isinstance(key.field, models.IntegerField):
        number = int(text[:25])
        if abs(number) > 2**63 - 1:
            raise ValueError(number)
        return number
    check_text(text, "cursor")
    return text


Decorate = Callable[[list[dict[str, Any]]], None]


@dataclass(frozen=True)
class Listing:
    """One list as a request asks for it: which rows, in which order, from where on, and how many."""

    request: HttpRequest
    shape: tuple[Any, ...] | None  # what tells its SQL from any other; None: compile it for this request alone
    queryset: Callable[[], QuerySet]
    columns: tuple[Column, ...]
    order: Order
    values: dict[str, Any]
    decorate: Decorate | None = None  # adds what `include` asks for to the rows of a page
    lookup: Lookup | None = None  # who asks, if that is still to be found out
    afresh: bool = False  # whether the values decide how it is best read
    narrowed: bool = False  # whether it may be a small part of all rows

    def respond(self) -> HttpResponseBase:
        query = self.request.GET
        limit = parse_limit(query.get("limit"))
        if cursor := query.get("cursor"):
            self.values.update(read_cursor(self.order, cursor))
        if self.lookup and (limit is None or limit > MOST_ROWS or self.may_be_gathered):
            self.lookup.ask()
        if limit is not None and limit <= PAGE:
            return self.page(limit, bool(cursor))
        first = self.statement(bool(cursor)).fetch(self.values, CHUNK + 1)
        if len(first) <= CHUNK:
            return self.answer(self.decorated(first))
        return self.stream(limit, bool(cursor))

    def page(self, limit: int, has_cursor: bool) -> HttpResponse:
        rows, key = self.statement(has_cursor, keyed=True).fetch_page(self.values, limit, self.lookup)
        response = self.answer(self.decorated(rows))
        if key:
            self.link_next(response, key)
        return response

    def stream(self, limit: int | None, has_cursor: bool) -> StreamingHttpResponse:
        chunks = self.statement(has_cursor).chunks(self.values, limit)
        response = StreamingHttpResponse(self.joined(chunks), content_type=CONTENT_TYPE)
        if limit is not None and (last := self.key_at(limit, has_cursor)):
            self.link_next(response, last)
        return response

    def joined(self, chunks: Iterable[list[dict[str, Any]]]) -> Iterator[bytes]:
        lead = b"["
        for rows in chunks:
            yield lead + dumps(self.decorated(rows))[1:-1]
            lead = b","
        yield b"]" if lead == b"," else b"[]"

    def key_at(self, limit: int, has_cursor: bool) -> Sequence[str] | None:
        """The sort key of the last row of a long page, when rows follow it."""
        keys = self.order.key_texts()
        statement = self.compile(has_cursor, ("key at",), lambda rows: Statement(rows, self.columns[:1], keys=keys))
        found = statement.execute(statement.window(2, limit - 1), self.values)
        return statement.key_of(found[0]) if len(found) == 2 else None

    def statement(self, has_cursor: bool, keyed: bool = False) -> Statement:
        def build(rows: QuerySet) -> Statement:
            keys = self.order.key_texts() if keyed else ()
            return Statement(rows, self.columns, keys=keys, afresh=self.afresh)

        return self.compile(has_cursor, (keyed,), build)

    @property
    def may_be_gathered(self) -> bool:
        may_stand_apart = self.narrowed and "sort" in self.request.GET and not self.order.is_of_creation
        return may_stand_apart and connection.vendor == "postgresql"

    @cached_property
    def is_gathered(self) -> bool:
        """Whether what matches is so little that it is not looked for along the order."""

        def unordered() -> Statement:
            return Statement(self.queryset().order_by(), self.columns[:1])

        if not self.may_be_gathered:
            return False
        asked = compiled.get((*self.shape, "unordered"), unordered) if self.shape else unordered()
        return asked.matches_few(self.values)

    def compile(self, has_cursor: bool, kind: tuple[Any, ...], build: Callable[[QuerySet], Statement]) -> Statement:
        def fresh() -> Statement:
            rows = self.queryset().order_by(*self.order.order_by(gathered=self.is_gathered))
            return build(rows.filter(self.order.after()) if has_cursor else rows)

        if self.shape is None:
            return fresh()
        return compiled.get((*self.shape, self.order.name, self.is_gathered, has_cursor, *kind), fresh)

    def decorated(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.decorate and rows:
            self.decorate(rows)
        return rows

    def answer(self, rows: list[dict[str, Any]]) -> HttpResponse:
        return HttpResponse(dumps(rows), content_type=CONTENT_TYPE)

    def link_next(self, response: HttpResponseBase, key: Sequence[str]) -> None:
        query = self.request.GET.copy()
        query["cursor"] = write_cursor(self.order, key)
        address = self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")
        response["Link"] = f'<{address}>; rel="next"'
