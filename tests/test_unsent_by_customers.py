"""What a customer sends after their session has ended: it waits in their browser, for them alone."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import AccountSession, User
from accounts.unsent import kept_in, seal
from tests.factories import TicketFactory, UserFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_a_message_waits_for_its_writer_alone_and_goes_once_it_is_sent(mia: User) -> None:
    ticket = TicketFactory(customer=mia)
    page = f"/requests/{ticket.ticket_number}"
    browser = Client()
    browser.post(f"{page}/reply", {"content": "Still broken.", "signed_by": seal(mia)})
    browser.force_login(mia)
    shown = browser.get(page)
    assert shown.context["reply_form"]["content"].value() == "Still broken."
    assert "this has not been sent yet" in shown.content.decode()
    assert not ticket.replies.exists()
    browser.post(f"{page}/reply", {"content": "Still broken.", "signed_by": seal(mia)})
    assert "this has not been sent yet" not in browser.get(page).content.decode()


def test_nobody_else_sees_it_and_signing_out_drops_it(mia: User) -> None:
    for signs_out in (True, False):
        browser = Client()
        browser.post("/requests/new", {"subject": "Ink", "description": "Mine", "signed_by": seal(mia)})
        if signs_out:
            browser.force_login(mia)
            browser.post("/portal/sign-out")
        else:
            browser.force_login(UserFactory())
        browser.force_login(mia)
        assert "Mine" not in browser.get("/requests/new").content.decode()


def test_what_waits_in_one_browser_has_a_limit_whatever_the_forms_are_made_of(mia: User) -> None:
    browser = Client()
    for number in range(8):
        form = {"content": "x" * 100, "signed_by": seal(mia), **{f"{name}{'y' * 29_000}": "z" for name in range(10)}}
        for sent in (form, {**form, "n" * 10_000: "is too much"}):
            browser.post(f"/requests/{number}/reply", urlencode(sent), "application/x-www-form-urlencoded")
    kept = kept_in(browser.session)
    assert [one["fields"]["content"] for one in kept.values()] == [["x" * 100]] * 3
    assert "/requests/7/reply" in kept
    assert len(AccountSession.objects.get().session_data) < 1_500_000


@pytest.mark.parametrize("guests", [True, False])
def test_a_new_request_is_in_its_form_again(mia: User, settings: Any, guests: bool) -> None:
    settings.GUEST_TICKETS = guests
    browser = Client()
    typed = {"subject": "Ink", "description": "It is empty.", "signed_by": seal(mia)}
    answer = browser.post("/requests/new", typed)
    assert answer["Location"].startswith("/portal/sign-in?next=")
    assert "what you wrote is kept" in browser.get(answer["Location"]).content.decode()
    browser.force_login(mia)
    form = browser.get("/requests/new").context["form"]
    assert (form["subject"].value(), form["description"].value()) == ("Ink", "It is empty.")
    browser.post("/requests/new", typed)
    assert Ticket.objects.count() == 1
    assert "form" in browser.get("/requests/new").context
    assert "It is empty." not in browser.get("/requests/new").content.decode()
