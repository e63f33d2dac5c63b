"""How rules read in plain words."""

import re
from collections.abc import Sequence
from typing import Any

from automation.catalogue import label_of, offered_actions, offered_fields
from automation.models import TRIGGERS, AutomationRule, RuleType, Trigger
from automation.operators import WITHOUT_VALUE

from .finding import names

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "not_contains": "does not contain",
    "in": "is one of",
    "greater_than": "is more than",
    "less_than": "is less than",
    "is_empty": "is empty",
    "is_not_empty": "is not empty",
}
OF_DATES = {**OPERATORS, "greater_than": "is after", "less_than": "is before", "is": "is on", "is_not": "is not on"}

EVENTS = {
    Trigger.TICKET_CREATED: "A ticket is created",
    Trigger.TICKET_UPDATED: "Anything happens to a ticket",
    Trigger.STATUS_CHANGED: "The status changes",
    Trigger.PRIORITY_CHANGED: "The priority changes",
    Trigger.CATEGORY_CHANGED: "The category changes",
    Trigger.ASSIGNED: "The assignee changes",
    Trigger.GROUP_CHANGED: "The group changes",
    Trigger.TAGS_CHANGED: "Tags change",
    Trigger.REPLIED: "Somebody replies",
    Trigger.CUSTOMER_REPLIED: "The customer replies",
    Trigger.AGENT_REPLIED: "An agent replies",
    Trigger.NOTE_ADDED: "A note is added",
    Trigger.CUSTOM_FIELD_CHANGED: "A custom field changes",
    Trigger.EVERY_5_MINUTES: "Every 5 minutes",
    Trigger.HOURLY: "Every hour",
    Trigger.DAILY: "Every day",
}
KINDS = {
    RuleType.TICKET_CREATION: "New tickets",
    RuleType.TICKET_UPDATE: "Changes of a ticket",
    RuleType.TIME_TRIGGER: "By the clock, for tickets left in a state",
}


def event_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can set a rule off, as one choice: "ticket_update:status_changed"."""
    return [
        (str(words), [(f"{kind}:{trigger}", EVENTS[Trigger(trigger)]) for trigger in TRIGGERS[kind]])
        for kind, words in KINDS.items()
    ]


def operator_words(type_name: str) -> dict[str, str]:
    return OF_DATES if type_name == "date" else OPERATORS


def condition_in_words(condition: dict[str, Any], labels: dict[str, str], types: dict[str, str]) -> str:
    name, operator = condition["field"], condition["operator"]
    words = [labels.get(name) or label_of(name), operator_words(types.get(name, "")).get(operator, operator)]
    if operator not in WITHOUT_VALUE:
        words.append(value_in_words(condition.get("value")))
    return " ".join(words)


def value_in_words(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(value_in_words, value))
    if isinstance(value, dict):
        if "name" in value:
            return f"{value['name']}: {value_in_words(value.get('value'))}"
        if "to" in value:
            return f"to {value['to']}: {value.get('subject', '')}"
        return value_in_words(value.get("content"))
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def summaries(rules: Sequence[AutomationRule]) -> list[dict[str, Any]]:
    """When, if and then of each rule; ids in it are left for `named_summaries` to replace."""
    fields = offered_fields()
    labels, types = {field.name: field.label for field in fields}, {field.name: field.type for field in fields}
    kinds = {action.name: action.label for action in offered_actions()}
    return [
        {
            "when": EVENTS.get(rule.trigger, rule.trigger),  # type: ignore[call-overload]
            "if": [condition_in_words(condition, labels, types) for condition in rule.conditions],
            "match": "and" if rule.condition_match == "all" else "or",
            "then": [
                f"{kinds.get(action['type'], action['type'])}: {value_in_words(action.get('value'))}"
                for action in rule.actions
            ],
        }
        for rule in rules
    ]


def named_summaries(rules: Sequence[AutomationRule]) -> list[dict[str, Any]]:
    """The summaries of rules, people and groups called by their names."""
    told = summaries(rules)
    keys = {found for one in told for line in (*one["if"], *one["then"]) for found in ID.findall(line)}
    known: dict[str, str] = {}
    for kind in ("agent", "group", "company") if keys else ():
        known |= names(kind, keys)
    for one in told:
        for part in ("if", "then"):
            one[part] = [ID.sub(lambda found: known.get(found[0], "(gone)"), line) for line in one[part]]
    return told


def short_name(values: dict[str, Any]) -> str:
    """What a rule is called that nobody named."""
    rule = AutomationRule(
        conditions=[one for one in values["conditions"] if one.get("field")],
        actions=values["actions"],
        condition_match=values["condition_match"],
        trigger=values.get("trigger") or "",
    )
    [told] = named_summaries([rule])
    conditions = f" {told['match']} ".join(told["if"])
    done = ", ".join(told["then"]) or "nothing"  # which is refused, and not for its name
    name = f"{conditions} → {done}" if conditions else done
    return name if len(name) <= 200 else f"{name[:199]}…"
