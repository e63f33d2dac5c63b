"""Customers' accounts under load: signups, links and throttles, with real connections on either database."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts import portal_accounts
from accounts.models import User
from accounts.portal_accounts import free_username
from accounts.throttling import Limit, hit
from helpdesk.errors import TooManyAttempts
from tests.client import ApiClient
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


def sign_up(email: str, password: str = "securepassword123") -> Any:
    return ApiClient().post("/api/portal/signup", {"name": "John", "email": email, "password": password})


def statuses(responses: list[Any]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


def link(page: str) -> str:
    found = re.search(rf"/portal/{page}/\S+", mail.outbox[-1].body)
    assert found
    return found[0]


def test_50_people_of_one_local_part_all_get_a_username(at_once: AtOnce) -> None:
    responses = at_once(50, lambda n: sign_up(f"john@example{n}.com"))
    assert statuses(responses) == {201: 50}
    assert {r.json()["username"] for r in responses} == {"john", *(f"john{n}" for n in range(2, 51))}


# Usernames that are taken, and the one that john@… gets.
TAKEN = [
    ([], "john"),
    (["john"], "john2"),
    (["john2"], "john"),
    (["john", "john3"], "john2"),
    (["john", "john2", "john3", "john4", "john5"], "john6"),
    (["johnny", "john1", "John"], "john"),
    (["john", *(f"john{n}" for n in range(2, 101))], "john101"),
]


@pytest.mark.parametrize(("taken", "free"), TAKEN)
def test_usernames_follow_those_that_are_taken(
    taken: list[str], free: str, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for username in taken:
        UserFactory(username=username)
    with django_assert_max_num_queries(20):
        assert free_username("john") == free


def test_of_20_signups_with_a_new_address_one_makes_the_account(at_once: AtOnce) -> None:
    assert statuses(at_once(20, lambda _: sign_up("john@example.com"))) == {201: 1, 409: 19}
    assert User.objects.count() == 1


def test_a_reset_link_works_once_also_when_opened_eight_times_at_once(customer: User, at_once: AtOnce) -> None:
    portal_accounts.request_password_reset(email=customer.email, address="192.0.2.1")
    path = link("reset")
    responses = at_once(8, lambda n: Client().post(path, {"password": f"password-{n}"}))
    assert statuses(responses) == {200: 1, 400: 7}
    (won,) = [n for n, response in enumerate(responses) if response.status_code == 200]
    body = {"email": customer.email, "password": f"password-{won}"}
    assert ApiClient().post("/api/portal/login", body).status_code == 200


def test_a_claim_is_either_confirmed_or_disowned(customer: User, at_once: AtOnce) -> None:
    for _ in range(5):
        User.objects.update(password="!", email_verified_at=None, claims_blocked_until=None)
        assert sign_up(customer.email).status_code == 201
        paths = (link("confirm"), link("not-me"))
        assert statuses(at_once(2, lambda n, paths=paths: Client().post(paths[n]))) == {200: 1, 400: 1}
        customer.refresh_from_db()
        assert customer.has_usable_password() is (customer.email_verified_at is not None)


def test_a_window_lets_exactly_so_many_through(db: None, at_once: AtOnce) -> None:
    def attempt(_: int) -> str:
        try:
            hit("knock", "somebody", Limit(20, 60))
        except TooManyAttempts as refusal:
            return "late" if 0 < refusal.retry_after <= 60 else "wrong"
        return "in"

    assert Counter(at_once(50, attempt)) == {"in": 20, "late": 30}


def test_guesses_sent_at_once_are_counted_one_by_one(at_once: AtOnce) -> None:
    UserFactory(email="known@example.com", signed_up=True)
    body = {"email": "known@example.com", "password": "wrong"}
    assert statuses(at_once(30, lambda _: ApiClient().post("/api/portal/login", body))) == {401: 10, 429: 20}
