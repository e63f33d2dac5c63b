"""Time rules fire once for a ticket each time it enters their condition, whatever happens to the worker."""

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from accounts.models import User
from automation import time_rules
from automation.models import AutomationRule, TimeMatch
from automation.services import create_rule, delete_rule, update_rule
from automation.time_rules import is_due, run_time_rules
from tests.client import ApiClient
from tests.factories import ReplyFactory, TicketFactory, UserFactory
from tickets.models import Activity, Note, Ticket
from tickets.services import archive_ticket

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
# How many tickets the killed worker has before it: CROWD=10000 for the long run.
CROWD = int(os.environ.get("CROWD", "60"))
IDLE = {"field": "hoursSinceUpdated", "operator": "greater_than", "value": 48}
PENDING = {"field": "status", "operator": "is", "value": "pending"}
NOTE = {"type": "add_note", "value": "Waiting for long"}


@pytest.fixture
def rule(admin: User) -> Callable[..., AutomationRule]:
    def make(**values: Any) -> AutomationRule:
        wanted = {"name": "Rule", "rule_type": "time_trigger", "conditions": [PENDING], "actions": [NOTE], **values}
        return create_rule(actor=admin, **wanted)

    return make


def executed(ticket: Ticket) -> int:
    return Activity.objects.filter(ticket=ticket, action="automation_executed").count()


def test_a_ticket_that_waits_for_long_is_found(rule: Any) -> None:
    now = timezone.now()
    old = TicketFactory(status="pending", updated_at=now - 49 * HOUR)
    fresh = TicketFactory(status="pending", updated_at=now - 47 * HOUR)
    open_ = TicketFactory(updated_at=now - 49 * HOUR)
    archived = TicketFactory(status="pending", updated_at=now - 49 * HOUR, archived_at=now)
    rule(conditions=[PENDING, IDLE])
    assert run_time_rules(now) == 1
    assert [executed(ticket) for ticket in (old, fresh, open_, archived)] == [1, 0, 0, 0]
    assert Note.objects.get().ticket_id == old.pk


def test_a_rule_fires_again_only_after_the_ticket_has_left_the_condition(rule: Any, api: ApiClient) -> None:
    ticket = TicketFactory(status="pending")
    rule()
    for status, fired in (("pending", 1), ("pending", 1), ("open", 1), ("pending", 2), ("pending", 2)):
        api.patch(f"/api/tickets/{ticket.pk}", {"status": status})
        run_time_rules(timezone.now())
        assert executed(ticket) == fired
    # Leaving and coming back between two passes is nothing anybody could see.
    api.patch(f"/api/tickets/{ticket.pk}", {"status": "open"})
    api.patch(f"/api/tickets/{ticket.pk}", {"status": "pending"})
    run_time_rules(timezone.now())
    assert executed(ticket) == 2


def test_what_a_rule_does_may_take_the_ticket_out_of_its_condition(rule: Any) -> None:
    ticket = TicketFactory(status="pending")
    rule(actions=[{"type": "set_status", "value": "open"}])
    assert [run_time_rules(timezone.now()) for _ in range(3)] == [1, 0, 0]
    assert not TimeMatch.objects.exists()
    Ticket.objects.filter(pk=ticket.pk).update(status="pending")
    assert run_time_rules(timezone.now()) == 1


def test_conditions_that_sql_cannot_ask_leave_and_enter_alike(rule: Any) -> None:
    tickets = [TicketFactory(custom_fields={"plan": plan}) for plan in ("pro", "free")]
    rule(conditions=[{"field": "customFields.plan", "operator": "is", "value": "Pro"}])
    assert [run_time_rules(timezone.now()) for _ in range(2)] == [1, 0]
    for plan, expected in (("free", 0), ("pro", 1)):
        Ticket.objects.filter(pk=tickets[0].pk).update(custom_fields={"plan": plan})
        time.sleep(0.002)
        assert run_time_rules(timezone.now()) == expected
    assert [executed(ticket) for ticket in tickets] == [2, 0]


def test_hours_since_the_status_changed_and_the_customer_wrote(rule: Any, api: ApiClient, customer: User) -> None:
    now = timezone.now()
    ticket = TicketFactory(customer=customer, created_at=now - 10 * HOUR)
    rule(name="Status", conditions=[{"field": "hoursSinceStatusChanged", "operator": "greater_than", "value": 5}])
    rule(name="Reply", conditions=[{"field": "hoursSinceCustomerReply", "operator": "greater_than", "value": 5}])

    def matched() -> set[str]:
        run_time_rules(timezone.now())
        return set(TimeMatch.objects.values_list("rule__name", flat=True))

    assert matched() == {"Status", "Reply"}, "the request itself is the first message"
    api.patch(f"/api/tickets/{ticket.pk}", {"status": "pending"})
    assert matched() == {"Reply"}
    for author, internal, heard in (
        (UserFactory(agent=True), False, {"Reply"}),
        (UserFactory(agent=True), True, {"Reply"}),
        (UserFactory(), False, set()),  # a colleague of the customer
    ):
        ReplyFactory(ticket=ticket, user=author, is_internal=internal, created_at=now)
        assert matched() == heard


def test_a_failing_time_rule_says_so_once(rule: Any, agent: User) -> None:
    ticket = TicketFactory(status="pending")
    rule(actions=[{"type": "assign_to", "value": str(agent.pk)}])
    User.objects.filter(pk=agent.pk).update(is_active=False)
    for _ in range(2):
        run_time_rules(timezone.now())
    assert list(Activity.objects.filter(ticket=ticket).values_list("action", flat=True)) == ["automation_failed"]


AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
DUE = [
    ("every_5_minutes", AT, AT, True),
    ("hourly", None, AT, True),
    ("hourly", AT, AT + timedelta(minutes=29), False),
    ("hourly", AT, AT + timedelta(minutes=30), True),
    ("hourly", AT, AT + timedelta(days=1), True),
    ("daily", AT, AT + timedelta(hours=11), False),
    ("daily", AT, AT + timedelta(hours=12), True),
    ("daily", None, AT, True),
]


@pytest.mark.parametrize(("trigger", "completed", "now", "due"), DUE)
def test_when_a_pass_is_due(trigger: str, completed: datetime | None, now: datetime, due: bool) -> None:
    assert is_due(trigger, completed, now) is due


def test_a_pass_that_broke_off_goes_on_where_it_stopped(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    TicketFactory.create_batch(5, status="pending")
    daily = rule(trigger="daily")
    seen: list[Any] = []

    def until_the_third(*given: Any, **named: Any) -> None:
        seen.append(given)
        if len(seen) == 3:
            raise KeyboardInterrupt
        genuine(*given, **named)

    genuine = time_rules.run_rules
    monkeypatch.setattr(time_rules, "run_rules", until_the_third)
    with pytest.raises(KeyboardInterrupt):
        run_time_rules(timezone.now())
    monkeypatch.undo()
    assert run_time_rules(timezone.now()) == 3, "although it is a daily rule, and the day is the same"
    assert run_time_rules(timezone.now()) == 0
    assert Note.objects.count() == 5
    daily.refresh_from_db()
    assert daily.completed_pass_at is not None


def counting(monkeypatch: pytest.MonkeyPatch, then: dict[int, Callable[[], Any]]) -> list[Any]:
    """Let something happen before a rule acts for the nth time."""
    seen: list[Any] = []
    genuine = time_rules.fire_once

    def fire_once(*given: Any) -> bool:
        seen.append(given)
        then.get(len(seen), lambda: None)()
        return genuine(*given)

    monkeypatch.setattr(time_rules, "fire_once", fire_once)
    return seen


CHANGES: dict[str, Callable[[AutomationRule], Any]] = {
    "switched off": lambda rule: update_rule(rule, actor=None, is_active=False),
    "deleted": lambda rule: delete_rule(rule, actor=None),
    "another kind": lambda rule: update_rule(rule, actor=None, rule_type="ticket_update"),
    "other conditions": lambda rule: update_rule(rule, actor=None, conditions=[IDLE]),
    "other actions": lambda rule: update_rule(rule, actor=None, actions=[{"type": "add_tag", "value": "x"}]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_pass_breaks_off_when_its_rule_changes(
    rule: Any, monkeypatch: pytest.MonkeyPatch, change: Callable[[AutomationRule], Any]
) -> None:
    TicketFactory.create_batch(4, status="pending")
    changing, later = rule(name="A"), rule(name="B", actions=[{"type": "add_tag", "value": "seen"}])
    seen = counting(monkeypatch, {3: lambda: change(changing)})
    assert run_time_rules(timezone.now()) == 2 + 4
    assert len(seen) == 3 + 4, "the others go on"
    assert Note.objects.count() == 2
    assert AutomationRule.objects.filter(completed_pass_at=None).count() == AutomationRule.objects.count() - 1
    assert later.pk == AutomationRule.objects.exclude(completed_pass_at=None).get().pk


def test_what_does_not_concern_a_rule_lets_its_pass_go_on(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    TicketFactory.create_batch(3, status="pending")
    rule(name="A")
    other = rule(name="B", is_active=False)
    counting(monkeypatch, {2: lambda: update_rule(other, actor=None, name="C")})
    assert run_time_rules(timezone.now()) == 3


def test_a_ticket_that_is_archived_during_a_pass_is_left_alone(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = TicketFactory.create_batch(2, status="pending")
    rule()
    counting(monkeypatch, {2: lambda: archive_ticket(second, actor=None)})
    assert run_time_rules(timezone.now()) == 1
    assert [executed(ticket) for ticket in (first, second)] == [1, 0]


def test_a_rule_that_breaks_off_keeps_no_other_from_its_pass(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = TicketFactory.create_batch(2, status="pending")
    rule(name="A")
    rule(name="B")
    genuine = time_rules.release

    def release(one: Any, *given: Any, **named: Any) -> None:
        if one.name == "A":
            raise ZeroDivisionError
        genuine(one, *given, **named)

    monkeypatch.setattr(time_rules, "release", release)
    with pytest.raises(ZeroDivisionError):  # seen as a failed job
        run_time_rules(timezone.now())
    assert [executed(ticket) for ticket in tickets] == [1, 1]
    monkeypatch.undo()
    assert run_time_rules(timezone.now()) == 2


def test_a_ticket_that_cannot_be_had_keeps_no_other_waiting_and_is_not_skipped(
    rule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = TicketFactory.create_batch(3, status="pending")
    daily = rule(trigger="daily")
    stuck = tickets[1].pk
    genuine = time_rules.fire_once

    def fire_once(one: Any, key: Any) -> bool:
        if key == stuck:
            raise OperationalError("deadlock detected")
        return genuine(one, key)

    monkeypatch.setattr(time_rules, "fire_once", fire_once)
    assert run_time_rules(timezone.now()) == 2
    monkeypatch.undo()
    assert run_time_rules(timezone.now()) == 1, "before the next day"
    assert [executed(ticket) for ticket in tickets] == [1, 1, 1]
    daily.refresh_from_db()
    assert daily.completed_pass_at is not None


def test_a_batch_of_tickets_takes_few_queries(rule: Any, django_assert_max_num_queries: Any) -> None:
    TicketFactory.create_batch(30, status="pending")
    derived = ("hoursSinceStatusChanged", "hoursSinceCustomerReply")
    old = [{"field": name, "operator": "greater_than", "value": 5} for name in derived]
    rule(conditions=[*old, {"field": "linkedTicketIds", "operator": "is_not_empty"}], condition_match="any")
    with django_assert_max_num_queries(15):
        assert run_time_rules(timezone.now()) == 0


# --- Two workers, and death ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_act_once(rule: Any, at_once: Any) -> None:
    tickets = TicketFactory.create_batch(25, status="pending")
    rule()
    rule(name="Slow", conditions=[{"field": "tags", "operator": "is_empty"}])
    fired = at_once(4, lambda _: run_time_rules(timezone.now()))
    run_time_rules(timezone.now())
    assert [executed(ticket) for ticket in tickets] == [2] * 25
    assert sum(fired) == 50


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_moment_neither_repeats_nor_skips(rule: Any) -> None:
    customer = UserFactory()
    tickets = TicketFactory.create_batch(CROWD, status="pending", customer=customer)
    rule(actions=[NOTE, {"type": "add_tag", "value": "late"}])
    for patience in (0.02, 0.05, 0.08, 0.11, 0.14, *(2.5 + n / 7 for n in range(CROWD // 1000))):
        connections.close_all()
        worker = os.fork()
        if worker == 0:
            run_time_rules(timezone.now())
            os._exit(0)
        time.sleep(patience)
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
    run_time_rules(timezone.now())
    assert [executed(ticket) for ticket in tickets] == [1] * CROWD
    assert Note.objects.count() == TimeMatch.objects.count() == CROWD
    assert set(Ticket.objects.values_list("tags__0", flat=True)) == {"late"}
