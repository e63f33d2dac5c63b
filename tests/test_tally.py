"""The tally behind the dashboard and reports: true whatever happens to tickets, and whoever folds it meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.groups import delete_group
from accounts.models import User
from helpdesk.demo.seeding import seed
from reports import tally, triggers
from reports.dashboard import dashboard
from reports.models import FlowChange, FlowTally, LateTally, StandingTally
from reports.periods import chosen_period
from reports.ranges import report
from sla.services import create_policy, update_policy
from tests import slow_figures
from tests.factories import AgentGroupFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.merging import merge_tickets, update_many
from tickets.models import Ticket
from tickets.services import (
    add_reply,
    archive_ticket,
    create_ticket,
    delete_ticket,
    pick_ticket,
    restore_ticket,
    update_ticket,
)

UTC_ZONE = ZoneInfo("UTC")


def assert_true() -> None:
    now = timezone.now()
    period = chosen_period({"range": "7d"}, now=now)
    assert dashboard(None, now=now, zone=UTC_ZONE) == slow_figures.dashboard(now, UTC_ZONE, lambda _: True)
    assert report(period, None) == slow_figures.report(period.first, period.last, UTC_ZONE, lambda _: True)


def rows() -> int:
    return sum(model._default_manager.count() for model in tally.TALLIES)


def changes() -> list[tuple[str, int]]:
    return sorted(FlowChange.objects.values_list("flow", "tickets"))


def merge(ticket: Ticket, agent: User) -> None:
    other = TicketFactory(customer=ticket.customer, first_response_at=timezone.now())
    merge_tickets(ticket, source_ids=[other.pk], actor=agent)


def change_many(ticket: Ticket, agent: User) -> None:
    update_many([ticket.pk], changes={"status": "closed", "priority": "low"}, actor=agent, visible=Ticket.objects.all())


def promise_something_else(ticket: Ticket, agent: User) -> None:
    policy = create_policy(actor=None, name="P", priority=ticket.priority, first_response_time=5, resolution_time=9)
    update_policy(policy.pk, actor=None, first_response_time=1, resolution_time=1)


def fail(ticket: Ticket, agent: User) -> None:
    with transaction.atomic():
        update_ticket(ticket, actor=agent, status="closed", priority="urgent")
        transaction.set_rollback(True)


def write_back(ticket: Ticket, agent: User) -> None:
    add_reply(ticket, user_id=ticket.customer_id, content="Hello")


def set_in_bulk(ticket: Ticket, agent: User) -> None:
    Ticket.objects.update(status="pending", due_date=timezone.now())


def copy_in(ticket: Ticket, agent: User) -> None:
    rows = {"customer": ticket.customer, "subject": "x", "sla_deadline": ticket.created_at}
    Ticket.objects.bulk_create(Ticket(ticket_number=-number, **rows) for number in range(1, 9))


HAPPENINGS: dict[str, Callable[[Ticket, User], Any]] = {
    "resolve": lambda ticket, agent: update_ticket(ticket, actor=agent, status="resolved"),
    "pick": lambda ticket, agent: pick_ticket(ticket, agent_id=agent.pk),
    "answer": lambda ticket, agent: add_reply(ticket, user_id=agent.pk, content="Hello"),
    "write back": write_back,
    "archive": lambda ticket, agent: archive_ticket(ticket, actor=agent),
    "restore": lambda ticket, agent: restore_ticket(ticket, actor=agent),
    "delete": lambda ticket, agent: delete_ticket(ticket, actor=agent),
    "change many": change_many,
    "merge": merge,
    "promise something else": promise_something_else,
    "lose the group": lambda ticket, agent: delete_group(ticket.group, actor=agent),
    "fail": fail,
    "set in bulk": set_in_bulk,
    "copy in": copy_in,
}


@pytest.mark.django_db
@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize("before", [{}, {"status": "closed"}, {"archived": True}], ids=["open", "closed", "archived"])
def test_the_tally_follows_whatever_happens(
    happening: str, before: dict[str, Any], agent: User, customer: User
) -> None:
    group = AgentGroupFactory()
    ticket = create_ticket(
        actor=None, customer_id=customer.pk, subject="x", description="y", group_id=group.pk, status="open"
    )
    if before.get("archived"):
        archive_ticket(ticket, actor=None)
    elif before:
        update_ticket(ticket, actor=None, **before)
    ticket.refresh_from_db()
    assert_true()
    HAPPENINGS[happening](ticket, agent)
    assert_true()
    tally.fold(now=timezone.now())
    assert_true()


@pytest.mark.django_db
def test_what_does_not_matter_to_the_figures_appends_nothing(agent: User) -> None:
    ticket = TicketFactory(assignee=agent, status="open")
    before = rows()
    other = UserFactory(agent=True)
    update_ticket(ticket, actor=agent, subject="Other", description="z", assignee_id=other.pk)
    ReplyFactory(ticket=ticket)
    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "appended"),
    [
        ({"category": "billing"}, [("filed_category", -1), ("filed_category", 1)]),
        ({"tags": ["new", "eu"]}, [("filed_tag", -1), ("filed_tag", 1)]),
        ({"first_response_at": timezone.now()}, [("filed", 0), ("filed_priority", 0)]),
        (
            {"status": "closed", "resolved_at": timezone.now()},
            [("resolved", 1), ("resolved_agent", 1), ("resolved_group", 1), ("resolved_priority", 1)],
        ),
    ],
)
def test_a_change_appends_nothing_but_what_it_changes(change: dict[str, Any], appended: list[Any]) -> None:
    ticket = TicketFactory(tags=["eu", "old"])
    tally.fold(now=timezone.now())
    Ticket.objects.filter(pk=ticket.pk).update(**change)
    assert changes() == appended
    assert_true()


@pytest.mark.django_db
def test_folding_leaves_few_rows_and_none_for_what_is_gone() -> None:
    now = timezone.now()
    tickets = TicketFactory.create_batch(6, sla_deadline=now - timedelta(days=2))
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets[:3]]).update(priority="high")
    tally.fold(now=now)
    assert StandingTally.objects.count() == 2
    assert (FlowChange.objects.count(), FlowTally.objects.filter(flow="filed_priority").count()) == (0, 2)
    assert list(LateTally.objects.order_by("kind").values_list("kind", "tickets")) == [("breached", 6), ("overdue", 6)]
    assert_true()
    Ticket.objects.all().delete()
    tally.fold(now=now)
    assert rows() == 0


@pytest.mark.django_db
def test_more_than_a_batch_is_folded(monkeypatch: Any) -> None:
    monkeypatch.setattr(tally, "BATCH", 3)
    for status in ("open", "pending", "closed", "open", "resolved", "in_progress", "open", "closed"):
        TicketFactory(status=status, priority="low", due_date=datetime(2020, 1, 1, tzinfo=UTC))
    tally.fold(now=timezone.now())
    assert_true()
    assert LateTally.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "tags", [[None, "eu"], {"eu": 1}, "eu", [token_hex(5_000)]], ids=["null", "object", "word", "long"]
)
def test_tags_that_are_none_stop_neither_writers_nor_folding_nor_migrations(tags: Any) -> None:
    ticket = TicketFactory(tags=["old"])
    Ticket.objects.filter(pk=ticket.pk).update(tags=tags)
    period = chosen_period({"range": "7d"}, now=timezone.now())
    tally.fold(now=timezone.now())
    folded = report(period, None)
    tally.rebuild()
    assert report(period, None) == folded == report(period, Ticket.objects.all())
    assert [row["name"][:64] for row in folded["by_tag"]] == [row["name"] for row in folded["by_tag"]]


@pytest.mark.django_db
def test_reports_fold_what_no_worker_does(monkeypatch: Any) -> None:
    monkeypatch.setattr(tally, "ROOM", 9)
    for _ in range(2):
        TicketFactory(tags=["eu", "vip"])
        assert_true()
    assert FlowChange.objects.count() <= 9


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There every figure is read as of its own moment.")
@pytest.mark.django_db(transaction=True)
def test_a_ticket_that_comes_while_a_report_is_read_counts_in_all_of_it_or_in_nothing(
    at_once: Callable[..., list[Any]], customer: User
) -> None:
    came: list[Any] = []

    def come(execute: Any, sql: str, *args: Any) -> Any:
        result = execute(sql, *args)
        if "reports_flowtally" in sql and not came:
            came.append(sql)
            at_once(1, lambda _: TicketFactory(customer=customer))
        return result

    period = chosen_period({"range": "7d"}, now=timezone.now())
    with connection.execute_wrapper(come):
        found = report(period, None)
    assert came
    assert found["summary"]["total_tickets"] == sum(row["value"] for row in found["priority_distribution"])
    assert found["summary"]["total_tickets"] == found["backlog"][-1]["open"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There is no TRUNCATE.")
@pytest.mark.django_db(transaction=True)
def test_tickets_that_are_truncated_count_no_more() -> None:
    TicketFactory.create_batch(2)
    tally.fold(now=timezone.now())
    TicketFactory()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tickets_ticket CASCADE")
    assert rows() == 0


@pytest.mark.django_db
def test_a_wrong_tally_is_set_right_by_counting_afresh() -> None:
    TicketFactory.create_batch(3, due_date=datetime(2020, 1, 1, tzinfo=UTC))
    StandingTally.objects.update(tickets=99)
    LateTally.objects.all().delete()
    FlowTally.objects.all().delete()
    out = StringIO()
    call_command("rebuild_reports", stdout=out)
    assert "counted afresh" in out.getvalue()
    assert_true()


@pytest.mark.django_db
def test_lost_triggers_come_back_after_the_next_migration() -> None:
    assert triggers.stand()
    triggers.drop()
    TicketFactory.create_batch(2)
    assert not triggers.stand()
    tally.keep()
    assert triggers.stand()
    assert_true()


@pytest.mark.django_db
def test_the_demo_is_counted() -> None:
    assert seed(60, datetime(2026, 11, 24, tzinfo=UTC), lambda _: None)
    assert_true()
    assert dashboard(None, now=timezone.now(), zone=UTC_ZONE)["total_tickets"] > 50


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_counts_nothing() -> None:
    TicketFactory.create_batch(2)
    call_command("flush", interactive=False, verbosity=0)
    assert rows() == 0
    TicketFactory()
    assert_true()


@pytest.mark.django_db(transaction=True)
def test_writers_and_folders_at_once_leave_a_true_tally(at_once: Callable[..., list[Any]], customer: User) -> None:
    tickets = TicketFactory.create_batch(6, customer=customer, due_date=timezone.now())

    def attempt(number: int) -> None:
        for step in range(3):
            if number == 0:
                tally.fold(now=timezone.now() + timedelta(hours=2))
            elif number == 1:
                tally.rebuild()
            else:
                status = ("pending", "resolved", "open")[step]
                update_ticket(tickets[number].pk, actor=None, status=status)

    at_once(5, attempt)
    assert_true()
