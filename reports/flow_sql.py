"""What tickets count as in reports, in the SQL of both databases: one row of a trigger, or a whole table of rows."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from helpdesk.tags import MAX_LENGTH

from .expressions import epoch
from .models import Flow

COLUMNS = "flow, since, name, tickets, seconds, answered, promised, kept"
FIGURES = ("tickets", "seconds", "answered", "promised", "kept")
QUARTER, DAY = 900, 86_400  # seconds
FILED, RESOLVED = "created_at", "resolved_at"
ANSWERED = "CASE WHEN {row}.first_response_at IS NULL THEN 0 ELSE 1 END"
PROMISED = "CASE WHEN {row}.sla_deadline IS NULL THEN 0 ELSE 1 END"
KEPT = "CASE WHEN {row}.resolved_at <= {row}.sla_deadline THEN 1 ELSE 0 END"
# Whoever writes to the database itself may store other tags than these. That neither stops them nor a migration nor
# the worker: an index has room for the beginning of a long one.
TAG, IS_TAG = f"substr(tag.value, 1, {MAX_LENGTH})", "tag.value IS NOT NULL"


class Kind(NamedTuple):
    """One way to count a ticket: by when, by what, and which figures beside their number."""

    moment: str
    column: str = ""
    length: int = DAY
    seconds: bool = False
    answered: bool = False
    deadlines: bool = False


KINDS = {
    Flow.FILED: Kind(FILED, length=QUARTER, seconds=True, answered=True),
    Flow.FILED_CATEGORY: Kind(FILED, "category"),
    Flow.FILED_GROUP: Kind(FILED, "group_id"),
    Flow.FILED_PRIORITY: Kind(FILED, "priority", seconds=True, answered=True),
    Flow.FILED_TAG: Kind(FILED, "tags"),
    Flow.RESOLVED: Kind(RESOLVED, length=QUARTER, seconds=True, deadlines=True),
    Flow.RESOLVED_AGENT: Kind(RESOLVED, "assignee_id", seconds=True),
    Flow.RESOLVED_GROUP: Kind(RESOLVED, "group_id", seconds=True),
    Flow.RESOLVED_PRIORITY: Kind(RESOLVED, "priority", deadlines=True),
}


OF_FILED, OF_RESOLVED = (tuple(flow for flow in Flow if KINDS[flow].moment == moment) for moment in (FILED, RESOLVED))


def facts(kinds: Sequence[Flow]) -> list[str]:
    """What of a ticket decides how it counts in these ways, each once."""
    return list(dict.fromkeys(fact for flow in kinds for fact in facts_of(KINDS[flow])))


def facts_of(kind: Kind) -> list[str]:
    others = {
        kind.column: bool(kind.column),
        FILED: kind.seconds,
        "first_response_at": kind.answered,
        "sla_deadline": kind.deadlines,
    }
    known = [f"{{row}}.{column}" for column, is_asked in others.items() if is_asked]
    if kind.moment == RESOLVED:
        # Deadlines and agents of many tickets change at a time, of which most are not resolved.
        known = [f"CASE WHEN {{row}}.{RESOLVED} IS NOT NULL THEN {fact} END" for fact in known]
    return [f"{{row}}.{kind.moment}", *known]


def counted(row: str, *, source: str = "", sign: str = "", kinds: Sequence[Flow] = tuple(Flow)) -> str:
    """A query with a row for each way in which a ticket counts."""
    return " UNION ALL ".join(one_way(flow, row, source, sign) for flow in kinds)


def one_way(flow: Flow, row: str, source: str, sign: str) -> str:
    kind = KINDS[flow]
    filed, answered, moment = (epoch(f"{row}.{column}") for column in (FILED, "first_response_at", kind.moment))
    end = answered if kind.moment == FILED else moment
    values = (
        "1",
        f"COALESCE({end} - {filed}, 0)" if kind.seconds else "0",
        ANSWERED if kind.answered else "0",
        PROMISED if kind.deadlines else "0",
        KEPT if kind.deadlines else "0",
    )
    figures = ", ".join(f"{sign}{value} AS {figure}" for value, figure in zip(values, FIGURES, strict=True))
    origin = ", ".join(filter(None, [source and f"{source} AS {row}", tags(row) if kind.column == "tags" else ""]))
    condition = f"{{row}}.{kind.moment} IS NOT NULL{f' AND {IS_TAG}' if kind.column == 'tags' else ''}"
    return (
        f"SELECT '{flow.value}' AS flow, {moment} - {moment} % {kind.length} AS since, {name(kind.column)} AS name, "  # noqa: S608
        f"{figures}{origin and f' FROM {origin}'} WHERE {condition}"
    ).format(row=row)


def name(column: str) -> str:
    if column in ("", "tags"):
        return TAG if column else "''"
    return f"COALESCE({{row}}.{column}{'::text' if connection.vendor == 'postgresql' else ''}, '')"


def tags(row: str) -> str:
    """The tags of a row, one each; none where something else stands than a list."""
    if connection.vendor == "postgresql":
        return (
            f"jsonb_array_elements_text(CASE jsonb_typeof({row}.tags) WHEN 'array' THEN {row}.tags ELSE '[]' END) "
            "AS tag (value)"
        )
    return f"json_each(CASE json_type({row}.tags) WHEN 'array' THEN {row}.tags ELSE '[]' END) AS tag"


def appended(rows: str, table: str) -> str:
    """A statement that appends what is left of these rows when those that are alike are added up."""
    sums = ", ".join(f"SUM({figure})" for figure in FIGURES)
    left = " OR ".join(f"SUM({figure}) <> 0" for figure in FIGURES)
    return (
        f"INSERT INTO {table} ({COLUMNS}) SELECT flow, since, name, {sums} FROM ({rows}) AS rows "  # noqa: S608
        f"GROUP BY flow, since, name HAVING {left};"
    )
