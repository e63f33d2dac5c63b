"""From customer to staff and back: nobody gets in on the ticket of an account that was not theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password

from accounts.models import ApiKey, User
from tests.client import ApiClient
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]

# What is known of a customer, the change, and its status.
PROMOTIONS: list[tuple[dict[str, Any], dict[str, Any], int]] = [
    ({}, {"role": "agent"}, 200),
    ({"signed_up": True}, {"role": "agent"}, 200),
    ({"plain_password": PASSWORD}, {"role": "agent"}, 409),
    ({"plain_password": PASSWORD}, {"role": "admin"}, 409),
    ({"plain_password": PASSWORD}, {"role": "admin", "email": "new@example.com"}, 409),
    ({"plain_password": PASSWORD}, {"role": "agent", "password": "from-the-admin"}, 200),
    ({"plain_password": PASSWORD}, {"name": "Still a customer"}, 200),
]


@pytest.mark.parametrize(("known", "change", "status"), PROMOTIONS)
def test_whoever_proved_nothing_becomes_no_agent(
    api: ApiClient, known: dict[str, Any], change: dict[str, Any], status: int
) -> None:
    person = UserFactory(**known)
    response = api.patch(f"/api/users/{person.pk}", change)
    assert response.status_code == status, response.content
    person.refresh_from_db()
    assert person.role == (change.get("role", "customer") if status == 200 else "customer")
    if "password" in change:
        assert check_password("from-the-admin", person.password)


def portal_session(email: str, password: str) -> ApiClient:
    client = ApiClient()
    assert client.post("/api/portal/login", {"email": email, "password": password}).status_code == 200
    return client


def test_a_claimed_account_is_no_way_into_the_api(api: ApiClient, customer: User) -> None:
    thief = {"name": "Thief", "email": customer.email, "password": "of-the-thief"}
    assert ApiClient().post("/api/portal/signup", thief).status_code == 201
    session = portal_session(customer.email, "of-the-thief")
    refused = api.patch(f"/api/users/{customer.pk}", {"role": "admin"})
    assert (refused.status_code, list(refused.json())) == (409, ["error"])
    assert session.get("/api/tickets").status_code == 401
    own = {"role": "admin", "password": "from-the-admin"}
    assert api.patch(f"/api/users/{customer.pk}", own).status_code == 200
    assert session.get("/api/tickets").status_code == 401


def test_a_portal_session_ends_when_its_owner_becomes_staff(api: ApiClient) -> None:
    person = UserFactory(signed_up=True)
    session = portal_session(person.email, PASSWORD)
    assert api.patch(f"/api/users/{person.pk}", {"role": "agent"}).status_code == 200
    assert session.get("/api/tickets").status_code == 401
    person.refresh_from_db()
    session.force_login(person)
    assert session.get("/api/tickets").status_code == 200
    assert api.patch(f"/api/users/{person.pk}", {"role": "admin"}).status_code == 200
    assert session.get("/api/tickets").status_code == 200, "staff stay signed in"


def test_sessions_survive_a_new_secret_key(admin: User, settings: Any) -> None:
    session = ApiClient()
    session.force_login(admin)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the-next-one"
    assert session.get("/api/tickets").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_claim_and_a_promotion_at_once_make_no_thief_an_agent(api_key: ApiKey, at_once: AtOnce) -> None:
    for contact in UserFactory.create_batch(5):

        def act(n: int, person: User = contact) -> int:
            if n:
                claim = {"name": "Thief", "email": person.email, "password": "of-the-thief"}
                return ApiClient().post("/api/portal/signup", claim).status_code
            return ApiClient(api_key.secret).patch(f"/api/users/{person.pk}", {"role": "agent"}).status_code

        assert sorted(at_once(2, act)) in ([200, 409], [201, 409])
        contact.refresh_from_db()
        assert contact.role == "customer" or not contact.has_usable_password()


# Sixteen people are created at once; what they have in common is refused to fifteen.
SAME: list[tuple[str, Callable[[int], dict[str, str]]]] = [
    ("email", lambda n: {"username": f"person-{n}", "email": ("A@example.com", "a@EXAMPLE.com")[n % 2]}),
    ("username", lambda n: {"username": "mary", "email": f"mary{n}@example.com"}),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("field", "body"), SAME, ids=["email", "username"])
def test_of_16_people_alike_one_is_created(
    api_key: ApiKey, at_once: AtOnce, field: str, body: Callable[[int], dict[str, str]]
) -> None:
    responses = at_once(16, lambda n: ApiClient(api_key.secret).post("/api/users", {"name": "M", **body(n)}))
    assert sorted(r.status_code for r in responses) == [201] + [400] * 15
    assert {tuple(r.json()["details"]) for r in responses if r.status_code == 400} == {(field,)}
