"""What the pages of agents cost in the database of DATABASE_URL, as JSON: `python -m benchmarks.queue` runs this.

Each page is opened as an agent's browser would, often enough that the database keeps its plans; then PostgreSQL says
of every question how it went about it (auto_explain), and how many rows it read for it. Nothing is left behind.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from statistics import median
from typing import Any

import django
import orjson

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402 - after the setup
from django.db.models import Count  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import AgentGroup, User  # noqa: E402
from companies.models import Company  # noqa: E402
from helpdesk.api.paging import write_cursor  # noqa: E402
from tickets.models import Ticket  # noqa: E402
from workspace.models import SavedView  # noqa: E402
from workspace.queues import ORDERS, SORTS, VIEWS  # noqa: E402

QUEUE = "/admin/tickets/"
LARGE = ("tickets_", "accounts_user", "companies_company")
LARGE_ENOUGH = 5_000  # rows; a smaller table is read whole with good reason
DEEP = 100  # pages
WARM = 12  # the driver prepares what it has seen five times, and five times later one plan may be kept for any values
EXPLAINED = {
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "client_min_messages": "log",
    "log_min_messages": "panic",
}


@dataclass
class Page:
    title: str
    queries: int
    seconds: float
    kilobytes: float
    read: int  # rows of large tables, for all questions of the page
    scans: list[str]  # tables that were read from end to end


def main() -> None:
    with transaction.atomic():
        pages = [measured(title, browser, address) for title, browser, address in requests()]
        transaction.set_rollback(True)
    sys.stdout.write(orjson.dumps([asdict(page) for page in pages]).decode())


def requests() -> Iterator[tuple[str, Client, str]]:
    agents = User.objects.staff().filter(role="agent").annotate(groups=Count("memberships")).order_by("-groups")
    whole, ours, mine = (agents.filter(ticket_scope=scope)[0] for scope in ("global", "group", "restricted"))
    SavedView.objects.create(owner=whole, name="Urgent", query="view=all&priority=urgent&status=open")
    browser = signed_in(whole)
    for view in VIEWS.values():
        for sort in view.sorts:
            name = view.title if sort == view.sorts[0] else f"{view.title}, {SORTS[sort].lower()}"
            yield f"view: {name}", browser, f"?view={view.name}&sort={sort}"
    yield f"page {DEEP} of all tickets, by its cursor", browser, f"?view=all&cursor={deep()}"
    for title, query in filters(whole):
        yield f"filter: {title}", browser, f"?view=all&{query}"
    yield "numbers of the sidebar, with one saved view", browser, "counts/"
    urgent = Ticket.objects.filter(priority="urgent", archived_at=None, resolved_at=None).latest("created_at")
    yield "a ticket, opened from a filtered queue", browser, f"{urgent.ticket_number}/?view=all&priority=urgent"
    yield "a ticket, opened from all by urgency", browser, f"{urgent.ticket_number}/?view=all&sort=due"
    for user, scope in ((ours, "of their groups"), (mine, "of their own")):
        browser = signed_in(user)
        for name in ("all", "unassigned", "soon", "overdue"):
            yield f"sees tickets {scope}: {VIEWS[name].title}", browser, f"?view={name}"
        yield f"sees tickets {scope}: status open", browser, "?view=all&status=open"


def filters(agent: User) -> list[tuple[str, str]]:
    now = timezone.now()
    company = Company.objects.order_by("name")[10]
    customer = User.objects.filter(company=company).order_by("id")[0]
    group = AgentGroup.objects.order_by("name")[0]
    return [
        ("status", "status=pending"),
        ("two statuses and a priority", "status=open&status=in_progress&priority=urgent"),
        ("assignee", f"assigneeId={agent.pk}&status=open"),
        ("group", f"groupId={group.pk}&priority=high"),
        ("category, most urgent first", "category=billing&sort=due"),
        ("tag", "tag=vip"),
        ("source", "source=email"),
        ("customer by address", f"customer={customer.email}"),
        ("company by name", f"company={company.name.replace('&', '%26')}"),
        ("company by id", f"companyId={company.pk}"),
        ("nobody of this name", "company=Nobody+at+all"),
        ("created within a day", f"createdAfter={now - timedelta(days=2):%Y-%m-%d}&createdBefore={now:%Y-%m-%d}"),
        ("resolved within a week", f"resolvedAfter={now - timedelta(days=7):%Y-%m-%d}"),
        ("overdue, as the API counts", "overdue=true"),
        ("words", "q=refund"),
    ]


def signed_in(user: User) -> Client:
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user)
    return browser


def deep() -> str:
    newest = Ticket.objects.filter(archived_at=None).order_by("-created_at", "-id")
    row = newest[min(50 * DEEP, newest.count() // 2)]
    return write_cursor(ORDERS["-createdAt"], [row.created_at.isoformat(), str(row.pk)])


def measured(title: str, browser: Client, address: str) -> Page:
    times = []
    for _ in range(WARM):
        begin = time.perf_counter()
        answer = browser.get(f"{QUEUE}{address}")
        times.append(time.perf_counter() - begin)
        if answer.status_code != 200:
            raise SystemExit(f"{title}: {answer.status_code} {answer.get('Location', '')}")
    plans: list[dict[str, Any]] = []
    with explained(plans), CaptureQueriesContext(connection) as queries:
        browser.get(f"{QUEUE}{address}")
    nodes = [node for plan in plans for node in walk(plan["Plan"])]
    large = [node for node in nodes if node.get("Relation Name", "").startswith(LARGE)]
    return Page(
        title,
        len(queries),
        median(times[1:]),
        len(answer.content) / 1000,
        sum(map(rows_read, large)),
        sorted({node["Relation Name"] for node in large if is_scan(node)}),
    )


@contextmanager
def explained(plans: list[dict[str, Any]]) -> Iterator[None]:
    """While it lasts, PostgreSQL tells how it goes about each question."""

    def told(notice: Any) -> None:
        _, found, plan = (notice.message_primary or "").partition("plan:\n")
        if found:
            plans.append(orjson.loads(plan))

    with connection.cursor() as cursor:
        cursor.execute("LOAD 'auto_explain'")
        for name, value in EXPLAINED.items():
            cursor.execute(f"SET LOCAL {name} = '{value}'")
    connection.connection.add_notice_handler(told)
    yield
    connection.connection.remove_notice_handler(told)
    with connection.cursor() as cursor:
        for name in EXPLAINED:
            cursor.execute(f"SET LOCAL {name} TO DEFAULT")


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from walk(child)


def is_scan(node: dict[str, Any]) -> bool:
    return node["Node Type"] == "Seq Scan" and rows_read(node) > LARGE_ENOUGH


def rows_read(node: dict[str, Any]) -> int:
    seen = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return round(sum(node.get(name, 0) for name in seen) * node.get("Actual Loops", 1))


if __name__ == "__main__":
    main()
