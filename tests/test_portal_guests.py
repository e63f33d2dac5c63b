"""Requests of people without an account: held until the mailbox answers, and nothing for programs."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.factories import CustomFieldFactory, UserFactory
from tickets import guests
from tickets.models import HeldRequest, Ticket

pytestmark = pytest.mark.django_db

SENT = {"name": "Gina Guest", "email": "gina@example.com", "subject": "Where is it?", "description": "My parcel."}


@pytest.fixture(autouse=True)
def _guests_may_ask(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.GUEST_TICKETS = True
    monkeypatch.setattr("django.db.transaction.on_commit", lambda act, **_: act())


def stamp_of(client: Client) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', client.get("/requests/new?subject=x").content.decode())
    assert found
    return found[1]


def send(*, after: float = 10, **changes: str) -> Any:
    """Fill in the form as people do, so many seconds after it was shown."""
    client = Client()
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        stamp = stamp_of(client)
    with time_machine.travel(start + timedelta(seconds=after), tick=False):
        return client.post("/requests/new", {**SENT, "stamp": stamp, **changes})


def link() -> str:
    everything = "\n".join(sent.body for sent in mail.outbox)
    return re.findall(r"https?://[^/]+(/requests/confirm/\S+)", everything)[-1]


def test_guests_sign_in_unless_a_setting_lets_them_ask(settings: Any) -> None:
    settings.GUEST_TICKETS = False
    assert Client().get("/requests/new").status_code == 302
    assert Client().post("/requests/new", SENT).status_code == 302
    assert not HeldRequest.objects.exists()


def test_a_request_is_filed_once_the_mailbox_has_answered() -> None:
    answer = send()
    assert "check your mail" in answer.content.decode()
    assert (Ticket.objects.count(), User.objects.count()) == (0, 0)
    (sent,) = mail.outbox
    assert sent.to == ["gina@example.com"]
    assert not any(word in f"{sent.subject} {sent.body}" for word in SENT.values() if word != SENT["email"])
    opened = Client().get(link())
    assert (opened.status_code, Ticket.objects.count()) == (200, 0), "opening a link changes nothing"
    for _ in range(2):
        filed = Client().post(link())
        ticket = Ticket.objects.get()
        assert f"#{ticket.ticket_number}" in filed.content.decode()
    assert (ticket.subject, ticket.source, ticket.filed_by) == (SENT["subject"], "portal", None)
    assert (ticket.customer.email, ticket.customer.name) == (SENT["email"], SENT["name"])
    assert not ticket.customer.has_usable_password()
    assert HeldRequest.objects.get().description == ""


def test_a_known_address_gets_its_request_and_keeps_its_name(customer: User) -> None:
    send(email=customer.email.upper(), name="Somebody Else")
    Client().post(link())
    ticket = Ticket.objects.get()
    assert (ticket.customer, ticket.customer.name) == (customer, "Cleo Customer")


def test_a_claimer_does_not_see_what_a_guest_sent_from_the_same_address() -> None:
    send()
    Client().post(link())
    claimer = Ticket.objects.get().customer
    claimer.claimed_at = timezone.now() - timedelta(days=1)
    assert not Ticket.objects.visible_to(claimer).exists()


def test_nobody_learns_who_is_known(customer: User) -> None:
    UserFactory(email="off@example.com", is_active=False)
    pages = set()
    for email in (customer.email, "nobody@example.com", "off@example.com"):
        pages.add(send(email=email).content.decode().split("</h1>")[1])
    assert len(pages) == 1
    assert [sent.to for sent in mail.outbox] == [[customer.email], ["nobody@example.com"]]


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        (1, {}),
        (2 * 24 * 3600, {}),
        (10, {"stamp": "forged"}),
        (10, {"stamp": ""}),
        (10, {"email": "nonsense"}),
        (10, {"name": " "}),
        (10, {"description": ""}),
        (10, {"subject": "\x00"}),
    ],
)
def test_what_people_do_not_send_is_asked_for_again(after: float, changes: dict[str, str]) -> None:
    assert send(after=after, **changes).status_code == 400
    assert not HeldRequest.objects.exists()
    assert mail.outbox == []


def test_a_program_that_fills_in_everything_gets_the_same_page_and_nothing_else() -> None:
    answer = send(website="https://spam.example")
    assert answer.content.decode().split("</h1>")[1] == send().content.decode().split("</h1>")[1]
    assert len(mail.outbox) == 1


def test_a_refused_form_can_be_sent_again() -> None:
    refused = send(after=1)
    found = re.search(r'name="stamp" value="([^"]+)"', refused.content.decode())
    assert found
    with time_machine.travel(timezone.now() + timedelta(seconds=20)):
        assert Client().post("/requests/new", {**SENT, "stamp": found[1]}).status_code == 200


def test_mailboxes_and_networks_are_spared() -> None:
    assert [send().status_code for _ in range(4)] == [200] * 3 + [429]
    assert [send(email=f"g{n}@example.com").status_code for n in range(17)] == [200] * 16 + [429]


@pytest.mark.parametrize("token", ["x", "a:b:c", "ü"])
def test_forged_links_are_refused(token: str) -> None:
    assert Client().post(f"/requests/confirm/{token}").status_code == 400


def test_what_is_never_confirmed_is_forgotten() -> None:
    send()
    path = link()
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert Client().post(path).status_code == 400
        assert guests.forget_held(timezone.now()) == 1
    assert not Ticket.objects.exists()


def test_custom_fields_of_guests_are_kept() -> None:
    CustomFieldFactory(name="order", customer_can_edit=True)
    CustomFieldFactory(name="cause", is_required=True)
    send(cf_order="A-1")
    Client().post(link())
    assert Ticket.objects.get().custom_fields == {"order": "A-1"}


def test_the_address_of_a_merged_contact_leads_to_the_kept_one(customer: User) -> None:
    UserFactory(email="old@example.com", is_active=False, merged_into=customer)
    send(email="old@example.com")
    Client().post(link())
    assert Ticket.objects.get().customer == customer


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_opened_many_times_at_once_files_one_ticket(at_once: Any) -> None:
    send()
    path = link()
    answers = at_once(6, lambda _: Client().post(path).status_code)
    assert answers == [200] * 6
    assert (Ticket.objects.count(), User.objects.count()) == (1, 1)
