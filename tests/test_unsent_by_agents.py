"""What an agent sends after their session has ended: it waits in their browser until they have signed in again."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import unsent
from accounts.models import AccountSession, User
from accounts.throttling import Limit
from accounts.unsent import KEPT, seal
from tests.desk import at, signed_in, words_of
from tests.factories import CustomFieldFactory, TicketFactory, UserFactory
from tickets import services
from tickets.models import Priority, Ticket
from workspace.models import Draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(customer: User) -> Any:
    return TicketFactory(customer=customer, subject="Smoke", priority="low")


def sent(browser: Client, ticket: Ticket, page: str, person: User, **fields: Any) -> Any:
    """A form of the page of a ticket, sent when nobody is signed in."""
    given = {"signed_by": seal(person), "queue": "view=mine", **fields}
    return browser.post(at(ticket, page), given, headers={"Referer": f"http://testserver{at(ticket)}?view=mine"})


@pytest.mark.parametrize("page", ["reply/", "draft/"])
def test_words_are_a_draft_after_signing_in(ticket: Ticket, agent: User, page: str) -> None:
    browser = Client()
    answer = sent(browser, ticket, page, agent, content="Turn it off.", kind="note", do="send")
    assert answer["Location"] == f"/admin/login/?next={at(ticket)}%3Fview%3Dmine"
    assert not Draft.objects.exists()
    browser.force_login(agent)
    shown = browser.get(at(ticket))
    assert (shown.context["composer"]["content"], shown.context["composer"]["is_note"]) == ("Turn it off.", True)
    draft = Draft.objects.get()
    assert (draft.user, draft.ticket) == (agent, ticket)
    assert not ticket.notes.exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "Turn it off."),
        ("Turn it", "Turn it off."),
        ("Dear Cleo,", "Dear Cleo,\n\nTurn it off."),
    ],
)
def test_words_take_the_place_of_the_draft_they_go_on_from_and_no_other(
    ticket: Ticket, agent: User, before: str, after: str
) -> None:
    browser = Client()
    if before:
        Draft.objects.create(user=agent, ticket=ticket, content=before)
    sent(browser, ticket, "reply/", agent, content="Turn it off.")
    browser.force_login(agent)
    assert Draft.objects.get().content == after


def test_signing_in_says_that_words_were_not_sent(ticket: Ticket, agent: User) -> None:
    agent.set_password("correct horse battery")
    agent.save()
    browser = Client()
    onward = sent(browser, ticket, "reply/", agent, content="Turn it off.")["Location"]
    there = browser.post(onward, {"username": agent.email, "password": "correct horse battery"}, follow=True)
    assert there.redirect_chain[-1] == (f"{at(ticket)}?view=mine", 302)
    assert "was not sent. It is kept as a draft." in words_of(there)[0]
    assert there.context["composer"]["content"] == "Turn it off."


def test_what_waits_for_one_person_fills_no_database(
    ticket: Ticket, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsent, "BROWSERS", Limit(2, 3600))
    browsers = [Client() for _ in range(3)]
    for browser in [*browsers, browsers[0]]:
        assert sent(browser, ticket, "reply/", agent, content="Turn it off.").status_code == 302
    assert AccountSession.objects.count() == 2


def test_nobody_else_finds_what_was_sent(ticket: Ticket, agent: User) -> None:
    browser, other = Client(), UserFactory(agent=True)
    sent(browser, ticket, "reply/", agent, content="Turn it off.")
    sent(browser, ticket, "change/", agent, priority="urgent", was_priority="low")
    browser.force_login(other)
    shown = browser.get(at(ticket))
    assert (shown.context["unsaved"], shown.context["composer"]["content"]) == ([], "")
    browser.logout()
    browser.force_login(agent)  # it has not stayed behind either
    assert browser.get(at(ticket)).context["unsaved"] == []
    assert not Draft.objects.exists()


@pytest.mark.parametrize("forged", ["", "x", "{pk}", "{pk}:x"])
def test_only_the_page_of_somebody_makes_words_wait(ticket: Ticket, agent: User, forged: str) -> None:
    browser = Client()
    browser.post(at(ticket, "reply/"), {"content": "Planted", "signed_by": forged.format(pk=agent.pk)})
    assert not browser.session.keys()
    browser.force_login(agent)
    assert not Draft.objects.exists()


def test_signing_out_leaves_nothing_behind(ticket: Ticket, agent: User) -> None:
    browser = Client()
    sent(browser, ticket, "change/", agent, priority="urgent", was_priority="low")
    browser.force_login(agent)
    browser.post("/admin/logout/")
    browser.force_login(agent)
    assert browser.get(at(ticket)).context["unsaved"] == []


def test_nothing_waits_longer_than_a_working_day(ticket: Ticket, agent: User) -> None:
    browser = Client()
    sent(browser, ticket, "change/", agent, priority="urgent", was_priority="low")
    assert AccountSession.objects.get().expire_date <= timezone.now() + KEPT
    browser.force_login(agent)
    assert AccountSession.objects.get(user=agent).expire_date > timezone.now() + timedelta(days=10)
    with time_machine.travel(timezone.now() + KEPT + timedelta(minutes=1), tick=False):
        assert browser.get(at(ticket)).context["unsaved"] == []


def test_words_on_a_ticket_that_is_gone_are_shown_to_be_copied(ticket: Ticket, agent: User) -> None:
    browser = Client()
    sent(browser, ticket, "reply/", agent, content="Turn it off.")
    services.delete_ticket(ticket.pk, actor=agent)
    browser.force_login(agent)
    shown = browser.get(at(ticket))
    assert (shown.status_code, shown.context["content"]) == (404, "Turn it off.")


# --- A change is offered, never made by itself --------------------------------------------------------


def offered(browser: Client, ticket: Ticket) -> list[tuple[str, str, str]]:
    offers = browser.get(at(ticket)).context["unsaved"]
    return [(change.what, change.to, change.meanwhile) for offer in offers for change in offer.changes]


def taken(browser: Client, ticket: Ticket, **more: str) -> Any:
    [offer] = browser.get(at(ticket)).context["unsaved"]
    given: dict[str, Any] = {"offered": "1", **more}
    for name, value in offer.fields:
        given.setdefault(name, []).append(value)
    return browser.post(offer.path, given)


def test_a_change_is_offered_after_signing_in_and_saved_when_it_is_taken(ticket: Ticket, agent: User) -> None:
    CustomFieldFactory(name="colours", label="Colours", field_type="multiselect", options=["red", "blue"])
    browser = Client()
    change = {"priority": "urgent", "was_priority": "low", "status": "open", "was_status": "open"}
    change |= {"assignee": str(agent.pk), "was_assignee": ""}
    colours = {"field_colours": ["red", "blue"], "has_field_colours": "1", "was_field_colours": ""}
    answer = sent(browser, ticket, "change/", agent, **change, **colours)
    assert answer["Location"] == f"/admin/login/?next={at(ticket)}%3Fview%3Dmine"
    browser.force_login(agent)
    assert offered(browser, ticket) == [
        ("Priority", "Urgent", ""),
        ("Assignee", agent.name, ""),
        ("Colours", "red, blue", ""),
    ]
    ticket.refresh_from_db()
    assert ticket.priority == Priority.LOW
    taken(browser, ticket)
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.assignee, ticket.custom_fields) == ("urgent", agent, {"colours": ["red", "blue"]})
    assert offered(browser, ticket) == []


def test_an_offer_says_what_others_have_set_meanwhile(ticket: Ticket, agent: User) -> None:
    browser = Client()
    sent(browser, ticket, "change/", agent, priority="urgent", was_priority="low")
    services.update_ticket(ticket.pk, actor=None, priority="high")
    browser.force_login(agent)
    assert offered(browser, ticket) == [("Priority", "Urgent", "High")]
    assert "somebody else set it to High meanwhile" in browser.get(at(ticket)).content.decode()
    taken(browser, ticket)
    ticket.refresh_from_db()
    assert ticket.priority == "urgent"


def test_what_stands_there_already_is_not_offered(ticket: Ticket, agent: User) -> None:
    browser = Client()
    sent(browser, ticket, "change/", agent, priority="high", was_priority="low")
    services.update_ticket(ticket.pk, actor=None, priority="high")
    browser.force_login(agent)
    assert offered(browser, ticket) == []


def test_an_offer_can_be_left(ticket: Ticket, agent: User) -> None:
    browser = Client()
    sent(browser, ticket, "change/", agent, priority="urgent", was_priority="low")
    browser.force_login(agent)
    taken(browser, ticket, leave="1")
    ticket.refresh_from_db()
    assert ticket.priority == "low"
    assert offered(browser, ticket) == []


def test_an_offer_that_is_refused_is_made_again(ticket: Ticket, agent: User) -> None:
    browser = Client()
    CustomFieldFactory(name="cause", label="Cause", required_on_close=True)
    sent(browser, ticket, "change/", agent, status="resolved", was_status="open")
    browser.force_login(agent)
    assert taken(browser, ticket).status_code == 422
    assert offered(browser, ticket) == [("Status", "Resolved", "")]


def test_what_was_typed_beside_a_ticket_is_offered_too(ticket: Ticket, agent: User) -> None:
    browser = Client()
    sent(browser, ticket, "do/", agent, do="log_time", minutes="25", note="Travel", billable="on")
    browser.force_login(agent)
    assert offered(browser, ticket) == [("Log time", "25 Travel", "")]
    taken(browser, ticket)
    entry = ticket.time_entries.get()
    assert (entry.time_spent, entry.note, entry.billable) == (25, "Travel", True)
    assert offered(browser, ticket) == []


def test_a_new_ticket_is_in_its_form_again(ticket: Ticket, agent: User) -> None:
    browser = Client()
    typed = {"signed_by": seal(agent), "email": "new@example.com", "subject": "Ink", "description": "It is empty."}
    browser.post("/admin/tickets/new/", typed)
    browser.force_login(agent)
    shown = browser.get("/admin/tickets/new/")
    assert shown.context["given"]["description"] == "It is empty."
    assert words_of(shown) == ["Your session had ended, so this ticket is not filed yet."]
    assert Ticket.objects.count() == 1


# --- Where signing in leads ---------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["reply/", "change/", "do/", "draft/", "delete/"])
def test_signing_in_after_a_form_leads_to_the_ticket_even_if_it_stood_in_a_refusal(
    ticket: Ticket, agent: User, page: str
) -> None:
    given = {"content": "x", "queue": "view=mine"}
    answer = Client().post(at(ticket, page), given, headers={"Referer": f"http://testserver{at(ticket, page)}"})
    assert answer["Location"] == f"/admin/login/?next={at(ticket)}%3Fview%3Dmine"
    assert signed_in(agent).get(f"{at(ticket)}?view=mine").status_code == 200


# --- A form that is refused because somebody signed in elsewhere --------------------------------------


def strict(user: User | None = None) -> Client:
    browser = Client(enforce_csrf_checks=True)
    if user:
        browser.force_login(user)
    return browser


def test_words_of_a_form_that_has_expired_are_a_draft_already(ticket: Ticket, agent: User) -> None:
    browser = strict(agent)
    answer = sent(browser, ticket, "reply/", agent, content="Turn it off.", csrfmiddlewaretoken="x" * 64)
    assert answer.status_code == 403
    assert "what you wrote is kept" in answer.content.decode()
    assert f'href="{at(ticket)}?view=mine"' in answer.content.decode()
    assert browser.get(at(ticket)).context["composer"]["content"] == "Turn it off."
    assert not ticket.replies.exists()


def test_a_change_in_a_form_that_has_expired_is_offered(ticket: Ticket, agent: User) -> None:
    browser = strict(agent)
    assert sent(browser, ticket, "change/", agent, priority="urgent", was_priority="low").status_code == 403
    assert offered(browser, ticket) == [("Priority", "Urgent", "")]


@pytest.mark.parametrize("whose", ["another agent's page", "nobody's page"])
def test_a_form_that_has_expired_and_is_not_of_ones_own_page_is_not_kept(
    ticket: Ticket, agent: User, whose: str
) -> None:
    browser = strict(agent)
    signed_by = {"another agent's page": seal(UserFactory(agent=True)), "nobody's page": "x"}[whose]
    answer = browser.post(at(ticket, "reply/"), {"content": "Forged", "signed_by": signed_by})
    assert answer.status_code == 403
    assert "Go back, load the page again" in answer.content.decode()
    assert not Draft.objects.exists()


def test_a_foreign_page_signs_nobody_out(ticket: Ticket, agent: User) -> None:
    """It can send a form of its own account, without cookies; a session begun then would replace the browser's."""
    for browser in (Client(), Client(enforce_csrf_checks=True)):
        form = {"content": "Hello", "signed_by": seal(agent)}
        answer = browser.post(at(ticket, "reply/"), form, headers={"Sec-Fetch-Site": "cross-site"})
        assert "helpdesk_session" not in answer.cookies
