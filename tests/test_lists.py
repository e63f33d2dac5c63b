"""Lists: filters, order, pages, streams, includes; and how many queries each costs."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from helpdesk.api import paging, reads
from tests.client import ApiClient
from tests.factories import AgentGroupFactory, CompanyFactory, NoteFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.models import Ticket

NOW = timezone.now()


def numbers(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [ticket["ticketNumber"] for ticket in response.json()]


@pytest.fixture
def crowd(agent: User) -> dict[str, Ticket]:
    """Tickets that differ in what the filters look at."""
    company, group = CompanyFactory(), AgentGroupFactory()
    member = UserFactory(company=company)
    ages = {
        "plain": {},
        "pending": {"status": "pending", "priority": "low", "category": "billing"},
        "closed": {"status": "closed", "source": "email", "due_date": NOW - timedelta(days=2)},
        "assigned": {"assignee": agent, "group": group, "tags": ["vip", "eu"]},
        "company": {"customer": member, "tags": ["eu"], "subject": "The Überfall of 100%_done"},
        "late": {"due_date": NOW - timedelta(days=1), "status": "in_progress"},
        "breached": {"sla_deadline": NOW - timedelta(hours=1), "due_date": NOW + timedelta(days=1)},
    }
    made = {}
    for age, (name, values) in enumerate(ages.items()):
        moment = NOW - timedelta(days=30) + timedelta(days=age)
        made[name] = TicketFactory(created_at=moment, updated_at=moment, **values)
    made["child"] = TicketFactory(parent_ticket=made["plain"], created_at=NOW, updated_at=NOW)
    return made


# A query, and which of the crowd it finds.
FILTERS: list[tuple[str, str]] = [
    ("status=pending", "pending"),
    ("status=pending,closed", "pending closed"),
    ("status=pending&status=closed", "pending closed"),
    ("status=all&priority=low", "pending"),
    ("assigneeId=null&status=in_progress", "late"),
    ("assigneeId={agent}", "assigned"),
    ("assigneeId={agent},null&source=email", "closed"),
    ("groupId={group}", "assigned"),
    ("customerId={customer}", "company"),
    ("companyId={company}", "company"),
    ("category=billing", "pending"),
    ("tag=vip", "assigned"),
    ("tag=vip,eu", "assigned company"),
    ("tag=v", ""),
    ("source=email", "closed"),
    ("parentTicketId={plain}", "child"),
    ("overdue=true", "late breached"),
    ("q=überfall", "company"),
    ("q=100%25_done", "company"),
    ("q=100_", "company"),
    ("q=done the", "company"),
    ("q=done nowhere", ""),
    ("q=%23{number}", "late"),
    ("createdAfter={closed_at}&createdBefore={late_at}", "assigned company"),
    ("updatedAfter={breached_at}", "child"),
    ("createdAfter=all&q=%23{number}", "late"),
]


@pytest.mark.parametrize(("query", "found"), FILTERS, ids=[f[0] for f in FILTERS])
def test_filters(api: ApiClient, crowd: dict[str, Ticket], query: str, found: str) -> None:
    values = {
        "number": crowd["late"].ticket_number,
        "agent": crowd["assigned"].assignee_id,
        "group": crowd["assigned"].group_id,
        "customer": crowd["company"].customer_id,
        "company": crowd["company"].customer.company_id,
        "plain": crowd["plain"].pk,
        **{f"{n}_at": crowd[n].created_at.isoformat().replace("+", "%2B") for n in ("closed", "late", "breached")},
    }
    expected = [crowd[name].ticket_number for name in reversed(found.split())]
    assert numbers(api.get(f"/api/tickets?{query.format(**values)}")) == expected


def test_without_a_filter_everything_comes_newest_first(api: ApiClient, crowd: dict[str, Ticket]) -> None:
    assert numbers(api.get("/api/tickets")) == [crowd[name].ticket_number for name in reversed(crowd)]


SORTS = {
    "createdAt": ["plain", "pending", "closed"],
    "-createdAt": ["child", "breached", "late"],
    "-updatedAt": ["child", "breached", "late"],
    "dueDate": ["closed", "late", "breached"],
    "slaDeadline": ["breached"],
    "ticketNumber": ["plain", "pending", "closed"],
    "-ticketNumber": ["child", "breached", "late"],
}


@pytest.mark.parametrize("sort", SORTS)
def test_sort(api: ApiClient, crowd: dict[str, Ticket], sort: str) -> None:
    first = [crowd[name].ticket_number for name in SORTS[sort]]
    assert numbers(api.get(f"/api/tickets?sort={sort}"))[: len(first)] == first


def next_page(response: Any) -> str | None:
    found = re.fullmatch(r'<https?://[^/]+(/[^>]*)>; rel="next"', response.headers.get("Link", ""))
    return found and found[1]


def walk(api: ApiClient, path: str) -> list[list[Any]]:
    pages = []
    address: str | None = path
    while address:
        response = api.get(address)
        assert response.status_code == 200, response.content
        pages.append(response.json())
        address = next_page(response)
    return pages


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt", "updatedAt", "dueDate", "slaDeadline", "-ticketNumber"])
@pytest.mark.parametrize("limit", [1, 3, 8, 100])
def test_pages_hold_every_row_once_in_order(api: ApiClient, crowd: dict[str, Ticket], sort: str, limit: int) -> None:
    Ticket.objects.update(created_at=NOW)  # nothing but the id tells them apart
    whole = api.get(f"/api/tickets?sort={sort}").json()
    pages = walk(api, f"/api/tickets?sort={sort}&limit={limit}")
    assert [row for page in pages for row in page] == whole
    assert all(len(page) == limit for page in pages[:-1])


def test_a_full_last_page_has_no_next(api: ApiClient, crowd: dict[str, Ticket]) -> None:
    assert next_page(api.get(f"/api/tickets?limit={len(crowd)}")) is None
    assert next_page(api.get(f"/api/tickets?limit={len(crowd) - 1}"))


def test_new_rows_neither_shift_nor_repeat_pages(api: ApiClient, crowd: dict[str, Ticket]) -> None:
    first = api.get("/api/tickets?limit=3&status=open")
    TicketFactory()
    second = api.get(next_page(first))
    assert not {t["id"] for t in first.json()} & {t["id"] for t in second.json()}


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("/api/users", lambda n: UserFactory(username=f"u{n}")),
        ("/api/companies", lambda _: CompanyFactory()),
        ("/api/companies?sort=name", lambda n: CompanyFactory(name=["b", "B", "ä", "a", "Z"][n])),
        ("/api/agent-groups", lambda n: AgentGroupFactory(name=["b", "B", "ä", "a", "Z"][n])),
    ],
)
def test_every_list_pages_the_same_way(api: ApiClient, path: str, make: Callable[[int], Any]) -> None:
    for n in range(5):
        make(n)
    pages = walk(api, f"{path}{'&' if '?' in path else '?'}limit=2")
    assert [row for page in pages for row in page] == api.get(path).json()
    assert len(pages) > 1


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "CHUNK", 3)
    monkeypatch.setattr(paging, "CHUNK", 3)


def test_a_long_list_is_streamed_and_the_same(
    api: ApiClient, crowd: dict[str, Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = api.get("/api/tickets").json()
    monkeypatch.setattr(reads, "CHUNK", 3)
    monkeypatch.setattr(paging, "CHUNK", 3)
    response = api.get("/api/tickets?include=customer")
    assert response.streaming
    streamed = orjson.loads(b"".join(response.streaming_content))
    assert all(row.pop("customer")["id"] == row["customerId"] for row in streamed)
    assert streamed == whole


def test_a_long_page_is_streamed_with_its_link(api: ApiClient, crowd: dict[str, Ticket], small_chunks: None) -> None:
    pages = walk(api, "/api/tickets?limit=5")
    assert [len(page) for page in pages] == [5, 3]
    assert [t["ticketNumber"] for page in pages for t in page] == [t.ticket_number for t in reversed(crowd.values())]


def test_an_empty_list_is_an_empty_array(api: ApiClient) -> None:
    assert api.get("/api/tickets").json() == []
    assert api.get("/api/tickets?limit=5").json() == []


def test_include_adds_what_is_asked_for(api: ApiClient, crowd: dict[str, Ticket]) -> None:
    ticket = crowd["assigned"]
    reply, note = ReplyFactory(ticket=ticket), NoteFactory(ticket=ticket)
    names = "customer,assignee,group,company,replies,notes,activities,attachments"
    shown = api.get(f"/api/tickets/{ticket.pk}?include={names}").json()
    assert shown["customer"] == api.get(f"/api/users/{ticket.customer_id}").json()
    assert shown["assignee"]["id"] == str(ticket.assignee_id)
    assert shown["group"] == api.get(f"/api/agent-groups/{ticket.group_id}").json()
    assert shown["company"] is None
    assert [r["id"] for r in shown["replies"]] == [str(reply.pk)]
    assert [n["id"] for n in shown["notes"]] == [str(note.pk)]
    assert shown["activities"] == shown["attachments"] == []
    listed = {t["id"]: t for t in api.get("/api/tickets?include=company,assignee").json()}
    company = crowd["company"].customer.company_id
    assert listed[str(crowd["company"].pk)]["company"]["id"] == str(company)
    assert listed[str(crowd["plain"].pk)]["assignee"] is None
    assert "customer" not in listed[str(ticket.pk)]


def test_cursors_keep_microseconds_apart(api: ApiClient) -> None:
    for n in range(4):
        TicketFactory(created_at=datetime.fromisoformat(f"2025-12-18T05:21:07.21400{n}+00:00"))
    assert len(walk(api, "/api/tickets?limit=1")) == 4


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no plans")
def test_a_filter_is_planned_for_its_values_and_a_page_of_few_does_not_walk_along_the_order(api: ApiClient) -> None:
    TicketFactory.create_batch(3)
    for query, kept in (
        ("status=open", True),
        ("updatedAfter=2020-01-01", False),
        ("category=Nothing", False),
        ("status=open&sort=updatedAt", True),
    ):
        with CaptureQueriesContext(connection) as asked:
            for _ in range(8):  # the driver prepares what it has seen five times
                assert api.get(f"/api/tickets?limit=5&{query}").status_code == 200
        lists = [one["sql"] for one in asked if "LIMIT 6" in one["sql"]]
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%LIMIT 6'")
            prepared = [statement for (statement,) in cursor.fetchall()]
            cursor.execute("DEALLOCATE ALL")
        connection.connection._prepared.clear()
        assert bool(prepared) is kept, query
        assert all(("GREATEST" in sql) is ("sort" in query) for sql in lists)
