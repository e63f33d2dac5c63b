"""What is asked of the servers: the same requests to each of them."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

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
GROWTH = 1.2
DASHBOARD_GROWTH = 5
QUESTION = "how do I change my address"
COMMON, BOTH, APART, ABSENT = "please", "order address", "label invoice", "zebrafish"
# A word that only the tickets of one customer hold: the name before the @, with its number.
RARE = "SELECT substring(customer from '[a-z]+[0-9]+') FROM tickets_ticketsearch ORDER BY ticket_id LIMIT 1"
PAGE = 1000  # the page number that is as cheap as the first one


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    count: int  # requests in one round
    requests: Callable[[Client], list[bytes]]
    gate: float | None = None  # least ratio to the floor
    writes: bool = False
    growth: float | None = GROWTH  # what it may cost at the largest size, in costs at the smallest
    floored: bool = True  # whether there is a floor that gives the same answer


def scenarios(url: str, product: Client, tickets: int) -> list[Scenario]:
    """The scenarios for one database; ids and cursors are taken from it."""
    with psycopg.connect(url) as database:
        ids = [str(key) for (key,) in database.execute("SELECT id FROM tickets_ticket ORDER BY random() LIMIT 400")]
        (customer,) = database.execute("SELECT id FROM accounts_user WHERE role = 'customer' LIMIT 1").fetchone() or (
            "",
        )
        (rare,) = database.execute(RARE).fetchone() or ("",)
    body = orjson.dumps({**BODY, "customerId": str(customer)})
    deep = deep_page(product, tickets)
    turn = random.Random(1)

    def gets(path: str, count: int) -> Callable[[Client], list[bytes]]:
        return lambda client: [client.request("GET", path)] * count

    def figures(name: str, title: str, path: str, count: int, growth: float | None = None) -> Scenario:
        return Scenario(name, title, count, gets(path, count), growth=growth, floored=False)

    def search(name: str, title: str, words: str, path: str = "/api/tickets") -> Scenario:
        return figures(name, title, f"{path}?q={quote(words)}&limit=50", 20)

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
        Scenario("stream", "all tickets, streamed", 1, gets("/api/tickets", 1), 1.8, growth=None),
        Scenario(
            "create", "create a ticket", 150, lambda c: [c.request("POST", "/api/tickets", body)] * 150, 0.3, True
        ),
        Scenario("update", "change a priority", 150, patches, None, True),
        figures("dashboard", "dashboard", "/api/dashboard/stats", 150, DASHBOARD_GROWTH),
        figures("report", "report over 30 days", "/api/reports?range=30d", 5),
        figures("report_year", "report over a year", "/api/reports?range=1y", 3),
        search("find_rare", "search: a rare word", rare),
        search("find_common", "search: a common word", COMMON),
        search("find_both", "search: two common words", BOTH),
        search("find_apart", "search: two that never meet", APART),
        search("find_none", "search: a word that is nowhere", ABSENT),
        search("kb_rare", "articles: a rare word", "case 57", "/api/kb/articles"),
        search("kb_common", "articles: a common word", COMMON, "/api/kb/articles"),
        search("kb_none", "articles: a word that is nowhere", ABSENT, "/api/kb/articles"),
        search("kb_best", "the articles that answer best", QUESTION, "/api/kb/search"),
    ]


def deep_page(product: Client, tickets: int) -> str:
    """The address of page 1,000 of fifty, or of the last full one."""
    before = min(50 * (PAGE - 1), tickets * 9 // 10)
    head, _ = product.send(product.request("GET", f"/api/tickets?limit={before}"))
    found = NEXT.search(head)
    if not found:
        raise RuntimeError("A long page has no link to the next one.")
    return found[1].decode().replace(f"limit={before}", "limit=50")
