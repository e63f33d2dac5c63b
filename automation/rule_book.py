"""The active rules, ready to evaluate: read once, and again by every process as soon as any of them changes."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import F, OuterRef, Subquery

from helpdesk.api.reads import Param, Statement, compiled
from helpdesk.api.serializers import Column
from helpdesk.errors import Invalid
from helpdesk.remembering import once

from .actions import Cause, RuleAction, parse_actions
from .conditions import Condition, parse_conditions
from .models import AutomationRule, Roster, RosterEntry, RuleRevision, RuleSet

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CompiledRule:
    id: UUID
    name: str
    trigger: str
    match: str
    conditions: tuple[Condition, ...]
    actions: tuple[RuleAction, ...]
    revision_id: int
    saved_by_id: UUID | None = None

    @property
    def cause(self) -> Cause:
        return Cause(self.id, self.name, self.saved_by_id)


def compile_rule(rule: AutomationRule, revision_id: int) -> CompiledRule:
    return CompiledRule(
        id=rule.pk,
        name=rule.name,
        trigger=rule.trigger,
        match=rule.condition_match,
        conditions=parse_conditions(rule.conditions),
        actions=parse_actions(rule.actions, verify=False),
        revision_id=revision_id,
        saved_by_id=rule.saved_by_id,
    )


class RuleBook:
    """The rules of one stamp, by type and in their order, with the rosters that are known to be stored."""

    def __init__(self, stamp: Any) -> None:
        self.stamp = stamp
        self.rules: dict[str, list[CompiledRule]] = defaultdict(list)
        self.rosters: dict[tuple[int, ...], int] = {}

    def load(self) -> "RuleBook":
        # One statement, so that a rule and its revision are of the same moment.
        newest = RuleRevision.objects.filter(rule=OuterRef("pk")).order_by("-id").values("id")[:1]
        for rule in AutomationRule.objects.filter(is_active=True).annotate(revision_id=Subquery(newest)):
            try:
                self.rules[rule.rule_type].append(compile_rule(rule, rule.revision_id))
            except Invalid as problem:  # saved by an older version of this program
                logger.error("The automation rule %r is left out: %s", rule.name, problem.sentence)
        return self


def compile_stamp() -> Statement:
    return Statement(RuleSet.objects.filter(pk=Param("pk", models.IntegerField())), [Column("stamp", F("stamp"), None)])


_lock = Lock()
_book: RuleBook | None = None


@once
def rule_book() -> RuleBook:
    """The rules as they are now. What was read before is used again as long as its stamp is still the one."""
    global _book
    row = compiled.get("rule set stamp", compile_stamp).fetch_one({"pk": 1})
    stamp = row and row["stamp"]
    book = _book
    if book is None or book.stamp != stamp:
        # The stamp was read first: rules that are newer than it will be read again, never missed.
        book = RuleBook(stamp).load()
        with _lock:
            _book = book
    return book


def rules_for(rule_type: str, triggers: Iterable[str] | None = None) -> list[CompiledRule]:
    rules = rule_book().rules.get(rule_type, [])
    return rules if triggers is None else [rule for rule in rules if rule.trigger in triggers]


def roster_of(rules: list[CompiledRule]) -> int:
    """The id of the stored roster of these rules."""
    key = tuple(rule.revision_id for rule in rules)
    book = _book
    if book is not None and key in book.rosters:
        return book.rosters[key]
    roster_id = stored_roster(key)
    if book is not None:
        # Only what is committed may be relied upon by other transactions.
        transaction.on_commit(lambda: book.rosters.update({key: roster_id}))
    return roster_id


def stored_roster(key: tuple[int, ...]) -> int:
    digest = sha256(",".join(map(str, key)).encode()).hexdigest()
    named = Roster.objects.filter(digest=digest).values_list("pk", flat=True)
    if (found := named.first()) is not None:
        return found
    Roster.objects.bulk_create([Roster(digest=digest)], ignore_conflicts=True)
    roster_id = named.get()
    entries = (RosterEntry(roster_id=roster_id, revision_id=pk, position=place) for place, pk in enumerate(key))
    RosterEntry.objects.bulk_create(entries, ignore_conflicts=True)
    return roster_id


def new_stamp() -> None:
    """Make every process read the rules again; part of the transaction that changes them."""
    stamp = RuleSet._meta.get_field("stamp").get_default()
    RuleSet.objects.update_or_create(pk=1, defaults={"stamp": stamp})
