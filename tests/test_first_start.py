"""The first start: an empty database becomes usable, once, whatever happens in between."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from accounts.models import ApiKey, User
from helpdesk.api.permissions import SCOPES
from outbox.models import OutgoingMail
from tests.client import ApiClient
from tests.factories import UserFactory

KEY = re.compile(r"hd_[0-9a-f]{64}")


def bootstrap(**options: Any) -> str:
    out = StringIO()
    call_command("bootstrap", stdout=out, stderr=StringIO(), **({"no_demo": True} | options))
    return out.getvalue()


def test_the_first_start_prints_an_admin_and_a_key_that_work(db: None) -> None:
    printed = bootstrap()
    password = re.search(r"admin@example\.com +password: (\S+)", printed)[1]
    admin = User.objects.get(email="admin@example.com")
    assert admin.is_admin
    assert admin.check_password(password)
    key = KEY.search(printed)[0]
    assert f'curl -H "Authorization: ApiKey {key}" "http://127.0.0.1:8000/api/tickets?limit=3"' in printed
    assert "http://127.0.0.1:8000/api/docs" in printed
    answer = ApiClient(key).post("/api/api-keys/verify").json()
    assert set(answer["scopes"]) == set(SCOPES)
    assert ApiClient(key).get("/api/tickets?limit=3").status_code == 200


def test_a_second_start_changes_nothing_and_prints_no_secret(db: None) -> None:
    first = bootstrap()
    second = bootstrap()
    assert "http://127.0.0.1:8000/api/docs" in second
    assert not KEY.search(second)
    assert "password" not in second
    assert re.search(r"password: (\S+)", first)
    assert (User.objects.count(), ApiKey.objects.count()) == (1, 1)


def test_with_a_demo_one_can_be_an_agent_and_a_customer_of_it(db: None) -> None:
    printed = bootstrap(no_demo=False)
    for who, role in (("Agent", "agent"), ("Customer", "customer")):
        email, password = re.search(rf"{who} +(\S+) +password: (\S+)", printed).groups()
        user = User.objects.get(email=email)
        assert (user.role, user.check_password(password), user.email_verified_at is None) == (role, True, False)
    assert sum(user.has_usable_password() for user in User.objects.all()) == 3
    assert not OutgoingMail.objects.exclude(state="failed").exists()


def test_where_mails_are_written_is_said(db: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = "/srv/mail"
    assert "are written to /srv/mail" in bootstrap()


@pytest.mark.django_db(transaction=True)
def test_a_start_that_was_interrupted_starts_over_with_new_secrets() -> None:
    seeding = patch("helpdesk.management.commands.bootstrap.call_command", side_effect=KeyboardInterrupt)
    with seeding, pytest.raises(KeyboardInterrupt):
        bootstrap(no_demo=False)
    assert not User.objects.exists()
    assert KEY.search(bootstrap())


@pytest.mark.django_db(transaction=True)
def test_of_starts_at_once_one_is_the_first(at_once: Callable[..., list[str]]) -> None:
    printed = at_once(4, lambda _: bootstrap())
    assert sum(bool(KEY.search(text)) for text in printed) == 1
    assert (User.objects.admins().count(), ApiKey.objects.count()) == (1, 1)


def test_another_address_for_the_admin(db: None) -> None:
    assert "me@example.org" in bootstrap(email="me@example.org")


def test_a_taken_address_is_refused_with_a_sentence(db: None) -> None:
    UserFactory(email="admin@example.com")
    with pytest.raises(CommandError, match="The first admin could not be created: Email already exists"):
        bootstrap()


def test_health_pages_answer_without_a_key(db: None, anonymous: ApiClient) -> None:
    for path, told in {"/healthz": {"status": "ok"}, "/readyz": {"status": "ok", "worker": "silent"}}.items():
        answer = anonymous.get(path)
        assert (answer.status_code, answer.json()) == (200, told)
        assert "no-store" in answer["Cache-Control"]
        assert anonymous.post(path).status_code == 405


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"side_effect": OperationalError("connection refused")}, "The database does not answer."),
        ({"return_value": True}, "The database is behind the code: run `python manage.py migrate`."),
    ],
)
def test_readyz_says_why_no_work_should_come(anonymous: ApiClient, state: dict[str, Any], sentence: str) -> None:
    with patch("helpdesk.health.pending_migrations", **state):
        answer = anonymous.get("/readyz")
    assert (answer.status_code, answer.json()["error"]) == (503, sentence)


def test_healthz_asks_no_database(anonymous: ApiClient) -> None:
    assert anonymous.get("/healthz").status_code == 200
