"""SQL that hands out columns as the text they have in JSON, on PostgreSQL and on SQLite.

Turning a UUID or a timestamp into a Python object and back into text costs more than everything else a list
does, so the database writes the text and Python only joins it.
"""

from collections.abc import Callable
from typing import Any

import orjson
from django.db import models
from django.db.models import BooleanField, Expression, F, Func

UUID_IN_SQLITE = "||'-'||".join(
    f"substr(%(expressions)s,{start},{size})" for start, size in [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)]
)
MOMENT_IN_SQLITE = (
    "(substr(%(expressions)s,1,10)||'T'||substr(%(expressions)s,12,8)||'.'"
    "||substr(substr(%(expressions)s,21,3)||'000',1,3)||'Z')"
)


class _Text(Func):
    output_field = models.TextField()
    arity = 1
    postgresql = "(%(expressions)s)::text"
    sqlite = "%(expressions)s"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.postgresql, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.sqlite, **context)


class UuidText(_Text):
    sqlite = f"({UUID_IN_SQLITE})"


class MomentText(_Text):
    """UTC with exactly three decimals and Z; what lies beyond a millisecond is cut off, not rounded."""

    postgresql = "to_char((%(expressions)s) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    sqlite = MOMENT_IN_SQLITE


class DateText(_Text):
    postgresql = "to_char(%(expressions)s, 'YYYY-MM-DD')"


class JsonText(_Text):
    pass


class RawText(_Text):
    """A value in the database's own full precision, for cursors."""

    sqlite = "CAST(%(expressions)s AS TEXT)"


class ListHolds(Func):
    """Whether a JSON array column holds a string."""

    output_field = BooleanField()
    conditional = True

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Containment, since that is what the GIN indexes on such columns serve.
        return self.as_sql(
            compiler, connection, template="(%(expressions)s::text))", arg_joiner=" @> jsonb_build_array(", **context
        )

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, column_params = compiler.compile(self.source_expressions[0])
        word, word_params = compiler.compile(self.source_expressions[1])
        sql = f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = {word})"
        return sql, [*column_params, *word_params]


class HasKey(Func):
    """Whether a JSON object column has a key."""

    output_field = BooleanField()
    conditional = True

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="jsonb_exists", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, column_params = compiler.compile(self.source_expressions[0])
        key, key_params = compiler.compile(self.source_expressions[1])
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE key = {key})", [*column_params, *key_params]


Load = Callable[[Any], Any]


def column_text(field: models.Field, path: str) -> tuple[Expression | F, Load | None]:
    """The expression that selects a model field as JSON text, and what to do with the value that arrives."""
    column = F(path)
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.UUIDField):
        return UuidText(column), None
    if isinstance(target, models.DateTimeField):
        return MomentText(column), None
    if isinstance(target, models.DateField):
        return DateText(column), None
    if isinstance(target, models.JSONField):
        return JsonText(column), orjson.Fragment
    if isinstance(target, models.BooleanField):
        return column, bool
    return column, None
