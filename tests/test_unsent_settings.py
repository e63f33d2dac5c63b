"""What somebody saves on a page of settings or people after their session has ended stands in its form again."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.unsent import seal
from companies.models import Company
from tests.desk import signed_in
from tests.factories import CannedResponseFactory, CompanyFactory
from tickets.models import CannedResponse

pytestmark = pytest.mark.django_db

ADD = "/admin/tickets/cannedresponse/add/"
PLUG = {"title": "Plug", "shortcut": "plug", "category": "", "content": "Pull the plug."}


def sent(browser: Client, address: str, person: User, fields: dict[str, Any]) -> Any:
    """The form of a page, sent when nobody is signed in."""
    given = {"signed_by": seal(person), **fields, "_save": "1"}
    return browser.post(address, given, headers={"Referer": f"http://testserver{address}"})


def form_in(answer: Any) -> Any:
    return answer.context["adminform"].form


def test_what_was_typed_is_in_its_form_again_until_it_is_saved(admin: User) -> None:
    browser = Client()
    assert sent(browser, ADD, admin, PLUG)["Location"] == f"/admin/login/?next={ADD}"
    assert "What you wrote is kept: log in to go on with it." in browser.get(f"/admin/login/?next={ADD}").text
    browser.force_login(admin)
    for _ in range(2):
        shown = browser.get(ADD)
        assert {name: form_in(shown)[name].value() for name in PLUG} == PLUG
        assert "Your session had ended, so this is not saved yet." in shown.text
    assert not CannedResponse.objects.exists()
    browser.post(ADD, PLUG)
    assert CannedResponse.objects.get().content == "Pull the plug."
    assert form_in(browser.get(ADD))["title"].value() is None


def test_what_others_saved_meanwhile_is_told(admin: User) -> None:
    acme: Any = CompanyFactory(name="Acme", description="Anvils")
    address = f"/admin/companies/company/{acme.pk}/change/"
    opened = signed_in(admin).get(address)
    fields = {name: form_in(opened)[name].value() or "" for name in form_in(opened).fields}
    Company.objects.update(description="Rockets")
    browser = Client()
    seen = form_in(opened).seen
    sent(browser, address, admin, {**fields, "description": "Anvils and traps", "_seen": seen})
    browser.force_login(admin)
    shown = browser.get(address)
    assert "Description is “Rockets” now; what you wrote stands below and would replace it." in shown.text
    assert form_in(shown)["description"].value() == "Anvils and traps"


def test_it_can_be_discarded(admin: User) -> None:
    browser = Client()
    sent(browser, ADD, admin, PLUG)
    browser.force_login(admin)
    assert "Discard what was not saved" in browser.get(ADD).text
    assert browser.post(ADD, {"_leave": "1"})["Location"] == ADD
    assert "Pull the plug" not in browser.get(ADD).text


def test_nobody_else_sees_it_and_passwords_do_not_wait(admin: User, agent: User) -> None:
    address = "/admin/people/agent/add/"
    fields = {"name": "Ann", "email": "ann@example.org", "username": "ann", "password": "correct horse battery"}
    browser = Client()
    sent(browser, address, admin, fields)
    kept = str(browser.session["unsent"])
    assert "ann@example.org" in kept
    assert "correct horse" not in kept
    browser.force_login(agent)
    browser.force_login(admin)
    assert "ann@example.org" not in browser.get(address).text


def test_what_was_typed_in_a_form_that_has_expired_is_in_it_again(admin: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)
    refused = sent(strict, ADD, admin, PLUG)
    assert refused.status_code == 403
    assert "what you wrote is kept" in refused.text
    assert f'href="{ADD}"' in refused.text
    assert form_in(strict.get(ADD))["content"].value() == "Pull the plug."


def test_who_may_no_longer_change_a_row_reads_it_as_it_is(agent: User) -> None:
    plug: Any = CannedResponseFactory(content="Pull the plug.")
    address = f"/admin/tickets/cannedresponse/{plug.pk}/change/"
    browser = Client()
    sent(browser, address, agent, {**PLUG, "content": "Push it."})
    browser.force_login(agent)
    assert "Push it." not in browser.get(address).text
