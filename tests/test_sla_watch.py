"""Late, and nearly late: noticed in time, noted exactly once, and told to whoever has to know."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.test import TestCase

from accounts.models import User
from helpdesk.periodic import registry
from outbox.models import OutgoingMail
from sla import clocks, jobs
from sla.models import Clock, SlaPolicy
from sla.services import create_policy, update_policy
from sla.signals import sla_breached, sla_warning
from tests.factories import UserFactory
from tickets.merging import merge_tickets
from tickets.models import Activity, Ticket
from tickets.services import add_reply, archive_ticket, create_ticket, restore_ticket, update_ticket

pytestmark = pytest.mark.django_db

AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


def at(time: str) -> AbstractContextManager[Any]:
    """`with at("10:00"):` on the day of the test."""
    return time_machine.travel(moment(time), tick=False)


def moment(time: str) -> datetime:
    return datetime.fromisoformat(f"2025-12-17 {time}").replace(tzinfo=UTC)


@pytest.fixture
def policy() -> SlaPolicy:
    """An hour for the first response (a warning after 48 minutes), ten for the resolution (after eight hours)."""
    return create_policy(
        actor=None,
        name="High",
        priority="high",
        first_response_time=60,
        resolution_time=600,
        escalation_email="duty@example.com",
    )


@pytest.fixture
def ticket(policy: SlaPolicy, customer: User) -> Ticket:
    """Filed at ten o'clock."""
    with at("10:00"):
        return filed(customer)


def filed(customer: User, **values: Any) -> Ticket:
    body = {"subject": "Printer\non fire", "description": "y", "priority": "high", **values}
    return create_ticket(actor=None, customer_id=customer.pk, **body)


def watch(*times: str) -> None:
    for time in times:
        with at(time):
            jobs.watch_deadlines()


def breaches(ticket: Ticket | None = None) -> list[str]:
    lines = Activity.objects.filter(action="sla_breached", **({"ticket": ticket} if ticket else {}))
    assert not lines.exclude(user=None).exists()
    return list(lines.order_by("created_at", "id").values_list("new_value", flat=True))


def told() -> list[str]:
    """What mails are about, in the order in which they were written down."""
    ours = OutgoingMail.objects.filter(key__startswith="sla:").order_by("created_at", "id")
    keys = ours.values_list("key", flat=True)
    return [" ".join(key.split(":")[2:]) for key in keys]


@contextmanager
def listening() -> Iterator[list[tuple[str, str]]]:
    heard: list[tuple[str, str]] = []

    def warned(target: str, **kwargs: Any) -> None:
        heard.append(("warning", target))

    def breached(target: str, **kwargs: Any) -> None:
        heard.append(("breach", target))

    sla_warning.connect(warned)
    sla_breached.connect(breached)
    try:
        yield heard
    finally:
        sla_warning.disconnect(warned)
        sla_breached.disconnect(breached)


def test_the_worker_runs_the_jobs() -> None:
    assert {"sla.jobs.watch_deadlines", "sla.jobs.catch_up"} <= registry.keys()


# --- Exactly once -------------------------------------------------------------------------------------


def test_warnings_and_breaches_come_when_they_are_due_and_once(ticket: Ticket) -> None:
    with listening() as heard:
        watch("10:47")
        assert heard == []
        watch("10:49", "10:50", "10:59")
        assert heard == [("warning", "first_response")]
        assert breaches() == []
        watch("11:01", "11:02")
        assert heard[1:] == [("breach", "first_response")]
        watch("18:01", "19:00", "20:01", "20:02", "23:59")
        assert heard[2:] == [("warning", "resolution"), ("breach", "resolution")]
    assert breaches(ticket) == ["first response", "resolution"]
    assert told() == ["first_response warning", "first_response breach", "resolution warning", "resolution breach"]
    assert Clock.objects.get().next_event_at is None


def test_the_escalation_says_what_it_is_about(ticket: Ticket) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        watch("11:01")
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["duty@example.com"], f"Ticket #{ticket.ticket_number}: first response overdue")
    assert "Printer on fire" in sent.body
    assert "2025-12-17 11:00 UTC" in sent.body
    assert "High" in sent.body


def test_without_an_address_nobody_is_written_to(policy: SlaPolicy, ticket: Ticket) -> None:
    update_policy(policy.pk, actor=None, escalation_email=None)
    watch("11:01")
    assert (breaches(), told()) == (["first response"], [])


def test_nobody_is_warned_of_what_is_late_already(ticket: Ticket) -> None:
    watch("23:00")
    assert told() == ["first_response breach", "resolution breach"]


def test_a_breach_is_not_said_again_when_the_deadline_moves(policy: SlaPolicy, ticket: Ticket) -> None:
    watch("11:01")
    with at("11:05"):
        update_policy(policy.pk, actor=None, first_response_time=120)
    watch("12:01")
    assert breaches() == ["first response"]


def test_what_was_done_in_time_is_never_late(ticket: Ticket, agent: User) -> None:
    with at("10:30"):
        add_reply(ticket, user_id=agent.pk, content="On it")
    with at("10:40"):
        update_ticket(ticket, actor=agent, status="resolved")
    watch("10:50", "11:01", "18:01", "20:01")
    assert (breaches(), told()) == ([], [])
    assert Clock.objects.get().next_event_at is None


# --- Between two passes -------------------------------------------------------------------------------


def test_an_answer_after_the_deadline_is_a_breach_even_if_nobody_watched(ticket: Ticket, agent: User) -> None:
    with at("11:01"):
        add_reply(ticket, user_id=agent.pk, content="On it")
        assert breaches() == ["first response"]
    watch("11:02")
    assert breaches() == ["first response"]


def test_a_late_answer_in_a_time_of_rest_is_none(ticket: Ticket, agent: User) -> None:
    with at("10:30"):
        update_ticket(ticket, actor=agent, status="pending")
    with at("15:00"):
        add_reply(ticket, user_id=agent.pk, content="On it")
    watch("23:00")
    assert breaches() == []
    ticket.refresh_from_db()
    assert ticket.first_response_deadline == moment("15:30")


@pytest.mark.parametrize("status", ["resolved", "closed", "pending"])
def test_a_ticket_that_rests_after_the_deadline_was_late(ticket: Ticket, agent: User, status: str) -> None:
    with at("10:30"):
        add_reply(ticket, user_id=agent.pk, content="On it")
    with at("20:01"):
        update_ticket(ticket, actor=agent, status=status)
    assert breaches() == ["resolution"]
    assert told() == ["resolution breach"]


def test_a_higher_priority_may_be_late_at_once(ticket: Ticket) -> None:
    create_policy(actor=None, name="Urgent", priority="urgent", first_response_time=10, resolution_time=20)
    with at("10:30"):
        update_ticket(ticket, actor=None, priority="urgent")
    assert breaches() == ["first response", "resolution"]


def test_a_shorter_promise_may_make_tickets_late_at_once(policy: SlaPolicy, ticket: Ticket) -> None:
    with at("10:30"):
        update_policy(policy.pk, actor=None, first_response_time=20)
    assert breaches() == ["first response"]


def test_a_ticket_that_waits_is_never_late(ticket: Ticket) -> None:
    with at("10:30"):
        update_ticket(ticket, actor=None, status="pending")
    watch("11:01", "20:01", "23:59")
    assert (breaches(), told()) == ([], [])


def test_an_answer_taken_over_by_a_merge_counts(ticket: Ticket, customer: User, agent: User) -> None:
    with at("10:10"):
        other = filed(customer)
        add_reply(other, user_id=agent.pk, content="On it")
        merge_tickets(ticket, source_ids=[other.pk], actor=agent)
    watch("11:30")
    assert breaches() == []


def test_archived_tickets_are_left_in_peace_until_they_are_back(ticket: Ticket) -> None:
    with at("10:30"):
        archive_ticket(ticket, actor=None)
    watch("23:00")
    assert breaches() == []
    with at("23:30"):
        restore_ticket(ticket, actor=None)
    assert breaches() == ["first response", "resolution"]


# --- Many, and several at once ------------------------------------------------------------------------


def test_many_are_seen_to_in_batches(policy: SlaPolicy, customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with at("10:00"):
        for _ in range(7):
            filed(customer)
    taken = []
    reckon = clocks.reckon

    def counted(tickets: list[Ticket], **rest: Any) -> None:
        taken.append(len(tickets))
        reckon(tickets, **rest)

    monkeypatch.setattr(clocks, "reckon", counted)
    while clocks.reckon_due(now=moment("11:01"), limit=3):
        pass
    assert taken == [3, 3, 1]
    assert breaches() == ["first response"] * 7


@pytest.mark.parametrize("step", ["record_breaches", "write_to", "queue_mail"])
def test_a_pass_that_dies_halfway_is_made_up_for(ticket: Ticket, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    with monkeypatch.context() as broken:

        def die(*args: Any, **kwargs: Any) -> None:
            raise KeyboardInterrupt

        broken.setattr(f"sla.escalation.{step}", die)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            watch("11:01")
    assert (breaches(), told()) == ([], [])
    watch("11:02", "11:03")
    assert (breaches(), told()) == (["first response"], ["first_response breach"])


@pytest.mark.django_db(transaction=True)
def test_several_watchers_at_once_say_everything_once(at_once: AtOnce) -> None:
    create_policy(
        actor=None,
        name="High",
        priority="high",
        first_response_time=60,
        resolution_time=120,
        escalation_email="duty@example.com",
    )
    customer = UserFactory()
    with at("10:00"):
        tickets = [filed(customer) for _ in range(40)]

    def go(number: int) -> None:
        while clocks.reckon_due(now=moment("13:00"), limit=5):
            pass

    at_once(4, go)
    # Whoever met another one at every ticket gave up; the next pass finds what is left.
    go(0)
    for ticket in tickets:
        assert breaches(ticket) == ["first response", "resolution"]
    assert sorted(told()) == ["first_response breach"] * 40 + ["resolution breach"] * 40
    assert not Clock.objects.filter(next_event_at__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_watchers_verbs_and_settings_at_once_leave_everything_right(at_once: AtOnce) -> None:
    policy = create_policy(actor=None, name="High", priority="high", first_response_time=60, resolution_time=120)
    customer = UserFactory()
    now = datetime.now(UTC)
    with time_machine.travel(now - timedelta(hours=3), tick=False):
        tickets = [filed(customer) for _ in range(12)]

    def go(number: int) -> None:
        if number == 0:
            for minutes in (130, 150, 240):
                update_policy(policy.pk, actor=None, resolution_time=minutes)
        elif number == 1:
            jobs.watch_deadlines()
            jobs.catch_up()
        else:
            for ticket in tickets[number::6]:
                update_ticket(ticket, actor=None, status="pending")
                update_ticket(ticket, actor=None, status="open")

    at_once(6, go)
    jobs.watch_deadlines()
    jobs.catch_up()
    with time_machine.travel(now + timedelta(minutes=5), tick=False):
        jobs.catch_up()
    for ticket in Ticket.objects.all():
        rest = ticket.sla_deadline - ticket.created_at - timedelta(minutes=240)
        assert timedelta() <= rest < timedelta(seconds=30), "240 minutes, and as long as it waited"
        assert breaches(ticket).count("first response") == 1
        assert breaches(ticket).count("resolution") <= 1
