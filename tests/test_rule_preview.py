"""What a rule that is not saved would have done: to which tickets, exactly what, and what it would be refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from automation.models import AutomationRule, Evaluation
from tests.client import ApiClient
from tests.factories import AgentGroupFactory, CustomFieldFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.models import Activity, Reply, Ticket

pytestmark = pytest.mark.django_db

URGENT = {"type": "set_priority", "value": "urgent"}
TECHNICAL = {"field": "category", "operator": "is", "value": "technical"}


def file(api: ApiClient, customer: User, **values: Any) -> str:
    body = {"subject": "Help", "description": "It broke", "customerId": str(customer.pk), **values}
    return str(api.post("/api/tickets", body).json()["id"])


def test_a_preview_tells_what_would_change_and_changes_nothing(
    api: ApiClient, agent: User, mailoutbox: list[Any]
) -> None:
    day = timedelta(days=1)
    ticket = TicketFactory(category="technical", tags=["eu"], created_at=timezone.now() - day)
    TicketFactory(category="technical", created_at=timezone.now() - 40 * day)
    TicketFactory(category="billing")
    before = (Ticket.objects.values_list("updated_at", "tags", "priority").get(pk=ticket.pk), Activity.objects.count())
    actions = [
        URGENT,
        {"type": "add_tag", "value": "fast"},
        {"type": "assign_to", "value": str(agent.pk)},
        {"type": "set_custom_field", "value": {"name": "plan", "value": "pro"}},
        {"type": "reply", "value": "We are on it"},
        {"type": "send_email", "value": {"to": "customer", "subject": "x", "body": "y"}},
    ]
    body = {"ruleType": "ticket_creation", "conditions": [TECHNICAL], "actions": actions}
    told = api.post("/api/automation-rules/preview", body)
    assert told.status_code == 200
    assert told.json() == {
        "days": 30,
        "examined": 2,
        "matched": 1,
        "truncated": False,
        "tickets": [
            {
                "ticketId": str(ticket.pk),
                "ticketNumber": ticket.ticket_number,
                "subject": ticket.subject,
                "changes": [
                    {"field": "priority", "from": "medium", "to": "urgent"},
                    {"field": "tags", "from": ["eu"], "to": ["eu", "fast"]},
                    {"field": "assigneeId", "from": None, "to": str(agent.pk)},
                    {"field": "customFields.plan", "from": None, "to": "pro"},
                ],
                "effects": [
                    {"type": "reply", "value": {"content": "We are on it"}},
                    {"type": "send_email", "value": {"to": "customer", "subject": "x", "body": "y"}},
                ],
                "error": None,
            }
        ],
    }
    after = (Ticket.objects.values_list("updated_at", "tags", "priority").get(pk=ticket.pk), Activity.objects.count())
    assert after == before
    assert not mailoutbox
    assert not any(model.objects.exists() for model in (Reply, AutomationRule, Evaluation))
    assert api.post("/api/automation-rules/preview", {**body, "days": 60}).json()["matched"] == 2
    assert api.post("/api/automation-rules/preview", {**body, "limit": 0}).json()["tickets"] == []
    for wrong in ({"days": 0}, {"days": 400}, {"limit": -1}):
        assert api.post("/api/automation-rules/preview", {**body, **wrong}).status_code == 400


def test_a_rule_for_new_tickets_is_tried_on_tickets_as_they_were_filed(api: ApiClient, customer: User) -> None:
    ticket = file(api, customer, category="technical", tags=["a", "b"], customFields={"seats": 5})
    changes = {"category": "billing", "status": "closed", "tags": [], "customFields": {"seats": None, "plan": "pro"}}
    api.patch(f"/api/tickets/{ticket}", changes)
    api.patch(f"/api/tickets/{ticket}", {"category": "other"})
    conditions = [
        TECHNICAL,
        {"field": "status", "operator": "is", "value": "open"},
        {"field": "tags", "operator": "is", "value": "b"},
        {"field": "customFields.seats", "operator": "is", "value": 5},
        {"field": "customFields.plan", "operator": "is_empty"},
        {"field": "hoursSinceCreated", "operator": "less_than", "value": 0.01},
    ]
    body = {"ruleType": "ticket_creation", "conditions": conditions, "actions": [URGENT]}
    assert api.post("/api/automation-rules/preview", body).json()["matched"] == 1
    # A rule for updates is held against what there is now.
    assert api.post("/api/automation-rules/preview", {**body, "ruleType": "ticket_update"}).json()["matched"] == 0


def test_a_preview_shows_an_agent_only_the_tickets_they_see(api: ApiClient) -> None:
    restricted = UserFactory(agent=True, ticket_scope="restricted")
    own = TicketFactory(assignee=restricted)
    TicketFactory()
    body = {"ruleType": "ticket_creation", "actions": [URGENT]}
    assert api.post("/api/automation-rules/preview", body).json()["matched"] == 2
    session = ApiClient()
    session.handler.enforce_csrf_checks = False
    session.force_login(restricted)
    told = session.post("/api/automation-rules/preview", body).json()
    assert [ticket["ticketId"] for ticket in told["tickets"]] == [str(own.pk)]


CLOSE = {"type": "set_status", "value": "closed"}
BY_ASSIGNEE = {"type": "send_email", "value": {"to": "assignee", "subject": "x", "body": "y"}}


def test_a_preview_tells_what_would_be_refused_as_the_run_does(api: ApiClient, customer: User, agent: User) -> None:
    """The same rule over the same tickets, tried and then let loose, comes to the same."""
    CustomFieldFactory(name="cause", label="Cause", required_on_close=True)
    gone = UserFactory(agent=True)
    tickets = [
        TicketFactory(category="a"),
        TicketFactory(category="a", custom_fields={"cause": "rain"}, assignee=agent, tags=["EU"]),
        TicketFactory(category="a", custom_fields={"cause": "rain"}, assignee=gone),
        TicketFactory(category="a", custom_fields={"cause": "rain"}, tags=[f"t{n}" for n in range(50)], assignee=agent),
        TicketFactory(category="a", custom_fields={"cause": "snow"}, assignee=agent, status="resolved"),
    ]
    User.objects.filter(pk=gone.pk).update(is_active=False)
    clear = {"type": "set_custom_field", "value": {"name": "place", "value": "Rome"}}
    body = {
        "ruleType": "ticket_update",
        "conditions": [{"field": "category", "operator": "is", "value": "a"}],
        "actions": [{"type": "add_tag", "value": ["new", "eu"]}, CLOSE, clear, BY_ASSIGNEE],
    }
    foretold = {
        ticket["ticketId"]: ticket for ticket in api.post("/api/automation-rules/preview", body).json()["tickets"]
    }
    assert [bool(foretold[str(ticket.pk)]["error"]) for ticket in tickets] == [True, False, True, True, False]
    assert "Cause" in foretold[str(tickets[0].pk)]["error"]
    assert all(not told["changes"] and not told["effects"] for told in foretold.values() if told["error"])
    assert api.post("/api/automation-rules", {**body, "name": "R", "trigger": "note_added"}).status_code == 201
    for ticket in tickets:
        api.post(f"/api/tickets/{ticket.pk}/notes", {"userId": str(agent.pk), "content": "Go"})
        (event,) = api.get(f"/api/tickets/{ticket.pk}/automation-trace").json()
        (ran,) = event["rules"]
        told = foretold[str(ticket.pk)]
        assert ran["error"] == told["error"]
        effects = [action["effect"] for action in ran["actions"][:3] if action["effect"]]
        happened = {name: values for effect in effects for name, values in effect.items()}
        expected = {change["field"]: [change["from"], change["to"]] for change in told["changes"]}
        assert happened.keys() == expected.keys()
        assert {**happened, "resolvedAt": 0} == {**expected, "resolvedAt": 0}, "the moment differs"


def test_a_preview_signs_as_whoever_asks(api: ApiClient, agent: User) -> None:
    TicketFactory()
    body: dict[str, Any] = {"ruleType": "ticket_update", "actions": [{"type": "reply", "value": "Hello"}]}
    (told,) = api.post("/api/automation-rules/preview", body).json()["tickets"]
    assert (told["error"], told["effects"]) == (None, [{"type": "reply", "value": {"content": "Hello"}}])
    body["actions"][0]["value"] = signed = {"content": "Hello", "userId": str(agent.pk)}
    (told,) = api.post("/api/automation-rules/preview", body).json()["tickets"]
    assert told["effects"] == [{"type": "reply", "value": signed}]


def test_hours_are_those_of_the_moment_when_a_ticket_was_filed(api: ApiClient, customer: User) -> None:
    hour = timedelta(hours=1)
    ticket = TicketFactory(customer=customer, created_at=timezone.now() - 30 * hour, status="closed")
    ReplyFactory(ticket=ticket, user=customer, created_at=timezone.now() - 20 * hour)
    at = timezone.now() - 10 * hour
    Activity.objects.create(ticket=ticket, action="status_changed", old_value="open", new_value="closed", created_at=at)
    names = ("hoursSinceCreated", "hoursSinceUpdated", "hoursSinceStatusChanged", "hoursSinceCustomerReply")
    conditions = [
        *({"field": name, "operator": "less_than", "value": 0.001} for name in names),
        *({"field": name, "operator": "greater_than", "value": -0.001} for name in names),
        {"field": "resolvedAt", "operator": "is_empty"},
    ]
    body = {"ruleType": "ticket_creation", "conditions": conditions, "actions": [URGENT]}
    assert api.post("/api/automation-rules/preview", body).json()["matched"] == 1
    assert api.post("/api/automation-rules/preview", {**body, "ruleType": "ticket_update"}).json()["matched"] == 0


@pytest.mark.parametrize("kind", ["ticket_creation", "ticket_update"])
def test_a_preview_takes_as_many_queries_for_many_tickets_as_for_one(api: ApiClient, agent: User, kind: str) -> None:
    """And asks for no lock: whoever writes meanwhile does not wait."""
    CustomFieldFactory(name="cause", required_on_close=True)
    group = AgentGroupFactory()
    names = ("hoursSinceStatusChanged", "hoursSinceCustomerReply")
    linked = {"field": "linkedTicketIds", "operator": "is_empty"}
    body = {
        "ruleType": kind,
        "conditions": [*({"field": name, "operator": "less_than", "value": 1} for name in names), linked],
        "actions": [
            URGENT,
            {"type": "set_group", "value": str(group.pk)},
            {"type": "set_custom_field", "value": {"name": "cause", "value": "rain"}},
            CLOSE,
            {"type": "add_note", "value": "Hi {{customer.name}}"},
            BY_ASSIGNEE,
            {"type": "assign_to", "value": str(agent.pk)},
        ],
    }
    counts = []
    for more in (1, 11):
        for _ in range(more):
            TicketFactory(assignee=UserFactory(agent=True))
        with CaptureQueriesContext(connection) as queries:
            told = api.post("/api/automation-rules/preview", body).json()
        assert [ticket["error"] for ticket in told["tickets"]] == [None] * told["matched"]
        asked = [query["sql"] for query in queries]
        assert not any(
            sql.startswith(("BEGIN", "SAVEPOINT", "INSERT", "DELETE")) or "FOR UPDATE" in sql for sql in asked
        )
        counts.append(len(asked) - sum(sql.startswith("UPDATE") for sql in asked))  # of when the key was used last
    assert told["matched"] == 12
    assert counts[0] == counts[1] <= 20
