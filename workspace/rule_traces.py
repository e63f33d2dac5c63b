"""Why rules ran on a ticket, or did not, in the words of its page."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models

from accounts.models import AgentGroup, User
from automation.catalogue import label_of, referred
from automation.fields import FIELDS
from automation.models import Evaluation
from automation.operators import WITHOUT_VALUE
from automation.traces import explained, is_about_links, rosters, withhold
from companies.models import Company
from tickets.models import Ticket

TRACES = 10
ABOUT = timedelta(seconds=30)  # how far a line of history may be from its rules
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Whose ids stand in fields of conditions, and in actions. Those of tickets stay ids: not everybody sees each.
OF: dict[str | None, type[models.Model]] = {"agent": User, "customer": User, "group": AgentGroup, "company": Company}
IDS: dict[str, type[models.Model]] = {
    "assign_to": User,
    "set_group": AgentGroup,
    **{name: OF[kind] for name, field in FIELDS.items() if (kind := referred(field.type)) in OF},
}

Rule = dict[str, Any]


def trace(ticket: Ticket, reader: User, *, around: datetime | None = None) -> list[dict[str, Any]]:
    """The latest events of a ticket, or those about a moment, with every rule that was asked."""
    found = Evaluation.objects.filter(ticket=ticket)
    if around is not None:
        found = found.filter(created_at__range=(around - ABOUT, around + ABOUT))
    rows = list(found.order_by("-created_at", "-id")[:TRACES])
    known = rosters(row.roster_id for row in rows)
    events: list[dict[str, Any]] = [
        {
            "at": row.created_at,
            "triggers": [name.replace("_", " ") for name in row.triggers.split(",")],
            "rules": rules_for(reader, explained(row.results, known[row.roster_id])),
        }
        for row in rows
    ]
    call_by_name([rule for event in events for rule in event["rules"]])
    return events


def rules_for(reader: User, rules: list[Rule]) -> list[Rule]:
    if not reader.sees_all_tickets:
        withhold(rules, is_about_links)
    return rules


def call_by_name(rules: list[Rule]) -> None:
    """Fields by their labels; people, groups and companies, of which rules hold ids, by their names."""
    names = names_in(rules)
    for rule in rules:
        for condition in rule["conditions"]:
            condition["label"] = label_of(condition["field"])
            has_value = condition["operator"] not in WITHOUT_VALUE
            condition["value"] = said(condition.get("value"), names) if has_value else ""
            if condition["actual"] is not None:
                condition["actual"] = said(condition["actual"], names)
        for action in rule["actions"]:
            action["value"] = said(action.get("value"), names)


def names_in(rules: Iterable[Rule]) -> dict[str, str]:
    """At most one question for people, one for groups and one for companies."""
    asked: dict[type[models.Model], set[UUID]] = {}
    for name, value in values_in(rules):
        for one in value if isinstance(value, list) else [value]:
            if name in IDS and isinstance(one, str) and ID.fullmatch(one):
                asked.setdefault(IDS[name], set()).add(UUID(one))
    return {
        str(key): name
        for model, keys in asked.items()
        for key, name in model._default_manager.filter(pk__in=keys).values_list("pk", "name")
    }


def values_in(rules: Iterable[Rule]) -> Iterator[tuple[str, Any]]:
    for rule in rules:
        for condition in rule["conditions"]:
            yield condition["field"], condition.get("value")
            yield condition["field"], condition["actual"]
        for action in rule["actions"]:
            yield action["type"], action.get("value")


def said(value: Any, names: dict[str, str]) -> str:
    """A value as people read it; an id of somebody who is gone stays one."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(said(one, names) for one in value) or "nothing"
    if isinstance(value, dict):
        if "to" in value:
            return f"to {value['to']}: {value.get('subject', '')}"
        return f"{value['name']}: {said(value.get('value'), names)}" if "name" in value else str(value.get("content"))
    return names.get(str(value), str(value))
