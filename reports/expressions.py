"""Time as whole numbers, in SQL that both databases work out alike."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Expression, F, Func, Sum

Ahead = Sequence[tuple[int, int]]  # from when on, in seconds since 1970, clocks are how many seconds ahead of UTC


def epoch(moment: str) -> str:
    """Whole seconds since 1970."""
    if connection.vendor == "postgresql":
        return f"FLOOR(EXTRACT(EPOCH FROM {moment}))::bigint"
    return f"CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER)"


def day_of(seconds: str, ahead: Ahead) -> str:
    """The day of such seconds, as in Day."""
    # Numbers stand in the text: as parameters they would keep PostgreSQL from grouping by it.
    (_, first), *later = ahead
    whens = "".join(f" WHEN {seconds} >= {begin} THEN {shift}" for begin, shift in reversed(later))
    return f"(({seconds} + {f'CASE{whens} ELSE {first} END' if later else first}) / 86400)"


class Epoch(Func):
    """Whole seconds since 1970."""

    output_field = BigIntegerField()
    arity = 1
    postgresql = "FLOOR(date_part('epoch', %(expressions)s))::bigint"
    sqlite = "CAST(strftime('%%%%s', substr(%(expressions)s, 1, 19)) AS INTEGER)"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.postgresql, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.sqlite, **context)


class Day(Epoch):
    """Days since 1970, on a clock that is so many seconds ahead of UTC: `ahead` has from when on it is how many."""

    def __init__(self, moment: str, ahead: Ahead) -> None:
        super().__init__(F(moment))
        self.postgresql, self.sqlite = day_of(Epoch.postgresql, ahead), day_of(Epoch.sqlite, ahead)


def seconds_between(begin: str, end: str) -> Expression:
    """The sum of the whole seconds between two moments; None when there are no rows with both."""
    return Sum(Epoch(F(end)) - Epoch(F(begin)), output_field=BigIntegerField())
