"""Keeping the records of rules exact and bounded."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce, Greatest

from .models import AutomationRule, Evaluation, Execution, Roster, RosterEntry, RuleRevision

BATCH = 2_000


def fold_executions() -> int:
    """Add what has been appended to the figures of the rules; returns how many executions that were."""
    folded = 0
    while count := fold_batch():
        folded += count
    return folded


@transaction.atomic
def fold_batch() -> int:
    rows = Execution.objects.filter(folded=False).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)  # what another worker folds just now is not ours
    batch = list(rows.values_list("pk", "rule_id", "created_at")[:BATCH])
    latest: dict = {}
    for _, rule_id, at in batch:
        latest[rule_id] = max(at, latest.get(rule_id, at))
    for rule_id, count in sorted(Counter(rule_id for _, rule_id, _ in batch).items()):
        AutomationRule.objects.filter(pk=rule_id).update(
            execution_count=F("execution_count") + count,
            last_executed_at=Greatest(Coalesce("last_executed_at", latest[rule_id]), latest[rule_id]),
        )
    Execution.objects.filter(pk__in=[pk for pk, _, _ in batch]).update(folded=True)
    return len(batch)


def forget_old_runs(now: datetime) -> None:
    """Drop what is older than the days for which runs are explained, and what nothing refers to any more."""
    before = now - timedelta(days=settings.AUTOMATION_TRACE_DAYS)
    drop(Execution.objects.filter(folded=True, created_at__lt=before))
    drop(Evaluation.objects.filter(created_at__lt=before))
    # A roster is used again for as long as its rules stand as they are; no transaction lasts for days with an old one.
    superseded = RosterEntry.objects.filter(roster=OuterRef("pk"), revision__superseded_at__lt=before)
    used = Evaluation.objects.filter(roster=OuterRef("pk"))
    drop(Roster.objects.filter(Exists(superseded), ~Exists(used)))
    in_roster = RosterEntry.objects.filter(revision=OuterRef("pk"))
    drop(RuleRevision.objects.filter(~Exists(in_roster), superseded_at__lt=before))


def drop(rows: QuerySet) -> None:
    """Delete in batches, so that nobody waits long for anything."""
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=keys).delete()
