"""The triggers that keep the tally, in the SQL of both databases.

Tickets are also changed many at a time and without signals (deadlines after a change of policy, groups and people
that go, merges, copies into the database): only the database itself sees every change, and in the same transaction.

A row of a trigger is called OLD or NEW. Whole tables of rows, of a bulk insert or for counting afresh, are called
`counted`. SQLite drops the triggers of a table it builds anew in a migration; after each migration tally.keep()
sees whether they stand.
"""

from collections.abc import Sequence
from hashlib import sha256

from django.db import connection

from .expressions import epoch
from .flow_sql import OF_FILED, OF_RESOLVED, appended, facts
from .flow_sql import counted as flows
from .models import Flow

TICKETS = "tickets_ticket"
STANDING = "reports_standingtally (status, priority, is_archived, is_unassigned, tickets, answered, response_seconds)"
LATE = "reports_latetally (kind, moment, tickets)"
ACTIVE = "('open', 'pending', 'in_progress')"
CHANGES, SUMS = "reports_flowchange", "reports_flowtally"
# Most changes concern one of these only: the other is not worked out.
FLOWED = {"reports_flowed_in": OF_FILED, "reports_flowed_out": OF_RESOLVED}
TALLIES = ("reports_standingtally", "reports_latetally", CHANGES, SUMS)
NAMES = ("reports_filed", "reports_moved", "reports_redated", "reports_deleted", "reports_emptied", *FLOWED)
# What the tally depends on; a change of anything else appends nothing.
STANDS = ("{row}.status", "{row}.priority", "{row}.archived_at", "{row}.assignee_id IS NULL", "{row}.first_response_at")
FALLS_DUE = (
    f"{{row}}.status IN {ACTIVE}",
    "{row}.archived_at IS NULL",
    "{row}.due_date",
    "{row}.sla_deadline",
    "{row}.first_response_deadline",
    "{row}.first_response_at",
)


def earlier(one: str, other: str) -> str:
    """The earlier of two moments, either of which may be missing."""
    if connection.vendor == "postgresql":
        return f"LEAST({one}, {other})"
    return f"MIN(COALESCE({one}, {other}), COALESCE({other}, {one}))"


def standing(row: str, *, source: str = "", sign: str = "") -> str:
    """A statement that counts where tickets stand."""
    seconds = f"{epoch(f'{row}.first_response_at')} - {epoch(f'{row}.created_at')}"
    return (
        f"INSERT INTO {STANDING} SELECT {row}.status, {row}.priority, {row}.archived_at IS NOT NULL, "  # noqa: S608
        f"{row}.assignee_id IS NULL, {sign}COUNT(*), {sign}COUNT({row}.first_response_at), "
        f"{sign}COALESCE(SUM({seconds}), 0){source and f' FROM {source} AS {row} GROUP BY 1, 2, 3, 4'};"
    )


def late(row: str, *, source: str = "", sign: str = "") -> str:
    """A statement that counts from when on open tickets are late."""
    is_open = f"{row}.status IN {ACTIVE} AND {row}.archived_at IS NULL"
    answered, answer_due = f"{row}.first_response_at", f"{row}.first_response_deadline"
    answered_late = f"CASE WHEN {answered} IS NULL OR {answered} > {answer_due} THEN {answer_due} END"
    moments = {
        "overdue": earlier(f"{row}.due_date", f"{row}.sla_deadline"),
        "breached": earlier(f"{row}.sla_deadline", f"({answered_late})"),
    }
    origin = f" FROM {source} AS {row}" if source else ""
    both = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, CASE WHEN {is_open} THEN {moment} END AS moment{origin}"
        for kind, moment in moments.items()
    )
    return (
        f"INSERT INTO {LATE} SELECT kind, moment, {sign}COUNT(*) FROM ({both}) AS moments "  # noqa: S608
        "WHERE moment IS NOT NULL GROUP BY kind, moment;"
    )


def whole(row: str, *, source: str = "", sign: str = "") -> str:
    """Statements that count all that a ticket counts as."""
    flowing = appended(flows(row, source=source, sign=sign), CHANGES)
    return f"{standing(row, source=source, sign=sign)} {late(row, source=source, sign=sign)} {flowing}"


def moved(count: str) -> str:
    """Take a ticket from where it stood, and put it where it stands."""
    counts = {"standing": standing, "late": late}
    return f"{counts[count]('OLD', sign='-')} {counts[count]('NEW')}"


def flowed(kinds: Sequence[Flow]) -> str:
    """Of most changes one row goes and one comes: what stays as it was adds up to nothing."""
    return appended(f"{flows('OLD', sign='-', kinds=kinds)} UNION ALL {flows('NEW', kinds=kinds)}", CHANGES)


def differs(facts: Sequence[str]) -> str:
    distinct = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    return " OR ".join(f"({fact.format(row='OLD')}) {distinct} ({fact.format(row='NEW')})" for fact in facts)


def definitions() -> list[str]:
    """The statements that create the triggers."""
    return on_postgresql() if connection.vendor == "postgresql" else on_sqlite()


def on_postgresql() -> list[str]:
    # A statement that files many tickets appends a few rows for all of them.
    each = "FOR EACH ROW"
    events = {
        "reports_filed": (
            "INSERT",
            "REFERENCING NEW TABLE AS filed FOR EACH STATEMENT",
            whole("counted", source="filed"),
        ),
        "reports_moved": ("UPDATE", f"{each} WHEN ({differs(STANDS)})", moved("standing")),
        "reports_redated": ("UPDATE", f"{each} WHEN ({differs(FALLS_DUE)})", moved("late")),
        "reports_deleted": ("DELETE", each, whole("OLD", sign="-")),
        # Calls no trigger of rows. SQLite has no such statement.
        "reports_emptied": ("TRUNCATE", "FOR EACH STATEMENT", " ".join(cleared())),
        **{name: ("UPDATE", f"{each} WHEN ({differs(facts(kinds))})", flowed(kinds)) for name, kinds in FLOWED.items()},
    }
    statements = []
    for name, (event, when, body) in events.items():
        statements += [
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body} RETURN NULL; END $$",
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {TICKETS} {when} EXECUTE FUNCTION {name}()",
        ]
    return statements


def cleared() -> list[str]:
    """Statements that empty the tally, and let no worker put back what it folds just now."""
    return [f"LOCK TABLE {', '.join(TALLIES)} IN EXCLUSIVE MODE;", *(f"DELETE FROM {table};" for table in TALLIES)]  # noqa: S608


def on_sqlite() -> list[str]:
    events = {
        "reports_filed": ("INSERT", "", whole("NEW")),
        "reports_moved": ("UPDATE", f"WHEN {differs(STANDS)} ", moved("standing")),
        "reports_redated": ("UPDATE", f"WHEN {differs(FALLS_DUE)} ", moved("late")),
        "reports_deleted": ("DELETE", "", whole("OLD", sign="-")),
        **{name: ("UPDATE", f"WHEN {differs(facts(kinds))} ", flowed(kinds)) for name, kinds in FLOWED.items()},
    }
    return [
        f"CREATE TRIGGER {name} AFTER {event} ON {TICKETS} FOR EACH ROW {when}BEGIN {body} END"
        for name, (event, when, body) in events.items()
    ]


def fingerprint() -> str:
    return sha256("\n".join(definitions()).encode()).hexdigest()


def stand() -> bool:
    """Whether the triggers are there, as they are defined above."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT obj_description(tgfoid, 'pg_proc') FROM pg_trigger "
                "WHERE tgrelid = 'tickets_ticket'::regclass AND tgname = ANY(%s)",
                [list(NAMES)],
            )
            return [text for (text,) in cursor.fetchall()] == [fingerprint()] * len(NAMES)
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'reports_%'")
        return sorted(text for (text,) in cursor.fetchall()) == sorted(definitions())


def create() -> None:
    if connection.vendor != "postgresql":
        drop()  # PostgreSQL replaces them, which locks out less
    with connection.cursor() as cursor:
        for statement in definitions():
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            for name in NAMES:
                cursor.execute(f"COMMENT ON FUNCTION {name}() IS '{fingerprint()}'")


def drop() -> None:
    with connection.cursor() as cursor:
        for name in NAMES:
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
            else:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def count_afresh() -> None:
    """Fill an empty tally from the tickets."""
    with connection.cursor() as cursor:
        cursor.execute(standing("counted", source=TICKETS))
        cursor.execute(late("counted", source=TICKETS))
        for flow in Flow:  # one after the other: they need room to gather
            cursor.execute(appended(flows("counted", source=TICKETS, kinds=[flow]), SUMS))
