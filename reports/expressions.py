"""Time as whole numbers, in SQL that both databases work out alike."""

from collections.abc import Sequence
from typing import Any

from django.db.models import BigIntegerField, Expression, F, Func, Sum


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

    def __init__(self, moment: str, ahead: Sequence[tuple[int, int]]) -> None:
        super().__init__(F(moment))
        # Numbers stand in the text: as parameters they would keep PostgreSQL from grouping by it.
        (_, first), *later = ahead
        whens = "".join(f" WHEN {{epoch}} >= {begin} THEN {seconds}" for begin, seconds in reversed(later))
        shift = f"CASE{whens} ELSE {first} END" if later else str(first)
        days = f"(({{epoch}} + {shift}) / 86400)"
        self.postgresql = days.format(epoch=Epoch.postgresql)
        self.sqlite = days.format(epoch=Epoch.sqlite)


def seconds_between(begin: str, end: str) -> Expression:
    """The sum of the whole seconds between two moments; None when there are no rows with both."""
    return Sum(Epoch(F(end)) - Epoch(F(begin)), output_field=BigIntegerField())
