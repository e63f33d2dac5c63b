"""The JSON of automation rules and of their runs."""

from django.db.models import Count, DateTimeField, F, IntegerField, Max, OuterRef, Subquery
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Greatest

from automation.models import AutomationRule, Evaluation, Execution
from helpdesk.api import fields
from helpdesk.api.fields import moment_text
from helpdesk.api.serializers import Body, Resource
from helpdesk.api.sqltext import MomentText


def unfolded(total: Count | Max) -> Subquery:
    """A figure over what has not been folded into the rule yet."""
    rows = Execution.objects.filter(rule=OuterRef("pk"), folded=False).order_by().values("rule")
    return Subquery(rows.annotate(figure=total).values("figure"))


def executions() -> CombinedExpression:
    return F("execution_count") + Coalesce(unfolded(Count("*")), 0, output_field=IntegerField())


def last_execution() -> Coalesce:
    latest = unfolded(Max("created_at"))
    # SQLite's greatest of something and nothing is nothing.
    return Coalesce(
        Greatest(F("last_executed_at"), latest), F("last_executed_at"), latest, output_field=DateTimeField()
    )


def count_of(rule: AutomationRule) -> int:
    return rule.execution_count + rule.executions.filter(folded=False).count()


def latest_of(rule: AutomationRule) -> str | None:
    latest = rule.executions.filter(folded=False).aggregate(at=Max("created_at"))["at"]
    known = [at for at in (rule.last_executed_at, latest) if at]
    return moment_text(max(known)) if known else None


class AutomationRuleSerializer(Resource):
    """What is done by itself when something happens to a ticket."""

    example = {
        "id": "330e8400-e29b-41d4-a716-446655440001",
        "name": "Technical tickets are urgent",
        "description": "So that the second line sees them first.",
        "ruleType": "ticket_creation",
        "trigger": "ticket_created",
        "conditionMatch": "all",
        "conditions": [{"field": "category", "operator": "is", "value": "technical"}],
        "actions": [{"type": "set_priority", "value": "urgent"}],
        "isActive": True,
        "order": 0,
        "executionCount": 42,
        "lastExecutedAt": "2025-12-18T05:21:07.286Z",
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    trigger = fields.Text(required=False, allow_null=True, max_length=50)
    conditions = fields.JsonList(required=False)
    actions = fields.JsonList()
    execution_count = fields.Computed(executions(), value=count_of, schema={"type": "integer"})
    last_executed_at = fields.Computed(
        MomentText(last_execution()), value=latest_of, schema={"type": ["string", "null"], "format": "date-time"}
    )

    class Meta:
        model = AutomationRule
        fields = [
            "id",
            "name",
            "description",
            "rule_type",
            "trigger",
            "condition_match",
            "conditions",
            "actions",
            "is_active",
            "order",
            "execution_count",
            "last_executed_at",
            "created_at",
        ]


class PreviewSerializer(AutomationRuleSerializer):
    """A rule to try, saved or not, and on what."""

    name = fields.Text(required=False, max_length=200)
    days = fields.Whole(required=False, min_value=1, max_value=365, write_only=True)
    limit = fields.Whole(required=False, min_value=0, max_value=500, write_only=True)

    class Meta(AutomationRuleSerializer.Meta):
        fields = [*AutomationRuleSerializer.Meta.fields, "days", "limit"]


class PreviewResultSerializer(Body):
    """What the rule would have done."""

    example = {
        "days": 30,
        "examined": 412,
        "matched": 1,
        "truncated": False,
        "tickets": [
            {
                "ticketId": "550e8400-e29b-41d4-a716-446655440000",
                "ticketNumber": 267213,
                "subject": "Cannot access my account",
                "changes": [{"field": "priority", "from": "medium", "to": "urgent"}],
                "effects": [],
                "error": None,
            }
        ],
    }

    days = fields.Whole()
    examined = fields.Whole(help_text="Tickets that were looked at, newest first.")
    matched = fields.Whole()
    truncated = fields.Flag(help_text="Whether there were more tickets than are looked at.")
    tickets = fields.JsonList(
        help_text="The tickets that match, with the changes of each, or why it would refuse them."
    )


RULE_RUN = {
    "ruleId": "330e8400-e29b-41d4-a716-446655440001",
    "ruleName": "Technical tickets are urgent",
    "matched": True,
    "conditionMatch": "all",
    "conditions": [
        {"field": "category", "operator": "is", "value": "technical", "actual": "technical", "passed": True}
    ],
    "actions": [{"type": "set_priority", "value": "urgent", "effect": {"priority": ["medium", "urgent"]}}],
    "error": None,
}


class EvaluationSerializer(Resource):
    """One event of a ticket, and what rules made of it."""

    # Replaced by what they explain before anybody sees them: see Explanation.
    rules = fields.Computed(
        F("results"),
        value=lambda evaluation: evaluation.results,
        schema={"type": "array", "items": {"type": "object"}},
    )
    roster = fields.Computed(F("roster_id"), value=lambda evaluation: evaluation.roster_id, schema={"type": "integer"})
    triggers = fields.Computed(
        F("triggers"),
        value=lambda evaluation: evaluation.triggers.split(","),
        load=lambda text: text.split(","),
        schema={"type": "array", "items": {"type": "string"}},
    )

    class Meta:
        model = Evaluation
        fields = ["id", "ticket_id", "triggers", "created_at", "rules", "roster"]


class TraceSerializer(Body):
    """One event of a ticket, and every rule that was asked about it."""

    example = {
        "id": "440e8400-e29b-41d4-a716-446655440001",
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "triggers": ["ticket_created"],
        "createdAt": "2025-12-18T05:21:07.286Z",
        "rules": [RULE_RUN],
    }

    id = fields.Id()
    ticket_id = fields.Id()
    triggers = fields.TextList(help_text="What had happened.")
    created_at = fields.Moment()
    rules = fields.JsonList(help_text="The rules in their order, each with every condition and what it did.")


class RuleRunSerializer(Body):
    """One time that a rule was asked."""

    example = {
        "id": "440e8400-e29b-41d4-a716-446655440001",
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "triggers": ["ticket_created"],
        "createdAt": "2025-12-18T05:21:07.286Z",
        **RULE_RUN,
    }

    id = fields.Id()
    ticket_id = fields.Id()
    triggers = fields.TextList()
    created_at = fields.Moment()
    rule_id = fields.Id(allow_null=True)
    rule_name = fields.Text()
    matched = fields.Flag()
    condition_match = fields.Text()
    conditions = fields.JsonList(help_text="Each condition with the actual value and whether it passed.")
    actions = fields.JsonList(help_text="What it did, when it matched.")
    error = fields.Text(allow_null=True, help_text="Why it failed, if it did; then nothing of it was done.")
