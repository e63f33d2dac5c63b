"""Whatever rules somebody saves: they come to an end, none fires twice for one event, and no request fails for them."""

from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import ApiKey, User
from automation.models import TRIGGERS, Evaluation, RuleType
from automation.services import create_rule
from tests.client import ApiClient
from tests.factories import AgentGroupFactory, CustomFieldFactory, GroupMemberFactory
from tickets.models import Activity

CONDITIONS = [
    {"field": "status", "operator": "is", "value": "open"},
    {"field": "status", "operator": "is_not", "value": "closed"},
    {"field": "priority", "operator": "greater_than", "value": "low"},
    {"field": "category", "operator": "contains", "value": "a"},
    {"field": "tags", "operator": "is", "value": "a"},
    {"field": "tags", "operator": "is_empty"},
    {"field": "customFields.seats", "operator": "greater_than", "value": 3},
    {"field": "customer.email", "operator": "contains", "value": "example"},
    {"field": "company.name", "operator": "is_empty"},
    {"field": "hoursSinceCustomerReply", "operator": "less_than", "value": 1},
    {"field": "hoursSinceStatusChanged", "operator": "less_than", "value": 1},
    {"field": "assigneeId", "operator": "is", "value": None},
]
ACTIONS = [
    *({"type": "set_status", "value": status} for status in ("open", "pending", "resolved", "closed")),
    *({"type": "set_priority", "value": priority} for priority in ("low", "urgent")),
    {"type": "set_category", "value": "abc"},
    {"type": "set_category", "value": None},
    {"type": "assign_to", "value": "{agent}"},
    {"type": "assign_to", "value": None},
    {"type": "set_group", "value": "{group}"},
    {"type": "set_group", "value": None},
    {"type": "add_tag", "value": "a"},
    {"type": "add_tag", "value": [f"tag {n}" for n in range(49)]},
    {"type": "remove_tag", "value": "a"},
    {"type": "set_custom_field", "value": {"name": "seats", "value": 5}},
    {"type": "set_custom_field", "value": {"name": "seats", "value": None}},
    {"type": "add_note", "value": "{{customer.name}} {{company.name}}"},
    {"type": "reply", "value": "Hello"},
    {"type": "send_email", "value": {"to": "assignee", "subject": "x", "body": "y"}},
]
RULE = st.fixed_dictionaries(
    {
        "rule_type": st.sampled_from([RuleType.TICKET_CREATION, RuleType.TICKET_UPDATE]),
        "trigger": st.sampled_from(TRIGGERS[RuleType.TICKET_UPDATE]),
        "condition_match": st.sampled_from(["all", "any"]),
        "conditions": st.lists(st.sampled_from(CONDITIONS), max_size=3),
        "actions": st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=4),
        "order": st.integers(0, 3),
    }
)
EVENTS = [
    {"customFields": {"other": 1}},
    {"status": "closed"},
    {"status": "open"},
    {"tags": ["a"]},
    {"category": "a"},
    {"groupId": "{group}"},
    {"groupId": "{calm}"},
    {"groupId": None},
    {"assigneeId": None},
    {"groupId": "{group}", "assigneeId": None, "priority": "high"},
    "reply",
    "note",
]
FILED = [{}, {"groupId": "{group}"}, {"groupId": "{calm}", "assigneeId": "{agent}"}]


def with_ids(values: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    return {key: ids.get(value, value) if isinstance(value, str) else value for key, value in values.items()}


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=st.lists(RULE, max_size=6), filed=st.sampled_from(FILED), events=st.lists(st.sampled_from(EVENTS), max_size=3)
)
def test_any_rules_over_any_ticket(
    api_key: ApiKey,
    agent: User,
    customer: User,
    rules: list[dict[str, Any]],
    filed: dict[str, Any],
    events: list[Any],
) -> None:
    api = ApiClient(api_key.secret)
    with transaction.atomic():
        group = AgentGroupFactory(auto_assign=True)
        GroupMemberFactory(group=group, user=agent)
        CustomFieldFactory(name="seats", field_type="number", required_on_close=True)
        ids = {"{agent}": str(agent.pk), "{group}": str(group.pk), "{calm}": str(AgentGroupFactory().pk)}
        for number, rule in enumerate(rules):
            actions = [with_ids(action, ids) for action in rule["actions"]]
            create_rule(actor=None, **{**rule, "name": f"Rule {number}", "actions": actions})
        body = {"subject": "Any", "description": "thing", "customerId": str(customer.pk), **with_ids(filed, ids)}
        response = api.post("/api/tickets", body)
        assert response.status_code == 201, response.json()
        ticket = response.json()["id"]
        ran = Counter(lines(ticket))
        assert max(ran.values(), default=0) <= 1
        for event in events:
            happening = event if isinstance(event, str) else with_ids(event, ids)
            assert happen(api, happening, ticket, agent, customer) in (200, 201, 400)
            now = Counter(lines(ticket))
            assert max((now - ran).values(), default=0) <= 1, "a rule fired twice for one event"
            ran = now
        told = api.get(f"/api/tickets/{ticket}/automation-trace").json()
        assert len(told) == Evaluation.objects.filter(ticket=ticket).count()
        transaction.set_rollback(True)


def lines(ticket: str) -> list[str]:
    """The rules that acted, or tried to."""
    acted = Activity.objects.filter(ticket=ticket, action__in=["automation_executed", "automation_failed"])
    return [(line or "").partition(":")[0] for line in acted.values_list("new_value", flat=True)]


def happen(api: ApiClient, event: Any, ticket: str, agent: User, customer: User) -> int:
    path = f"/api/tickets/{ticket}"
    if event == "reply":
        return int(api.post(f"{path}/replies", {"userId": str(customer.pk), "content": "x"}).status_code)
    if event == "note":
        return int(api.post(f"{path}/notes", {"userId": str(agent.pk), "content": "x"}).status_code)
    return int(api.patch(path, event).status_code)
