"""What is asked of the servers: the same requests to each of them."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import orjson
import psycopg

from .client import Client

BODY = {
    "subject": "Payment processing issue",
    "description": "My payment failed but I was charged. " * 5,
    "priority": "high",
    "category": "billing",
    "tags": ["payment", "urgent"],
}
NEXT = re.compile(rb'\r\nlink: <https?://[^/]+([^>]+)>; rel="next"', re.IGNORECASE)
PAGE = 1000  # the page number that is as cheap as the first one


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    count: int  # requests in one round
    requests: Callable[[Client], list[bytes]]
    gate: float | None = None  # least ratio to the floor
    writes: bool = False
    stable: bool = True  # whether its cost may not grow with the number of tickets


def scenarios(url: str, product: Client, tickets: int) -> list[Scenario]:
    """The scenarios for one database; ids and cursors are taken from it."""
    with psycopg.connect(url) as database:
        ids = [str(key) for (key,) in database.execute("SELECT id FROM tickets_ticket ORDER BY random() LIMIT 400")]
        (customer,) = database.execute("SELECT id FROM accounts_user WHERE role = 'customer' LIMIT 1").fetchone() or (
            "",
        )
    body = orjson.dumps({**BODY, "customerId": str(customer)})
    deep = deep_page(product, tickets)
    turn = random.Random(1)

    def gets(path: str, count: int) -> Callable[[Client], list[bytes]]:
        return lambda client: [client.request("GET", path)] * count

    def patches(client: Client) -> list[bytes]:
        priorities = ["low", "medium", "high", "urgent"]
        bodies = [orjson.dumps({"priority": turn.choice(priorities)}) for _ in range(150)]
        return [client.request("PATCH", f"/api/tickets/{turn.choice(ids)}", one) for one in bodies]

    return [
        Scenario("one", "one ticket", 400, lambda c: [c.request("GET", f"/api/tickets/{key}") for key in ids], 0.45),
        Scenario("page50", "page of 50", 150, gets("/api/tickets?limit=50", 150), 0.9),
        Scenario("page1000", "page of 1,000", 15, gets("/api/tickets?limit=1000", 15), 1.8),
        Scenario("deep", f"page {PAGE:,} of 50 by cursor", 150, gets(deep, 150), 0.9),
        Scenario("filtered", "page of 50, status=open", 150, gets("/api/tickets?status=open&limit=50", 150), 0.9),
        Scenario("stream", "all tickets, streamed", 1, gets("/api/tickets", 1), 1.8, stable=False),
        Scenario(
            "create", "create a ticket", 150, lambda c: [c.request("POST", "/api/tickets", body)] * 150, 0.3, True
        ),
        Scenario("update", "change a priority", 150, patches, None, True),
    ]


def deep_page(product: Client, tickets: int) -> str:
    """The address of page 1,000 of fifty, or of the last full one."""
    before = min(50 * (PAGE - 1), tickets * 9 // 10)
    head, _ = product.send(product.request("GET", f"/api/tickets?limit={before}"))
    found = NEXT.search(head)
    if not found:
        raise RuntimeError("A long page has no link to the next one.")
    return found[1].decode().replace(f"limit={before}", "limit=50")
