"""`python -m benchmarks`: measure, judge, and with --write put the figures into docs/benchmarks.md."""

import argparse
import os
import sys
from contextlib import ExitStack

import orjson
import psycopg

from .client import Client, Refused
from .report import Result, judge, write
from .scenarios import Scenario, scenarios
from .servers import TARGETS, Server, manage, prepare

KINDS = tuple(TARGETS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="10000,100000", help="Numbers of tickets.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="Names of scenarios, with commas.")
    parser.add_argument("--write", action="store_true", help="Write the figures to docs/benchmarks.md.")
    options = parser.parse_args()
    server = os.environ.get("BENCH_SERVER", "postgres://postgres@127.0.0.1:5432")
    results: list[Result] = []
    for size in [int(text) for text in options.sizes.split(",")]:
        print(f"\n{size:,} tickets", flush=True)
        results += measure(prepare(server, size), size, options.rounds, options.only)
    verdict = judge(results)
    print("\n" + verdict.text)
    if options.write:
        write(results, verdict, options.rounds)
    return 0 if verdict.passed else 1


def measure(url: str, size: int, rounds: int, only: str | None) -> list[Result]:
    key = manage(url, "create_api_key", "--name", "Benchmark").strip()
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(Server(kind, url)) for kind in KINDS}
        clients = {kind: Client(one.port, key) for kind, one in servers.items()}
        plans = [plan for plan in scenarios(url, clients["product"], size) if not only or plan.name in only.split(",")]
        check_equal(plans, clients)
        check_refusal(url, servers)
        results = []
        for plan in plans:
            times = rounds_of(plan, clients, rounds)
            if plan.writes:
                reset(url)
            results.append(Result(plan, size, times, None))
            print("  " + results[-1].line(), flush=True)
    if not only or "stream" in only:
        for result in results:
            if result.plan.name == "stream":
                result.memory = streaming_memory(url, key)
    return results


def rounds_of(plan: Scenario, clients: dict[str, Client], rounds: int) -> dict[str, list[float]]:
    """Seconds a request for each server and round; the order turns around every time."""
    times: dict[str, list[float]] = {kind: [] for kind in clients}
    for kind, client in clients.items():
        client.seconds(plan.requests(client)[:20])
        times[kind] = []
    for turn in range(rounds):
        for kind in KINDS if turn % 2 == 0 else KINDS[::-1]:
            requests = plan.requests(clients[kind])
            times[kind].append(clients[kind].seconds(requests) / len(requests))
    return times


def check_equal(plans: list[Scenario], clients: dict[str, Client]) -> None:
    """Nobody is timed for another answer."""
    for plan in plans:
        if plan.writes:
            continue
        answers = [orjson.loads(client.send(plan.requests(client)[0])[1]) for client in clients.values()]
        if any(answer != answers[0] for answer in answers):
            raise SystemExit(f"The servers disagree on: {plan.title}.")


def check_refusal(url: str, servers: dict[str, Server]) -> None:
    """A key that was revoked a moment ago opens none of them."""
    key = manage(url, "create_api_key", "--name", "Revoked").strip()
    clients = [Client(one.port, key) for one in servers.values()]
    request = [client.request("GET", "/api/tickets?limit=1") for client in clients]
    for client, one in zip(clients, request, strict=True):
        client.send(one)
    with psycopg.connect(url) as database:
        database.execute("UPDATE accounts_apikey SET is_active = false WHERE name = 'Revoked'")
    for client, one in zip(clients, request, strict=True):
        try:
            client.send(one)
        except Refused as refusal:
            if str(refusal).startswith("HTTP/1.1 401"):
                continue
        raise SystemExit("A revoked key was not refused.")


def reset(url: str) -> None:
    """Take back what was created, so that every size stays what it says."""
    with psycopg.connect(url, autocommit=True) as database:
        mine = "subject = 'Payment processing issue' AND source = 'api'"
        database.execute(
            f"DELETE FROM tickets_activity WHERE ticket_id IN (SELECT id FROM tickets_ticket WHERE {mine})"
        )
        database.execute(f"DELETE FROM tickets_ticket WHERE {mine}")
        database.execute("DELETE FROM tickets_activity WHERE action = 'priority_changed'")
        database.execute("VACUUM ANALYZE tickets_ticket, tickets_activity")


def streaming_memory(url: str, key: str) -> int:
    """KiB that streaming everything adds to the peak of a fresh process that has answered a page before."""
    with Server("product", url) as fresh:
        client = Client(fresh.port, key)
        client.send(client.request("GET", "/api/tickets?limit=1000"))
        before = fresh.peak_memory()
        client.send(client.request("GET", "/api/tickets"))
        return max(0, fresh.peak_memory() - before)


if __name__ == "__main__":
    sys.exit(main())
