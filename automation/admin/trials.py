"""What a rule would have done, and what it did, made ready to be shown."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from automation import services
from automation.catalogue import label_of, offered_actions
from automation.models import AutomationRule, Evaluation, Execution, Trigger
from automation.preview import preview
from automation.traces import explained, rosters
from helpdesk.api.fields import moment_text, parse_moment
from helpdesk.errors import HelpDeskError
from tickets.models import Ticket

from .finding import names
from .words import EVENTS, operator_words, value_in_words

SHOWN = 20
PER_PAGE = 20
REFERS = {
    "assigneeId": "agent", "assignee_id": "agent", "assign_to": "agent", "groupId": "group", "group_id": "group",
    "set_group": "group", "customerId": "customer", "customer.id": "customer", "customer.companyId": "company",
    "company.id": "company", "parentTicketId": "ticket", "id": "ticket", "linkedTicketIds": "ticket",
}  # fmt: skip


class Called:
    """Names of what is referred to by its id: collected first, asked for once for each kind."""

    def __init__(self) -> None:
        self.wanted: dict[str, set[str]] = defaultdict(set)
        self.known: dict[str, dict[str, str]] = {}

    def want(self, field: str, value: Any) -> None:
        if field in REFERS:
            self.wanted[REFERS[field]].update(map(str, value if isinstance(value, list) else [value] if value else []))

    def look_up(self) -> None:
        self.known = {kind: names(kind, keys) for kind, keys in self.wanted.items()}

    def words(self, field: str, value: Any) -> str:
        if field not in REFERS or not value:
            return value_in_words(value)
        known = self.known.get(REFERS[field], {})
        return ", ".join(known.get(str(key), "(gone)") for key in (value if isinstance(value, list) else [value]))


def tried(
    form: Any, values_of: Callable[[dict[str, Any]], dict[str, Any]], days: int, *, actor: User
) -> dict[str, Any]:
    """The back-test of the rule in a form; `problem` says why there is none."""
    if not form.is_valid():
        return {"problem": next(iter(form.errors.values()))[0]}
    values = values_of(form.cleaned_data)
    values["name"] = values["name"] or "Trial"
    try:
        rule = services.draft({**values, "is_active": False})
    except HelpDeskError as refusal:
        return {"problem": str(refusal)}
    found = preview(rule, actor=actor, tickets=Ticket.objects.all(), days=days, limit=SHOWN, now=timezone.now())
    called = Called()
    for ticket in found["tickets"]:
        for change in ticket["changes"]:
            called.want(change["field"], change["from"])
            called.want(change["field"], change["to"])
    called.look_up()
    labels = {action.name: action.label for action in offered_actions()}
    for ticket in found["tickets"]:
        ticket["changes"] = [
            {
                "field": label_of(change["field"]),
                "before": called.words(change["field"], change["from"]),
                "after": called.words(change["field"], change["to"]),
            }
            for change in ticket["changes"]
        ]
        ticket["effects"] = [f"{labels[one['type']]}: {value_in_words(one['value'])}" for one in ticket["effects"]]
    return {"found": found, "more": found["matched"] - len(found["tickets"]), "past": rule.rule_type}


def runs_of(rule: AutomationRule, query: QueryDict) -> dict[str, Any]:
    """A page of the times that a rule was asked, the newest first; `before` leads to older ones."""
    acted = query.get("acted") == "1"
    rows = Evaluation.objects.filter(roster__entries__revision__rule=rule).select_related("ticket")
    if acted:
        rows = rows.filter(Exists(Execution.objects.filter(evaluation=OuterRef("pk"), rule=rule)))
    if place := read_place(query.get("before", "")):
        at, key = place
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=key))
    found = list(rows.order_by("-created_at", "-id")[: PER_PAGE + 1])
    page = found[:PER_PAGE]
    known = rosters(row.roster_id for row in page)
    runs = [told(row, explained(row.results, known[row.roster_id]), rule) for row in page]
    called = Called()
    for line in lines_of(runs):
        called.want(line["field"], line["value"])
        called.want(line["field"], line["actual"])
    called.look_up()
    for line in lines_of(runs):
        line["value_words"] = called.words(line["field"], line["value"]) if line["value"] is not None else ""
        line["actual_words"] = called.words(line["field"], line["actual"])
    last = page[-1] if len(found) > PER_PAGE else None
    return {"runs": runs, "acted": acted, "older": last and f"{moment_text(last.created_at)}_{last.pk}"}


def lines_of(runs: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return (line for run in runs for line in (*run["conditions"], *run["effects"]))


def told(row: Evaluation, rules: list[dict[str, Any]], rule: AutomationRule) -> dict[str, Any]:
    run = next(one for one in rules if one["ruleId"] == str(rule.pk))
    labels = {action.name: action.label for action in offered_actions()}
    return {
        "ticket": row.ticket,
        "at": row.created_at,
        "events": [EVENTS[Trigger(name)] for name in row.triggers.split(",") if name in Trigger.values],
        "matched": run["matched"],
        "match": run["conditionMatch"],
        "error": run["error"],
        "conditions": [
            {
                "field": one["field"],
                "label": label_of(one["field"]),
                "operator": operator_words("").get(one["operator"], one["operator"]),
                "value": one.get("value"),
                "actual": one["actual"],
                "passed": one["passed"],
            }
            for one in run["conditions"]
        ],
        "effects": [
            {
                "field": one["type"],
                "label": labels.get(one["type"], one["type"]),
                "value": one.get("value"),
                "actual": None,
                "did": bool(one["effect"]),
            }
            for one in run["actions"]
        ],
    }


def read_place(text: str) -> tuple[datetime, UUID] | None:
    moment, _, key = text.partition("_")
    try:
        at = parse_moment(moment)
        return (at, UUID(key)) if at else None
    except ValueError:
        return None
