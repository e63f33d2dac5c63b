"""What automation costs: filing a ticket under a hundred rules, and a pass of twenty time rules over all tickets.

    .venv/bin/python -m benchmarks.rules --sizes 10000,100000 [--write]

Both are told by ratios in one run: filing with rules to filing without, in turns on the same server; and the pass over
the largest database to that over the smallest.
"""

import argparse
import re
import subprocess
import sys
from statistics import median

import orjson
import psycopg

from .client import Client
from .report import DOCUMENT
from .scenarios import BODY
from .servers import ROOT, Server, environment, manage, prepare
from .tables import reset

RULES = 100
TIME_RULES = 20
REQUESTS = 100
GATE = 1.3  # what filing under a hundred rules may cost, in filings without any
MARKS = ("<!-- rules: written by `make bench` -->", "<!-- /rules -->")

NEVER = [
    {"field": "category", "operator": "is", "value": "never"},
    {"field": "subject", "operator": "contains", "value": "nothing like it"},
    {"field": "customer.email", "operator": "contains", "value": "@nowhere.example"},
]
URGENT = [{"type": "set_priority", "value": "urgent"}]
# Found by the database, and by hand over what it leaves; no ticket is left in the end, so that only finding is timed.
WAITING = [
    {"field": "status", "operator": "in", "value": ["open", "pending"]},
    {"field": "hoursSinceUpdated", "operator": "greater_than", "value": 24},
    {"field": "priority", "operator": "is", "value": "urgent"},
    {"field": "category", "operator": "is", "value": "never"},
]
PASS = """
import time
from django.utils import timezone
from automation.time_rules import run_time_rules
run_time_rules(timezone.now())
for _ in range({rounds}):
    begin = time.perf_counter()
    run_time_rules(timezone.now())
    print(time.perf_counter() - begin)
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.rules", description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sizes = sorted({int(text) for text in options.sizes.split(",")})
    urls = {size: prepare(size) for size in sizes}
    lines, passed = filing(urls[sizes[0]], options.rounds)
    lines += waiting(urls, options.rounds)
    text = "\n".join(lines)
    print(text)
    if options.write:
        write(text)
    return 0 if passed else 1


def filing(url: str, rounds: int) -> tuple[list[str], bool]:
    """Seconds a creation takes without rules, under a hundred that do not match, and with one among them that does."""
    reset(url)
    key = manage(url, "create_api_key", "--name", "Benchmark").strip()
    with psycopg.connect(url) as database:
        (customer,) = database.execute("SELECT id FROM accounts_user WHERE role = 'customer' LIMIT 1").fetchone() or (
            "",
        )
    times: dict[str, list[float]] = {"none": [], "hundred": [], "one acts": []}
    with Server("product", url) as server:
        client = Client(server.port, key)
        body = orjson.dumps({**BODY, "customerId": str(customer)})
        requests = [client.request("POST", "/api/tickets", body)] * REQUESTS
        for number in range(RULES):
            send_rule(client, name=f"Benchmark {number}", ruleType="ticket_creation", conditions=NEVER, actions=URGENT)
        send_rule(client, name="Benchmark acts", ruleType="ticket_creation", actions=URGENT)
        for turn in range(rounds):
            for kind in list(times) if turn % 2 == 0 else list(times)[::-1]:
                switch(url, kind)
                client.seconds(requests[:10])
                times[kind].append(client.seconds(requests) / REQUESTS)
    reset(url)
    ratios = {
        kind: median(other / none for none, other in zip(times["none"], times[kind], strict=True))
        for kind in ("hundred", "one acts")
    }
    passed = ratios["hundred"] <= GATE
    return [
        f"| filing a ticket, no rules | {micros(times['none'])} | 1.00 |",
        f"| … under {RULES} rules of three conditions, none of which holds | {micros(times['hundred'])} "
        f"| {ratios['hundred']:.2f} (at most {GATE}: {'PASS' if passed else 'FAIL'}) |",
        f"| … and one more that sets the priority | {micros(times['one acts'])} | {ratios['one acts']:.2f} |",
    ], passed


def waiting(urls: dict[int, str], rounds: int) -> list[str]:
    """Seconds for twenty time rules to look through all tickets."""
    lines = []
    for size, url in urls.items():
        reset(url)
        key = manage(url, "create_api_key", "--name", "Benchmark").strip()
        with Server("product", url) as server:
            client = Client(server.port, key)
            for number in range(TIME_RULES):
                name = f"Benchmark {number}"
                send_rule(client, name=name, ruleType="time_trigger", conditions=WAITING, actions=URGENT)
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", PASS.format(rounds=rounds)]
        done = subprocess.run(command, cwd=ROOT, env=environment(url), check=True, stdout=subprocess.PIPE, text=True)
        found = [float(line) for line in done.stdout.split()]
        lines.append(f"| a pass of {TIME_RULES} time rules over {size:,} tickets | {micros(found)} | |")
        reset(url)
    return lines


def send_rule(client: Client, **rule: object) -> None:
    client.send(client.request("POST", "/api/automation-rules", orjson.dumps(rule)))


def switch(url: str, kind: str) -> None:
    """Make the rules for one kind of turn the active ones."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            "UPDATE automation_automationrule SET is_active = CASE"
            " WHEN name = 'Benchmark acts' THEN %(kind)s = 'one acts'"
            " ELSE name LIKE 'Benchmark %%' AND %(kind)s <> 'none' END",
            {"kind": kind},
        )
        database.execute("UPDATE automation_ruleset SET stamp = gen_random_uuid()")


def micros(times: list[float]) -> str:
    return f"{median(times) * 1e6:,.0f}"


def write(text: str) -> None:
    """Put the figures between their marks in the document."""
    table = "| What | Product (µs) | Ratio |\n|---|--:|--:|\n" + text
    document = DOCUMENT.read_text()
    found = re.compile(re.escape(MARKS[0]) + ".*?" + re.escape(MARKS[1]), re.DOTALL)
    DOCUMENT.write_text(found.sub(lambda _: f"{MARKS[0]}\n\n{table}\n\n{MARKS[1]}", document))


if __name__ == "__main__":
    sys.exit(main())
