"""Every example of the version 1 API, sent as an integrator wrote it, with ids put in.

What an integrator relies on is the status and that every documented attribute is there.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.utils import timezone

from tests.client import ApiClient
from tests.factories import CompanyFactory, TicketFactory, UserFactory
from tests.v1_examples import EXAMPLES


class Ids(dict[str, str]):
    """What stands in the examples in place of somebody else's ids; it is made when it is first asked for."""

    def __init__(self, api: ApiClient, people: dict[str, Any]) -> None:
        super().__init__({name: str(person.pk) for name, person in people.items()})
        self.api, self.people = api, people

    def __missing__(self, name: str) -> str:
        self[name] = str(ROWS[name](**self.people).pk) if name in ROWS else self.created(*CREATED[name])
        return self[name]

    def created(self, path: str, body: dict[str, Any]) -> str:
        response = self.api.post(f"/api/{filled(path, self)}", filled(body, self))
        assert response.status_code == 201, response.content
        return response.json()["id"]

    def all(self) -> "Ids":
        for name in (*ROWS, *CREATED):
            assert self[name]
        return self


def solved(customer: Any, **_: Any) -> Any:
    return TicketFactory(customer=customer, status="resolved", resolved_at=timezone.now())


ROWS: dict[str, Callable[..., Any]] = {
    "talk": lambda customer, **_: TicketFactory(customer=customer),
    "ticket": lambda customer, **_: TicketFactory(customer=customer, priority="high"),
    "closed": lambda **_: TicketFactory(status="closed"),
    "solved": solved,
    "rated": solved,
    "company": lambda **_: CompanyFactory(),
}
CREATED: dict[str, tuple[str, dict[str, Any]]] = {
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


# Like what is read, these are about rows that they do not name.
UNNAMED = ("Export Companies", "Agent Groups: remove")


@pytest.fixture
def named(api: ApiClient, admin: Any, agent: Any, customer: Any) -> Ids:
    """Ids of what an example names, and of nothing else."""
    UserFactory(username="jane", email="jane@example.com", signed_up=True, plain_password="securepassword123")
    return Ids(api, {"admin": admin, "agent": agent, "customer": customer})


@pytest.fixture
def ids(named: Ids) -> Ids:
    return named.all()


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(ids)
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
    named: Ids,
    section: str,
    method: str,
    path: str,
    body: Any,
    status: int,
    attributes: str,
    holds: dict[str, Any],
) -> None:
    call = getattr(api, method.lower())
    ids = named.all() if method == "GET" or section in UNNAMED else named
    address = filled(path, ids)
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
def test_documented_refusals(named: Ids, section: str, path: str, body: Any, status: int) -> None:
    response = ApiClient().post(path, body)
    assert response.status_code == status
    assert isinstance(response.json()["error"], str)
    if status == 401:
        assert response.json()["error"] == "Invalid email or password"
    if status == 409:
        assert response.json()["error"] == "Email already exists"
