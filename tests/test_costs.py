"""How many questions each endpoint asks the database, whatever it holds."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from automation.rule_book import rule_book
from tests.client import ApiClient
from tests.factories import AgentGroupFactory, ArticleFactory, CompanyFactory, ReplyFactory, TicketFactory, UserFactory


@pytest.fixture
def ids(agent: User) -> dict[str, Any]:
    company, group = CompanyFactory(), AgentGroupFactory()
    customer = UserFactory(company=company)
    tickets = TicketFactory.create_batch(8, customer=customer, assignee=agent, group=group, tags=["eu"])
    ReplyFactory.create_batch(3, ticket=tickets[0])
    articles = ArticleFactory.create_batch(8, tags=["eu"])
    known = {
        "article": articles[0],
        "category": articles[0].category,
        "ticket": tickets[0],
        "other": tickets[1],
        "agent": agent,
        "company": company,
        "group": group,
    }
    return {"customer": customer.pk, **{name: thing.pk for name, thing in known.items()}}


# An address, and how many queries it takes: the key, and one for each kind of thing shown.
COSTS = [
    ("/api/tickets", 2),
    ("/api/tickets?limit=5", 2),
    ("/api/tickets?limit=5&status=open,pending&tag=eu&overdue=false&sort=dueDate", 2),
    ("/api/tickets?limit=5&include=customer,assignee,group,company", 6),
    ("/api/tickets/{ticket}", 2),
    ("/api/tickets/{ticket}?include=customer,assignee,group,company,replies,notes,activities,attachments", 10),
    ("/api/tickets/{ticket}/replies", 3),
    ("/api/tickets/{ticket}/notes", 3),
    ("/api/tickets/{ticket}/activities", 3),
    ("/api/tickets/{ticket}/time-entries", 3),
    ("/api/tickets/{ticket}/attachments", 3),
    ("/api/users?role=customer&limit=5", 2),
    ("/api/users/{agent}", 2),
    ("/api/companies?limit=5", 2),
    ("/api/companies/{company}", 2),
    ("/api/agent-groups", 2),
    ("/api/agent-groups/{group}/members", 3),
    ("/api/custom-fields?entityType=ticket", 2),
    ("/api/canned-responses", 2),
    ("/api/ticket-templates", 2),
    ("/api/api-keys", 2),
    ("/api/sla-policies", 2),
    ("/api/business-hours", 2),
    ("/api/kb/categories", 2),
    ("/api/kb/folders", 2),
    ("/api/kb/articles?limit=5&status=draft", 2),
    ("/api/kb/articles/{article}", 3),  # the view is noted, but not written for a draft
    ("/api/kb/articles/{article}/feedback", 3),
    ("/api/kb/articles/{article}/versions", 3),
]


@pytest.mark.parametrize(("path", "cost"), COSTS, ids=[c[0] for c in COSTS])
def test_queries_of_a_read_are_few_and_do_not_grow(api: ApiClient, ids: dict[str, Any], path: str, cost: int) -> None:
    address = path.format(**ids)
    api.get(address)  # notes that the key was used: once a minute
    with CaptureQueriesContext(connection) as queries:
        assert api.get(address).status_code == 200
    # A database server is asked for the key together with the rows, unless the list is long or without end.
    together = connection.vendor == "postgresql" and ("limit=" in path or "{" in path)
    assert len(queries) == cost - together, [q["sql"] for q in queries]


# Method, path, body, and the queries of a write: besides its own, the key, and the answer read back.
WRITES: list[tuple[str, str, dict[str, Any], int]] = [
    ("post", "/api/tickets", {"subject": "x", "description": "y", "customerId": "{customer}"}, 10),
    ("patch", "/api/tickets/{ticket}", {"priority": "urgent"}, 7),
    ("patch", "/api/tickets/{ticket}", {"priority": "medium"}, 3),
    ("patch", "/api/tickets/{ticket}", {"customFields": {"a": 1}}, 7),
    ("post", "/api/tickets/{ticket}/pick", {"agentId": "{agent}"}, 4),
    ("post", "/api/tickets/{ticket}/replies", {"userId": "{agent}", "content": "x"}, 9),
    ("post", "/api/tickets/{ticket}/notes", {"userId": "{agent}", "content": "x"}, 9),
    ("post", "/api/tickets/{ticket}/time-entries", {"userId": "{agent}", "timeSpent": 5}, 7),
    ("post", "/api/companies", {"name": "x"}, 4),
    ("post", "/api/kb/articles", {"title": "x", "content": "y", "categoryId": "{category}"}, 10),
    ("patch", "/api/kb/articles/{article}", {"title": "x"}, 7),
    ("post", "/api/kb/articles/{article}/feedback", {"isHelpful": True}, 5),
]


@pytest.mark.parametrize(("method", "path", "body", "cost"), WRITES, ids=[f"{w[0]} {w[1]} {w[2]}" for w in WRITES])
def test_queries_of_a_write_are_few(
    api: ApiClient, ids: dict[str, Any], method: str, path: str, body: dict[str, Any], cost: int
) -> None:
    filled = {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}
    api.get("/api/tickets?limit=1")
    rule_book()  # kept in memory from then on
    with CaptureQueriesContext(connection) as queries:
        assert getattr(api, method)(path.format(**ids), filled).status_code in (200, 201)
    asked = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    assert len(asked) == cost, asked
