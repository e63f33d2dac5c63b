"""Agents who are away: who may say so of whom, and that customers never are."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from tests.client import ApiClient
from tests.factories import ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db

NEW = {"username": "mary", "email": "mary@example.com", "name": "Mary Major"}


def signed_in(user: User) -> ApiClient:
    client = ApiClient(headers={"X-CSRFToken": "a" * 32})
    client.force_login(user)
    client.cookies["csrftoken"] = "a" * 32
    return client


def test_nobody_is_away_unless_told_so(api: ApiClient, agent: User) -> None:
    assert api.get(f"/api/users/{agent.pk}").json()["isAway"] is False
    assert api.patch(f"/api/users/{agent.pk}", {"isAway": True}).json()["isAway"] is True
    assert api.get("/api/users?role=agent").json()[0]["isAway"] is True
    assert api.patch(f"/api/users/{agent.pk}", {"isAway": False}).json()["isAway"] is False


# How the caller calls, who they are, whom they change, what they send, the status.
RIGHTS: list[tuple[str, str, str, dict[str, Any], int]] = [
    ("session", "agent", "self", {"isAway": True}, 200),
    ("session", "agent", "self", {"isAway": True, "name": "X"}, 403),
    ("session", "agent", "self", {"name": "X"}, 403),
    ("session", "agent", "self", {}, 403),
    ("session", "agent", "agent", {"isAway": True}, 403),
    ("session", "agent", "customer", {"isAway": True}, 400),
    ("session", "admin", "self", {"isAway": True}, 200),
    ("session", "admin", "agent", {"isAway": True}, 200),
    ("key", "agent", "self", {"isAway": True}, 403),
    ("key", "agent", "agent", {"isAway": True}, 403),
    ("key", "agent", "customer", {"isAway": True}, 400),
    ("key", "agent", "customer", {"isAway": False}, 200),
    ("key", "admin", "self", {"isAway": True}, 200),
    ("key", "admin", "agent", {"isAway": True}, 200),
    ("key", "admin", "customer", {"isAway": True}, 400),
    ("key", "admin", "customer", {"isAway": True, "role": "agent"}, 200),
    ("key", "admin", "agent", {"isAway": True, "role": "customer"}, 400),
    ("key", "admin", "agent", {"isAway": None}, 400),
    ("key", "admin", "agent", {"isAway": "yes"}, 400),
]


@pytest.mark.parametrize(("how", "who", "whom", "body", "status"), RIGHTS)
def test_who_may_be_said_to_be_away_by_whom(how: str, who: str, whom: str, body: dict[str, Any], status: int) -> None:
    caller = UserFactory(**{who: True})
    person = caller if whom == "self" else UserFactory(**{whom: True})
    client = signed_in(caller) if how == "session" else ApiClient(ApiKeyFactory(owner=caller).secret)
    response = client.patch(f"/api/users/{person.pk}", body)
    assert response.status_code == status, response.content
    person.refresh_from_db()
    assert person.is_away is (status == 200 and body["isAway"])


def test_a_colleague_can_be_created_away_and_a_customer_cannot(api: ApiClient) -> None:
    assert api.post("/api/users", {**NEW, "role": "agent", "isAway": True}).json()["isAway"] is True
    customer = {**NEW, "username": "john", "email": "john@example.com", "isAway": True}
    refused = api.post("/api/users", customer)
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["isAway"])


def test_whoever_is_a_customer_from_now_on_is_back(api: ApiClient) -> None:
    person = UserFactory(agent=True, is_away=True)
    assert api.patch(f"/api/users/{person.pk}", {"role": "customer"}).json()["isAway"] is False


def test_the_database_knows_no_customer_who_is_away(customer: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=customer.pk).update(is_away=True)
