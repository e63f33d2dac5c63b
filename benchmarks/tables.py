"""Taking back what a run has written, so that every size stays what it says."""

import psycopg

# What tickets and rules leave behind, before the tickets themselves.
EMPTIED = (
    "automation_execution",
    "automation_timematch",
    "automation_evaluation",
    "automation_rosterentry",
    "automation_roster",
)
YOUNG = "created_at > (SELECT at FROM benchmark_loaded LIMIT 1)"


def reset(url: str) -> None:
    """Take back what was written, by this run or by one that was interrupted."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS benchmark_loaded AS SELECT id, priority, updated_at, now() AS at"
            " FROM tickets_ticket"
        )
        database.execute(f"TRUNCATE {', '.join(EMPTIED)}")
        database.execute(
            "DELETE FROM automation_rulerevision WHERE rule_id IN"
            " (SELECT id FROM automation_automationrule WHERE name LIKE 'Benchmark %')"
        )
        database.execute("DELETE FROM automation_automationrule WHERE name LIKE 'Benchmark %'")
        database.execute("UPDATE automation_ruleset SET stamp = gen_random_uuid()")
        database.execute(f"DELETE FROM tickets_activity WHERE {YOUNG}")
        young = f"SELECT id FROM tickets_ticket WHERE {YOUNG}"
        database.execute(f"DELETE FROM sla_clock WHERE ticket_id IN ({young})")
        database.execute(f"DELETE FROM tickets_ticket WHERE {YOUNG}")
        database.execute(
            "UPDATE tickets_ticket t SET priority = l.priority, updated_at = l.updated_at FROM benchmark_loaded l"
            " WHERE l.id = t.id AND l.updated_at <> t.updated_at"
        )
        database.execute("VACUUM ANALYZE tickets_ticket, tickets_activity")
