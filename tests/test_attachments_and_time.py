"""Files, time, and prepared texts."""

import base64
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test.client import MULTIPART_CONTENT
from django.utils import timezone

from accounts.models import User
from tests.client import ApiClient
from tests.factories import AgentGroupFactory, ReplyFactory, TicketFactory
from tickets import files
from tickets.answering import write_note
from tickets.attachments import Upload
from tickets.models import Attachment, DiscardedFile, Ticket
from tickets.services import add_reply


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def upload(api: ApiClient, ticket: Ticket, name: str = "log.txt", content: bytes = b"hello", **more: Any) -> Any:
    form = {"file": SimpleUploadedFile(name, content, content_type="text/plain"), **more}
    return api.post(f"/api/tickets/{ticket.pk}/attachments", form, content_type=MULTIPART_CONTENT)


def test_a_file_sent_as_a_form_comes_back_the_same(api: ApiClient) -> None:
    ticket = TicketFactory()
    reply = ReplyFactory(ticket=ticket)
    response = upload(api, ticket, content=bytes(range(256)), replyId=str(reply.pk))
    assert response.status_code == 201
    made = response.json()
    assert set(made) == {"id", "ticketId", "replyId", "filename", "fileUrl", "fileSize", "mimeType", "createdAt"}
    assert (made["replyId"], made["filename"], made["fileSize"]) == (str(reply.pk), "log.txt", 256)
    assert api.get(f"/api/tickets/{ticket.pk}/attachments").json() == [made]
    got = api.get(made["fileUrl"])
    assert got.getvalue() == bytes(range(256))
    assert got["Content-Disposition"].startswith("attachment")
    assert got["X-Content-Type-Options"] == "nosniff"


def test_a_file_sent_as_json(api: ApiClient) -> None:
    ticket = TicketFactory()
    body = {"filename": "a.pdf", "content": base64.b64encode(b"%PDF").decode(), "mimeType": "application/pdf"}
    made = api.post(f"/api/tickets/{ticket.pk}/attachments", body).json()
    assert (made["fileSize"], made["mimeType"], made["replyId"]) == (4, "application/pdf", None)
    assert api.get(made["fileUrl"]).getvalue() == b"%PDF"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.exe", "x.exe"),
        ("a\x1fb\u202ecod.exe", "abcod.exe"),
        ("...", "file"),
        ("x" * 400 + ".txt", "x" * 251 + ".txt"),
        ("Übersicht 😀.csv", "Übersicht 😀.csv"),
    ],
)
def test_file_names_are_names_and_nothing_else(api: ApiClient, name: str, shown: str) -> None:
    body = {"filename": name, "content": "aGk="}
    made = api.post(f"/api/tickets/{TicketFactory().pk}/attachments", body)
    assert made.status_code == 201, made.content
    assert made.json()["filename"] == shown
    assert api.get(made.json()["fileUrl"]).status_code == 200


BAD_UPLOADS: list[dict[str, Any]] = [
    {"filename": "a", "content": "%%%"},
    {"filename": "a"},
    {"content": "aGk="},
    {"filename": "a", "content": "aGk=", "replyId": "550e8400-e29b-41d4-a716-446655440000"},
]


@pytest.mark.parametrize("body", BAD_UPLOADS)
def test_a_refused_upload_leaves_no_file(api: ApiClient, folder: Path, body: dict[str, Any]) -> None:
    assert api.post(f"/api/tickets/{TicketFactory().pk}/attachments", body).status_code == 400
    assert stored(folder) == []


def test_too_large_a_file_is_refused(api: ApiClient, folder: Path, settings: Any) -> None:
    settings.ATTACHMENT_MAX_SIZE = 3
    assert upload(api, TicketFactory()).status_code == 400
    assert stored(folder) == []


def test_a_reply_of_another_ticket_cannot_take_the_file(api: ApiClient, folder: Path) -> None:
    assert upload(api, TicketFactory(), replyId=str(ReplyFactory().pk)).status_code == 400
    assert stored(folder) == []


@pytest.mark.django_db(transaction=True)
def test_deleting_removes_the_file_too(api: ApiClient, folder: Path) -> None:
    ticket = TicketFactory()
    first, second = upload(api, ticket).json(), upload(api, ticket).json()
    assert len(stored(folder)) == 2
    assert api.delete(f"/api/attachments/{first['id']}").status_code == 204
    assert len(stored(folder)) == 1
    assert api.get(first["fileUrl"]).status_code == 404
    assert api.delete(f"/api/tickets/{ticket.pk}").status_code == 204
    assert stored(folder) == []
    assert api.get(second["fileUrl"]).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_file_whose_transaction_failed_after_all_goes_and_others_stay(folder: Path, agent: User) -> None:
    """Whatever door it came through: what fails is not always the verb that stored it."""
    ticket, uploads = TicketFactory(), [Upload("a.txt", BytesIO(b"abc"), 3)]
    kept = add_reply(ticket, user_id=agent.pk, content="Kept", uploads=uploads).attachments.get()
    assert stored(folder) == [files.path_of(kept)], "nothing but the file itself stays"
    files.mark_of(kept.stored_name).touch()  # killed between its commit and what follows
    with suppress(RuntimeError), transaction.atomic():
        add_reply(ticket, user_id=agent.pk, content="Lost", uploads=uploads)
        raise RuntimeError
    with transaction.atomic():
        with suppress(RuntimeError), transaction.atomic():
            write_note(ticket, actor=agent, content="Lost", uploads=uploads)
            raise RuntimeError
        write_note(ticket, actor=agent, content="Kept", uploads=uploads)
    now = timezone.now()
    assert files.remove_abandoned(now) == 0, "their transaction may still be running"
    assert files.remove_abandoned(now + timedelta(days=2)) == 2
    assert set(stored(folder)) == {files.path_of(row) for row in Attachment.objects.all()}
    assert Attachment.objects.count() == 2
    assert files.remove_abandoned(now + timedelta(days=2)) == 0


@pytest.mark.django_db(transaction=True)
def test_a_file_left_by_a_crash_goes_with_the_next_sweep(api: ApiClient, folder: Path, monkeypatch: Any) -> None:
    made = upload(api, TicketFactory()).json()

    def crash() -> int:
        raise OSError("power cut")

    monkeypatch.setattr(files, "sweep", crash)
    assert api.delete(f"/api/attachments/{made['id']}").status_code == 204
    assert len(stored(folder)) == 1
    monkeypatch.undo()
    assert files.sweep() == 1
    assert stored(folder) == []
    assert not DiscardedFile.objects.exists()


def test_a_timer_adds_what_it_measures_and_carries_seconds(api: ApiClient, agent: User) -> None:
    ticket = TicketFactory()
    body = {"userId": str(agent.pk), "timeSpent": 10, "billable": True, "note": "Call"}
    entry = api.post(f"/api/tickets/{ticket.pk}/time-entries", body).json()
    toggle = f"/api/time-entries/{entry['id']}/toggle"
    now = timezone.now()
    for step, (spent, running) in enumerate([(10, True), (10, False), (10, True), (11, False)]):
        with time_machine.travel(now + timedelta(seconds=45 * step), tick=False):
            shown = api.post(toggle).json()
            assert (shown["timeSpent"], shown["timerRunning"]) == (spent, running)
            assert (shown["timerStartedAt"] is not None) == running
    logged = [a["newValue"] for a in api.get(f"/api/tickets/{ticket.pk}/activities").json()]
    assert logged == ["10 min", "1 min"]


def test_time_entries_are_corrected_and_deleted(api: ApiClient, agent: User, customer: User) -> None:
    ticket = TicketFactory()
    path = f"/api/tickets/{ticket.pk}/time-entries"
    entry = api.post(path, {"userId": str(agent.pk), "timeSpent": 10}).json()
    one = f"/api/time-entries/{entry['id']}"
    changed = api.patch(one, {"timeSpent": 12, "note": "More", "userId": str(customer.pk)}).json()
    assert (changed["timeSpent"], changed["note"], changed["userId"]) == (12, "More", str(agent.pk))
    assert api.delete(one).status_code == 204
    assert api.get(path).json() == []
    assert api.post(path, {"userId": str(customer.pk), "timeSpent": 1}).status_code == 400
    for minutes in (-1, 1.5, "5", True, 2**40):
        assert api.post(path, {"userId": str(agent.pk), "timeSpent": minutes}).status_code == 400


def test_canned_responses(api: ApiClient, admin: User) -> None:
    body = {"title": "Hello", "content": "Dear {{customer.name}}", "shortcut": "hi", "category": "greeting"}
    made = api.post("/api/canned-responses", body).json()
    assert {name: made[name] for name in body} == body
    assert made["createdBy"] == str(admin.pk)
    assert api.post("/api/canned-responses", body).status_code == 400, "a shortcut is taken once"
    assert api.post("/api/canned-responses", {**body, "shortcut": None}).status_code == 201
    assert api.post("/api/canned-responses", {"title": "x", "content": " "}).status_code == 400
    assert len(api.get("/api/canned-responses?q=customer.name").json()) == 2
    assert [c["id"] for c in api.get("/api/canned-responses?category=greeting&q=hi").json()] == [made["id"]]


def test_ticket_templates(api: ApiClient, admin: User) -> None:
    group = AgentGroupFactory()
    body = {
        "name": "New colleague",
        "description": "For joiners",
        "subject": "Welcome",
        "content": "Laptop, badge",
        "status": "pending",
        "priority": "low",
        "category": "hr",
        "tags": ["new"],
        "groupId": str(group.pk),
        "isActive": False,
    }
    made = api.post("/api/ticket-templates", body).json()
    assert {name: made[name] for name in body} == body
    one = f"/api/ticket-templates/{made['id']}"
    assert api.patch(one, {"groupId": None, "name": "Joiner"}).json()["groupId"] is None
    assert api.patch(one, {"priority": "x"}).status_code == 400
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404
