"""Time as whole numbers, in SQL that both databases work out alike."""

from typing import Any

from django.db.models import BigIntegerField, Expression, F, Func, Sum


class Epoch(Func):
    """Whole seconds since 1970."""

    output_field = BigIntegerField()
    arity = 1
    postgresql = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint"
    sqlite = "CAST(strftime('%%%%s', substr(%(expressions)s, 1, 19)) AS INTEGER)"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.postgresql, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.sqlite, **context)


class Quarter(Epoch):
    """Quarters of an hour since 1970: days begin and end with one in every time zone."""

    # The number stands in the text: as a parameter it would keep PostgreSQL from grouping by it.
    postgresql = f"({Epoch.postgresql} / 900)"
    sqlite = f"({Epoch.sqlite} / 900)"


def seconds_between(begin: str, end: str) -> Expression:
    """The sum of the whole seconds between two moments; None when there are no rows with both."""
    return Sum(Epoch(F(end)) - Epoch(F(begin)), output_field=BigIntegerField())
