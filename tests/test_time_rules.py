"""Time rules fire once for a ticket each time it enters their condition, whatever happens to the worker."""

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from automation import time_rules
from automation.conditions import Known, judge, parse_conditions
from automation.facts import Facts
from automation.in_sql import Narrowing
from automation.models import AutomationRule, TimeMatch
from automation.services import create_rule
from automation.time_rules import is_due, run_time_rules
from helpdesk.errors import Invalid
from tests.client import ApiClient
from tests.factories import CompanyFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.models import Activity, Note, Ticket

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
    assert run_time_rules(now) == 1, "nobody has replied"
    reply = ReplyFactory(ticket=ticket, user=customer, created_at=now - 6 * HOUR)
    ReplyFactory(ticket=ticket, created_at=now)
    api.patch(f"/api/tickets/{ticket.pk}", {"status": "pending"})
    assert run_time_rules(timezone.now()) == 1
    assert TimeMatch.objects.get().rule.name == "Reply"
    ReplyFactory(ticket=ticket, user=customer, created_at=now)
    assert run_time_rules(timezone.now()) == 0
    assert not TimeMatch.objects.exists()
    assert reply.ticket_id == ticket.pk


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


# --- SQL and Python judge alike -----------------------------------------------------------------------

VALUES: dict[str, list[Any]] = {
    "status": ["open", "Pending", "closed"],
    "priority": ["low", "high", "urgent"],
    "category": ["billing", "BILL", "straße", "50%_x", None, "K"],
    "subject": ["printer", "é", "%"],
    "assigneeId": [None, "397f8871-6bd4-4df4-ad6f-0fef197e8547"],
    "ticketNumber": [1, "3", 100],
    "dueDate": ["2026-01-02", "2026-01-01T12:00:00Z", None],
    "tags": ["eu"],
    "customFields.plan": ["pro", 5],
    "customer.phone": ["555", None],
    "customer.isActive": [True, False],
    "company.accountTier": ["premium", "free"],
    "company.industry": ["retail", None],
    "hoursSinceCreated": [1, 10, 100],
    "hoursSinceStatusChanged": [1, 10],
    "hoursSinceCustomerReply": [1, 10],
    "hoursUntilSlaDeadline": [-1, 0, 5],
}
OPERATORS = ["is", "is_not", "contains", "not_contains", "in", "greater_than", "less_than", "is_empty", "is_not_empty"]


@st.composite
def some_conditions(draw: st.DrawFn) -> tuple[list[dict[str, Any]], str]:
    conditions = []
    for _ in range(draw(st.integers(0, 3))):
        field = draw(st.sampled_from(list(VALUES)))
        operator = draw(st.sampled_from(OPERATORS))
        value = draw(st.sampled_from(VALUES[field]))
        one = {"field": field, "operator": operator, "value": [value] if operator == "in" else value}
        try:
            parse_conditions([one])
        except Invalid:  # not every operator fits every field
            continue
        conditions.append(one)
    return conditions, draw(st.sampled_from(["all", "any"]))


@pytest.fixture
def crowd() -> datetime:
    now = timezone.now()
    company = CompanyFactory(account_tier="premium", industry="Retail")
    people = [UserFactory(company=company, phone="555-1"), UserFactory(phone=None), UserFactory(is_active=False)]
    categories = ["Billing", "billing", "STRASSE", "straße", None, "", "50%_X", "ß", "Ärger", "\u212a", "bill"]
    for n, category in enumerate(categories):
        ticket = TicketFactory(
            category=category,
            subject=["Printer", "É", "100%", "x"][n % 4],
            status=["open", "pending", "closed"][n % 3],
            priority=["low", "medium", "high", "urgent"][n % 4],
            customer=people[n % 3],
            assignee=UserFactory(agent=True) if n % 2 else None,
            tags=[["eu"], [], ["EU", "vip"]][n % 3],
            custom_fields=[{}, {"plan": "Pro"}, {"plan": 5}][n % 3],
            due_date=[None, datetime(2026, 1, 2, 5, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)][n % 3],
            sla_deadline=[None, now - HOUR, now + 10 * HOUR][n % 3],
            created_at=now - n * 3 * HOUR,
        )
        if n % 2:
            ReplyFactory(ticket=ticket, user=ticket.customer, created_at=now - n * HOUR)
            Activity.objects.create(ticket=ticket, action="status_changed", created_at=now - n * HOUR)
    return now


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(chosen=some_conditions())
def test_sql_and_python_find_the_same_tickets(crowd: datetime, chosen: tuple[list[dict[str, Any]], str]) -> None:
    given_conditions, match = chosen
    conditions = parse_conditions(given_conditions)
    tickets = Ticket.objects.select_related("customer__company")
    expected = {t.pk for t in tickets if judge(conditions, match, Known(Facts(t, crowd)))[1]}
    narrowing = Narrowing(conditions, match, crowd)
    found = set(narrowing.apply(Ticket.objects.all()).values_list("pk", flat=True))
    assert found == expected if narrowing.exact else found >= expected
