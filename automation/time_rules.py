"""Rules that wait: each fires once for a ticket, and again only after the ticket has left its condition.

`TimeMatch` is the ledger of that. A ticket's line is written in the transaction of what the rule does to it, under
the lock of the ticket: a crash, a restart, a second worker or a day without any worker neither repeats nor skips.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from helpdesk.errors import NotFound
from tickets.models import Ticket
from tickets.services import lock

from .conditions import Known, judge
from .engine import run_rules
from .facts import Facts
from .fields import DERIVED
from .in_sql import Narrowing
from .models import AutomationRule, RuleType, TimeMatch, Trigger
from .rule_book import CompiledRule, rules_for

logger = logging.getLogger(__name__)

BATCH = 500
ATTEMPTS = 3
# What in a completed pass tells that another one is due: every time, each full hour, each day (UTC).
PERIOD = {Trigger.EVERY_5_MINUTES: None, Trigger.HOURLY: "%Y-%m-%d %H", Trigger.DAILY: "%Y-%m-%d"}


def run_time_rules(now: datetime) -> int:
    """Let every time rule that is due go through all tickets; returns how many tickets it was done to."""
    return sum(pass_over(rule, now) for rule in due_rules(now))


def due_rules(now: datetime) -> list[CompiledRule]:
    rules = rules_for(RuleType.TIME_TRIGGER)
    completed = dict(
        AutomationRule.objects.filter(pk__in=[rule.id for rule in rules]).values_list("pk", "completed_pass_at")
    )
    return [rule for rule in rules if rule.id in completed and is_due(rule.trigger, completed[rule.id], now)]


def is_due(trigger: str, completed: datetime | None, now: datetime) -> bool:
    """Whether a pass is due. A pass that broke off has not been completed, and goes on where it stopped."""
    period = PERIOD[Trigger(trigger)]
    return period is None or completed is None or completed.strftime(period) != now.strftime(period)


def pass_over(rule: CompiledRule, now: datetime) -> int:
    narrowing = Narrowing(rule.conditions, rule.match, now)
    matching = narrowing.apply(Ticket.objects.filter(archived_at=None))
    release(rule, matching, now, exact=narrowing.exact)
    fired = sum(fire(rule, key) for key in waiting(rule, matching, now, exact=narrowing.exact))
    AutomationRule.objects.filter(pk=rule.id).update(completed_pass_at=now)
    return fired


def release(rule: CompiledRule, matching: QuerySet[Ticket], now: datetime, *, exact: bool) -> None:
    """Strike out the tickets that have left the condition: the rule may fire for them again."""
    lines = TimeMatch.objects.filter(rule=rule.id)
    gone = lines.filter(~Exists(matching.filter(pk=OuterRef("ticket_id"))))
    while keys := list(gone.values_list("pk", flat=True)[:BATCH]):
        # By their own keys: a line that was written anew meanwhile stays.
        TimeMatch.objects.filter(pk__in=keys).delete()
    if exact:
        return
    for batch in batches(matching.filter(Exists(lines.filter(ticket=OuterRef("pk")))), rule):
        left = [ticket.pk for ticket in batch if not matches(rule, ticket, now)]
        lines.filter(ticket__in=left, created_at__lt=now).delete()


def waiting(rule: CompiledRule, matching: QuerySet[Ticket], now: datetime, *, exact: bool) -> Iterator[UUID]:
    """The tickets in the condition for which the rule has not fired, in batches that one query finds."""
    fresh = matching.filter(~Exists(TimeMatch.objects.filter(rule=rule.id, ticket=OuterRef("pk"))))
    if not exact:
        for batch in batches(fresh, rule):
            yield from (ticket.pk for ticket in batch if matches(rule, ticket, now))
        return
    last = None
    while keys := list(after(fresh, last).values_list("pk", flat=True)[:BATCH]):
        yield from keys
        last = keys[-1]


def batches(tickets: QuerySet[Ticket], rule: CompiledRule) -> Iterator[list[Ticket]]:
    """The tickets with all that the conditions of a rule may ask, a bounded number at a time."""
    asked = {condition.field.name for condition in rule.conditions}
    derived = {name: build() for name, build in DERIVED.items() if asked & NAMES[name]}
    rows = tickets.select_related("customer__company").annotate(**{f"_{name}": one for name, one in derived.items()})
    last = None
    while batch := list(after(rows, last)[:BATCH]):
        yield batch
        last = batch[-1].pk


def after(tickets: QuerySet[Ticket], last: UUID | None) -> QuerySet[Ticket]:
    rows = tickets.order_by("pk")
    return rows.filter(pk__gt=last) if last else rows


# Which fields read a derived instant.
NAMES = {"status_changed": {"hoursSinceStatusChanged"}, "customer_replied": {"hoursSinceCustomerReply"}}


def matches(rule: CompiledRule, ticket: Ticket, now: datetime) -> bool:
    derived = {name: getattr(ticket, f"_{name}") for name in DERIVED if hasattr(ticket, f"_{name}")}
    return judge(rule.conditions, rule.match, Known(Facts(ticket, now, derived)))[1]


def fire(rule: CompiledRule, key: UUID) -> bool:
    """Let the rule act on one ticket, if it still matches and nobody was faster; returns whether it did."""
    for attempt in range(ATTEMPTS):
        try:
            return fire_once(rule, key)
        except NotFound:
            return False
        except OperationalError:
            if attempt == ATTEMPTS - 1:
                # The next pass finds the ticket again; the others need not wait for it.
                logger.exception("The time rule %r could not act on ticket %s", rule.name, key)
    return False


def fire_once(rule: CompiledRule, key: UUID) -> bool:
    with transaction.atomic():
        ticket = lock(key)
        now = timezone.now()
        if TimeMatch.objects.filter(rule=rule.id, ticket=ticket).exists() or not matches(rule, ticket, now):
            return False
        TimeMatch.objects.create(rule_id=rule.id, ticket=ticket, created_at=now)
        run_rules([rule], ticket, triggers=[rule.trigger], now=now)
        return True
