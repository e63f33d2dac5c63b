"""Taking back what a run has written, so that every size stays what it says."""

from typing import Any

import psycopg

from .servers import manage

# What rules leave behind.
EMPTIED = (
    "automation_execution",
    "automation_timematch",
    "automation_evaluation",
    "automation_rosterentry",
    "automation_roster",
)
REFERENCES = """
    SELECT r.conrelid::regclass::text, a.attname
    FROM pg_constraint r JOIN pg_attribute a ON a.attrelid = r.conrelid AND a.attnum = r.conkey[1]
    WHERE r.contype = 'f' AND r.confrelid = 'tickets_ticket'::regclass AND r.conrelid <> r.confrelid
"""
# How tickets were once loaded: what a run may change of them, and their clocks.
LOADED = """
    CREATE TABLE IF NOT EXISTS benchmark_tickets AS
        SELECT id, priority, updated_at, sla_deadline, first_response_deadline, now() AS at FROM tickets_ticket;
    CREATE TABLE IF NOT EXISTS benchmark_clocks AS SELECT * FROM sla_clock;
    CREATE INDEX IF NOT EXISTS benchmark_clocks_ticket ON benchmark_clocks (ticket_id);
"""
# Those that are there still, after later migrations.
CLOCK_COLUMNS = """
    SELECT string_agg(attname, ', ') FROM pg_attribute n JOIN pg_attribute o USING (attname)
    WHERE n.attrelid = 'sla_clock'::regclass AND o.attrelid = 'benchmark_clocks'::regclass AND n.attnum > 0
        AND NOT n.attisdropped AND NOT o.attisdropped
"""
YOUNG = "created_at > (SELECT at FROM benchmark_tickets LIMIT 1)"
CHANGED = """
    CREATE TEMP TABLE changed AS
        SELECT l.* FROM benchmark_tickets l JOIN tickets_ticket t ON t.id = l.id WHERE l.updated_at <> t.updated_at
"""


def reset(url: str) -> None:
    """Take back what was written, by this run or by one that was interrupted."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(LOADED)
        with database.transaction():
            take_back(database)
    # What is counted of tickets, in as few rows as a worker leaves behind.
    manage(url, "rebuild_reports")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            "VACUUM ANALYZE tickets_ticket, tickets_ticketsearch, tickets_activity, sla_clock, reports_standingtally,"
            " reports_latetally, reports_flowtally, reports_flowchange"
        )


def take_back(database: psycopg.Connection[Any]) -> None:
    database.execute(f"TRUNCATE {', '.join(EMPTIED)}")
    database.execute(
        "DELETE FROM automation_rulerevision WHERE rule_id IN"
        " (SELECT id FROM automation_automationrule WHERE name LIKE 'Benchmark %')"
    )
    database.execute("DELETE FROM automation_automationrule WHERE name LIKE 'Benchmark %'")
    database.execute("UPDATE automation_ruleset SET stamp = gen_random_uuid()")
    database.execute(f"DELETE FROM outbox_outgoingmail WHERE {YOUNG}")
    database.execute(f"CREATE TEMP TABLE young AS SELECT id FROM tickets_ticket WHERE {YOUNG}")
    for table, column in database.execute(REFERENCES).fetchall():
        database.execute(f'DELETE FROM {table} WHERE "{column}" IN (SELECT id FROM young)')
    database.execute("DELETE FROM tickets_ticket WHERE id IN (SELECT id FROM young)")
    database.execute(CHANGED)
    database.execute(f"DELETE FROM tickets_activity WHERE ticket_id IN (SELECT id FROM changed) AND {YOUNG}")
    database.execute(
        "UPDATE tickets_ticket t SET priority = l.priority, updated_at = l.updated_at, sla_deadline = l.sla_deadline,"
        " first_response_deadline = l.first_response_deadline FROM changed l WHERE l.id = t.id"
    )
    for (columns,) in database.execute(CLOCK_COLUMNS).fetchall():
        database.execute(
            f"UPDATE sla_clock c SET ({columns}) = (SELECT {columns} FROM benchmark_clocks l"
            " WHERE l.ticket_id = c.ticket_id) WHERE c.ticket_id IN (SELECT id FROM changed)"
        )
    database.execute("DROP TABLE young, changed")
