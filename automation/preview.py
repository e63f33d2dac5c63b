"""What a rule would have done: a back-test over the tickets of the last days that writes and sends nothing."""

import copy
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from helpdesk.api.fields import parse_moment
from helpdesk.tags import clean_tags
from tickets.models import Action, Activity, Ticket

from .actions import RuleAction
from .conditions import Known, judge, shown
from .facts import Facts
from .models import AutomationRule, RuleType
from .rule_book import CompiledRule, compile_rule

MAX_EXAMINED = 5_000
BATCH = 500
UNSAVED = 0  # the revision of a rule that is not stored

# How the old value in a line of history becomes the value of the ticket again.
BEFORE = {
    Action.STATUS_CHANGED: ("status", lambda old: old),
    Action.PRIORITY_CHANGED: ("priority", lambda old: old),
    Action.CATEGORY_CHANGED: ("category", lambda old: old),
    Action.SUBJECT_CHANGED: ("subject", lambda old: old),
    Action.DESCRIPTION_CHANGED: ("description", lambda old: old),
    Action.ASSIGNED: ("assignee_id", lambda old: old and UUID(old)),
    Action.GROUP_CHANGED: ("group_id", lambda old: old and UUID(old)),
    Action.TAGS_CHANGED: ("tags", lambda old: old.split(", ") if old else []),
    Action.DUE_DATE_CHANGED: ("due_date", lambda old: old and parse_moment(old)),
}


def preview(rule: AutomationRule, *, tickets: QuerySet[Ticket], days: int, limit: int, now: datetime) -> dict[str, Any]:
    """Which of the given tickets, filed in the last days, the rule would have matched, and what it would change.

    A rule for new tickets is held against each ticket as it was filed, any other against the ticket as it is now.
    At most 5,000 tickets are examined, the newest first; at most `limit` of the matching ones are told.
    """
    compiled = compile_rule(rule, UNSAVED)
    rows = tickets.filter(created_at__gte=now - timedelta(days=days)).select_related("customer__company")
    if rule.rule_type == RuleType.TIME_TRIGGER:
        rows = rows.filter(archived_at=None)
    examined = matched = 0
    told: list[dict[str, Any]] = []
    newest = list(rows.order_by("-created_at", "-id").values_list("pk", flat=True)[: MAX_EXAMINED + 1])
    for start in range(0, min(len(newest), MAX_EXAMINED), BATCH):
        found = {ticket.pk: ticket for ticket in rows.filter(pk__in=newest[start : min(start + BATCH, MAX_EXAMINED)])}
        batch = [found[key] for key in newest[start : start + BATCH] if key in found]
        if rule.rule_type == RuleType.TICKET_CREATION:
            rewind(batch)
        for ticket in batch:
            examined += 1
            then = ticket.created_at if rule.rule_type == RuleType.TICKET_CREATION else now
            if judge(compiled.conditions, compiled.match, Known(Facts(ticket, then)))[1]:
                matched += 1
                if len(told) < limit:
                    told.append(would(compiled, ticket))
    return {
        "days": days,
        "examined": examined,
        "matched": matched,
        "truncated": len(newest) > MAX_EXAMINED,
        "tickets": told,
    }


def rewind(tickets: Iterable[Ticket]) -> None:
    """Set tickets back to what they were when they were filed, from their history; they must not be saved."""
    by_key = {ticket.pk: ticket for ticket in tickets}
    first: dict[UUID, set[str]] = defaultdict(set)
    actions = [*BEFORE, Action.CUSTOM_FIELD_CHANGED]
    for line in Activity.objects.filter(ticket__in=by_key, action__in=actions).order_by("created_at", "id"):
        ticket = by_key[line.ticket_id]
        if line.action == Action.CUSTOM_FIELD_CHANGED:
            rewind_custom_field(ticket, line, first[ticket.pk])
        else:
            name, read = BEFORE[Action(line.action)]
            if name not in first[ticket.pk]:
                first[ticket.pk].add(name)
                setattr(ticket, name, read(line.old_value))
    for ticket in by_key.values():
        ticket.updated_at, ticket.first_response_at, ticket.archived_at = ticket.created_at, None, None


def rewind_custom_field(ticket: Ticket, line: Activity, seen: set[str]) -> None:
    name = (line.old_value or line.new_value or "").partition(": ")[0]
    if f"customFields.{name}" in seen:
        return
    seen.add(f"customFields.{name}")
    values = {key: value for key, value in ticket.custom_fields.items() if key != name}
    if line.old_value is not None:
        values[name] = as_written(line.old_value.partition(": ")[2])
    ticket.custom_fields = values


def as_written(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, str) else value


def would(rule: CompiledRule, ticket: Ticket) -> dict[str, Any]:
    """The exact changes of fields, and what else it would do."""
    after = copy.copy(ticket)
    effects = []
    for action in rule.actions:
        if action.type.sets:
            pretend(after, action)
        else:
            effects.append({"type": action.name, "value": plain(action.value)})
    return {
        "ticketId": str(ticket.pk),
        "ticketNumber": ticket.ticket_number,
        "subject": ticket.subject,
        "changes": list(differences(ticket, after)),
        "effects": effects,
    }


def pretend(ticket: Ticket, action: RuleAction) -> None:
    for name, value in action.values_for(ticket).items():
        if name == "custom_fields":
            merged = {**ticket.custom_fields, **value}
            value = {key: one for key, one in merged.items() if one is not None}
        elif name == "tags":
            value = clean_tags(value)
        setattr(ticket, name, value)


NAMES = {
    "status": "status",
    "priority": "priority",
    "category": "category",
    "assignee_id": "assigneeId",
    "group_id": "groupId",
    "tags": "tags",
}


def differences(before: Ticket, after: Ticket) -> Iterable[dict[str, Any]]:
    for name, shown_as in NAMES.items():
        old, new = plain(getattr(before, name)), plain(getattr(after, name))
        if old != new:
            yield {"field": shown_as, "from": old, "to": new}
    for key in sorted(before.custom_fields.keys() | after.custom_fields.keys()):
        old, new = before.custom_fields.get(key), after.custom_fields.get(key)
        if old != new:
            yield {"field": f"customFields.{key}", "from": old, "to": new}


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if one is not None}
    return str(value) if isinstance(value, UUID) else value if isinstance(value, list) else shown(value)
