"""Automation rules over HTTP, and the explanation of what they did."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from automation import services
from automation.models import AutomationRule, Evaluation, Execution, RuleType
from automation.preview import preview
from automation.traces import explained, is_about_links, rosters, withhold
from helpdesk.api.endpoints import ApiViewSet
from helpdesk.api.filters import OneOf, Switch
from helpdesk.api.includes import Rows
from helpdesk.api.paging import by_name, newest_first
from helpdesk.api.views import ResourceViewSet
from helpdesk.errors import Forbidden
from tickets.models import Ticket
from tickets.placeholders import PLACEHOLDER

from .serializers import (
    AutomationRuleSerializer,
    EvaluationSerializer,
    PreviewResultSerializer,
    PreviewSerializer,
    RuleRunSerializer,
    TraceSerializer,
)

PEOPLE = ("customer.", "company.")


class AutomationRuleViewSet(ResourceViewSet):
    """What is done by itself when something happens to a ticket."""

    scope = "tickets"
    admin = "writes"
    queryset = AutomationRule.objects.all()
    serializer_class = AutomationRuleSerializer
    orders = (by_name("order", "name"),)
    filters = (
        OneOf("ruleType", "rule_type", "Type of rule.", allowed=tuple(RuleType.values)),
        Switch(
            "isActive", "", "Active rules, or the others.", on=lambda: Q(is_active=True), off=lambda: Q(is_active=False)
        ),
    )

    def parsed(self) -> dict[str, Any]:
        values = super().parsed()
        if tells_of_people(values) and not sees_people(self.request):
            # What it notes on tickets, and when, would tell all about people to a key that may not read them.
            raise Forbidden("Rules about customers and companies need the scope users:read.")
        return values

    def create(self, request: Request) -> HttpResponse:
        """Save a rule."""
        return self.created(services.create_rule(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a rule."""
        return self.shown(services.update_rule(self.key(pk), actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a rule; what it did stays."""
        services.delete_rule(self.key(pk), actor=request.user)
        return self.no_content()


class RulePreviewViewSet(ApiViewSet):
    """What a rule would have done, without saving it."""

    scope = "tickets"
    admin = "writes"
    read_actions = ("preview",)
    atomic = False  # it only reads, and must not keep writers waiting
    bodies = {"preview": PreviewSerializer}
    answers = {"preview": PreviewResultSerializer}

    def preview(self, request: Request) -> HttpResponse:
        """Tell which tickets of the last days a rule would have matched, and what it would have changed.

        Nothing is saved, changed or sent. Rules for new tickets are held against each ticket as it was filed, others
        against the tickets as they are now. A ticket to which the rule could not do all that it says has an `error`.
        """
        asked = {"name": "Preview", **self.parsed()}
        days, limit = asked.pop("days", 30), asked.pop("limit", 50)
        tickets = Ticket.objects.all()
        seen = tickets.visible_to(request.user) if request.auth.limited else tickets
        rule = services.draft(asked)
        if any(is_about_people(condition) for condition in rule.conditions) and not sees_people(request):
            raise Forbidden("Conditions about customers and companies need the scope users:read.")
        return self.answer(preview(rule, actor=request.user, tickets=seen, days=days, limit=limit, now=timezone.now()))


class EvaluationViewSet(ResourceViewSet):
    """Evaluations, which explain themselves before they are shown."""

    scope = "tickets"
    queryset = Evaluation.objects.all()
    serializer_class = EvaluationSerializer

    def included(self, offered: Any) -> Sequence[Any]:
        return (self,)

    def attach(self, rows: Rows, *, with_people: bool) -> None:
        """Replace the stored form of each row by its explanation."""
        known = rosters(row["roster"] for row in rows)
        hides_links = not self.sees_all_tickets()
        for row in rows:
            rules = explained(row.pop("rules"), known[row.pop("roster")])
            if not with_people:
                withhold(rules, is_about_people)
            if hides_links:
                withhold(rules, is_about_links)
            self.explain(row, rules)

    def explain(self, row: dict[str, Any], rules: list[dict[str, Any]]) -> None:
        row["rules"] = rules

    def limited_rows(self, rows: QuerySet) -> QuerySet:
        return rows.filter(ticket__in=Ticket.objects.visible_to(self.request.user))


class TicketTraceViewSet(EvaluationViewSet):
    """Why rules ran on a ticket, or did not."""

    parents = {"ticket_id": Ticket}
    answers = {"list": TraceSerializer}
    orders = (newest_first(),)


class RuleRunViewSet(EvaluationViewSet):
    """The times that a rule was asked."""

    queryset = Evaluation.objects.alias(rule_id=F("roster__entries__revision__rule"))
    parents = {"rule_id": AutomationRule}
    answers = {"list": RuleRunSerializer}
    orders = (newest_first(),)
    filters = (
        Switch(
            "executed",
            "",
            "Only the runs in which the rule acted, or only the others.",
            on=lambda: Q(Exists(own_executions())),
            off=lambda: ~Q(Exists(own_executions())),
        ),
    )

    def explain(self, row: dict[str, Any], rules: list[dict[str, Any]]) -> None:
        row.update(next(rule for rule in rules if rule["ruleId"] == self.kwargs["rule_id"]))


def sees_people(request: Request) -> bool:
    return request.auth is not None and "users:read" in request.auth.scopes


def is_about_people(condition: dict[str, Any]) -> bool:
    return str(condition["field"]).startswith(PEOPLE)


def tells_of_people(values: dict[str, Any]) -> bool:
    """Whether a rule asks about people or writes of them; what else may be wrong with it is said later."""
    conditions = (one for one in values.get("conditions", ()) if isinstance(one, dict) and "field" in one)
    named = (name for text in texts_in(values.get("actions", [])) for name in PLACEHOLDER.findall(text))
    return any(map(is_about_people, conditions)) or any(name.startswith(PEOPLE) for name in named)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_in(inner)


def own_executions() -> QuerySet[Execution]:
    return Execution.objects.filter(evaluation=OuterRef("pk"), rule=OuterRef("rule_id"))
