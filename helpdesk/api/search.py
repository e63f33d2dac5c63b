"""Full-text search: one interface, on PostgreSQL and on SQLite.

A model that can be searched keeps its words (helpdesk/words.py) in columns of a table beside it. `SearchTable` puts an
index on these: on PostgreSQL a stored generated `tsvector` with GIN, on SQLite an FTS5 table that triggers keep in
step. The words are made by us and taken as they are, so both find the same.

A word finds every word that begins with it (one that ends in a digit only itself), and all words of a query have to be
found, in any of the columns; with `any_word` one of them is enough.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Q
from django.db.models.expressions import Col

from helpdesk.words import asked_words, is_exact

from .filters import Condition, Filter

MANY = 5_000  # rows that it is quicker to come across than to look up one by one
SAMPLE = 200  # pages of a large table
OFTEN = 10  # rows of a sample that hold some words: then a list holds enough of them
LOOKED_AT = 4 * MANY  # rows that are looked at rather than asking the index for one more word
EVERYWHERE = 10 * MANY  # rows with words so common that they stand together as well

# What PostgreSQL looks up by itself is each word; whether they stand together it only guesses.
SETTINGS = {"enable_seqscan": "off", "enable_indexscan": "off", "work_mem": "'32MB'", "jit": "off"}
LOOK_UP = "; ".join(f"SET LOCAL {name} = {value}" for name, value in SETTINGS.items())
AS_EVER = "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in SETTINGS)


@dataclass(frozen=True)
class SearchTable:
    """A table with columns of words; `number` is its column with unique whole numbers."""

    table: str
    number: str
    columns: tuple[str, ...]

    @property
    def index(self) -> str:
        return f"{self.table}_fts"

    def create(self, apps: Any, schema_editor: Any) -> None:
        """For a migration: put the index on the table, which must be empty.

        On SQLite a later change of columns makes the table anew, without its triggers: drop first, create afterwards.
        """
        for statement in self.statements(schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def drop(self, apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE {self.table} DROP COLUMN document")
            return
        for event in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {self.index}_{event}")
        schema_editor.execute(f"DROP TABLE {self.index}")

    def statements(self, vendor: str) -> list[str]:
        if vendor == "postgresql":
            words = " || ' ' || ".join(self.columns)
            made = vector_of(words)
            return [
                f"ALTER TABLE {self.table} ADD COLUMN document tsvector GENERATED ALWAYS AS ({made}) STORED",
                # How often words occur decides how they are looked for, so more of them are remembered.
                f"ALTER TABLE {self.table} ALTER COLUMN document SET STATISTICS 500",
                f"CREATE INDEX {self.index} ON {self.table} USING gin (document)",
            ]
        names = ", ".join(self.columns)
        added = f"INSERT INTO {self.index} (rowid, {names}) VALUES ({self.values('new')});"
        removed = f"INSERT INTO {self.index} ({self.index}, rowid, {names}) VALUES ('delete', {self.values('old')});"
        trigger = f"CREATE TRIGGER {self.index}_%s AFTER %s ON {self.table} BEGIN %s END"
        return [
            f"CREATE VIRTUAL TABLE {self.index} USING fts5 ({names}, content='{self.table}', "
            f"content_rowid='{self.number}', tokenize='ascii', detail='column', prefix='1 2 3')",
            trigger % ("insert", "INSERT", added),
            trigger % ("update", "UPDATE", removed + added),
            trigger % ("delete", "DELETE", removed),
        ]

    def values(self, row: str) -> str:
        return ", ".join(f"{row}.{column}" for column in (self.number, *self.columns))


class Found(Func):
    """Whether a row of a search table holds words, in any of its columns or only in some.

    `relation` leads to the search table, `number` to its number, or to a column that equals it.
    """

    output_field = BooleanField()
    conditional = True

    def __init__(
        self,
        table: SearchTable,
        relation: str,
        words: list[str],
        *,
        number: str,
        only: tuple[str, ...] = (),
        common: bool = False,
        any_word: bool = False,
    ) -> None:
        # PostgreSQL looks at the row of words, SQLite at nothing but its number.
        column = f"{relation}__{table.columns[0]}" if connection.vendor == "postgresql" else number
        super().__init__(F(column))
        self.table, self.words, self.only, self.common, self.any_word = table, words, only, common, any_word

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        # The words stand in the text: the plan for a rare one is not that for a common one. They consist of letters
        # and digits, so nothing in them needs quoting.
        alias = compiler.quote_name_unless_alias(cast(Col, self.source_expressions[0]).alias)
        asked = in_tsquery(self.words, any_word=self.any_word)
        sql = f"{alias}.document @@ '{asked}'::tsquery"
        if self.only:
            some = " || ' ' || ".join(f"{alias}.{column}" for column in self.only)
            sql = f"({sql} AND {vector_of(some)} @@ '{asked}'::tsquery)"
        return sql, []

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        number, params = compiler.compile(self.source_expressions[0])
        # A plus keeps the index on the number out of it: for a common word the list is read in its own order.
        plus = "+" if self.common else ""
        index = self.table.index
        sql = f"{plus}{number} IN (SELECT rowid FROM {index} WHERE {index} MATCH %s)"
        return sql, [*params, in_fts(self.words, self.only, any_word=self.any_word)]


class Among(Func):
    """Whether a column is one of some whole numbers."""

    output_field = BooleanField()
    conditional = True
    template = "%(expressions)s = ANY('{%(numbers)s}'::bigint[])"

    def __init__(self, path: str, numbers: list[int]) -> None:
        super().__init__(F(path), numbers=",".join(map(str, numbers)))


def in_tsquery(words: list[str], *, any_word: bool = False) -> str:
    return (" | " if any_word else " & ").join(word if is_exact(word) else f"{word}:*" for word in words)


def vector_of(words: str) -> str:
    return f"array_to_tsvector(array_remove(string_to_array({words}, ' '), ''))"


def in_fts(words: list[str], only: tuple[str, ...] = (), *, any_word: bool = False) -> str:
    asked = (" OR " if any_word else " AND ").join(f'"{word}"' if is_exact(word) else f'"{word}"*' for word in words)
    return f"{{{' '.join(only)}}} : ({asked})" if only else asked


def is_common(table: SearchTable, words: list[str], *, any_word: bool = False) -> bool:
    """Whether more rows than MANY hold the words; PostgreSQL knows from its statistics, so it is not asked."""
    if connection.vendor == "postgresql":
        return False
    index = table.index
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {index} WHERE {index} MATCH %s LIMIT {MANY + 1})",
            [in_fts(words, any_word=any_word)],
        )
        return cursor.fetchone()[0] > MANY


def few_with(table: SearchTable, words: list[str]) -> list[int] | None:
    """On PostgreSQL, the numbers of the rows that hold all of several words, unless they are many.

    Two words that are common, each on its own, may stand together nowhere. The planner takes them for common, and would
    read through all rows in their order to find a page of them; the index knows within milliseconds. Only where words
    are so common that the index would take long its guess is good enough.
    """
    if connection.vendor != "postgresql" or len(words) < 2:
        return None
    holds = f"document @@ '{in_tsquery(words)}'::tsquery"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {table.table} WHERE {holds}")
        if cursor.fetchone()[0][0]["Plan"]["Plan Rows"] > EVERYWHERE:
            return None
        sample = sampled(cursor, table, words)
        if sample.together >= OFTEN:
            return None  # they meet all the time: a page of them is soon come across
        telling = sample.telling(words)
        looked_up = f"document @@ '{in_tsquery(telling)}'::tsquery"
        if len(telling) < len(words):
            looked_up += f" AND ({holds}) IS TRUE"  # which is no question to the index
        cursor.execute(LOOK_UP)
        cursor.execute(f"SELECT {table.number} FROM {table.table} WHERE {looked_up} LIMIT {MANY + 1}")
        numbers = [number for (number,) in cursor.fetchall()]
        cursor.execute(AS_EVER)
    return numbers if len(numbers) <= MANY else None


@dataclass(frozen=True)
class Sample:
    """How many rows of a sample hold each of some words, and how many all of them."""

    share: float  # of all rows
    rows: int
    holding: list[int]
    together: int

    def telling(self, words: list[str]) -> list[str]:
        """The rarest words, as many as leave few rows to look at.

        Beginnings such as `s` stand in nearly every row: the index takes long to gather them, and leaves out nothing.
        """
        left = self.rows / self.share
        chosen: list[str] = []
        for count, word in sorted(zip(self.holding, words, strict=True)):
            if chosen and left <= LOOKED_AT:
                break
            chosen.append(word)
            left *= max(count, 0.5) / max(self.rows, 1)
        return chosen


def sampled(cursor: Any, table: SearchTable, words: list[str]) -> Sample:
    """Rows from pages all over the table."""
    share = f"least(100, 100.0 * {SAMPLE} * 8192 / greatest(pg_relation_size('{table.table}'), 1))"
    each = ", ".join(f"count(*) FILTER (WHERE document @@ '{in_tsquery([word])}'::tsquery)" for word in words)
    together = f"count(*) FILTER (WHERE document @@ '{in_tsquery(words)}'::tsquery)"
    rows = f"FROM {table.table} TABLESAMPLE SYSTEM ({share})"
    cursor.execute(f"SELECT {share} / 100, count(*), {together}, {each} {rows}")
    part, count, meeting, *holding = cursor.fetchone()
    return Sample(float(part), count, holding, meeting)


def found(
    table: SearchTable, relation: str, text: str, *, number: str, only: tuple[str, ...] = (), name: str = "q"
) -> Q | None:
    """What finds the words of a text, or None where it has none at all; raises Invalid when they are too many."""
    words = asked_words(text, name)
    if not words:
        return None
    if not only and (few := few_with(table, words)) is not None:
        return Q(Among(number, few))
    return Q(Found(table, relation, words, number=number, only=only, common=is_common(table, words)))


def asked_nothing(text: str) -> Q | None:
    return None


@dataclass(frozen=True)
class Searched(Filter):
    """Rows that `search` finds, by a condition that it makes of the text. A text of signs alone finds nothing."""

    search: Callable[[str], Q | None] = asked_nothing

    def condition(self, text: str) -> Condition | None:
        if not text.strip():
            return None
        match = self.search(text)
        return Condition((self.name, text), lambda: Q(pk__isnull=True) if match is None else match, lasting=False)
