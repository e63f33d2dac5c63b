"""Surveys: one for each resolution, answered by a link that needs no login."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.erasing import erase_person
from accounts.models import User
from csat import services
from csat.links import link_for, token_for
from csat.models import Survey
from csat.signals import survey_answered
from helpdesk.errors import Conflict
from outbox.models import OutgoingMail
from tests.client import ApiClient
from tests.factories import TicketFactory, UserFactory
from tickets.merging import merge_tickets
from tickets.models import Ticket
from tickets.services import create_ticket, delete_ticket, update_ticket

pytestmark = pytest.mark.django_db

SURVEY = ["id", "ticketId", "customerId", "agentId", "rating", "feedback", "sentAt", "respondedAt"]


@pytest.fixture
def ticket(agent: User, customer: User) -> Ticket:
    return TicketFactory(customer=customer, assignee=agent, subject="Printer <b>on fire</b>")


@pytest.fixture
def survey(ticket: Ticket) -> Survey:
    return resolved(ticket)


def resolved(ticket: Ticket) -> Survey:
    update_ticket(ticket, actor=None, status="resolved")
    return Survey.objects.filter(ticket=ticket).latest("created_at")


def page_of(survey: Survey) -> str:
    return f"/portal/survey/{token_for(survey.pk)}"


# --- Who is asked -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "surveys"),
    [
        (["resolved"], 1),
        (["resolved", "closed"], 1),
        (["resolved", "closed", "resolved"], 1),
        (["resolved", "open", "resolved"], 2),
        (["closed"], 0),
        (["closed", "resolved"], 1),
        (["pending", "in_progress"], 0),
    ],
)
def test_customers_are_asked_once_for_each_resolution(
    ticket: Ticket, steps: list[str], surveys: int, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for status in steps:
            update_ticket(ticket, actor=None, status=status)
    assert Survey.objects.filter(ticket=ticket).count() == surveys
    assert len(mail.outbox) == surveys


def test_a_ticket_filed_as_resolved_is_asked_about(customer: User) -> None:
    ticket = create_ticket(actor=None, customer_id=customer.pk, subject="x", description="y", status="resolved")
    assert Survey.objects.get().ticket == ticket


def test_nobody_is_asked_when_surveys_are_off(ticket: Ticket, settings: Any) -> None:
    settings.CSAT_SURVEYS = False
    update_ticket(ticket, actor=None, status="resolved")
    assert not Survey.objects.exists()


def test_inactive_customers_and_merged_tickets_are_not_asked_about(ticket: Ticket, customer: User) -> None:
    merge_tickets(TicketFactory(customer=customer), source_ids=[ticket.pk], actor=None)
    gone = TicketFactory(customer=UserFactory(is_active=False))
    update_ticket(gone, actor=None, status="resolved")
    assert not Survey.objects.exists()


def test_who_signed_up_with_a_mailbox_that_is_not_proven_has_no_mails_sent_to_it() -> None:
    claimer = UserFactory(signed_up=True, email_verified_at=None, name="Buy cheap watches")
    ticket = TicketFactory(customer=claimer, subject="at watches.example")
    update_ticket(ticket, actor=claimer, status="resolved")
    assert not Survey.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_the_mail_carries_a_link_for_each_rating(ticket: Ticket, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        survey = resolved(ticket)
    (sent,) = mail.outbox
    assert sent.to == [ticket.customer.email]
    assert sent.subject == f"How did we do? Your request #{ticket.ticket_number}"
    assert f"{link_for(survey.pk)[:60]}" in sent.body
    html = sent.alternatives[0][0]
    assert len(re.findall(r"\?rating=[1-5]\"", html)) == 5
    assert "Printer &lt;b&gt;on fire&lt;/b&gt;" in html


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_asks(at_once: Callable[..., list[Any]]) -> None:
    ticket = TicketFactory(status="open")

    def attempt(number: int) -> bool:
        if number % 2:
            update_ticket(ticket.pk, actor=None, status="resolved")
            return False
        try:
            services.request_survey(ticket_id=ticket.pk, rating=3, now=timezone.now())
        except Exception:
            return False
        return True

    at_once(6, attempt)
    assert Survey.objects.filter(ticket=ticket).count() == 1


def test_the_database_keeps_a_second_survey_out(survey: Survey) -> None:
    again = {"ticket": survey.ticket, "customer": survey.customer, "resolved_at": survey.resolved_at}
    with pytest.raises(IntegrityError), transaction.atomic():
        Survey.objects.create(**again)


# --- The API ------------------------------------------------------------------------------------------


def test_surveys_are_listed_by_ticket(api: ApiClient, survey: Survey) -> None:
    other = resolved(TicketFactory())
    (found,) = api.get(f"/api/csat-surveys?ticketId={survey.ticket_id}").json()
    assert list(found) == SURVEY
    assert (found["customerId"], found["agentId"]) == (str(survey.customer_id), str(survey.agent_id))
    assert (found["rating"], found["respondedAt"]) == (None, None)
    assert found["sentAt"]
    assert [row["id"] for row in api.get("/api/csat-surveys").json()] == [str(other.pk), str(survey.pk)]
    assert api.get(f"/api/csat-surveys/{survey.pk}").json() == found
    assert api.get("/api/csat-surveys?ticketId=x").status_code == 400


def test_an_answer_given_elsewhere_is_written_down_once(api: ApiClient, survey: Survey) -> None:
    body = {"ticketId": str(survey.ticket_id), "rating": 5, "feedback": " Great "}
    answer = api.post("/api/csat-surveys", body)
    assert answer.status_code == 201
    assert answer.json()["id"] == str(survey.pk)
    assert (answer.json()["rating"], answer.json()["feedback"]) == (5, "Great")
    assert answer.json()["respondedAt"]
    assert api.post("/api/csat-surveys", body).status_code == 409
    assert api.post("/api/csat-surveys", {"ticketId": body["ticketId"]}).status_code == 409


def test_a_resolved_ticket_nobody_was_asked_about_can_be_asked_about(
    api: ApiClient, customer: User, django_capture_on_commit_callbacks: Any
) -> None:
    ticket = TicketFactory(customer=customer, status="closed", resolved_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.post("/api/csat-surveys", {"ticketId": str(ticket.pk)})
    assert answer.status_code == 201
    assert answer.json()["sentAt"]
    assert [sent.to for sent in mail.outbox] == [[customer.email]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ticketId"),
        ({"ticketId": "x"}, "ticketId"),
        ({"ticketId": "00000000-0000-0000-0000-000000000000"}, "ticketId"),
        ({"ticketId": "{open}", "rating": 5}, "ticketId"),
        ({"ticketId": "{resolved}", "rating": 0}, "rating"),
        ({"ticketId": "{resolved}", "rating": 6}, "rating"),
        ({"ticketId": "{resolved}", "rating": "5"}, "rating"),
        ({"ticketId": "{resolved}", "rating": 4.5}, "rating"),
        ({"ticketId": "{resolved}", "feedback": "nice"}, "rating"),
        ({"ticketId": "{resolved}", "rating": 5, "feedback": "x" * 5001}, "feedback"),
        ({"ticketId": "{resolved}", "rating": 5, "feedback": 5}, "feedback"),
    ],
)
def test_what_no_survey_can_be_made_of_is_refused(
    api: ApiClient, survey: Survey, body: dict[str, Any], field: str
) -> None:
    names = {"{open}": str(TicketFactory().pk), "{resolved}": str(survey.ticket_id)}
    answer = api.post("/api/csat-surveys", {name: names.get(str(value), value) for name, value in body.items()})
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    survey.refresh_from_db()
    assert survey.rating is None


def test_a_signed_in_agent_sees_surveys_about_tickets_they_may_see(survey: Survey) -> None:
    restricted = UserFactory(agent=True, ticket_scope="restricted")
    own = resolved(TicketFactory(assignee=restricted))
    session = ApiClient()
    session.force_login(restricted)
    assert [row["id"] for row in session.get("/api/csat-surveys").json()] == [str(own.pk)]
    assert session.get(f"/api/csat-surveys/{survey.pk}").status_code == 404


def test_surveys_need_the_scopes_for_tickets(api_with: Any, survey: Survey) -> None:
    assert api_with("users:read", "tickets:write").get("/api/csat-surveys").status_code == 403
    assert api_with("tickets:read").get("/api/csat-surveys").status_code == 200
    body = {"ticketId": str(survey.ticket_id), "rating": 1}
    assert api_with("tickets:read").post("/api/csat-surveys", body).status_code == 403
    assert api_with("tickets:write").post("/api/csat-surveys", body).status_code == 201


# --- The page -----------------------------------------------------------------------------------------


def test_opening_the_page_changes_nothing(client: Client, survey: Survey) -> None:
    for address in (page_of(survey), f"{page_of(survey)}?rating=5"):
        page = client.get(address)
        assert page.status_code == 200
        assert "Printer &lt;b&gt;on fire&lt;/b&gt;" in page.content.decode()
    assert re.search(r'value="5" required checked', page.content.decode())
    survey.refresh_from_db()
    assert (survey.rating, survey.responded_at) == (None, None)


def test_the_page_runs_no_scripts_and_takes_nothing_from_elsewhere(client: Client, survey: Survey) -> None:
    page = client.get(page_of(survey))
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    text = page.content.decode()
    assert "<script" not in text
    assert not re.search(r"\s(style|on\w+)=|(src|href)=[\"']https?:", text)
    assert "no-store" in page["Cache-Control"]


def test_an_answer_is_saved_and_can_be_changed_until_the_link_expires(client: Client, survey: Survey) -> None:
    heard: list[tuple[int, bool]] = []

    def listen(sender: Any, survey: Survey, first: bool, **kwargs: Any) -> None:
        heard.append((survey.rating or 0, first))

    survey_answered.connect(listen)
    try:
        for rating, feedback in ((2, "Slow"), (4, " Better\r\nnow ")):
            page = client.post(page_of(survey), {"rating": str(rating), "feedback": feedback})
            assert (page.status_code, "Thank you" in page.content.decode()) == (200, True)
    finally:
        survey_answered.disconnect(listen)
    survey.refresh_from_db()
    assert (survey.rating, survey.feedback) == (4, "Better\nnow")
    assert heard == [(2, True), (4, False)]
    assert "Better" in client.get(page_of(survey)).content.decode()


def test_answers_need_the_token_of_the_form(survey: Survey) -> None:
    strict = Client(enforce_csrf_checks=True)
    address = page_of(survey)
    assert strict.post(address, {"rating": "5"}).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', strict.get(address).content.decode())
    assert token
    assert strict.post(address, {"rating": "5", "csrfmiddlewaretoken": token[1]}).status_code == 200


@pytest.mark.parametrize("data", [{}, {"rating": "6"}, {"rating": "five"}, {"rating": "5", "feedback": "x" * 5001}])
def test_an_incomplete_answer_is_asked_for_again(client: Client, survey: Survey, data: dict[str, str]) -> None:
    page = client.post(page_of(survey), data)
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()
    survey.refresh_from_db()
    assert survey.rating is None


def test_what_no_browser_sends_is_refused(client: Client, survey: Survey) -> None:
    assert client.post(page_of(survey), {"rating": "5", "feedback": "a\x00b"}).status_code == 400
    survey.refresh_from_db()
    assert survey.rating is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_forged_expired_and_orphaned_links_are_refused(client: Client, survey: Survey, method: str) -> None:
    address = page_of(survey)
    call = getattr(client, method)
    assert call(f"{address}x", {"rating": "5"}).status_code == 404
    assert call("/portal/survey/nonsense", {"rating": "5"}).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        page = call(address, {"rating": "5"})
        assert (page.status_code, "no longer valid" in page.content.decode()) == (404, True)
    delete_ticket(survey.ticket, actor=None)
    assert call(address, {"rating": "5"}).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_link_leads_nowhere_once_its_reader_is_erased(client: Client, survey: Survey, method: str) -> None:
    Survey.objects.update(rating=2, feedback="Call me at 555", responded_at=timezone.now())
    erase_person(survey.customer, actor=None)
    answer = getattr(client, method)(page_of(survey), {"rating": "5", "feedback": "Cleo again"})
    assert (answer.status_code, "555" in answer.content.decode()) == (404, False)
    survey.refresh_from_db()
    assert survey.rating == 2


def test_a_second_answer_by_the_api_does_not_overwrite_the_customers(client: Client, survey: Survey) -> None:
    client.post(page_of(survey), {"rating": "1"})
    with pytest.raises(Conflict):
        services.request_survey(ticket_id=survey.ticket_id, rating=5, now=timezone.now())
