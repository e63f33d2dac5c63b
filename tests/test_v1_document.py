"""Every example of the version 1 API, sent as an integrator wrote it, with ids put in.

What an integrator relies on is the status and that every documented attribute is there.
"""

from typing import Any

import pytest
from django.utils import timezone

from tests.client import ApiClient
from tests.factories import CompanyFactory, TicketFactory, UserFactory
from tests.v1_examples import EXAMPLES


@pytest.fixture
def ids(api: ApiClient, admin: Any, agent: Any, customer: Any) -> dict[str, str]:
    """What stands in the examples in place of somebody else's ids."""
    talk = TicketFactory(customer=customer)
    ticket = TicketFactory(customer=customer, priority="high")
    UserFactory(username="jane", email="jane@example.com", signed_up=True, plain_password="securepassword123")
    known = {
        "admin": admin.pk,
        "agent": agent.pk,
        "customer": customer.pk,
        "ticket": ticket.pk,
        "talk": talk.pk,
        "closed": TicketFactory(status="closed").pk,
        "solved": TicketFactory(customer=customer, status="resolved", resolved_at=timezone.now()).pk,
        "rated": TicketFactory(customer=customer, status="resolved", resolved_at=timezone.now()).pk,
        "company": CompanyFactory().pk,
    }
    made = {
        "reply": ("tickets/{talk}/replies", {"userId": "{agent}", "content": "Thank you for contacting support."}),
        "note": ("tickets/{talk}/notes", {"userId": "{agent}", "content": "VIP"}),
        "entry": ("tickets/{talk}/time-entries", {"userId": "{agent}", "timeSpent": 5}),
        "field": ("custom-fields", {"entityType": "ticket", "name": "area", "label": "Region", "fieldType": "text"}),
        "key": ("api-keys", {"name": "Old"}),
        "rule": (
            "automation-rules",
            {"name": "Tag", "ruleType": "ticket_update", "actions": [{"type": "add_tag", "value": "x"}]},
        ),
        "policy": ("sla-policies", {"name": "Low", "priority": "low", "firstResponseTime": 60, "resolutionTime": 480}),
        "canned": ("canned-responses", {"title": "Hello", "content": "Dear {{{{customer.name}}}}"}),
        "group": ("agent-groups", {"name": "Support"}),
        "kb": ("kb/categories", {"name": "Billing"}),
        "kb_empty": ("kb/categories", {"name": "Billing"}),
        "kb_folder": ("kb/folders", {"categoryId": "{kb}", "name": "Refunds"}),
        "article": ("kb/articles", {"categoryId": "{kb}", "title": "Refunds", "content": "Soon."}),
        "feedback": ("kb/articles/{article}/feedback", {"isHelpful": True}),
        "survey": ("csat-surveys", {"ticketId": "{rated}", "rating": 4}),
        "member": ("agent-groups/{group}/members", {"userId": "{agent}"}),
    }
    ids = {name: str(pk) for name, pk in known.items()}
    for name, (path, body) in made.items():
        response = api.post(f"/api/{path.format(**ids)}", filled(body, ids))
        assert response.status_code == 201, response.content
        ids[name] = response.json()["id"]
    return ids


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        return value.format(**ids)
    if isinstance(value, dict):
        return {name: filled(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    return value


@pytest.mark.parametrize(
    ("section", "method", "path", "body", "status", "attributes", "holds"), EXAMPLES, ids=[e[0] for e in EXAMPLES]
)
def test_example_gives_the_documented_answer(
    api: ApiClient,
    ids: dict[str, str],
    section: str,
    method: str,
    path: str,
    body: Any,
    status: int,
    attributes: str,
    holds: dict[str, Any],
) -> None:
    call = getattr(api, method.lower())
    address = path.format(**ids)
    response = call(address, filled(body, ids)) if body is not None else call(address)
    assert response.status_code == status, response.content
    if status == 204:
        assert response.content == b""
        return
    if path.endswith("/template"):
        assert response["Content-Type"].startswith("text/csv")
        return
    answer = response.json()
    rows = answer if isinstance(answer, list) else [answer]
    assert rows, "a list of the document is never empty here"
    for row in rows:
        assert set(attributes.split()) <= set(row)
        assert {name: row[name] for name in holds} == filled(holds, ids)


@pytest.mark.parametrize(
    "header", [{"Authorization": "ApiKey {}"}, {"Authorization": "Bearer {}"}, {"X-Api-Key": "{}"}], ids=str
)
def test_each_documented_header_authenticates(api_key: Any, header: dict[str, str]) -> None:
    headers = {name: value.format(api_key.secret) for name, value in header.items()}
    assert ApiClient(headers=headers).get("/api/tickets").status_code == 200


REFUSALS = [
    ("Portal Signup", "/api/portal/signup", {"name": "X"}, 400),
    ("Portal Signup", "/api/portal/signup", {"name": "X", "email": "x@example.com", "password": "12345"}, 400),
    ("Portal Signup", "/api/portal/signup", {"name": "X", "email": "jane@example.com", "password": "123456"}, 409),
    ("Portal Login", "/api/portal/login", {"email": "jane@example.com"}, 400),
    ("Portal Login", "/api/portal/login", {"email": "jane@example.com", "password": "wrong"}, 401),
    ("Portal Login", "/api/portal/login", {"email": "nobody@example.com", "password": "wrong"}, 401),
]


@pytest.mark.parametrize(("section", "path", "body", "status"), REFUSALS)
def test_documented_refusals(ids: dict[str, str], section: str, path: str, body: Any, status: int) -> None:
    response = ApiClient().post(path, body)
    assert response.status_code == status
    assert isinstance(response.json()["error"], str)
    if status == 401:
        assert response.json()["error"] == "Invalid email or password"
    if status == 409:
        assert response.json()["error"] == "Email already exists"
