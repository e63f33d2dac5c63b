"""Evaluations as they are read: why a rule ran, or did not, condition by condition."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from .conditions import combined
from .models import RosterEntry, RuleRevision

Row = dict[str, Any]


def rosters(ids: Iterable[int]) -> dict[int, list[RuleRevision]]:
    """The revisions of each roster, in their order."""
    found: dict[int, list[RuleRevision]] = defaultdict(list)
    for entry in RosterEntry.objects.filter(roster__in=set(ids)).select_related("revision"):
        found[entry.roster_id].append(entry.revision)
    return found


def explained(results: str, revisions: list[RuleRevision]) -> list[Row]:
    """What became of each rule of an evaluation, with the actual value of the ticket for every condition."""
    kept = orjson.loads(results)
    asked = iter(kept["facts"])
    facts = next(asked)
    told = []
    for place, (revision, passed) in enumerate(zip(revisions, kept["passed"], strict=True)):
        outcome = kept["acted"].get(str(place))
        told.append(one_rule(revision, passed, facts, outcome))
        if outcome is not None:
            facts = next(asked)
    return told


def one_rule(revision: RuleRevision, passed: str, facts: Row, outcome: Row | None) -> Row:
    effects = (outcome or {}).get("effects") or []
    return {
        "ruleId": revision.rule_id and str(revision.rule_id),
        "ruleName": revision.name,
        "matched": combined(passed, revision.condition_match),
        "conditionMatch": revision.condition_match,
        "conditions": [
            {**condition, "actual": facts.get(condition["field"]), "passed": digit == "1"}
            for condition, digit in zip(revision.conditions, passed, strict=True)
        ],
        "actions": [
            {**action, "effect": effects[place] if place < len(effects) else None}
            for place, action in enumerate(revision.actions)
        ]
        if outcome is not None
        else [],
        "error": (outcome or {}).get("error"),
    }


def is_about_links(condition: Row) -> bool:
    """Which may lead to tickets that not everybody sees."""
    return condition["field"] == "linkedTicketIds"


def withhold(rules: list[Row], is_hidden: Callable[[Row], bool]) -> None:
    """Who may not read something learns whether a condition about it held, but not what stands there."""
    for rule in rules:
        for condition in rule["conditions"]:
            if is_hidden(condition):
                condition["actual"] = None
