"""Rules that wait: each fires once for a ticket, and again only after the ticket has left its condition.

`TimeMatch` is the ledger of that. A ticket's line is written in the transaction of what the rule does to it, under
the lock of the ticket: a crash, a restart, a second worker or a day without any worker neither repeats nor skips.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from helpdesk.errors import NotFound
from tickets.models import Ticket
from tickets.services import lock

from .conditions import Known, judge
from .engine import run_rules
from .fields import facts_about
from .in_sql import Narrowing
from .models import AutomationRule, RuleType, TimeMatch, Trigger
from .rule_book import CompiledRule, rules_for

logger = logging.getLogger(__name__)

BATCH = 500
ATTEMPTS = 3
# What in a completed pass tells that another one is due: every time, each full hour, each day (UTC).
PERIOD = {Trigger.EVERY_5_MINUTES: None, Trigger.HOURLY: "%Y-%m-%d %H", Trigger.DAILY: "%Y-%m-%d"}


def run_time_rules(now: datetime) -> int:
    """Let every time rule that is due go through all tickets; returns how many tickets it was done to.

    A rule that breaks off keeps no other from its pass; afterwards it is raised, so that the failure is seen.
    """
    fired, failures = 0, []
    for rule in due_rules(now):
        try:
            fired += pass_over(rule, now)
        except Exception as problem:
            logger.exception("The pass of the time rule %r broke off", rule.name)
            failures.append(problem)
    if failures:
        raise failures[0]
    return fired


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
    """Go through all tickets; breaks off as soon as the rule is changed, switched off or deleted.

    Whatever was left out, also a single ticket that could not be had, makes the rule due again at once.
    """
    fired, complete = 0, True
    narrowing = Narrowing(rule.conditions, rule.match, now)
    matching = narrowing.apply(Ticket.objects.filter(archived_at=None))
    try:
        check_current(rule)
        release(rule, matching, now, exact=narrowing.exact)
        for key in waiting(rule, matching, now, exact=narrowing.exact):
            try:
                fired += fire(rule, key)
            except (OperationalError, IntegrityError):
                logger.exception("The time rule %r could not act on ticket %s", rule.name, key)
                complete = False
    except Outdated:
        complete = False
    if complete:
        AutomationRule.objects.filter(pk=rule.id).update(completed_pass_at=now)
    return fired


class Outdated(Exception):
    """The rule of this pass does not stand any more as it was when the pass began."""


def check_current(rule: CompiledRule) -> None:
    """Raises Outdated once the rule has been changed, switched off or deleted."""
    for one in rules_for(RuleType.TIME_TRIGGER):
        if one.id == rule.id and (one.revision_id, one.trigger) == (rule.revision_id, rule.trigger):
            return
    raise Outdated


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
        left = [key for key, holds in verdicts(rule, batch, now) if not holds]
        lines.filter(ticket__in=left, created_at__lt=now).delete()


def waiting(rule: CompiledRule, matching: QuerySet[Ticket], now: datetime, *, exact: bool) -> Iterator[UUID]:
    """The tickets in the condition for which the rule has not fired, in batches that one query finds."""
    fresh = matching.filter(~Exists(TimeMatch.objects.filter(rule=rule.id, ticket=OuterRef("pk"))))
    if not exact:
        for batch in batches(fresh, rule):
            yield from [key for key, holds in verdicts(rule, batch, now) if holds]
        return
    last = None
    while keys := list(after(fresh, last).values_list("pk", flat=True)[:BATCH]):
        yield from keys
        last = keys[-1]


def batches(tickets: QuerySet[Ticket], rule: CompiledRule) -> Iterator[list[Ticket]]:
    """The tickets with their people, a bounded number at a time."""
    rows = tickets.select_related("customer__company")
    last = None
    while batch := list(after(rows, last)[:BATCH]):
        yield batch
        last = batch[-1].pk


def after(tickets: QuerySet[Ticket], last: UUID | None) -> QuerySet[Ticket]:
    rows = tickets.order_by("pk")
    return rows.filter(pk__gt=last) if last else rows


def verdicts(rule: CompiledRule, tickets: Sequence[Ticket], now: datetime) -> Iterator[tuple[UUID, bool]]:
    """Whether each of these tickets is in the condition."""
    for facts in facts_about(tickets, (condition.field for condition in rule.conditions), now):
        yield facts.ticket.pk, judge(rule.conditions, rule.match, Known(facts))[1]


def fire(rule: CompiledRule, key: UUID) -> bool:
    """Let the rule act on one ticket, if it still matches and nobody was faster; returns whether it did.

    Raises Outdated when the rule is not to act any more, and what the database says after some attempts.
    """
    for attempt in range(ATTEMPTS):
        try:
            return fire_once(rule, key)
        except NotFound:
            return False
        except (OperationalError, IntegrityError):  # the latter when the rule or what it names goes at this moment
            if attempt == ATTEMPTS - 1:
                raise
    return False


def fire_once(rule: CompiledRule, key: UUID) -> bool:
    with transaction.atomic():
        ticket = lock(key)
        check_current(rule)
        if ticket.archived_at is not None:  # since the tickets were looked for
            return False
        now = timezone.now()
        ((_, holds),) = verdicts(rule, [ticket], now)
        if not holds or TimeMatch.objects.filter(rule=rule.id, ticket=ticket).exists():
            return False
        TimeMatch.objects.create(rule_id=rule.id, ticket=ticket, created_at=now)
        run_rules([rule], ticket, triggers=[rule.trigger], now=now)
        return True
