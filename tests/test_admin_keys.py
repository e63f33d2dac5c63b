"""Settings > API Keys."""

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, User
from tests.client import ApiClient
from tests.factories import ApiKeyFactory

pytestmark = pytest.mark.django_db

KEYS = reverse("admin:accounts_apikey_changelist")
NEW = reverse("admin:accounts_apikey_add")
SHOP = {"name": "Web shop", "scopes": ["tickets:read", "kb:read"], "lifetime": "30"}


@pytest.fixture
def desk(admin: User) -> Client:
    browser = Client()
    browser.force_login(admin)
    return browser


def revoke(desk: Client, key: ApiKey, **more: Any) -> Any:
    return desk.post(reverse("admin:accounts_apikey_revoke", args=[key.pk]), more)


def test_a_new_key_is_shown_once_and_opens_the_api(desk: Client, admin: User) -> None:
    answer = desk.post(NEW, SHOP)
    assert answer.status_code == 200
    [secret] = set(re.findall(r"hd_[0-9a-f]{64}", answer.content.decode()))
    assert "no-store" in answer["Cache-Control"]

    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.owner) == ("Web shop", ["tickets:read", "kb:read"], admin)
    assert key.expires_at
    assert (key.expires_at - timezone.now()).days == 29
    assert ApiClient(secret).get("/api/tickets").status_code == 200
    assert ApiClient(secret).get("/api/users").status_code == 403

    later = desk.get(KEYS).content.decode() + str(dict(desk.session)) + str(list(get_messages(answer.wsgi_request)))
    assert secret not in later
    assert key.key_prefix in later


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "  "}, "This field is required."),
        ({"scopes": []}, "Choose at least one scope."),
        ({"scopes": ["everything"]}, "Select a valid choice. everything is not one of the available choices."),
        ({"expires_on": "2020-01-01"}, "Must lie in the future."),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_nothing_typed_is_lost(
    desk: Client, wrong: dict[str, Any], said: str
) -> None:
    answer = desk.post(NEW, {**SHOP, "name": "Kept <name>", **wrong})
    form = answer.context["adminform"].form
    assert form.errors == {next(iter(wrong)): [said]}
    assert "name" in wrong or "Kept &lt;name&gt;" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_the_last_day_there_is_means_never(desk: Client) -> None:
    desk.post(NEW, {**SHOP, "expires_on": "9999-12-31"})
    assert ApiKey.objects.get().expires_at is None


def test_a_key_is_revoked_on_post_alone_and_once(desk: Client) -> None:
    key = ApiKeyFactory()
    assert ApiClient(key.secret).get("/api/tickets").status_code == 200
    assert desk.get(reverse("admin:accounts_apikey_revoke", args=[key.pk])).status_code == 405
    assert revoke(desk, key)["Location"] == KEYS
    assert ApiClient(key.secret).get("/api/tickets").status_code == 401
    again = desk.get(revoke(desk, key)["Location"]).content.decode()
    assert "revoked already" in again


def test_a_button_leads_back_to_its_own_page_and_never_elsewhere(desk: Client) -> None:
    own = reverse("admin:accounts_apikey_change", args=[ApiKeyFactory().pk])
    assert revoke(desk, ApiKeyFactory(), next=own)["Location"] == own
    assert revoke(desk, ApiKeyFactory(), next="https://evil.example/")["Location"] == KEYS
    assert revoke(desk, ApiKeyFactory(), next="//evil.example/")["Location"] == KEYS


def test_a_button_needs_the_token_of_a_page(admin: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)
    key = ApiKeyFactory()
    assert revoke(strict, key).status_code == 403
    key.refresh_from_db()
    assert key.is_active


def test_keys_are_found_by_whether_they_still_work(desk: Client) -> None:
    ApiKeyFactory(name="Fresh")
    ApiKeyFactory(name="Shut", is_active=False)
    ApiKeyFactory(name="Old", expires_at=timezone.now())
    for state, names in {"usable": ["Fresh"], "closed": ["Old", "Shut"]}.items():
        listed = desk.get(KEYS, {"state": state}).context["cl"].queryset
        assert sorted(key.name for key in listed) == names
