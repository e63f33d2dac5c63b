"""Idempotency-Key, and conditional requests by ETag."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test.client import MULTIPART_CONTENT
from django.utils import timezone

from accounts.models import ApiKey, ReplayRecord, User
from tests.client import ApiClient
from tests.factories import ApiKeyFactory, CompanyFactory, ReplyFactory, TicketFactory
from tickets.models import Ticket


@pytest.fixture
def body(customer: User) -> dict[str, str]:
    return {"subject": "Once", "description": "only", "customerId": str(customer.pk)}


def send(api: ApiClient, body: Any, key: str = "order-1", path: str = "/api/tickets") -> Any:
    return api.post(path, body, headers={"Idempotency-Key": key})


def test_a_retry_gets_the_first_answer_byte_for_byte(api: ApiClient, body: dict[str, str]) -> None:
    first = send(api, body)
    Ticket.objects.update(subject="Changed since")
    again = send(api, body, path="/api/tickets/")
    assert (again.status_code, again.content, again["ETag"]) == (201, first.content, first["ETag"])
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Ticket.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(api: ApiClient, body: dict[str, str]) -> None:
    send(api, body)
    refused = send(api, {**body, "subject": "Twice"})
    assert (refused.status_code, list(refused.json())) == (422, ["error"])
    assert Ticket.objects.count() == 1


def test_a_key_belongs_to_caller_and_path(api: ApiClient, body: dict[str, str], agent: User) -> None:
    send(api, body)
    assert send(ApiClient(ApiKeyFactory().secret), body).status_code == 201
    ticket = Ticket.objects.first()
    assert ticket
    reply = {"userId": str(agent.pk), "content": "x"}
    assert send(api, reply, path=f"/api/tickets/{ticket.pk}/replies").status_code == 201
    assert Ticket.objects.count() == 2


def test_refusals_are_replayed_too_and_crashes_are_not(
    api: ApiClient, body: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = {**body, "customerId": "x"}
    assert send(api, bad).content == send(api, bad).content
    assert send(api, bad)["Idempotent-Replayed"] == "true"

    def crash(**values: Any) -> None:
        raise RuntimeError

    api.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("tickets.services.create_ticket", crash)
        assert send(api, body, key="order-2").status_code == 500
    assert send(api, body, key="order-2").status_code == 201


def test_a_running_request_blocks_the_key_until_its_lease_ends(api: ApiClient, body: dict[str, str]) -> None:
    send(api, body)
    ReplayRecord.objects.update(status=None, body=None)
    assert send(api, body).status_code == 409
    ReplayRecord.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    assert send(api, body).status_code == 201


def test_after_a_day_the_key_is_free_again(api: ApiClient, body: dict[str, str]) -> None:
    send(api, body)
    ReplayRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert "Idempotent-Replayed" not in send(api, body)
    assert Ticket.objects.count() == 2


def test_stored_answers_do_not_give_away_new_api_keys(api: ApiClient) -> None:
    made = send(api, {"name": "Shop"}, path="/api/api-keys").json()
    record = ReplayRecord.objects.get()
    assert made["key"].encode() not in bytes(record.body or b"")
    assert send(api, {"name": "Shop"}, path="/api/api-keys").json() == made
    assert ApiKey.objects.filter(name="Shop").count() == 1


@pytest.mark.parametrize("key", ["x" * 256, "ü"])
def test_a_key_that_is_none_is_refused(api: ApiClient, body: dict[str, str], key: str) -> None:
    assert send(api, body, key=key).status_code == 400


def test_a_resource_has_an_etag_and_304_while_it_stays(api: ApiClient) -> None:
    ticket = TicketFactory()
    path = f"/api/tickets/{ticket.pk}"
    tag = api.get(path)["ETag"]
    fresh = api.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (fresh.status_code, fresh.content, fresh["ETag"]) == (304, b"", tag)
    api.patch(path, {"priority": "low"})
    changed = api.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_what_is_included_counts_for_304(api: ApiClient) -> None:
    ticket = TicketFactory()
    path = f"/api/tickets/{ticket.pk}?include=replies"
    tag = api.get(path)["ETag"]
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304
    ReplyFactory(ticket=ticket)
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("query", ["", "?include=customer,replies"])
def test_a_stale_patch_is_refused_and_changes_nothing(api: ApiClient, query: str) -> None:
    ticket = TicketFactory()
    path = f"/api/tickets/{ticket.pk}"
    tag = api.get(path + query)["ETag"]
    changed = api.patch(path, {"priority": "low"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    stale = api.patch(path, {"priority": "urgent"}, headers={"If-Match": tag})
    assert (stale.status_code, list(stale.json())) == (412, ["error"])
    assert api.get(path).json()["priority"] == "low"
    assert api.patch(path, {"priority": "high"}, headers={"If-Match": changed["ETag"]}).status_code == 200
    assert api.patch(path, {"priority": "low"}, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("kind", ["tickets", "companies"])
def test_a_stale_delete_is_refused(api: ApiClient, kind: str) -> None:
    thing = TicketFactory() if kind == "tickets" else CompanyFactory()
    path = f"/api/{kind}/{thing.pk}"
    assert api.delete(path, headers={"If-Match": '"old"'}).status_code == 412
    assert api.delete(path, headers={"If-Match": api.get(path)["ETag"]}).status_code == 204
    assert api.delete(path, headers={"If-Match": "*"}).status_code == 404


def test_what_asks_to_try_again_is_not_replayed(
    api: ApiClient, body: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def collide(**values: Any) -> None:
        raise IntegrityError

    with monkeypatch.context() as unlucky:
        unlucky.setattr("tickets.services.create_ticket", collide)
        assert send(api, body).status_code == 409
    assert send(api, body).status_code == 201


def test_a_large_upload_can_be_retried(api: ApiClient, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT, settings.DATA_UPLOAD_MAX_MEMORY_SIZE = str(tmp_path), 1000
    path = f"/api/tickets/{TicketFactory().pk}/attachments"

    def upload(content: bytes) -> Any:
        form = {"file": SimpleUploadedFile("a.bin", content)}
        return api.post(path, form, content_type=MULTIPART_CONTENT, headers={"Idempotency-Key": "up"})

    first = upload(b"x" * 5000)
    assert first.status_code == 201
    assert upload(b"x" * 5000).json() == first.json()
    assert upload(b"y" * 5000).status_code == 422
    assert len(api.get(path).json()) == 1
    assert len(list(tmp_path.glob("attachments/*"))) == 1
