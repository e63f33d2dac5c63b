"""`python -m benchmarks`: measure, judge, and with --write put the figures into docs/benchmarks.md."""

import argparse
import sys
from contextlib import ExitStack
from dataclasses import dataclass

import orjson
import psycopg

from .articles import write_articles
from .client import Client, Refused
from .report import Result, judge, together, write
from .scenarios import Scenario, scenarios
from .servers import TARGETS, Server, manage, prepare
from .tables import reset

KINDS = tuple(TARGETS)
COMPARED_WHOLE = 100_000  # tickets; longer streams do not fit twice into the memory of a client


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="10000,100000", help="Numbers of tickets.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="Names of scenarios, with commas.")
    parser.add_argument(
        "--write",
        action="store_true",
        help="Write the figures to docs/benchmarks.md; with --only those of the others stay.",
    )
    options = parser.parse_args()
    sizes = sorted({int(text) for text in options.sizes.split(",")})
    only = options.only.split(",") if options.only else None
    databases = [(size, prepare(size)) for size in sizes]
    for size, url in databases:
        write_articles(url, size)
    results = measure(databases, options.rounds, only)
    if options.write:
        results = together(results, afresh=only is None)
    verdict = judge(results)
    print("\n" + verdict.text)
    if options.write:
        write(results, verdict)
    return 0 if verdict.passed else 1


@dataclass
class Arena:
    """One database with a server of each kind in front of it, all alive at the same time."""

    size: int
    url: str
    key: str
    clients: dict[str, Client]
    plans: dict[str, Scenario]


def measure(databases: list[tuple[int, str]], rounds: int, only: list[str] | None) -> list[Result]:
    results: list[Result] = []
    with ExitStack() as stack:
        arenas = [opened(stack, size, url) for size, url in databases]
        for name in [name for name in arenas[0].plans if only is None or name in only]:
            try:
                times = rounds_of(name, arenas, rounds)
            finally:
                if arenas[0].plans[name].writes:
                    for arena in arenas:
                        reset(arena.url)
            for arena in arenas:
                results.append(result_of(arena, name, times[arena.size]))
                print(f"{arena.size:>10,}  {results[-1].line()}", flush=True)
    for result in results:
        if result.name == "stream":
            arena = next(arena for arena in arenas if arena.size == result.size)
            result.memory = streaming_memory(arena.url, arena.key)
    return results


def result_of(arena: Arena, name: str, times: dict[str, list[float]]) -> Result:
    plan = arena.plans[name]
    return Result(name, plan.title, list(arena.plans).index(name), arena.size, plan.gate, plan.growth, times)


def opened(stack: ExitStack, size: int, url: str) -> Arena:
    """Servers that have proven to give the same answers and to refuse a revoked key."""
    reset(url)
    key = manage(url, "create_api_key", "--name", "Benchmark").strip()
    servers = {kind: stack.enter_context(Server(kind, url)) for kind in KINDS}
    clients = {kind: Client(one.port, key) for kind, one in servers.items()}
    plans = {plan.name: plan for plan in scenarios(url, clients["product"], size)}
    check_equal(list(plans.values()), clients, size)
    check_refusal(url, servers)
    return Arena(size, url, key, clients, plans)


def rounds_of(name: str, arenas: list[Arena], rounds: int) -> dict[int, dict[str, list[float]]]:
    """Seconds a request for each size, server and round.

    All of them take turns within a round, and the order turns around every time: what else happens on the machine
    meanwhile hits them alike, the sizes too.
    """
    kinds = KINDS if arenas[0].plans[name].floored else KINDS[:1]
    turns = [(arena, kind) for arena in arenas for kind in kinds]
    times: dict[int, dict[str, list[float]]] = {arena.size: {kind: [] for kind in kinds} for arena in arenas}
    for arena, kind in turns:
        client = arena.clients[kind]
        client.seconds(arena.plans[name].requests(client)[:20])
    for turn in range(rounds):
        for arena, kind in turns if turn % 2 == 0 else turns[::-1]:
            client = arena.clients[kind]
            requests = arena.plans[name].requests(client)
            times[arena.size][kind].append(client.seconds(requests) / len(requests))
    return times


def check_equal(plans: list[Scenario], clients: dict[str, Client], size: int) -> None:
    """Nobody is timed for another answer."""
    for plan in plans:
        if plan.writes or not plan.floored or (plan.name == "stream" and size > COMPARED_WHOLE):
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
