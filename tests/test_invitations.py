"""Agents choose their passwords themselves, by a link that is mailed to them."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import update_user
from audit.models import Action, Entry
from outbox.models import OutgoingMail
from tests.desk import signed_in, words_of
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

AGENTS = "/admin/people/agent/"
ANN = {"name": "Ann", "email": "Ann.Agent@example.org", "username": "", "role": "agent", "ticket_scope": "global"}
NEW = {"new": "staple horse battery", "again": "staple horse battery"}


def link_in_mail() -> str:
    mail = OutgoingMail.objects.latest("created_at")
    return re.findall(r"/admin/login/password/[^\s\"<]+", mail.text)[0]


def press(browser: Client, agent: User) -> Any:
    return browser.post(f"{AGENTS}{agent.pk}/do/mail_link/", follow=True)


@pytest.fixture
def ann(admin: User) -> User:
    """An agent whom an admin has just created, without a password."""
    answer = signed_in(admin).post(f"{AGENTS}add/", {**ANN, "is_active": "on", "_save": "1"}, follow=True)
    assert "A link to choose a password is on its way to Ann.Agent@example.org." in words_of(answer)
    return User.objects.get(name="Ann")


def test_a_new_agent_chooses_a_password_and_logs_in_with_it(ann: User) -> None:
    assert (ann.username, ann.has_usable_password()) == ("ann.agent", False)
    assert OutgoingMail.objects.get().to == ["Ann.Agent@example.org"]
    browser, link = Client(), link_in_mail()
    assert "Ann.Agent@example.org" in browser.get(link).text
    assert re.findall(r'<input[^>]*name="(\w+)"[^>]*autofocus', browser.get(link).text) == ["new"]
    for wrong in ({"new": "short", "again": "short"}, {**NEW, "again": "another one"}):
        assert browser.post(link, wrong).status_code == 200
    ann.refresh_from_db()
    assert not ann.has_usable_password()
    assert words_of(browser.post(link, NEW, follow=True)) == ["Your password is set. Log in with it."]
    entered = browser.post("/admin/login/", {"username": "ann.agent@example.org", "password": NEW["new"]})
    assert entered["Location"] == "/admin/"
    ann.refresh_from_db()
    assert ann.email_verified_at is not None


def test_a_link_works_once_and_for_three_days(ann: User) -> None:
    link = link_in_mail()
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
        assert Client().get(link).status_code == 404
    Client().post(link, NEW)
    again = Client().post(link, {"new": "quite another one", "again": "quite another one"})
    assert again.status_code == 404
    assert "This link is no longer valid." in again.text
    ann.refresh_from_db()
    assert ann.check_password(NEW["new"])


@pytest.mark.parametrize("changed", [{"is_active": False}, {"email": "ann@example.com"}, {"role": "customer"}])
def test_a_link_is_for_who_they_were_then(ann: User, admin: User, changed: dict[str, Any]) -> None:
    link = link_in_mail()
    update_user(ann.pk, actor=admin, **changed)
    assert Client().post(link, NEW).status_code == 404
    ann.refresh_from_db()
    assert not ann.has_usable_password()


def test_whoever_has_forgotten_theirs_is_mailed_another_and_signed_out_elsewhere(admin: User) -> None:
    gus: Any = UserFactory(agent=True, plain_password=PASSWORD)
    elsewhere = signed_in(gus)
    answer = press(signed_in(admin), gus)
    assert words_of(answer) == [f"A link to set a password is on its way to {gus.email}."]
    assert elsewhere.get("/admin/").status_code == 200  # nothing has changed yet
    Client().post(link_in_mail(), NEW)
    assert elsewhere.get("/admin/").status_code == 302
    recorded = Entry.objects.filter(subject_id=gus.pk).order_by("created_at", "id").values_list("action", "actor_id")
    assert list(recorded) == [(Action.INVITED, admin.pk), (Action.PASSWORD_SET, gus.pk)]


def test_links_are_mailed_by_admins_to_whoever_works_here_and_not_without_end(admin: User, agent: User) -> None:
    desk, gone = signed_in(admin), UserFactory(agent=True, is_active=False)
    assert press(signed_in(agent), admin).status_code == 403
    press(desk, gone)
    assert not OutgoingMail.objects.exists()
    for _ in range(6):
        press(desk, agent)
    assert OutgoingMail.objects.count() == 5


def test_a_password_given_by_an_admin_needs_no_mail(admin: User) -> None:
    given = {**ANN, "username": "annie", "password": PASSWORD, "is_active": "on", "_save": "1"}
    signed_in(admin).post(f"{AGENTS}add/", given)
    assert User.objects.get(name="Ann").username == "annie"
    assert not OutgoingMail.objects.exists()
