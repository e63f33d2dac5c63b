"""Reading without building model instances.

A `Statement` is a queryset compiled once: the SQL text, the order of its parameters, the names of its columns.
Values that change from request to request stand in the queryset as `Param`s and are bound at execution, so a
request pays for its rows and not for composing the question. Views find statements by their shape in `compiled`.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from threading import Lock
from typing import Any, Protocol, TypeVar

from django.db import connection, models, transaction
from django.db.models import BooleanField, Expression, F, Func, QuerySet

from .json import dumps
from .plans import are_few, for_these_values
from .serializers import Column

# Rows a streamed list holds in memory at once: few, since one may carry a text of 200,000 characters.
CHUNK = 250


class Param(Expression):
    """A place for a value that is only known when the statement runs."""

    def __init__(self, name: str, output_field: models.Field) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]

    def prepared(self, value: Any) -> Any:
        return self.output_field.get_db_prep_value(value, connection)


class ManyParam(Param):
    """A place for a list of values; see AnyOf."""

    def prepared(self, value: Any) -> Any:
        ready = [super(ManyParam, self).prepared(item) for item in value]
        return ready if connection.vendor == "postgresql" else dumps(ready).decode()


class AnyOf(Func):
    """Whether a column is among the values of a ManyParam, in one statement for any number of them."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, path: str, name: str, field: models.Field) -> None:
        super().__init__(F(path), ManyParam(name, field))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        kind = self.source_expressions[1].output_field.db_type(connection)
        return self.as_sql(
            compiler, connection, template=f"%(expressions)s::{kind}[])", arg_joiner=" = ANY(", **context
        )

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "%(expressions)s))"
        return self.as_sql(
            compiler, connection, template=template, arg_joiner=" IN (SELECT value FROM json_each(", **context
        )


class Among(Func):
    """Whether a column is one of a few values, each in a place of its own: planned as a list of just these."""

    output_field = BooleanField()
    conditional = True

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        column, *values = [compiler.compile(source) for source in self.source_expressions]
        places = ", ".join(sql for sql, _ in values)
        return f"{column[0]} IN ({places})", [*column[1], *(param for _, params in values for param in params)]


class Companion(Protocol):
    """A question that is asked together with a statement; see lookups.py."""

    pending: bool

    def joined(self, sql: str, params: list[Any]) -> tuple[str, list[Any]]:
        """The SELECT with the question as its first column."""

    def open(self, rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """The rows without that column, once the question is settled."""


class Question:
    """SQL with the order of its parameters, some of which are `Param`s."""

    def __init__(self, sql: str, params: Sequence[Any]) -> None:
        self.sql = sql
        self.params = tuple(params)

    def bind(self, values: dict[str, Any]) -> list[Any]:
        return [part.prepared(values[part.name]) if isinstance(part, Param) else part for part in self.params]


class Statement(Question):
    """A compiled query that yields rows as dictionaries ready for JSON."""

    def __init__(
        self,
        queryset: QuerySet,
        columns: Sequence[Column],
        *,
        keys: Sequence[Expression] = (),
        afresh: bool = False,
    ) -> None:
        """`keys` are selected behind the columns and stay out of the rows; see `fetch_page`.

        With `afresh` it is planned for its values each time: what matches few rows is not looked for like what matches
        many.
        """
        selected = [*(column.expression for column in columns), *keys]
        aliases = {f"c{index}": expression for index, expression in enumerate(selected)}
        super().__init__(*queryset.annotate(**aliases).values_list(*aliases).query.sql_with_params())
        self.afresh = afresh
        self.width = len(columns)
        self.shape = compile_shape(columns)

    def window(self, limit: int | None, offset: int = 0) -> str:
        """The SQL for a part of the rows.

        The numbers stand in the text: PostgreSQL cannot keep a plan for a limit it does not know, and planning a
        list costs more than reading a page of it.
        """
        sql = self.sql if limit is None else f"{self.sql} LIMIT {limit:d}"
        return f"{sql} OFFSET {offset:d}" if offset else sql

    def fetch(self, values: dict[str, Any], limit: int | None = None, offset: int = 0) -> list[dict[str, Any]]:
        return [self.shape(row) for row in self.execute(self.window(limit, offset), values)]

    def execute(self, sql: str, values: dict[str, Any], lookup: Companion | None = None) -> Sequence[Sequence[Any]]:
        """The rows as they come; a pending lookup rides along, and is settled before they are handed out."""
        params = self.bind(values)
        rides = lookup is not None and lookup.pending
        if rides:
            sql, params = lookup.joined(sql, params)
        with for_these_values() if self.afresh else nullcontext(), connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = cursor.fetchall()
        return lookup.open(rows) if rides else rows

    def matches_few(self, values: dict[str, Any]) -> bool:
        """Whether its rows, in whatever order, are soon gathered."""
        return are_few(self.sql, self.bind(values))

    def fetch_page(
        self, values: dict[str, Any], limit: int, lookup: Companion | None = None
    ) -> tuple[list[dict[str, Any]], Sequence[Any] | None]:
        """At most `limit` rows, and, when more follow, the keys of the last one."""
        rows = self.execute(self.window(limit + 1), values, lookup)
        key = self.key_of(rows[limit - 1]) if len(rows) > limit else None
        return [self.shape(row) for row in rows[:limit]], key

    def key_of(self, row: Sequence[Any]) -> list[Any]:
        """What a cursor is made of: the keys behind the columns, and the id, which is the first column."""
        return [*row[self.width :], row[0]]

    def fetch_one(self, values: dict[str, Any], lookup: Companion | None = None) -> dict[str, Any] | None:
        rows = self.execute(self.sql, values, lookup)
        return self.shape(rows[0]) if rows else None

    def chunks(self, values: dict[str, Any], limit: int | None = None) -> Iterator[list[dict[str, Any]]]:
        """All rows, a bounded number at a time, from one consistent snapshot."""
        with streaming_cursor() as cursor:
            cursor.execute(self.window(limit), self.bind(values))
            while rows := cursor.fetchmany(CHUNK):
                yield [self.shape(row) for row in rows]


def compile_shape(columns: Sequence[Column]) -> Callable[[Sequence[Any]], dict[str, Any]]:
    """A function that makes a row the mapping that JSON is written from.

    Written out as one dictionary display, the way collections.namedtuple writes its classes: this runs for every row
    of every list, and takes half the time of zipping names and values.
    """
    loads = {f"load{index}": column.load for index, column in enumerate(columns) if column.load}
    values = (
        f"None if row[{index}] is None else load{index}(row[{index}])" if column.load else f"row[{index}]"
        for index, column in enumerate(columns)
    )
    pairs = ", ".join(f"{column.name!r}: {value}" for column, value in zip(columns, values, strict=True))
    return eval(f"lambda row: {{{pairs}}}", loads)  # noqa: S307 - made of our own column names


@contextmanager
def streaming_cursor() -> Iterator[Any]:
    """A cursor that leaves the rows at the server: named on PostgreSQL, an open statement on SQLite.

    A named cursor lives in a transaction. SQLite gets none: its transactions begin by taking the write lock,
    and an open read statement is a snapshot already.
    """
    with transaction.atomic() if connection.vendor == "postgresql" else nullcontext():
        if connection.vendor == "postgresql":
            # A reader that stopped reading does not hold its snapshot, and what waits for it, for ever.
            with connection.cursor() as setting:
                setting.execute("SET LOCAL idle_in_transaction_session_timeout = '60s'")
        cursor = connection.chunked_cursor()
        try:
            yield cursor
        finally:
            cursor.close()


Asked = TypeVar("Asked", bound=Question)


class StatementCache:
    """The statements in use, by shape; the least recently used go first."""

    def __init__(self, size: int = 1000) -> None:
        self.size = size
        self.lock = Lock()
        self.found: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, shape: Hashable, build: Callable[[], Asked]) -> Asked:
        with self.lock:
            if statement := self.found.get(shape):
                self.found.move_to_end(shape)
                return statement
        statement = build()
        with self.lock:
            self.found[shape] = statement
            while len(self.found) > self.size:
                self.found.popitem(last=False)
        return statement


compiled = StatementCache()


def exists(rows: Callable[[Param], QuerySet], pk: Any) -> bool:
    """Whether the rows hold one with this primary key; the function that builds them names the question."""

    def build() -> Statement:
        return Statement(rows(Param("pk", models.UUIDField())).order_by(), [Column("id", F("pk"), None)])

    return compiled.get(("exists", rows), build).fetch_one({"pk": pk}) is not None
