"""Agents file tickets for customers, known or new."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from tests.desk import words_of
from tests.factories import AgentGroupFactory, CustomFieldFactory, TicketFactory, TicketTemplateFactory, UserFactory
from tickets.models import Attachment, Ticket

pytestmark = pytest.mark.django_db

NEW = "/admin/tickets/new/"
TYPED = {
    "email": "cleo@example.com",
    "name": "Cleo",
    "subject": "Hot",
    "description": "Very\r\nhot",
    "priority": "high",
}


@pytest.fixture
def browser(agent: User) -> Client:
    browser = Client()
    browser.force_login(agent)
    return browser


def test_a_ticket_is_filed_for_a_new_customer_and_for_a_known_one(browser: Client, agent: User) -> None:
    group: Any = AgentGroupFactory()
    more = {"group": group.pk, "assignee": agent.pk, "category": "Oven", "tags": "eu, vip"}
    answer = browser.post(NEW, {**TYPED, **more})
    ticket = Ticket.objects.get()
    assert answer["Location"] == f"/admin/tickets/{ticket.ticket_number}/"
    assert (ticket.customer.name, ticket.customer.email) == ("Cleo", "cleo@example.com")
    assert (ticket.subject, ticket.description, ticket.priority) == ("Hot", "Very\nhot", "high")
    assert (ticket.group, ticket.assignee, ticket.category, ticket.tags) == (group, agent, "Oven", ["eu", "vip"])
    assert ticket.filed_by == agent
    browser.post(NEW, {**TYPED, "email": "CLEO@example.com", "name": "Somebody else"})
    assert Ticket.objects.filter(customer=ticket.customer).count() == 2


@pytest.mark.parametrize(
    "lacking",
    [
        {"email": ""},
        {"email": "x"},
        {"name": ""},
        {"subject": " "},
        {"description": " "},
        {"priority": "hot"},
        {"group": "x"},
        {"tags": "x" * 100},
        {"subject": "\x00"},
    ],
)
def test_what_is_refused_is_explained_and_kept(browser: Client, lacking: dict[str, str]) -> None:
    answer = browser.post(NEW, {**TYPED, "category": "Kept", **lacking})
    assert answer.status_code == 422
    assert len(list(answer.context["messages"])) == 1
    assert 'value="Kept"' in answer.content.decode()
    assert not Ticket.objects.exists()
    assert not User.objects.filter(name="Cleo").exists()


@pytest.mark.usefixtures("own_files")
def test_files_go_along_for_those_who_work_here(browser: Client, agent: User) -> None:
    def photo() -> SimpleUploadedFile:
        return SimpleUploadedFile("oven.txt", b"A photo", "text/plain")

    refused = browser.post(NEW, {**TYPED, "subject": "", "files": [photo()]})
    assert words_of(refused) == ["A ticket needs a subject. Choose your files again."]
    assert not Attachment.objects.exists()
    browser.post(NEW, {**TYPED, "files": [photo(), photo()]})
    [kept, other] = Attachment.objects.all()
    assert (kept.ticket, kept.filename, kept.is_internal) == (Ticket.objects.get(), "oven.txt", True)
    assert "oven.txt" in browser.get(f"/admin/tickets/{other.ticket.ticket_number}/").text
    many = browser.post(NEW, {**TYPED, "files": [photo() for _ in range(11)]})
    assert words_of(many) == ["At most 10 files go with one message. Choose your files again."]
    assert Ticket.objects.count() == 1


def test_custom_fields_are_filled_and_their_defaults_kept(browser: Client) -> None:
    CustomFieldFactory(name="place", label="Place", is_required=True)
    CustomFieldFactory(name="size", label="Size", field_type="number", default_value=4)
    assert 'name="field_size" class="hd-input" value="4"' in browser.get(NEW).content.decode()
    form = {"has_field_place": "1", "has_field_size": "1", "was_field_size": "4", "field_size": "4"}
    assert browser.post(NEW, {**TYPED, **form}).status_code == 422
    assert browser.post(NEW, {**TYPED, **form, "field_place": "Here"}).status_code == 302
    assert Ticket.objects.get().custom_fields == {"place": "Here", "size": 4}


def test_a_template_fills_the_form(browser: Client) -> None:
    template: Any = TicketTemplateFactory(subject="New colleague", content="Who: ", priority="low", tags=["hr"])
    page = browser.get(NEW, {"template": str(template.pk)}).content.decode()
    assert 'value="New colleague"' in page
    assert "Who: </textarea>" in page
    assert browser.get(NEW, {"template": "x"}).status_code == 200


def test_a_template_chosen_late_takes_nothing_that_was_typed(browser: Client) -> None:
    first: Any = TicketTemplateFactory(subject="New colleague", content="Who:\nFrom:", priority="low", tags=["hr"])
    second: Any = TicketTemplateFactory(subject="Leaves", content="Last day:", priority="high", tags=["hr"])
    typed = {**TYPED, "subject": "", "description": "They called.", "priority": "medium", "use": "", "tags": ""}
    page = browser.post(NEW, {**typed, "template": str(first.pk)}).content.decode()
    assert 'value="New colleague"' in page
    assert "They called.</textarea>" in page
    assert '<option value="low" selected>' in page
    # What the first one filled in is no more typed by anybody than an empty field.
    filled = {"subject": "New colleague", "description": "Who:\r\nFrom:", "priority": "low", "tags": "hr, urgent"}
    page = browser.post(NEW, {**typed, **filled, "use": str(first.pk), "template": str(second.pk)}).content.decode()
    assert 'value="Leaves"' in page
    assert "Last day:</textarea>" in page
    assert 'value="hr, urgent"' in page
    assert not Ticket.objects.exists()


def test_a_child_is_filed_from_its_parent(browser: Client) -> None:
    parent: Any = TicketFactory(category="Print", priority="high", customer=UserFactory(email="cleo@example.com"))
    page = browser.get(NEW, {"parent": parent.ticket_number}).content.decode()
    for taken in ('value="cleo@example.com"', 'value="Print"', f'name="parent" value="{parent.ticket_number}"'):
        assert taken in page
    refused = browser.post(NEW, {**TYPED, "parent": parent.ticket_number, "subject": ""}).content.decode()
    assert f'name="parent" value="{parent.ticket_number}"' in refused
    browser.post(NEW, {**TYPED, "parent": parent.ticket_number})
    assert Ticket.objects.latest("ticket_number").parent_ticket == parent
    assert browser.post(NEW, {**TYPED, "parent": "999999"}).status_code == 422


def test_what_an_agent_may_not_see_afterwards_is_filed_all_the_same() -> None:
    browser = Client()
    browser.force_login(UserFactory(agent=True, ticket_scope="restricted"))
    answer = browser.post(NEW, TYPED, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        f"#{Ticket.objects.get().ticket_number} is filed, and belongs to others."
    ]
