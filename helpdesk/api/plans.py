"""How PostgreSQL is kept from the slow ways through a list.

It takes every filter for one that holds as often anywhere on a list, and a plan that it keeps takes it for one that
holds as often for each of its values. Neither is true of tickets: what is pending is new, and stands at the end of the
tickets that were changed longest ago; what was changed since yesterday is little, and since last year nearly
everything. Reading a list in its order until a page is full then reads a million rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.db import connection
from django.db.models import Func

# Rows that are soon gathered and sorted, wherever they stand: in 50 ms. With more, whoever asks in the usual direction
# would pay for whoever asks in the other.
FEW = 30_000


class Gathered(Func):
    """A key to sort by of which no index knows: what matches is gathered first, and sorted then."""

    template = "GREATEST(%(expressions)s, NULL)"
    arity = 1


@contextmanager
def for_these_values() -> Iterator[None]:
    """What is asked meanwhile is planned for its own values, each time."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    held: Any = connection.connection
    kept, held.prepare_threshold = held.prepare_threshold, None
    try:
        yield
    finally:
        held.prepare_threshold = kept


def are_few(sql: str, params: list[Any]) -> bool:
    """Whether hardly more than FEW rows match, as the statistics of PostgreSQL have it; SQLite is not asked."""
    if connection.vendor != "postgresql":
        return False
    with for_these_values(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (told,) = cursor.fetchone()
    plans = told if isinstance(told, list) else orjson.loads(told)
    return plans[0]["Plan"]["Plan Rows"] <= FEW
