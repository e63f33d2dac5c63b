"""The pages at /admin/: who comes in, and what failed can be asked for again."""

import re
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from accounts.models import User
from outbox.models import OutgoingMail, State
from tests.factories import PASSWORD, UserFactory
from worker.running import RUN

pytestmark = pytest.mark.django_db

PAGES = ("django_q_failure", "django_q_success", "django_q_schedule", "django_q_ormq", "outbox_outgoingmail")


def list_of(page: str) -> str:
    return reverse(f"admin:{page}_changelist")


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def log_in(email: str, password: str = PASSWORD, browser: Client | None = None) -> Any:
    given = {"username": email, "password": password, "next": "/admin/"}
    return (browser or Client()).post("/admin/login/", given)


@pytest.fixture
def browser(admin: User) -> Client:
    return signed_in(admin)


@pytest.fixture
def failure(db: None) -> Failure:
    now = timezone.now()
    kept = {"args": ("sla.jobs.catch_up",), "kwargs": {"planned": now.isoformat()}, "started": now, "stopped": now}
    said = "No <luck> : Traceback (most recent call last)"
    return Failure.objects.create(id="f1", name="sla.jobs.catch_up", func=RUN, success=False, result=said, **kept)


@pytest.fixture
def given_up(db: None) -> OutgoingMail:
    return OutgoingMail.objects.create(
        to=["cleo@example.com"], subject="Hello", text="A secret link", state=State.FAILED, error="Nobody there"
    )


# --- Who comes in -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_admins(page: str, browser: Client, agent: User, customer: User) -> None:
    assert browser.get(list_of(page)).status_code == 200
    for other in (agent, customer):
        refused = signed_in(other).get(list_of(page))
        assert refused.status_code == 403
        assert other.email in refused.content.decode()
    asked = Client().get(list_of(page))
    assert (asked.status_code, asked["Location"]) == (302, f"/admin/login/?next={list_of(page)}")


def test_signing_in_after_a_refused_form_leads_to_the_page_it_stood_on() -> None:
    for referer, onward in (
        ("http://testserver/admin/tickets/7/?view=mine", "/admin/tickets/7/%3Fview%3Dmine"),
        ("https://evil.example/admin/", "/admin/"),
        ("", "/admin/"),
    ):
        asked = Client().post("/admin/tickets/7/change/", headers={"Referer": referer})
        assert asked["Location"] == f"/admin/login/?next={onward}"


def test_an_admin_signs_in_with_email_and_password() -> None:
    admin = UserFactory(admin=True, email="ada@example.com")
    browser = Client()
    assert log_in("ADA@example.com", browser=browser)["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200
    assert browser.session["_auth_user_id"] == str(admin.pk)
    assert browser.post("/admin/logout/").status_code == 200
    assert browser.get("/admin/").status_code == 302


def test_an_agent_signs_in_too_and_is_told_which_pages_are_not_for_agents() -> None:
    UserFactory(agent=True, email="gus@example.com")
    browser = Client()
    assert log_in("gus@example.com", browser=browser)["Location"] == "/admin/"
    home = browser.get("/admin/").content.decode()
    assert list_of("django_q_failure") not in home
    refused = browser.get(list_of("django_q_failure"))
    assert refused.status_code == 403
    assert "This page is for admins" in refused.content.decode()
    # Such a page says who is signed in, as all of them do.
    for answer in (refused, browser.get("/admin/nothing/"), browser.get("/admin/?%00=%00")):
        assert "no-store" in answer["Cache-Control"]


def test_who_came_for_nothing_in_particular_starts_at_home() -> None:
    UserFactory(agent=True, email="gus@example.com")
    signed = Client().post("/admin/login/", {"username": "gus@example.com", "password": PASSWORD})
    assert signed["Location"] == "/admin/"


def test_everybody_else_is_refused_alike() -> None:
    UserFactory(email="cleo@example.com", signed_up=True)
    UserFactory(admin=True, email="off@example.com", is_active=False)
    UserFactory(admin=True, email="ada@example.com")
    attempts = [("cleo@example.com", PASSWORD), ("off@example.com", PASSWORD)]
    for email, password in [*attempts, ("nobody@example.com", PASSWORD), ("ada@example.com", "wrong")]:
        refused = log_in(email, password)
        assert refused.status_code == 200
        assert "Invalid email or password" in refused.content.decode()


@pytest.mark.parametrize("email", ["nobody@example.com", "cleo@example.com", "off@example.com", "ada@example.com"])
def test_whoever_is_refused_waited_for_one_hash(email: str) -> None:
    UserFactory(email="cleo@example.com", signed_up=True)
    UserFactory(admin=True, email="off@example.com", is_active=False)
    UserFactory(admin=True, email="ada@example.com")
    with patch.object(MD5PasswordHasher, "encode", autospec=True, return_value="md5$s$h") as made:
        log_in(email, "wrong")
    assert made.call_count == 1


def test_attempts_are_throttled() -> None:
    UserFactory(admin=True, email="ada@example.com")
    for _ in range(10):
        log_in("ada@example.com", "wrong")
    assert "Too many attempts" in log_in("ada@example.com").content.decode()


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", list_of("django_q_failure")])
def test_pages_are_framed_by_nobody_and_run_no_script_of_others(browser: Client, path: str) -> None:
    answer = browser.get(path, follow=True)
    assert answer["X-Frame-Options"] == "DENY"
    policy = answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "<script>" not in answer.content.decode()


def test_passwords_are_not_changed_here_and_django_s_own_groups_are_not_shown(browser: Client) -> None:
    assert browser.get("/admin/password_change/").status_code == 404
    assert "/admin/auth/" not in browser.get("/admin/").content.decode()
    assert Client().get("/admin")["Location"] == "/admin/"


# --- What they see and do -----------------------------------------------------------------------------


def act(browser: Client, page: str, action: str, *rows: Any) -> Any:
    return browser.post(list_of(page), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def test_a_failed_job_is_shown_with_its_reason_and_run_again_on_post(browser: Client, failure: Failure) -> None:
    assert "No &lt;luck&gt;" in browser.get(list_of("django_q_failure")).content.decode()
    detail = reverse("admin:django_q_failure_change", args=[failure.pk])
    assert "Traceback" in browser.get(detail).content.decode()
    browser.get(list_of("django_q_failure"), {"action": "run_again", "_selected_action": failure.pk})
    assert Failure.objects.exists()

    answer = act(browser, "django_q_failure", "run_again", failure)
    assert "1 job waits to be run." in answer.content.decode()
    assert not Failure.objects.exists()
    [waiting] = OrmQ.objects.all()
    assert (waiting.name(), waiting.args(), waiting.kwargs()) == ("sla.jobs.catch_up", ("sla.jobs.catch_up",), {})


def test_one_failed_job_is_run_again_by_its_button(browser: Client, failure: Failure) -> None:
    button = reverse("admin:django_q_failure_run_this_again", args=[failure.pk])
    assert button in browser.get(list_of("django_q_failure")).content.decode()
    browser.post(button)
    assert not Failure.objects.exists()
    assert OrmQ.objects.count() == 1


def test_a_job_that_failed_often_is_run_once(browser: Client, failure: Failure) -> None:
    again = Failure.objects.get()
    again.pk = "f2"
    again.save(force_insert=True)
    act(browser, "django_q_failure", "run_again", failure, again)
    assert OrmQ.objects.count() == 1


def test_a_mail_given_up_is_sent_again_on_post_and_its_content_is_never_shown(
    browser: Client, given_up: OutgoingMail, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    detail = reverse("admin:outbox_outgoingmail_change", args=[given_up.pk])
    for path in (list_of("outbox_outgoingmail"), detail):
        page = browser.get(path).content.decode()
        assert "Nobody there" in page
        assert "secret" not in page
        assert ">Failed</span>" in page
        assert "&#x27;Failed&#x27;" not in page
    with django_capture_on_commit_callbacks(execute=True):
        answer = act(browser, "outbox_outgoingmail", "send_again", given_up)
    assert "1 failed mail will be sent again." in answer.content.decode()
    assert [mail.to for mail in mailoutbox] == [["cleo@example.com"]]
    assert not OutgoingMail.objects.exists()


def test_nobody_but_an_admin_asks_for_anything(agent: User, failure: Failure, given_up: OutgoingMail) -> None:
    browser = signed_in(agent)
    assert act(browser, "django_q_failure", "run_again", failure).status_code == 403
    assert act(browser, "outbox_outgoingmail", "send_again", given_up).status_code == 403
    assert Failure.objects.exists()
    assert OutgoingMail.objects.get().state == State.FAILED


@pytest.mark.parametrize("page", PAGES)
def test_rows_are_not_added_changed_or_deleted(page: str, browser: Client, failure: Failure) -> None:
    assert browser.get(f"{list_of(page)}add/").status_code == 403
    assert browser.post(f"{list_of(page)}{failure.pk}/delete/", {"post": "yes"}).status_code in (302, 403)
    assert Failure.objects.exists()


@pytest.mark.parametrize(("minutes", "told"), [(1, "minute"), (5, "5 minutes"), (60, "hour"), (2880, "2 days")])
def test_what_is_planned_and_what_is_done_reads_well(browser: Client, minutes: int, told: str) -> None:
    now = timezone.now()
    Success.objects.create(id="s1", name="sla.jobs.catch_up", func=RUN, started=now, stopped=now, result="Done.")
    Schedule.objects.create(name="sla.jobs.catch_up", func=RUN, minutes=minutes, task="s1", schedule_type="I")
    page = browser.get(list_of("django_q_schedule")).content.decode()
    assert told in page
    assert "Done." in browser.get(list_of("django_q_success")).content.decode()


def test_what_goes_wrong_is_said_on_a_page_that_leads_back(admin: User, browser: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)
    broken = Client(raise_request_exception=False)
    broken.force_login(admin)
    answers = {
        "There is no such page": (404, browser.get("/admin/tickets/999999/")),
        "This cannot be read": (400, browser.get("/admin/?q=%00")),
        "This form has expired": (403, strict.post("/admin/preferences/", {"shortcuts": "off"})),
    }
    with patch("workspace.home_pages.counts", side_effect=ZeroDivisionError):
        answers["Something went wrong"] = (500, broken.get("/admin/"))
    for title, (status, answer) in answers.items():
        page = answer.content.decode()
        assert (answer.status_code, title in page, 'href="/admin/"' in page) == (status, True, True)
        assert "script-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["evil.example", "a b"])
def test_a_host_that_is_not_ours_gets_no_page(host: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    assert Client(headers={"host": host}).get("/admin/").content == b"<h1>Bad request</h1>"


def described(page: str) -> tuple[set[str], set[str]]:
    """What fields say they are described by, and what of it is not there."""
    wanted = {key for keys in re.findall(r'aria-describedby="([^"]+)"', page) for key in keys.split()}
    return wanted, wanted - set(re.findall(r'id="([^"]+)"', page))


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("people_agent_add", {"id_username_helptext", "id_is_active_helptext", "id_name_error"}),
        ("knowledge_base_article_add", {"id_slug_helptext", "id_title_error", "id_content_error"}),
        ("account", {"id_avatar_helptext"}),
    ],
)
def test_what_helps_with_a_field_and_what_is_wrong_with_it_are_read_out_with_it(
    page: str, fields: set[str], browser: Client
) -> None:
    wanted, missing = described(browser.post(reverse(f"admin:{page}"), {}).content.decode())
    assert fields <= wanted
    assert not missing
