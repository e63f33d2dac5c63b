"""Figures over all tickets from the tally: it has as many rows as there are days and names, however many tickets.

It knows quarters of an hour, of which the days of every time zone are made, and days of UTC for what tells tickets
apart. Where a period begins or ends at another hour than these, the tickets of the hours between are looked at.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from tickets.models import Ticket

from .expressions import day_of
from .flow_sql import COLUMNS, FIGURES
from .models import Flow, FlowChange, FlowTally
from .periods import Period
from .recounting import BORN, Recounted
from .sums import Flows, Key, Sums

BY_TIME = (Flow.FILED, Flow.RESOLVED)
BY_NAME = tuple(flow for flow in Flow if flow not in BY_TIME)
OF_SOMEBODY = (Flow.FILED_GROUP, Flow.RESOLVED_AGENT, Flow.RESOLVED_GROUP)
# Of each day there are few rows of these, which all its tickets are counted in.
IN_FEW = (Flow.FILED_PRIORITY, Flow.RESOLVED_PRIORITY)
Where = tuple[str, list[Any]]


class Tallied:
    """What flowed, over all tickets."""

    def flows(self, period: Period) -> Flows:
        found = Flows()
        for flow, number, sums in sums_of(
            f"flow, {day_of('since', period.ahead)}", within(BY_TIME, period.begin, period.end)
        ):
            found.add(Flow(flow), BORN + timedelta(days=number), sums)
        begin, end = nearest_midnight(period.begin), nearest_midnight(period.end)
        for flow, name, sums in sums_of("flow, name", within(BY_NAME, begin, end)):
            found.add(Flow(flow), key_of(Flow(flow), name), sums)
        correct(found, period.begin, begin, period)
        correct(found, end, period.end, period)
        return found

    def totals(self, period: Period) -> tuple[Sums, Sums]:
        """What was filed, and what was resolved."""
        found = {flow: sums for flow, _, sums in sums_of("flow, name", within(BY_TIME, period.begin, period.end))}
        return found.get(Flow.FILED, Sums()), found.get(Flow.RESOLVED, Sums())

    def standing(self, end: datetime) -> int:
        """What was filed by then and not resolved: whole days, and of the last one quarters of hours."""
        day = end.replace(hour=0, minute=0)
        days, quarters = within(IN_FEW, datetime(1, 1, 1, tzinfo=UTC), day), within(BY_TIME, day, end)
        both = f"({days[0]}) OR ({quarters[0]})", [*days[1], *quarters[1]]
        found = {flow: sums.tickets for flow, _, sums in sums_of("flow, ''", both)}
        return sum(-number if flow.startswith(Flow.RESOLVED) else number for flow, number in found.items())


def correct(found: Flows, begin: datetime, end: datetime, period: Period) -> None:
    """Add what flowed from one moment to the other; if the second comes first, take that away."""
    if begin == end:
        return
    sign = 1 if begin < end else -1
    between = Recounted(Ticket.objects.order_by()).between(min(begin, end), max(begin, end), period.ahead)
    for flow in BY_NAME:
        for key, sums in between.found[flow].items():
            found.add(flow, key, sums, sign)


def within(flows: Sequence[Flow], begin: datetime, end: datetime) -> Where:
    names = ", ".join(f"'{flow.value}'" for flow in flows)
    return f"flow IN ({names}) AND since >= %s AND since < %s", [int(begin.timestamp()), int(end.timestamp())]


def sums_of(keys: str, where: Where) -> Iterator[tuple[Any, Any, Sums]]:
    """The sums for each value of two keys: of what was folded and what changed since, in one statement."""
    condition, params = where
    both = " UNION ALL ".join(
        f"SELECT {COLUMNS} FROM {model._meta.db_table} WHERE {condition}"  # noqa: S608
        for model in (FlowTally, FlowChange)
    )
    sums = ", ".join(f"SUM({figure})" for figure in FIGURES)
    sql = f"SELECT {keys}, {sums} FROM ({both}) AS flows GROUP BY 1, 2"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, *params])
        for flow, key, *figures in cursor.fetchall():
            yield flow, key, Sums(*map(int, figures))


def key_of(flow: Flow, name: str) -> Key:
    """Tickets of no group, and of no agent, have no name for it."""
    if flow in OF_SOMEBODY:
        return UUID(name) if name else None
    return name


def nearest_midnight(moment: datetime) -> datetime:
    return (moment + timedelta(hours=12)).replace(hour=0, minute=0)
