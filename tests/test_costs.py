"""How many questions each endpoint asks the database, whatever it holds: every endpoint has its row."""

import base64
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import resolve
from django.utils import timezone

from accounts import throttling
from accounts.models import ApiKey, User
from automation.models import AutomationRule
from automation.rule_book import rule_book
from csat.models import Survey
from knowledge_base.models import ArticleFeedback, ArticleVersion
from sla.models import BusinessHours, Holiday, SlaPolicy
from tests.client import ApiClient
from tests.factories import (
    PASSWORD,
    AgentGroupFactory,
    ApiKeyFactory,
    ArticleFactory,
    CannedResponseFactory,
    CategoryFactory,
    CompanyFactory,
    CustomFieldFactory,
    FolderFactory,
    GroupMemberFactory,
    NoteFactory,
    ReplyFactory,
    TicketFactory,
    TicketTemplateFactory,
    TimeEntryFactory,
    UserFactory,
)
from tests.test_access import api_views
from transfers.models import Import

pytestmark = pytest.mark.django_db

NOBODY = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture(autouse=True)
def _nothing_else_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "PURGE_EVERY", 10**9)  # tidying up, once in so many attempts


@pytest.fixture(autouse=True, scope="module")
def _files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with override_settings(MEDIA_ROOT=str(tmp_path_factory.mktemp("files"))):
        yield


@pytest.fixture(scope="module")
def api_key(rows_of_module: None) -> ApiKey:
    return ApiKeyFactory()


@pytest.fixture(scope="module")
def ids(api_key: ApiKey) -> dict[str, Any]:
    agent, company, group = UserFactory(agent=True), CompanyFactory(), AgentGroupFactory()
    customer = UserFactory(company=company)
    tickets = TicketFactory.create_batch(8, customer=customer, assignee=agent, group=group, tags=["eu"])
    ticket = tickets[0]
    ReplyFactory.create_batch(3, ticket=ticket)
    NoteFactory.create_batch(3, ticket=ticket)
    hours = BusinessHours.objects.create(name="Office", schedule=[{"day": 1, "startTime": "09:00", "endTime": "17:00"}])
    action = {"type": "add_tag", "value": "vip"}
    known = {
        "ticket": ticket,
        "other": tickets[1],
        "third": tickets[2],
        "free": TicketFactory(customer=customer),
        "closed": TicketFactory(customer=customer, status="closed", resolved_at=timezone.now()),
        "agent": agent,
        "colleague": UserFactory(agent=True),
        "customer": customer,
        "account": UserFactory(signed_up=True, email="known@example.com"),
        "company": company,
        "group": group,
        "membership": GroupMemberFactory(group=group, user=agent),
        "key": ApiKeyFactory(),
        "field": CustomFieldFactory(entity_type="company", name="seats"),
        "canned": CannedResponseFactory(),
        "template": TicketTemplateFactory(),
        "entry": TimeEntryFactory.create_batch(3, ticket=ticket)[0],
        "timer": TimeEntryFactory(ticket=tickets[3]),
        "rule": AutomationRule.objects.create(
            name="Silent", rule_type="ticket_update", trigger="replied", actions=[action], is_active=False
        ),
        "policy": SlaPolicy.objects.create(name="P", priority="low", first_response_time=5, resolution_time=9),
        "hours": hours,
        "import": Import.objects.create(kind="contacts", owner=api_key.owner),
        "survey": Survey.objects.create(ticket=tickets[4], customer=customer, resolved_at=timezone.now()),
        "holiday": Holiday.objects.create(business_hours=hours, name="New Year", date="2027-01-01"),
    }
    file = {"filename": "a.txt", "content": base64.b64encode(b"hello").decode()}
    attachment = ApiClient(api_key.secret).post(f"/api/tickets/{ticket.pk}/attachments", file).json()["id"]
    return {"attachment": attachment, **knowledge(agent), **{name: thing.pk for name, thing in known.items()}}


def knowledge(agent: User) -> dict[str, Any]:
    """Two articles that have something in common, a category and a folder that are still empty."""
    folder = FolderFactory()
    of_both = {"category": folder.category, "folder": folder, "tags": ["vip"], "status": "published"}
    article, _ = ArticleFactory.create_batch(2, **of_both)
    ArticleFeedback.objects.create(article=article, user=agent, is_helpful=True)
    texts = {"title": article.title, "content": "Press it.", "status": "draft"}
    version = ArticleVersion.objects.create(article=article, number=1, **texts)
    return {
        "category": CategoryFactory().pk,
        "folder": FolderFactory().pk,
        "shelf": folder.pk,
        "article": article.pk,
        "version": version.pk,
    }


Cost = int | tuple[int, int]  # on either database, or on SQLite and on PostgreSQL

# An address, and how many queries it takes: the key, and one for each kind of thing shown. PostgreSQL is asked for the
# key together with the rows, unless the list is long or without end: one query less. Who does not, says so.
READS: list[tuple[str, Cost]] = [
    ("/api/tickets", 2),
    ("/api/tickets?limit=5", 2),
    ("/api/tickets?limit=5&status=open,pending&tag=eu&overdue=false&sort=dueDate", (2, 3)),
    ("/api/tickets?limit=5&include=customer,assignee,group,company", 6),
    ("/api/tickets/{ticket}", 2),
    ("/api/tickets/{ticket}?include=customer,assignee,group,company,replies,notes,activities,attachments", 10),
    ("/api/tickets/{ticket}/replies", 3),
    ("/api/tickets/{ticket}/notes", 3),
    ("/api/tickets/{ticket}/activities", 3),
    ("/api/tickets/{ticket}/time-entries", 3),
    ("/api/tickets/{ticket}/attachments", 3),
    ("/api/tickets/{ticket}/automation-trace", 3),
    ("/api/tickets/{ticket}/sla", (3, 3)),
    ("/api/attachments/{attachment}", 2),
    ("/api/attachments/{attachment}/content", (2, 2)),
    ("/api/time-entries/{entry}", 2),
    ("/api/canned-responses", 2),
    ("/api/canned-responses/{canned}", 2),
    ("/api/ticket-templates", 2),
    ("/api/ticket-templates/{template}", 2),
    ("/api/automation-rules", 2),
    ("/api/automation-rules/{rule}", 2),
    ("/api/automation-rules/{rule}/runs", 3),
    ("/api/sla-policies", 2),
    ("/api/sla-policies/{policy}", 2),
    ("/api/business-hours", 2),
    ("/api/business-hours/{hours}", 2),
    ("/api/business-hours/{hours}/holidays", 3),
    ("/api/dashboard/stats", 2),
    ("/api/reports", (10, 13)),
    ("/api/csat-surveys", 2),
    ("/api/csat-surveys/{survey}", 2),
    ("/api/kb/categories", 2),
    ("/api/kb/categories/{category}", 2),
    ("/api/kb/folders", 2),
    ("/api/kb/folders/{folder}", 2),
    ("/api/kb/articles?limit=5", 2),
    ("/api/kb/articles?limit=5&q=step", (3, 1)),  # SQLite is asked first whether the word is a common one
    ("/api/tickets?limit=5&q=printer", (3, 1)),
    ("/api/kb/search?q=step", (3, 2)),
    ("/api/kb/articles/{article}", 4),
    ("/api/kb/articles/{article}/related", (4, 4)),
    ("/api/kb/articles/{article}/feedback", 3),
    ("/api/kb/articles/{article}/versions", 3),
    ("/api/kb/articles/{article}/versions/{version}", 2),
    ("/api/contacts/import/template", 2),
    ("/api/companies/import/template", 2),
    ("/api/imports", 2),
    ("/api/imports/{import}", (2, 2)),
    ("/api/imports/{import}/errors", (3, 3)),
    ("/api/imports/{import}/rows", (3, 3)),
    ("/api/users?role=customer&limit=5", 2),
    ("/api/users/{agent}", 2),
    ("/api/companies?limit=5", 2),
    ("/api/companies/{company}", 2),
    ("/api/agent-groups", 2),
    ("/api/agent-groups/{group}", 2),
    ("/api/agent-groups/{group}/members", 3),
    ("/api/custom-fields?entityType=ticket", 2),
    ("/api/custom-fields/{field}", 2),
    ("/api/api-keys", 2),
    ("/api/api-keys/{key}", 2),
]


@pytest.mark.parametrize(("path", "cost"), READS, ids=[row[0] for row in READS])
def test_queries_of_a_read_are_few_and_do_not_grow(api: ApiClient, ids: dict[str, Any], path: str, cost: Cost) -> None:
    address = path.format(**ids)
    api.get(address)  # notes that the key was used: once a minute
    with CaptureQueriesContext(connection) as queries:
        response = api.get(address)
        assert response.getvalue()  # to its end, should it be streamed
    assert response.status_code == 200
    expected = cost if isinstance(cost, tuple) else (cost, cost - ("limit=" in path or "{" in path))
    assert len(queries) == expected[connection.vendor == "postgresql"], [q["sql"] for q in queries]


FILE = {"filename": "a.txt", "content": "aGVsbG8="}
RULE = {"name": "R", "ruleType": "ticket_creation", "actions": [{"type": "add_tag", "value": "vip"}]}
POLICY = {"name": "Q", "priority": "high", "firstResponseTime": 60, "resolutionTime": 480}
HOURS = {"name": "Night", "schedule": [{"day": 1, "startTime": "00:00", "endTime": "06:00"}]}
PERSON = {"username": "mary", "email": "mary@example.com", "name": "Mary"}
CONTACTS = [{"name": "New", "email": f"new{number}@example.com"} for number in range(3)]
FIELD = {"entityType": "contact", "name": "x", "label": "X", "fieldType": "text"}

# Method, path, body, and the queries of a write: besides its own, the key, and the answer read back. Where PostgreSQL
# takes more, it is for locks and cursors, which SQLite does without.
WRITES: list[tuple[str, str, Any, Cost]] = [
    ("post", "/api/tickets", {"subject": "x", "description": "y", "customerId": "{customer}"}, 10),
    ("patch", "/api/tickets/{ticket}", {"priority": "urgent"}, 8),
    ("patch", "/api/tickets/{ticket}", {"priority": "medium"}, 3),
    ("patch", "/api/tickets/{ticket}", {"customFields": {"a": 1}}, 7),
    ("patch", "/api/tickets/{ticket}", {"parentTicketId": "{other}"}, (9, 12)),
    ("patch", "/api/tickets/{ticket}", {"linkedTicketIds": ["{other}", "{third}"]}, (14, 16)),
    ("delete", "/api/tickets/{ticket}", None, (33, 35)),
    ("post", "/api/tickets/bulk", {"ids": ["{ticket}"], "changes": {"priority": "high"}}, 9),
    ("post", "/api/tickets/bulk", {"ids": ["{ticket}", "{other}", "{third}"], "changes": {"priority": "high"}}, 17),
    ("post", "/api/tickets/{closed}/restore", None, 9),
    ("post", "/api/tickets/{ticket}/archive", None, 8),
    ("post", "/api/tickets/{ticket}/assign", {"assigneeId": "{colleague}"}, 7),
    ("post", "/api/tickets/{ticket}/pick", {"agentId": "{agent}"}, 4),
    ("post", "/api/tickets/{free}/pick", {"agentId": "{agent}"}, 9),
    ("post", "/api/tickets/{ticket}/merge", {"ticketIds": ["{other}"]}, 37),
    ("post", "/api/tickets/{ticket}/merge", {"ticketIds": ["{other}", "{third}"]}, 62),
    ("post", "/api/tickets/{ticket}/replies", {"userId": "{agent}", "content": "x"}, 15),
    ("post", "/api/tickets/{ticket}/notes", {"userId": "{agent}", "content": "x"}, 9),
    ("post", "/api/tickets/{ticket}/attachments", FILE, 6),
    ("delete", "/api/attachments/{attachment}", None, 8),
    ("post", "/api/tickets/{ticket}/time-entries", {"userId": "{agent}", "timeSpent": 5}, 7),
    ("patch", "/api/time-entries/{entry}", {"timeSpent": 6}, 8),
    ("delete", "/api/time-entries/{entry}", None, 7),
    ("post", "/api/time-entries/{timer}/toggle", None, 7),
    ("post", "/api/canned-responses", {"title": "x", "content": "y"}, 4),
    ("patch", "/api/canned-responses/{canned}", {"title": "x"}, 6),
    ("delete", "/api/canned-responses/{canned}", None, 5),
    ("post", "/api/ticket-templates", {"name": "x"}, 4),
    ("patch", "/api/ticket-templates/{template}", {"name": "x"}, 6),
    ("delete", "/api/ticket-templates/{template}", None, 5),
    ("post", "/api/automation-rules", RULE, 8),
    ("post", "/api/automation-rules/preview", RULE, 5),
    ("patch", "/api/automation-rules/{rule}", {"name": "x"}, 9),
    ("delete", "/api/automation-rules/{rule}", None, 10),
    ("post", "/api/sla-policies", POLICY, 12),
    ("post", "/api/sla-policies/preview", POLICY, 5),
    ("post", "/api/sla-policies/{policy}/preview", {"resolutionTime": 30}, 7),
    ("patch", "/api/sla-policies/{policy}", {"resolutionTime": 30}, 13),
    ("delete", "/api/sla-policies/{policy}", None, 13),
    ("post", "/api/business-hours", HOURS, 4),
    ("patch", "/api/business-hours/{hours}", {"timezone": "Europe/Berlin"}, 9),
    ("delete", "/api/business-hours/{hours}", None, 10),
    ("post", "/api/business-hours/{hours}/holidays", {"name": "May Day", "date": "2027-05-01"}, 10),
    ("delete", "/api/holidays/{holiday}", None, 10),
    ("post", "/api/csat-surveys", {"ticketId": "{closed}", "rating": 5}, 7),
    ("post", "/api/csat-surveys", {"ticketId": "{closed}"}, 9),
    ("post", "/api/kb/categories", {"name": "x"}, 4),
    ("patch", "/api/kb/categories/{category}", {"name": "x"}, 5),
    ("delete", "/api/kb/categories/{category}", None, 8),
    ("post", "/api/kb/folders", {"categoryId": "{category}", "name": "x"}, 6),
    ("patch", "/api/kb/folders/{folder}", {"name": "x"}, 5),
    ("delete", "/api/kb/folders/{folder}", None, 7),
    ("post", "/api/kb/articles", {"title": "x", "content": "y", "folderId": "{shelf}"}, 10),
    ("patch", "/api/kb/articles/{article}", {"title": "x"}, 7),
    ("delete", "/api/kb/articles/{article}", None, 14),
    ("post", "/api/kb/articles/{article}/feedback", {"isHelpful": False}, 6),
    ("post", "/api/kb/articles/{article}/versions/{version}/restore", None, 8),
    ("post", "/api/tickets/export", None, (3, 4)),
    ("post", "/api/contacts/export", None, (3, 4)),
    ("post", "/api/companies/export", None, (3, 4)),
    ("post", "/api/contacts/import", {"data": CONTACTS[:1]}, 8),
    ("post", "/api/contacts/import", {"data": CONTACTS}, 8),
    ("post", "/api/contacts/import", {"data": CONTACTS, "dryRun": True}, 4),
    ("post", "/api/companies/import", {"data": [{"name": "x"}, {"name": "y"}, {"name": "z"}]}, 7),
    ("post", "/api/users", PERSON, 5),
    ("post", "/api/users", {**PERSON, "password": "secret-words"}, 6),
    ("post", "/api/users", {**PERSON, "role": "agent", "password": "secret-words"}, 5),
    ("patch", "/api/users/{customer}", {"name": "x"}, 6),
    ("patch", "/api/users/{account}", {"email": "new@example.com"}, 7),
    ("patch", "/api/users/{customer}", {"password": "secret-words"}, 6),
    ("patch", "/api/users/{colleague}", {"role": "customer"}, 9),
    ("post", "/api/agent-groups", {"name": "x"}, 4),
    ("patch", "/api/agent-groups/{group}", {"name": "x"}, 5),
    ("delete", "/api/agent-groups/{group}", None, 11),
    ("post", "/api/agent-groups/{group}/members", {"userId": "{colleague}"}, 6),
    ("delete", "/api/agent-groups/{group}/members/{membership}", None, 4),
    ("post", "/api/api-keys", {"name": "x"}, 4),
    ("post", "/api/api-keys/verify", None, 1),
    ("delete", "/api/api-keys/{key}", None, 4),
    ("post", "/api/portal/signup", {"name": "J", "email": "new@example.com", "password": PASSWORD}, (8, 9)),
    ("post", "/api/portal/signup", {"name": "J", "email": "known@example.com", "password": PASSWORD}, 3),
    ("post", "/api/portal/login", {"email": "known@example.com", "password": PASSWORD}, 10),
    ("post", "/api/portal/login", {"email": "known@example.com", "password": "wrong"}, 4),
    ("post", "/api/portal/login", {"email": "nobody@example.com", "password": "wrong"}, 4),
    ("post", "/api/companies", {"name": "x"}, 5),
    ("patch", "/api/companies/{company}", {"name": "x"}, 5),
    ("delete", "/api/companies/{company}", None, 5),
    ("post", "/api/custom-fields", FIELD, 4),
    ("patch", "/api/custom-fields/{field}", {"label": "x"}, (5, 6)),
    ("patch", "/api/custom-fields/{field}", {"name": "x"}, (6, 10)),
    ("delete", "/api/custom-fields/{field}", None, 4),
]


def filled(body: Any, ids: dict[str, Any]) -> Any:
    """The body with ids where it names things in braces."""
    if isinstance(body, dict):
        return {name: filled(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value, ids) for value in body]
    return body.format(**ids) if isinstance(body, str) else body


@pytest.mark.parametrize(("method", "path", "body", "cost"), WRITES, ids=[f"{w[0]} {w[1]} {w[2]}" for w in WRITES])
def test_queries_of_a_write_are_few(
    api: ApiClient, ids: dict[str, Any], method: str, path: str, body: Any, cost: Cost
) -> None:
    api.get("/api/tickets?limit=1")
    rule_book()  # kept in memory from then on
    with CaptureQueriesContext(connection) as queries:
        response = getattr(api, method)(path.format(**ids), **({"data": filled(body, ids)} if body else {}))
        response.getvalue()
    assert response.status_code in (200, 201, 204, 401, 409), response.content
    asked = [
        q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT"))
    ]
    expected = cost if isinstance(cost, tuple) else (cost, cost)
    assert len(asked) == expected[connection.vendor == "postgresql"], asked


def test_every_endpoint_says_what_it_costs() -> None:
    rows = [("get", path) for path, _ in READS] + [(method, path) for method, path, *_ in WRITES]
    anything = defaultdict[str, str](lambda: NOBODY)
    declared = {(method, resolve(path.format_map(anything).partition("?")[0]).route) for method, path in rows}
    endpoints = {(method, path) for path, callback in api_views() for method in callback.actions if method != "head"}
    undeclared, gone = sorted(endpoints - declared), sorted(declared - endpoints)
    assert not undeclared, f"Give these a row in READS or WRITES, with the queries they take: {undeclared}"
    assert not gone, f"These are no endpoints any more: {gone}"
