"""What a rule would have done: a back-test over the tickets of the last days that writes and sends nothing."""

import copy
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from helpdesk.api.fields import parse_moment
from helpdesk.api.naming import camel
from helpdesk.errors import HelpDeskError
from helpdesk.ids import new_id
from helpdesk.json_values import same
from tickets.models import Action, Activity, Ticket
from tickets.rules import Once, resolved_at

from .actions import Run, staff_among
from .conditions import Known, judge, shown
from .facts import Facts
from .fields import DERIVED, facts_about
from .models import AutomationRule, RuleType
from .rule_book import CompiledRule, compile_rule

MAX_EXAMINED = 5_000
BATCH = 500
UNSAVED = 0  # the revision of a rule that is not stored

Row = dict[str, Any]

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


def preview(
    rule: AutomationRule, *, actor: User | None, tickets: QuerySet[Ticket], days: int, limit: int, now: datetime
) -> dict[str, Any]:
    """Which of the given tickets, filed in the last days, the rule would have matched, and what it would change.

    It is tried as if the actor had saved it.

    A rule for new tickets is held against each ticket as it was filed, any other against the ticket as it is now.
    At most 5,000 tickets are examined, the newest first; at most `limit` of the matching ones are told.
    """
    rule.saved_by = actor
    compiled = compile_rule(rule, UNSAVED)
    rows = tickets.filter(created_at__gte=now - timedelta(days=days)).select_related("customer__company")
    if rule.rule_type == RuleType.TIME_TRIGGER:
        rows = rows.filter(archived_at=None)
    newest = list(rows.order_by("-created_at", "-id").values_list("pk", flat=True)[: MAX_EXAMINED + 1])
    known = as_filed if rule.rule_type == RuleType.TICKET_CREATION else as_they_are
    rehearsal = Rehearsal(compiled)
    examined = matched = 0
    told: list[Row] = []
    for start in range(0, min(len(newest), MAX_EXAMINED), BATCH):
        found = {ticket.pk: ticket for ticket in rows.filter(pk__in=newest[start : min(start + BATCH, MAX_EXAMINED)])}
        batch = [found[key] for key in newest[start : start + BATCH] if key in found]
        examined += len(batch)
        matching = [
            facts
            for facts in known(batch, compiled, now)
            if judge(compiled.conditions, compiled.match, Known(facts))[1]
        ]
        matched += len(matching)
        told += rehearsal.of(matching[: limit - len(told)])
    return {
        "days": days,
        "examined": examined,
        "matched": matched,
        "truncated": len(newest) > MAX_EXAMINED,
        "tickets": told,
    }


def as_they_are(tickets: Sequence[Ticket], rule: CompiledRule, now: datetime) -> Iterator[Facts]:
    return facts_about(tickets, (condition.field for condition in rule.conditions), now)


def as_filed(tickets: Sequence[Ticket], rule: CompiledRule, now: datetime) -> Iterator[Facts]:
    """Each at the moment when it was filed; nothing had happened to it since."""
    rewind(tickets)
    facts = facts_about(tickets, (one.field for one in rule.conditions if one.field.needs not in DERIVED), now)
    for ticket, known in zip(tickets, facts, strict=True):
        yield Facts(ticket, ticket.created_at, {**known.derived, **dict.fromkeys(DERIVED, ticket.created_at)})


def rewind(tickets: Iterable[Ticket]) -> None:
    """Set tickets back to what they were when they were filed, from their history; they must not be saved."""
    by_key = {ticket.pk: ticket for ticket in tickets}
    first: set[tuple[UUID, str]] = set()
    lines = Activity.objects.filter(ticket__in=by_key, action__in=[*BEFORE, Action.CUSTOM_FIELD_CHANGED])
    columns = lines.order_by("created_at", "id").values_list("ticket_id", "action", "old_value", "new_value")
    for key, action, old, new in columns:
        custom = (old or new or "").partition(": ")[0] if action == Action.CUSTOM_FIELD_CHANGED else ""
        if (key, f"{action} {custom}") in first:
            continue
        first.add((key, f"{action} {custom}"))
        if action == Action.CUSTOM_FIELD_CHANGED:
            rewind_custom_field(by_key[key], custom, old)
        else:
            name, read = BEFORE[Action(action)]
            setattr(by_key[key], name, read(old))
    for ticket in by_key.values():
        ticket.updated_at, ticket.first_response_at, ticket.archived_at = ticket.created_at, None, None
        ticket.resolved_at = resolved_at(None, ticket.status, None, ticket.created_at)


def rewind_custom_field(ticket: Ticket, name: str, old: str | None) -> None:
    values = {key: value for key, value in ticket.custom_fields.items() if key != name}
    if old is not None:
        values[name] = as_written(old.partition(": ")[2])
    ticket.custom_fields = values


def as_written(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, str) else value


class Rehearsal:
    """A rule acting on tickets in memory alone, by the plans of the verbs that would change them."""

    def __init__(self, rule: CompiledRule) -> None:
        self.rule = rule
        self.ask = Once()
        self.staff: dict[UUID, User] = {}

    def of(self, matching: Sequence[Facts]) -> list[Row]:
        if matching and any(action.type.needs for action in self.rule.actions):
            self.meet(facts.ticket.assignee_id for facts in matching)
        return [self.told(facts) for facts in matching]

    def meet(self, assignees: Iterable[UUID | None]) -> None:
        """Learn which of the people who may sign something, or be written to, work here."""
        values = [action.value for action in self.rule.actions]
        signing = [value.get("user_id") if isinstance(value, dict) else value for value in values]
        named = {*assignees, *(key for key in signing if isinstance(key, UUID)), self.rule.saved_by_id}
        self.staff = staff_among(key for key in named if key)

    def told(self, facts: Facts) -> Row:
        """The exact changes of fields and what else would be done, or why all of it would be refused."""
        ticket = facts.ticket
        run = Run(copy.copy(ticket), self.rule.cause, facts.now, new_id(), staff=lambda _: self.staff)
        first: dict[str, Any] = {}
        last: dict[str, Any] = {}
        error = None
        try:
            for action in self.rule.actions:
                for name, (old, new) in action.attempt(run, self.ask).items():
                    first.setdefault(name, old)
                    last[name] = new
        except HelpDeskError as problem:
            error = problem.sentence
        return {
            "ticketId": str(ticket.pk),
            "ticketNumber": ticket.ticket_number,
            "subject": ticket.subject,
            "changes": []
            if error
            else [
                {"field": name, "from": plain(first[name]), "to": plain(last[name])}
                for name in last
                if not same(first[name], last[name])
            ],
            "effects": [] if error else [*self.effects()],
            "error": error,
        }

    def effects(self) -> Iterator[Row]:
        for action in self.rule.actions:
            if action.type.act:
                yield {"type": action.name, "value": plain(action.value)}


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {camel(key): plain(one) for key, one in value.items() if one is not None}
    return str(value) if isinstance(value, UUID) else value if isinstance(value, list) else shown(value)
