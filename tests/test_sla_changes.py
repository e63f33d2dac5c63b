"""Promises that change: nothing is missed meanwhile, what is done stays as it is, and nobody is flooded."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts.models import User
from outbox.models import OutgoingMail
from sla import clocks, jobs
from sla.models import Clock
from sla.services import add_holiday, create_policy, delete_hours, delete_policy, update_hours, update_policy
from tests.client import ApiClient
from tests.factories import UserFactory
from tests.sla_api import OFFICE, at, change, deadlines, file, hours, moment, policy, shown
from tickets.models import Activity
from tickets.services import create_ticket, update_ticket

pytestmark = pytest.mark.django_db

AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


# --- Meanwhile ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", ["watcher", "verb"])
@pytest.mark.parametrize("end", ["change", "delete"])
def test_a_change_is_not_lost_on_clocks_that_are_being_set(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, by: str, end: str
) -> None:
    """Somebody has read the promises in force, and not written the clock yet, when they change."""
    begun, over = Event(), Event()
    ours = create_policy(actor=None, name="High", priority="high", first_response_time=60, resolution_time=120)
    customer = UserFactory()
    with time_machine.travel(now() - timedelta(minutes=50), tick=False):
        ticket = create_ticket(actor=None, customer_id=customer.pk, subject="x", description="y", priority="high")
    read_history = clocks.history_of

    def held_up(keys: Any) -> Any:
        if not begun.is_set():
            begun.set()
            over.wait(timeout=0.4)  # SQLite lets only one write: the change comes afterwards
        return read_history(keys)

    def go(number: int) -> None:
        if number == 0:
            # What refers to a policy that is deleted before it commits is tried again, by the kit or in a minute.
            with suppress(IntegrityError):
                clocks.reckon_due(now=now()) if by == "watcher" else update_ticket(ticket, actor=None, status="pending")
            return
        assert begun.wait(timeout=5)
        if end == "change":
            update_policy(ours.pk, actor=None, resolution_time=240)
        else:
            delete_policy(ours.pk, actor=None)
        over.set()

    monkeypatch.setattr(clocks, "history_of", held_up)
    at_once(2, go)
    jobs.catch_up()
    if by == "verb":
        update_ticket(ticket, actor=None, status="open")
    ticket.refresh_from_db()
    if end == "delete":
        assert (ticket.sla_deadline, Clock.objects.count()) == (None, 0)
    else:
        assert ticket.sla_deadline is not None
        assert ticket.sla_deadline - ticket.created_at >= timedelta(minutes=240)
        assert not Clock.objects.stale().exists()


@pytest.mark.django_db(transaction=True)
def test_a_promise_made_while_the_last_one_is_taken_back_is_not_lost(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, over = Event(), Event()
    first = create_policy(actor=None, name="High", priority="high", first_response_time=60, resolution_time=120)
    customer = UserFactory()
    with time_machine.travel(now() - timedelta(hours=1), tick=False):
        ticket = create_ticket(actor=None, customer_id=customer.pk, subject="x", description="y", priority="high")
    monkeypatch.setattr("sla.services.AT_ONCE", 0)
    delete_policy(first.pk, actor=None)
    set_deadlines = clocks.set_deadlines

    def held_up(deadlines: Any) -> None:
        if not begun.is_set():
            begun.set()
            over.wait(timeout=0.4)
        set_deadlines(deadlines)

    def go(number: int) -> None:
        if number == 0:
            clocks.reckon_stale(now=now())
        else:
            assert begun.wait(timeout=5)
            create_policy(actor=None, name="New", priority="high", first_response_time=60, resolution_time=240)
            over.set()

    monkeypatch.setattr(clocks, "set_deadlines", held_up)
    at_once(2, go)
    jobs.catch_up()
    ticket.refresh_from_db()
    assert ticket.sla_deadline == ticket.created_at + timedelta(minutes=240)


# --- Done ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edit", ["schedule", "holiday", "delete"])
def test_what_is_done_keeps_its_deadlines_when_calendars_change(
    api: ApiClient, customer: User, agent: User, edit: str
) -> None:
    office = hours(api)
    key = policy(api, businessHoursId=office)
    with at("2025-12-17 16:00"):
        ticket = file(api, customer)
    with at("2025-12-18 09:30"):
        change(api, ticket, status="resolved")
        before = api.get(f"/api/tickets/{ticket['id']}/sla").json()
    assert deadlines(api, ticket) == (shown("2025-12-17 17:00"), shown("2025-12-18 12:00"))
    if edit == "schedule":
        update_hours(
            office, actor=None, schedule=[{**day, "startTime": "12:00"} for day in OFFICE], timezone="Asia/Tokyo"
        )
    elif edit == "holiday":
        add_holiday(office, actor=None, name="Off", date=moment("2025-12-17 00:00").date())
    else:
        delete_policy(key, actor=None)
        delete_hours(office, actor=None)
    with at("2025-12-19 10:00"):
        api.post(f"/api/tickets/{ticket['id']}/replies", {"userId": str(agent.pk), "content": "All well?"})
        api.post(f"/api/tickets/{ticket['id']}/archive")
        after = api.get(f"/api/tickets/{ticket['id']}/sla").json()
    assert deadlines(api, ticket) == (shown("2025-12-17 17:00"), shown("2025-12-18 12:00"))
    assert after["resolution"] == before["resolution"]
    assert after["firstResponse"]["segments"][:2] == before["firstResponse"]["segments"][:2]


def test_what_is_reopened_is_measured_by_what_holds_now(api: ApiClient, customer: User) -> None:
    office = hours(api)
    key = policy(api, businessHoursId=office)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    with at("2025-12-17 11:00"):
        change(api, ticket, status="resolved")
    api.patch(f"/api/sla-policies/{key}", {"resolutionTime": 120})
    update_hours(office, actor=None, timezone="America/New_York")  # from 14:00 on
    assert deadlines(api, ticket)[1] == shown("2025-12-17 14:00")
    with at("2025-12-17 15:00"):
        assert change(api, ticket, status="open")["slaDeadline"] == shown("2025-12-17 17:00")


# --- Late at once -------------------------------------------------------------------------------------


def mails() -> list[str]:
    return list(OutgoingMail.objects.order_by("created_at", "id").values_list("subject", flat=True))


def test_a_new_promise_tells_of_what_is_late_already_in_one_mail(
    api: ApiClient, customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sla.services.AT_ONCE", 10)
    monkeypatch.setattr("sla.clocks.BATCH", 10)
    with at("2025-12-15 10:00"):
        numbers = [file(api, customer)["ticketNumber"] for _ in range(25)]
    with at("2025-12-17 10:00"), TestCase.captureOnCommitCallbacks(execute=True):
        policy(api, escalationEmail="duty@example.com")
        late = file(api, customer)
        jobs.catch_up()
        jobs.catch_up()
    assert Activity.objects.filter(action="sla_breached").count() == 50
    (digest,) = mail.outbox
    assert (digest.to, digest.subject) == (["duty@example.com"], "High: 25 tickets are late")
    assert f"#{numbers[0]} " in digest.body
    assert "and 5 more" in digest.body
    with at("2025-12-17 11:01"):
        jobs.watch_deadlines()
    assert mails() == [f"Ticket #{late['ticketNumber']}: first response overdue"]


def test_one_that_is_late_at_once_is_told_like_any_other(api: ApiClient, customer: User) -> None:
    key = policy(api, escalationEmail="duty@example.com")
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    with at("2025-12-17 10:30"):
        api.patch(f"/api/sla-policies/{key}", {"firstResponseTime": 20})
        jobs.catch_up()
    assert mails() == [f"Ticket #{ticket['ticketNumber']}: first response overdue"]


def test_nobody_is_flooded_after_a_long_silence(api: ApiClient, customer: User) -> None:
    policy(api, escalationEmail="duty@example.com")
    with at("2025-12-17 10:00"):
        for _ in range(15):
            file(api, customer)
    with at("2025-12-19 10:00"):
        jobs.watch_deadlines()
        assert mails() == []
        jobs.catch_up()
    assert mails() == ["High: 15 tickets are late"]


def test_a_digest_goes_to_whoever_is_in_charge_when_it_is_sent(api: ApiClient, customer: User) -> None:
    with at("2025-12-15 10:00"):
        for _ in range(3):
            file(api, customer)
    with at("2025-12-17 10:00"):
        key = policy(api, escalationEmail="duty@example.com")
        api.patch(f"/api/sla-policies/{key}", {"escalationEmail": None})
        jobs.catch_up()
        api.patch(f"/api/sla-policies/{key}", {"escalationEmail": "night@example.com"})
        jobs.catch_up()
    assert mails() == []


# --- Many at once -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 5])
def test_a_bulk_change_asks_once_what_is_promised(api: ApiClient, customer: User, count: int) -> None:
    policy(api, businessHoursId=hours(api))
    tickets = [file(api, customer)["id"] for _ in range(count)]
    with CaptureQueriesContext(connection) as queries:
        answer = api.post("/api/tickets/bulk", {"ids": tickets, "changes": {"status": "pending"}})
    assert answer.json()["updated"] == count
    asked = [q["sql"] for q in queries]
    assert sum("sla_slapolicy" in sql for sql in asked) == 1
    assert sum("automation_ruleset" in sql for sql in asked) == 1
    assert sum("sla_clock" in sql for sql in asked) == 2 * count
