"""Automation rules act: over the API, on creation and on every kind of update, and never at the caller's expense."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import ApiKey, User
from automation.models import AutomationRule, Execution
from automation.rule_book import new_stamp
from automation.upkeep import fold_executions
from tests.client import ApiClient
from tests.factories import (
    AgentGroupFactory,
    CompanyFactory,
    CustomFieldFactory,
    NoteFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets.models import Note, Reply, Ticket

pytestmark = pytest.mark.django_db

URGENT = {"type": "set_priority", "value": "urgent"}
TECHNICAL = {"field": "category", "operator": "is", "value": "technical"}

MakeRule = Callable[..., dict[str, Any]]


@pytest.fixture
def rule(api: ApiClient) -> MakeRule:
    """`rule(actions=[…], …)`: saves a rule over the API; for new tickets unless it says otherwise."""

    def make(**values: Any) -> dict[str, Any]:
        body = {"name": "Rule", "ruleType": "ticket_creation", "actions": [URGENT], **values}
        response = api.post("/api/automation-rules", body)
        assert response.status_code == 201, response.json()
        return response.json()

    return make


@pytest.fixture
def file(api: ApiClient, customer: User) -> Callable[..., dict[str, Any]]:
    def make(**values: Any) -> dict[str, Any]:
        body = {"subject": "Help", "description": "It broke", "customerId": str(customer.pk), **values}
        response = api.post("/api/tickets", body)
        assert response.status_code == 201, response.json()
        return response.json()

    return make


def history(api: ApiClient, ticket: dict[str, Any] | Ticket) -> list[tuple[str, str | None, str | None]]:
    key = ticket["id"] if isinstance(ticket, dict) else ticket.pk
    return [(a["action"], a["newValue"], a["userId"]) for a in api.get(f"/api/tickets/{key}/activities").json()]


def test_technical_tickets_are_urgent(api: ApiClient, api_key: ApiKey, rule: MakeRule, file: Any) -> None:
    rule(name="Technical tickets are urgent", conditions=[TECHNICAL])
    ticket = file(category="technical")
    assert ticket["priority"] == "urgent"
    assert history(api, ticket) == [
        ("created", None, str(api_key.owner_id)),
        ("priority_changed", "urgent", None),
        ("automation_executed", "Technical tickets are urgent", None),
    ]
    assert file(category="billing")["priority"] == "medium"
    (shown,) = api.get("/api/automation-rules").json()
    assert shown["executionCount"] == 1
    assert shown["lastExecutedAt"] is not None


def test_a_rule_as_the_document_shows_it(api: ApiClient, rule: MakeRule) -> None:
    made = rule(conditions=[TECHNICAL])
    assert made == {
        "id": made["id"],
        "name": "Rule",
        "description": None,
        "ruleType": "ticket_creation",
        "trigger": "ticket_created",
        "conditionMatch": "all",
        "conditions": [TECHNICAL],
        "actions": [URGENT],
        "isActive": True,
        "order": 0,
        "executionCount": 0,
        "lastExecutedAt": None,
        "createdAt": made["createdAt"],
    }
    path = f"/api/automation-rules/{made['id']}"
    assert api.get(path).json() == made
    assert api.patch(path, {"name": "Other", "isActive": False}).json() == {**made, "name": "Other", "isActive": False}
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == api.delete(path).status_code == api.patch(path, {}).status_code == 404


TRIGGERS = [("ticket_creation", "ticket_created"), ("ticket_update", "ticket_updated")]


@pytest.mark.parametrize(("kind", "trigger"), [*TRIGGERS, ("time_trigger", "every_5_minutes")])
def test_a_rule_without_a_trigger_gets_the_one_of_its_type(rule: MakeRule, kind: str, trigger: str) -> None:
    assert rule(ruleType=kind)["trigger"] == trigger


def test_a_rule_for_new_tickets_fires_whatever_its_trigger_says(rule: MakeRule, file: Any) -> None:
    rule(trigger="status_changed")
    assert file()["priority"] == "urgent"


def test_rules_run_in_order_and_see_what_was_done_before_them(rule: MakeRule, file: Any) -> None:
    is_high = {"field": "priority", "operator": "is", "value": "high"}
    rule(name="B", order=1, actions=[{"type": "set_priority", "value": "high"}])
    rule(name="C", order=2, conditions=[is_high], actions=[{"type": "add_tag", "value": "seen"}])
    rule(name="A", order=1, conditions=[is_high], actions=[{"type": "add_tag", "value": "too early"}])
    assert file()["tags"] == ["seen"]


def test_any_of_the_conditions_is_enough_when_the_rule_says_so(rule: MakeRule, file: Any) -> None:
    rule(conditionMatch="any", conditions=[TECHNICAL, {"field": "tags", "operator": "contains", "value": "vip"}])
    assert file(tags=["VIP"])["priority"] == "urgent"
    assert file(category="technical")["priority"] == "urgent"
    assert file()["priority"] == "medium"


def test_an_inactive_rule_does_nothing_and_a_changed_one_acts_at_once(
    api: ApiClient, rule: MakeRule, file: Any
) -> None:
    path = f"/api/automation-rules/{rule(isActive=False)['id']}"
    assert file()["priority"] == "medium"
    api.patch(path, {"isActive": True})
    assert file()["priority"] == "urgent"
    api.patch(path, {"actions": [{"type": "set_priority", "value": "low"}]})
    assert file()["priority"] == "low"
    api.delete(path)
    assert file()["priority"] == "medium"


# The triggers of updates, and what sets each of them off: method, path below the ticket, body.
UPDATES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "status_changed": ("patch", "", {"status": "pending"}),
    "priority_changed": ("patch", "", {"priority": "high"}),
    "category_changed": ("patch", "", {"category": "new"}),
    "assigned": ("post", "/pick", {"agentId": "{agent}"}),
    "group_changed": ("patch", "", {"groupId": "{group}"}),
    "tags_changed": ("patch", "", {"tags": ["new"]}),
    "custom_field_changed": ("patch", "", {"customFields": {"a": 1}}),
    "customer_replied": ("post", "/replies", {"userId": "{customer}", "content": "x"}),
    "agent_replied": ("post", "/replies", {"userId": "{agent}", "content": "x"}),
    "note_added": ("post", "/notes", {"userId": "{agent}", "content": "x"}),
}


@pytest.fixture
def happens(api: ApiClient, agent: User, customer: User) -> Callable[[str, Ticket], None]:
    ids = {"agent": agent.pk, "customer": customer.pk, "group": AgentGroupFactory().pk}

    def do(happening: str, ticket: Ticket) -> None:
        method, below, body = UPDATES[happening]
        filled = {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}
        assert getattr(api, method)(f"/api/tickets/{ticket.pk}{below}", filled).status_code in (200, 201)

    return do


ALSO = {"replied": ("customer_replied", "agent_replied")}


@pytest.mark.parametrize("happening", UPDATES)
def test_each_trigger_hears_of_its_own_event_and_of_no_other(
    api: ApiClient, rule: MakeRule, customer: User, happens: Callable[..., None], happening: str
) -> None:
    for trigger in (*UPDATES, *ALSO, "ticket_updated"):
        rule(name=trigger, ruleType="ticket_update", trigger=trigger, actions=[{"type": "add_tag", "value": trigger}])
    ticket = TicketFactory(customer=customer)
    happens(happening, ticket)
    ran = {new for action, new, _ in history(api, ticket) if action == "automation_executed"}
    assert ran == {happening, "ticket_updated", *(name for name, of in ALSO.items() if happening in of)}


def test_one_event_fires_a_rule_once_also_when_a_message_reopens(
    api: ApiClient, rule: MakeRule, customer: User, happens: Callable[..., None]
) -> None:
    rule(ruleType="ticket_update", actions=[{"type": "add_note", "value": "Seen"}])
    ticket = TicketFactory(customer=customer, status="pending")
    happens("customer_replied", ticket)
    assert api.get(f"/api/tickets/{ticket.pk}").json()["status"] == "open"
    assert Note.objects.count() == 1


def test_what_rules_do_triggers_no_rules(api: ApiClient, rule: MakeRule) -> None:
    ticket = TicketFactory()
    for status, other in (("open", "pending"), ("pending", "open")):
        is_so = {"field": "status", "operator": "is", "value": status}
        rule(
            name=f"{status} to {other}",
            ruleType="ticket_update",
            trigger="status_changed",
            conditions=[is_so],
            actions=[{"type": "set_status", "value": other}, {"type": "add_note", "value": "Flip"}],
        )
    rule(name="Echo", ruleType="ticket_update", trigger="note_added", actions=[{"type": "add_note", "value": "Echo"}])
    api.patch(f"/api/tickets/{ticket.pk}", {"status": "pending"})
    # The first rule comes too early, the second one acts, and nobody hears of it.
    assert api.get(f"/api/tickets/{ticket.pk}").json()["status"] == "open"
    assert Note.objects.values_list("content", flat=True).get() == "Flip"


def test_every_action(api: ApiClient, rule: MakeRule, file: Any, agent: User, mailoutbox: list[Any]) -> None:
    group = AgentGroupFactory()
    actions = [
        ("set_status", "in_progress"),
        ("set_priority", "low"),
        ("set_category", "sorted"),
        ("assign_to", str(agent.pk)),
        ("set_group", str(group.pk)),
        ("add_tag", "one"),
        ("add_tag", ["two", "three"]),
        ("remove_tag", "TWO"),
        ("set_custom_field", {"name": "plan", "value": "pro"}),
        ("add_note", "Note for {{agent.name}} on {{ticket.ticketNumber}}"),
        ("reply", "Dear {{customer.name}}, {{unknown.thing}}"),
        ("send_email", {"to": "customer", "subject": "Re: {{ticket.subject}}", "body": "Hello {{customer.name}}"}),
        ("send_email", {"to": "boss@example.com", "subject": "Look", "body": "Here"}),
    ]
    rule(actions=[{"type": name, "value": value} for name, value in actions])
    ticket = file(tags=["zero"])
    assert {name: ticket[name] for name in ("status", "priority", "category", "assigneeId", "groupId", "tags")} == {
        "status": "in_progress",
        "priority": "low",
        "category": "sorted",
        "assigneeId": str(agent.pk),
        "groupId": str(group.pk),
        "tags": ["zero", "one", "three"],
    }
    assert ticket["customFields"] == {"plan": "pro"}
    assert ticket["firstResponseAt"] is None, "a rule is no agent"
    note, reply = Note.objects.get(), Reply.objects.get()
    assert (note.content, note.user) == (f"Note for {agent.name} on {ticket['ticketNumber']}", agent)
    assert (reply.content, reply.user) == ("Dear Cleo Customer, {{unknown.thing}}", agent)
    assert ("replied", str(reply.pk), None) in history(api, ticket)


def test_what_a_customer_is_called_is_not_filled_in_again(
    api: ApiClient, rule: MakeRule, file: Any, customer: User
) -> None:
    User.objects.filter(pk=customer.pk).update(name="{{customer.email}}")
    rule(actions=[{"type": "add_note", "value": "By {{customer.name}}"}])
    file()
    assert Note.objects.get().content == "By {{customer.email}}"


def test_fields_of_customer_and_company_and_custom_fields(rule: MakeRule, file: Any) -> None:
    customer = UserFactory(
        company=CompanyFactory(account_tier="premium", custom_fields={"seats": 50}),
        tags=["vip"],
        custom_fields={"language": "German"},
    )
    conditions = [
        ("customer.email", "contains", "@example.org"),
        ("customer.tags", "is", "vip"),
        ("customer.customFields.language", "is", "german"),
        ("company.accountTier", "in", ["premium", "enterprise"]),
        ("company.customFields.seats", "greater_than", 10),
        ("customFields.plan", "is", "pro"),
        ("hoursSinceCreated", "less_than", 1),
        ("hoursSinceCustomerReply", "less_than", 1),
    ]
    rule(conditions=[{"field": f, "operator": o, "value": v} for f, o, v in conditions])
    assert file(customerId=str(customer.pk), customFields={"plan": "pro"})["priority"] == "urgent"
    assert file(customFields={"plan": "pro"})["priority"] == "medium", "no company is like none of them"


# --- What fails ---------------------------------------------------------------------------------------


def test_a_failing_rule_is_rolled_back_alone(api: ApiClient, rule: MakeRule, file: Any) -> None:
    CustomFieldFactory(name="cause", label="Root cause", required_on_close=True)
    rule(name="First", order=1, actions=[{"type": "add_tag", "value": "first"}])
    rule(
        name="Closer",
        order=2,
        actions=[{"type": "add_tag", "value": "half"}, {"type": "set_status", "value": "closed"}],
    )
    rule(name="Last", order=3, actions=[{"type": "add_tag", "value": "last"}])
    ticket = file()
    assert (ticket["tags"], ticket["status"]) == (["first", "last"], "open")
    failed = [new for action, new, _ in history(api, ticket) if action == "automation_failed"]
    assert failed == ["Closer: Root cause is required to close a ticket."]
    counts = {r["name"]: r["executionCount"] for r in api.get("/api/automation-rules").json()}
    assert counts == {"First": 1, "Closer": 0, "Last": 1}


def test_a_rule_whose_agent_has_left_fails_by_itself(api: ApiClient, rule: MakeRule, file: Any, agent: User) -> None:
    rule(actions=[{"type": "assign_to", "value": str(agent.pk)}])
    User.objects.filter(pk=agent.pk).update(is_active=False)
    ticket = file()
    assert ticket["assigneeId"] is None
    assert history(api, ticket)[-1][1] == "Rule: No active agent or admin has this id."


def test_a_rule_whose_agent_has_left_can_be_switched_off_but_not_on(
    api: ApiClient, rule: MakeRule, agent: User
) -> None:
    path = f"/api/automation-rules/{rule(actions=[{'type': 'assign_to', 'value': str(agent.pk)}])['id']}"
    User.objects.filter(pk=agent.pk).update(is_active=False)
    for change, status in (
        ({"name": "Old", "order": 5}, 200),
        ({"isActive": False}, 200),
        ({"isActive": True}, 400),
        ({"actions": [URGENT], "isActive": True}, 200),
    ):
        assert api.patch(path, change).status_code == status, change


def test_a_bug_in_an_action_never_fails_the_request(
    api: ApiClient, rule: MakeRule, file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> dict[str, Any]:
        raise ZeroDivisionError("secret detail")

    rule()
    monkeypatch.setattr("automation.actions.change", broken)
    ticket = file()
    assert ticket["priority"] == "medium"
    assert history(api, ticket)[-1][0] == "automation_failed"
    assert "secret" not in str(history(api, ticket))


CONDITION = {"field": "category", "operator": "is", "value": "x"}
# What is sent instead of a good rule, and the field the refusal names.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "name"),
    ({"ruleType": "sometimes"}, "ruleType"),
    ({"ruleType": "ticket_update", "trigger": "ticket_created"}, "trigger"),
    ({"ruleType": "time_trigger", "trigger": "weekly"}, "trigger"),
    ({"conditionMatch": "some"}, "conditionMatch"),
    ({"conditions": "x"}, "conditions"),
    ({"conditions": [5]}, "conditions"),
    ({"conditions": [{}]}, "conditions"),
    ({"conditions": [CONDITION] * 51}, "conditions"),
    ({"conditions": [{**CONDITION, "field": "colour"}]}, "conditions"),
    ({"conditions": [{**CONDITION, "field": "customFields."}]}, "conditions"),
    ({"conditions": [{**CONDITION, "field": 5}]}, "conditions"),
    ({"conditions": [{**CONDITION, "operator": "like"}]}, "conditions"),
    ({"conditions": [{**CONDITION, "operator": ["is"]}]}, "conditions"),
    ({"conditions": [{**CONDITION, "operator": "greater_than"}]}, "conditions"),
    ({"conditions": [{"field": "category", "operator": "is"}]}, "conditions"),
    ({"conditions": [{**CONDITION, "field": "status"}]}, "conditions"),
    ({"conditions": [{**CONDITION, "extra": 1}]}, "conditions"),
    ({"conditions": [{**CONDITION, "operator": "in", "value": {"a": 1}}]}, "conditions"),
    ({"actions": []}, "actions"),
    ({"actions": [URGENT] * 21}, "actions"),
    ({"actions": ["x"]}, "actions"),
    ({"actions": [{"type": "launch_rocket"}]}, "actions"),
    ({"actions": [{"type": "send_webhook", "value": "https://example.com"}]}, "actions"),
    ({"actions": [{"type": ["set_status"], "value": "open"}]}, "actions"),
    ({"actions": [{**URGENT, "value": "highest"}]}, "actions"),
    ({"actions": [{"type": "set_priority"}]}, "actions"),
    ({"actions": [{**URGENT, "extra": 1}]}, "actions"),
    ({"actions": [{"type": "assign_to", "value": "550e8400-e29b-41d4-a716-446655440000"}]}, "actions"),
    ({"actions": [{"type": "set_group", "value": "first"}]}, "actions"),
    ({"actions": [{"type": "add_tag", "value": ""}]}, "actions"),
    ({"actions": [{"type": "add_tag", "value": "x" * 65}]}, "actions"),
    ({"actions": [{"type": "add_note", "value": " "}]}, "actions"),
    ({"actions": [{"type": "reply", "value": {"content": "x", "userId": "me"}}]}, "actions"),
    ({"actions": [{"type": "set_custom_field", "value": {"name": "plan"}}]}, "actions"),
    ({"actions": [{"type": "set_custom_field", "value": {"name": "seats", "value": "many"}}]}, "actions"),
    ({"actions": [{"type": "send_email", "value": {"to": "nobody", "subject": "x", "body": "x"}}]}, "actions"),
    ({"actions": [{"type": "send_email", "value": {"to": "a@b.co", "subject": "x\nBcc: y", "body": "x"}}]}, "actions"),
    ({"order": "first"}, "order"),
    ({"order": 1_000_001}, "order"),
    ({"order": -(2**31) - 1}, "order"),
    ({"isActive": "yes"}, "isActive"),
]


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=[str(r[0])[:60] for r in REFUSED])
def test_a_rule_that_makes_no_sense_is_refused_by_name(api: ApiClient, change: dict[str, Any], field: str) -> None:
    CustomFieldFactory(name="seats", field_type="number")
    body = {"name": "Rule", "ruleType": "ticket_creation", "actions": [URGENT], **change}
    response = api.post("/api/automation-rules", body)
    assert (response.status_code, list(response.json()["details"])) == (400, [field])
    assert not AutomationRule.objects.exists()
    assert api.post("/api/automation-rules/preview", body).status_code == 400


def test_only_admins_write_rules(api_with: Any, agent: User, rule: MakeRule) -> None:
    path = f"/api/automation-rules/{rule()['id']}"
    api = api_with("tickets:read", "tickets:write", owner=agent)
    assert api.get(path).status_code == 200
    body = {"name": "Rule", "ruleType": "ticket_creation", "actions": [URGENT]}
    assert api.post("/api/automation-rules", body).status_code == 403
    assert api.patch(path, {"name": "x"}).status_code == api.delete(path).status_code == 403


# --- Counters -----------------------------------------------------------------------------------------


def test_counters_stay_exact_while_they_are_folded(api: ApiClient, rule: MakeRule, file: Any) -> None:
    path = f"/api/automation-rules/{rule()['id']}"
    for _ in range(2):
        for _ in range(3):
            file()
        before = api.get(path).json()
        assert fold_executions() == 3
        assert api.get(path).json() == before
    assert before["executionCount"] == 6
    assert fold_executions() == 0
    assert Execution.objects.filter(folded=True).count() == 6


@pytest.mark.django_db(transaction=True)
def test_counters_are_exact_when_everybody_files_and_folds_at_once(
    api: ApiClient, api_key: ApiKey, rule: MakeRule, customer: User, at_once: Any
) -> None:
    path = f"/api/automation-rules/{rule()['id']}"
    body = {"subject": "Rush", "description": "hour", "customerId": str(customer.pk)}

    def attempt(n: int) -> int:
        return (
            fold_executions() * 0 + 200
            if n % 4 == 3
            else ApiClient(api_key.secret).post("/api/tickets", body).status_code
        )

    assert sorted(at_once(16, attempt)) == [200] * 4 + [201] * 12
    assert api.get(path).json()["executionCount"] == 12
    fold_executions()
    assert api.get(path).json()["executionCount"] == 12


def test_the_rule_of_another_process_acts_on_the_next_request(rule: MakeRule, file: Any) -> None:
    """Rules are kept in memory; what another process saved announces itself through the database."""
    made = rule()
    assert file()["priority"] == "urgent"
    AutomationRule.objects.filter(pk=made["id"]).update(is_active=False)
    assert file()["priority"] == "urgent", "kept in memory"
    new_stamp()
    assert file()["priority"] == "medium"


def test_messages_and_notes_of_others_are_left_alone(rule: MakeRule, api: ApiClient) -> None:
    ticket = TicketFactory()
    NoteFactory(ticket=ticket)
    ReplyFactory(ticket=ticket)
    rule(ruleType="ticket_update", trigger="note_added")
    api.patch(f"/api/tickets/{ticket.pk}", {"subject": "New"})
    assert api.get(f"/api/tickets/{ticket.pk}").json()["priority"] == "medium"
