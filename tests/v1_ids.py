"""What stands in the examples of version 1 in place of somebody else's ids, and how it is put in."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.utils import timezone

from tests.client import ApiClient
from tests.factories import CompanyFactory, TicketFactory, UserFactory


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


def everything(api: ApiClient, **people: Any) -> Ids:
    """What the examples name, and Jane, who signs in."""
    UserFactory(username="jane", email="jane@example.com", signed_up=True, plain_password="securepassword123")
    return Ids(api, people).all()


@pytest.fixture
def ids(api: ApiClient, admin: Any, agent: Any, customer: Any) -> Ids:
    return everything(api, admin=admin, agent=agent, customer=customer)


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(ids)
    if isinstance(value, dict):
        return {name: filled(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    return value
