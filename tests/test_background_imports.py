"""Imports in the background: how far they are, what a dry run says, and what a crash leaves behind."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ

from accounts.erasing import erase_person
from accounts.models import User
from helpdesk.periodic import registry
from tests.client import ApiClient
from tests.factories import ApiKeyFactory, CompanyFactory, UserFactory
from transfers import forgetting, services
from transfers.jobs import import_rows
from transfers.models import Chunk, FailedRow, Import

pytestmark = pytest.mark.django_db

CONTACTS = "/api/contacts/import"


def add(api: ApiClient, *rows: Any, path: str = CONTACTS, **options: Any) -> dict[str, Any]:
    response = api.post(path, {"data": list(rows), **options})
    assert response.status_code == 200, response.content
    return response.json()


def people(count: int) -> bytes:
    return b"email,name\r\n" + b"".join(b"p%d@example.com,P%d\r\n" % (index, index) for index in range(count))


def begin(api: ApiClient, content: bytes) -> str:
    response = api.post(f"{CONTACTS}?background=true", content, content_type="text/csv")
    assert response.status_code == 202, response.content
    return response.json()["id"]


def test_a_large_file_is_imported_in_the_background(api: ApiClient) -> None:
    response = api.post(CONTACTS, people(1_001) + b"bad,row\r\n", content_type="text/csv")
    assert (response.status_code, response.json()["state"]) == (202, "waiting")
    services.work(seconds=60)
    shown = api.get(response["Location"]).json()
    counts = [shown[name] for name in ("state", "rowsDone", "percent", "created", "failed")]
    assert counts == ["done", 1_002, 100, 1_001, 1]
    errors = api.get(f"{response['Location']}/errors")
    assert errors.getvalue() == b"row,error,email,name\r\n1003,email: Enter a valid email address.,bad,row\r\n"
    assert not Chunk.objects.exists()


def test_the_worker_comes_at_once(api: ApiClient, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        begin(api, people(3))
    assert [waiting.name() for waiting in OrmQ.objects.all()] == [services.JOB]
    assert registry[services.JOB].job is import_rows


def test_what_is_begun_while_others_are_imported_is_imported_too(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own job finds the worker busy and does nothing."""
    begin(api, people(3))
    apply, begun = services.apply, []

    def begins_another(*args: Any) -> Any:
        begun.append(len(begun) or begin(api, b"email,name\r\nlate@example.com,Late\r\n"))
        return apply(*args)

    monkeypatch.setattr(services, "apply", begins_another)
    services.work(seconds=60)
    assert len(begun) == 2
    assert User.objects.filter(email="late@example.com").exists()


def test_a_dry_run_in_the_background_says_of_each_row_what_would_change(api: ApiClient, agent: User) -> None:
    UserFactory(email="b@example.com", name="B", username="bea")
    file = b"email,name\r\na@example.com,A\r\nb@example.com,Bea\r\nbad,C\r\n"
    response = api.post(f"{CONTACTS}?background=true&dryRun=true", file, content_type="text/csv")
    at_once = api.post(f"{CONTACTS}?dryRun=true", file, content_type="text/csv").json()["rows"]
    services.work(seconds=60)
    address = f"{response['Location']}/rows"
    rows = api.get(address).json()
    assert [{name: row[name] for name in row if name != "id"} for row in rows] == at_once
    assert [row["action"] for row in rows] == ["created", "updated", "failed"]
    assert rows[1]["changes"] == {"name": {"from": "B", "to": "Bea"}}
    page = api.get(address, {"action": "created,failed", "limit": 1})
    assert [row["row"] for row in page.json()] == [2]
    rest = api.get(page["Link"].split(";")[0][1:-1])
    assert [row["row"] for row in rest.json()] == [4]
    assert User.objects.get(email="b@example.com").name == "B"
    theirs = ApiClient(ApiKeyFactory(owner=agent).secret)
    assert theirs.get(address).status_code == 404
    Import.objects.update(finished_at=timezone.now() - timedelta(days=31))
    assert forgetting.forget_old(timezone.now()) == 1


def test_after_a_crash_the_rest_is_imported_and_nothing_twice(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    record = begin(api, people(1_200))
    apply, calls = services.apply, []

    def dies_in_the_second_batch(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            apply(*args)
            raise MemoryError
        return apply(*args)

    monkeypatch.setattr(services, "apply", dies_in_the_second_batch)
    services.work(seconds=60)
    assert api.get(f"/api/imports/{record}").json()["rowsDone"] == 500
    services.work(seconds=60)
    shown = api.get(f"/api/imports/{record}").json()
    assert (shown["state"], shown["created"], shown["updated"]) == ("done", 1_200, 0)
    assert User.objects.filter(email__startswith="p").filter(role="customer").count() == 1_200


def test_a_row_that_was_damaged_while_it_waited_fails_alone(api: ApiClient) -> None:
    record = begin(api, people(3))
    chunk = Chunk.objects.get()
    chunk.rows = chunk.rows.replace('"P1"},null]', '"P1\n"},null]')
    chunk.save()
    services.work(seconds=60)
    shown = api.get(f"/api/imports/{record}").json()
    assert (shown["state"], shown["created"], shown["failed"]) == ("done", 2, 1)
    assert [(row.number, "damaged" in row.reason) for row in FailedRow.objects.all()] == [(3, True)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Elsewhere writers do not wait for each other.")
def test_a_long_import_gives_way_to_other_writers(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr("transfers.waiting.BATCH", 2)
    monkeypatch.setattr(services, "TURN", 0)
    monkeypatch.setattr(services.time, "sleep", rests.append)
    api.post(CONTACTS, {"data": [{"email": f"p{n}@example.com", "name": "P"} for n in range(6)], "background": True})
    services.work(seconds=60)
    assert rests == [services.PAUSE] * 2


def test_a_leased_import_is_left_to_whoever_has_it_until_the_lease_ends(api: ApiClient) -> None:
    record = begin(api, people(3))
    now = timezone.now()
    lease = services.take(record, now)
    assert lease
    assert services.take(record, now) is None
    assert services.work(seconds=5) == 0
    later = services.take(record, now + services.LEASE + timedelta(seconds=1))
    assert later
    around = services.Surroundings(UserFactory(admin=True))
    assert services.next_batch(record, lease, around) is False, "the first one lost it"
    assert User.objects.filter(email="p1@example.com").count() == 0


@pytest.mark.django_db(transaction=True)
def test_no_row_is_done_twice_even_when_every_lease_ends_at_once(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, at_once: Callable[..., list[Any]]
) -> None:
    """Workers that are slower than their leases take the import from each other again and again."""
    monkeypatch.setattr(services, "LEASE", timedelta(0))
    monkeypatch.setattr("transfers.waiting.BATCH", 5)
    record = begin(api, people(60) + b"bad,row\r\n")
    at_once(4, lambda _: services.work(seconds=60))
    services.work(seconds=60)
    shown = api.get(f"/api/imports/{record}").json()
    counts = [shown[name] for name in ("state", "rowsDone", "created", "updated", "unchanged", "failed")]
    assert counts == ["done", 61, 60, 0, 0, 1]
    assert User.objects.filter(email__startswith="p", role="customer").count() == 60
    assert FailedRow.objects.count() == 1


def test_rows_that_stop_every_worker_end_the_import(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    record = begin(api, people(3))
    monkeypatch.setattr(services, "apply", lambda *_: (_ for _ in ()).throw(MemoryError))
    for _ in range(services.MOST_ATTEMPTS + 1):
        services.work(seconds=5)
    shown = api.get(f"/api/imports/{record}").json()
    assert (shown["state"], shown["error"]) == (
        "failed",
        "The import was interrupted again and again at the same rows.",
    )


def test_having_to_wait_for_others_is_no_fault_of_the_rows(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    record, apply = begin(api, people(3)), services.apply
    monkeypatch.setattr(services, "apply", lambda *_: (_ for _ in ()).throw(OperationalError("database is locked")))
    for _ in range(services.MOST_ATTEMPTS + 1):
        services.work(seconds=5)
    monkeypatch.setattr(services, "apply", apply)
    services.work(seconds=60)
    assert api.get(f"/api/imports/{record}").json()["state"] == "done"


def test_what_agents_may_and_which_domains_companies_have_is_asked_while_the_work_is_done(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transfers.waiting.BATCH", 1)
    monkeypatch.setattr(services, "KNOWN_FOR", 0)
    theirs = ApiClient(ApiKeyFactory(owner=agent).secret)
    record, apply, done = begin(theirs, people(4)), services.apply, []

    def changes_meanwhile(*args: Any) -> Any:
        outcomes = apply(*args)
        done.append(1)
        if len(done) == 1:
            CompanyFactory(name="Acme", domains=["example.com"])
        elif len(done) == 2:
            User.objects.filter(pk=agent.pk).update(ticket_scope="restricted")
        return outcomes

    monkeypatch.setattr(services, "apply", changes_meanwhile)
    services.work(seconds=60)
    people_there = User.objects.filter(role="customer").order_by("email")
    assert list(people_there.values_list("email", "company__name")) == [
        ("p0@example.com", None),
        ("p1@example.com", "Acme"),
    ]
    ended = Import.objects.get(pk=record)
    assert (ended.state, ended.error) == ("failed", services.REFUSED)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There nobody else writes during a batch.")
@pytest.mark.django_db(transaction=True)
def test_who_is_erased_while_their_row_is_imported_does_not_come_back(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, at_once: Callable[..., list[Any]]
) -> None:
    person = UserFactory(email="p1@example.com")
    record, apply, erased = begin(api, people(3) + b"p1@example.com," + b"P" * 201 + b"\r\n"), services.apply, []

    def erases_meanwhile(*args: Any) -> Any:
        if not erased:
            erased.extend(at_once(1, lambda _: erase_person(person.pk, actor=None).pk))
        return apply(*args)

    monkeypatch.setattr(services, "apply", erases_meanwhile)
    services.work(seconds=60)
    shown = api.get(f"/api/imports/{record}").json()
    assert (shown["state"], shown["created"], shown["failed"]) == ("done", 2, 2)
    assert not User.objects.filter(email="p1@example.com").exists()
    assert not FailedRow.objects.filter(values__contains="p1@").exists()


def test_the_rows_of_imports_that_failed_are_kept_for_a_day(api: ApiClient) -> None:
    begin(api, people(3))
    Import.objects.update(state="failed", finished_at=timezone.now() - timedelta(hours=25))
    assert forgetting.forget_unconfirmed(timezone.now()) == 1
    assert not Chunk.objects.exists()


def test_old_imports_are_forgotten(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "SLICE", 1)
    monkeypatch.setattr(forgetting, "PAUSE", 0)
    add(api, {"email": "bad"})
    add(api, {"email": "bad"})
    Import.objects.filter(pk=Import.objects.first().pk).update(finished_at=timezone.now() - timedelta(days=31))
    assert forgetting.forget_old(timezone.now()) == 1
    assert (Import.objects.count(), FailedRow.objects.count()) == (1, 1)
