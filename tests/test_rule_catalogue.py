"""What forms for rules offer is what rules take."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from automation.actions import ACTIONS, parse_actions
from automation.catalogue import label_of, offered_actions, offered_fields, value_of
from automation.conditions import parse_conditions
from automation.fields import FIELDS
from helpdesk.errors import Invalid
from tests.factories import AgentGroupFactory, CustomFieldFactory

pytestmark = pytest.mark.django_db

ID = "397f8871-6bd4-4df4-ad6f-0fef197e8547"
SAMPLES: dict[str, list[Any]] = {
    "text": ["printer"],
    "list": ["vip"],
    "any": ["pro", 5, True],
    "id": [ID],
    "number": [7, "7"],
    "hours": [1.5, -3],
    "date": ["2025-12-18", "2025-12-18T05:21:07Z"],
    "boolean": [True, False],
}


def test_every_offered_condition_is_taken() -> None:
    CustomFieldFactory(name="plan", label="Plan", field_type="dropdown", options=["Free", "Pro"])
    CustomFieldFactory(name="vip", label="VIP", field_type="checkbox", entity_type="company")
    CustomFieldFactory(name="old", is_active=False)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        fields = {field.name: field for field in offered_fields()}
    assert len(queries) == 3, "the custom fields of each kind"
    assert list(fields) == [*FIELDS, "customFields.plan", "company.customFields.vip"]
    for field in fields.values():
        for operator in field.operators:
            for value in field.options or SAMPLES[field.type]:
                given: dict[str, Any] = {"field": field.name, "operator": operator}
                if value_of(operator) != "none":
                    given["value"] = [value] if value_of(operator) == "list" else value
                assert parse_conditions([given])
        with pytest.raises(Invalid):
            parse_conditions([{"field": field.name, "operator": "like", "value": "x"}])


def test_the_options_and_references_of_fields() -> None:
    CustomFieldFactory(name="plan", label="Plan", field_type="multiselect", options=["Free", "Pro"])
    fields = {field.name: field for field in offered_fields()}
    assert fields["status"].options == ("open", "pending", "in_progress", "resolved", "closed")
    assert fields["priority"].options == ("low", "medium", "high", "urgent")
    assert fields["customFields.plan"].options == ("Free", "Pro")
    assert {name: field.of for name, field in fields.items() if field.of} == {
        "id": "ticket",
        "customerId": "customer",
        "assigneeId": "agent",
        "groupId": "group",
        "parentTicketId": "ticket",
        "customer.id": "customer",
        "customer.companyId": "company",
        "company.id": "company",
    }


def test_every_offered_action_is_taken(agent: User) -> None:
    CustomFieldFactory(name="seats", field_type="number")
    samples: dict[str, list[Any]] = {
        "text": ["billing", None],
        "agent": [str(agent.pk), None],
        "group": [str(AgentGroupFactory().pk), None],
        "tags": ["vip", ["vip", "eu"]],
        "customField": [{"name": "seats", "value": 5}, {"name": "seats", "value": None}],
        "message": ["Hello", {"content": "Hello"}, {"content": "Hello", "userId": str(agent.pk)}],
        "mail": [{"to": to, "subject": "s", "body": "b"} for to in ("customer", "assignee", "a@b.example")],
    }
    assert [action.name for action in offered_actions()] == list(ACTIONS)
    for action in offered_actions():
        for value in action.options or samples[action.takes]:
            assert parse_actions([{"type": action.name, "value": value}], verify=True)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("customer.companyId", "Customer: company"),
        ("hoursUntilSlaDeadline", "Hours until SLA deadline"),
        ("ticketNumber", "Ticket number"),
        ("add_tag", "Add tag"),
    ],
)
def test_names_are_readable(name: str, label: str) -> None:
    assert label_of(name) == label
