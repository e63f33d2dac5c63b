"""What staff do to the accounts of customers: new passwords and addresses, and what has to be proven then."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.client import ApiClient
from tests.factories import ApiKeyFactory, TicketFactory, UserFactory
from tests.test_portal_accounts import link, log_in, sign_up
from tickets.models import Ticket
from tickets.services import create_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mails_leave() -> Iterator[None]:
    """Tests run in a transaction that never commits: what would leave after commit leaves at once."""
    with patch("django.db.transaction.on_commit", lambda act, **_: act()):
        yield


def name_shown(email: str, password: str = "securepassword123") -> str:
    return log_in(email, password).json()["name"]


def test_the_name_somebody_claimed_by_ends_with_the_claim(api: ApiClient, customer: User) -> None:
    sign_up(customer.email, name="Thief")
    assert name_shown(customer.email) == "Thief"
    new = "new@example.com"
    assert api.patch(f"/api/users/{customer.pk}", {"email": new}).status_code == 200
    assert name_shown(new) == "Thief", "the stored name is none of their business yet"
    assert api.patch(f"/api/users/{customer.pk}", {"password": "from-the-admin"}).status_code == 200
    assert name_shown(new, "from-the-admin") == customer.name
    User.objects.update(password="!")
    sign_up(new, name="Thief")
    Client().post(link("not-me"))
    customer.refresh_from_db()
    assert customer.claimed_name == ""


@pytest.mark.parametrize("proof", ["confirm", "reset"])
def test_whoever_proved_the_mailbox_keeps_the_name_they_know(api: ApiClient, customer: User, proof: str) -> None:
    sign_up(customer.email, name="Claimer")
    if proof == "reset":
        Client().post("/portal/reset", {"email": customer.email})
    Client().post(link(proof), {"password": "securepassword123"})
    assert name_shown(customer.email) == customer.name
    api.patch(f"/api/users/{customer.pk}", {"email": "new@example.com"})
    assert name_shown("new@example.com") == customer.name


# Who creates an account: the key of an admin or of an agent.
@pytest.mark.parametrize("owner", ["admin", "agent"])
def test_a_customer_created_with_a_password_can_sign_in_and_has_to_prove_the_mailbox(owner: str) -> None:
    api = ApiClient(ApiKeyFactory(owner=UserFactory(**{owner: True})).secret)
    body = {"username": "mary", "email": "Mary@example.com", "name": "Mary Major", "password": "from-the-agent"}
    made = api.post("/api/users", body)
    assert made.status_code == 201
    assert mail.outbox[-1].to == ["Mary@example.com"]
    mary = User.objects.get(pk=made.json()["id"])
    filed = {"customer_id": mary.pk, "subject": "x", "description": "y"}
    by_agent = create_ticket(actor=UserFactory(agent=True), source="email", **filed)
    own = create_ticket(actor=mary, source="portal", **filed)
    shown = log_in("mary@example.com", "from-the-agent")
    assert (shown.status_code, shown.json()["name"], shown.json()["emailVerified"]) == (200, "Mary Major", False)
    assert set(Ticket.objects.visible_to(mary)) == {own}
    assert Client().post(link("confirm")).status_code == 200
    mary.refresh_from_db()
    assert set(Ticket.objects.visible_to(mary)) == {own, by_agent}


def test_a_contact_or_colleague_who_is_created_gets_no_mail(api: ApiClient) -> None:
    people: list[dict[str, Any]] = [{}, {"password": None}, {"role": "agent", "password": "from-the-admin"}]
    for number, more in enumerate(people):
        body = {"username": f"m{number}", "email": f"m{number}@example.com", "name": "M", **more}
        assert api.post("/api/users", body).status_code == 201
    assert mail.outbox == []


def test_a_new_address_has_to_be_proven_anew(api: ApiClient) -> None:
    person = UserFactory(email="old@example.com", signed_up=True)
    old = TicketFactory(customer=person, created_at=timezone.now() - timedelta(days=1))
    assert api.patch(f"/api/users/{person.pk}", {"email": "NEW@example.com"}).status_code == 200
    assert mail.outbox[-1].to == ["NEW@example.com"]
    person.refresh_from_db()
    assert old not in Ticket.objects.visible_to(person)
    Client().post(link("confirm"))
    person.refresh_from_db()
    assert old in Ticket.objects.visible_to(person)


def test_a_contact_without_an_account_gets_no_mail_when_the_address_changes(api: ApiClient, customer: User) -> None:
    assert api.patch(f"/api/users/{customer.pk}", {"email": "new@example.com"}).status_code == 200
    assert mail.outbox == []


@pytest.mark.parametrize("policy", ["tiered", "verify_first"])
def test_a_password_from_an_admin_opens_the_account_once_the_mailbox_is_proven(
    api: ApiClient, customer: User, settings: Any, policy: str
) -> None:
    settings.CLAIM_POLICY = policy
    old = TicketFactory(customer=customer, created_at=timezone.now() - timedelta(days=1))
    assert api.patch(f"/api/users/{customer.pk}", {"password": "from-the-admin"}).status_code == 200
    assert log_in(customer.email, "from-the-admin").status_code == (200 if policy == "tiered" else 401)
    customer.refresh_from_db()
    assert old not in Ticket.objects.visible_to(customer)
    assert Client().post(link("confirm")).status_code == 200
    assert log_in(customer.email, "from-the-admin").json()["emailVerified"] is True
    customer.refresh_from_db()
    assert old in Ticket.objects.visible_to(customer)


def test_a_new_password_leaves_a_proven_mailbox_proven(api: ApiClient) -> None:
    person = UserFactory(signed_up=True)
    assert api.patch(f"/api/users/{person.pk}", {"password": "from-the-admin"}).status_code == 200
    person.refresh_from_db()
    assert person.email_verified_at
    assert mail.outbox == []
