"""Rules explain themselves: why one ran, or did not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from automation.models import Evaluation, Execution, Roster, RuleRevision
from automation.rule_book import RuleBook
from automation.upkeep import fold_executions, forget_old_runs
from tests.client import ApiClient
from tests.factories import UserFactory
from tickets.models import Activity, Ticket

pytestmark = pytest.mark.django_db

URGENT = {"type": "set_priority", "value": "urgent"}
TECHNICAL = {"field": "category", "operator": "is", "value": "technical"}
BIG = {"field": "customer.email", "operator": "contains", "value": "@big.example"}


@pytest.fixture
def rule(api: ApiClient) -> Callable[..., str]:
    def make(**values: Any) -> str:
        body = {"name": "Rule", "ruleType": "ticket_creation", "actions": [URGENT], **values}
        response = api.post("/api/automation-rules", body)
        assert response.status_code == 201, response.json()
        return str(response.json()["id"])

    return make


def file(api: ApiClient, customer: User, **values: Any) -> str:
    body = {"subject": "Help", "description": "It broke", "customerId": str(customer.pk), **values}
    return str(api.post("/api/tickets", body).json()["id"])


def trace(api: ApiClient, ticket: str) -> list[dict[str, Any]]:
    return api.get(f"/api/tickets/{ticket}/automation-trace").json()


def test_a_trace_tells_of_every_rule_and_every_condition(api: ApiClient, customer: User, rule: Any) -> None:
    first = rule(name="Technical", order=1, conditions=[TECHNICAL])
    second = rule(name="Both", order=2, conditions=[{"field": "priority", "operator": "is", "value": "urgent"}, BIG])
    third = rule(
        name="Always", order=3, actions=[{"type": "add_tag", "value": "new"}, {"type": "add_note", "value": "Hi"}]
    )
    ticket = file(api, customer, category="Technical")
    (event,) = trace(api, ticket)
    note = Activity.objects.get(action="note_added").new_value
    assert event == {
        "id": event["id"],
        "ticketId": ticket,
        "triggers": ["ticket_created"],
        "createdAt": event["createdAt"],
        "rules": [
            {
                "ruleId": first,
                "ruleName": "Technical",
                "matched": True,
                "conditionMatch": "all",
                "conditions": [{**TECHNICAL, "actual": "Technical", "passed": True}],
                "actions": [{**URGENT, "effect": {"priority": ["medium", "urgent"]}}],
                "error": None,
            },
            {
                "ruleId": second,
                "ruleName": "Both",
                "matched": False,
                "conditionMatch": "all",
                "conditions": [
                    {"field": "priority", "operator": "is", "value": "urgent", "actual": "urgent", "passed": True},
                    {**BIG, "actual": customer.email, "passed": False},
                ],
                "actions": [],
                "error": None,
            },
            {
                "ruleId": third,
                "ruleName": "Always",
                "matched": True,
                "conditionMatch": "all",
                "conditions": [],
                "actions": [
                    {"type": "add_tag", "value": "new", "effect": {"tags": [[], ["new"]]}},
                    {"type": "add_note", "value": "Hi", "effect": {"noteId": note}},
                ],
                "error": None,
            },
        ],
    }


def test_a_failure_is_explained(api: ApiClient, customer: User, rule: Any, agent: User) -> None:
    rule(actions=[{"type": "assign_to", "value": str(agent.pk)}])
    User.objects.filter(pk=agent.pk).update(is_active=False)
    ((told,),) = (event["rules"] for event in trace(api, file(api, customer)))
    assert (told["matched"], told["error"]) == (True, "No active agent or admin has this id.")


def test_events_come_newest_first_with_what_happened(api: ApiClient, customer: User, rule: Any, agent: User) -> None:
    rule(ruleType="ticket_update", conditions=[{"field": "status", "operator": "is", "value": "pending"}])
    ticket = file(api, customer)
    assert trace(api, ticket) == [], "nobody was asked about the creation"
    api.patch(f"/api/tickets/{ticket}", {"status": "in_progress", "tags": ["a"]})
    api.post(f"/api/tickets/{ticket}/replies", {"userId": str(agent.pk), "content": "x"})
    assert [event["triggers"] for event in trace(api, ticket)] == [
        ["ticket_updated", "replied", "agent_replied"],
        ["ticket_updated", "status_changed", "tags_changed"],
    ]
    page = api.get(f"/api/tickets/{ticket}/automation-trace?limit=1")
    assert len(page.json()) == 1
    following = page["Link"].partition(">")[0].removeprefix("<http://testserver")
    assert api.get(following).json()[0]["triggers"] == ["ticket_updated", "status_changed", "tags_changed"]


def test_a_run_is_explained_by_the_rule_as_it_was(api: ApiClient, customer: User, rule: Any) -> None:
    key = rule(name="Before", conditions=[TECHNICAL])
    ticket = file(api, customer, category="technical")
    api.patch(f"/api/automation-rules/{key}", {"name": "After", "conditions": []})
    ((told,),) = (event["rules"] for event in trace(api, ticket))
    assert (told["ruleName"], told["conditions"][0]["field"]) == ("Before", "category")
    api.delete(f"/api/automation-rules/{key}")
    ((told,),) = (event["rules"] for event in trace(api, ticket))
    assert (told["ruleId"], told["ruleName"]) == (None, "Before")


def test_the_runs_of_a_rule(api: ApiClient, customer: User, rule: Any) -> None:
    rule(name="Other", order=1)
    key = rule(conditions=[TECHNICAL])
    tickets = [file(api, customer, category=category) for category in ("technical", "billing")]
    path = f"/api/automation-rules/{key}/runs"
    runs = api.get(path).json()
    assert [(run["ticketId"], run["matched"]) for run in runs] == [(tickets[1], False), (tickets[0], True)]
    assert {run["ruleName"] for run in runs} == {"Rule"}
    assert [run["ticketId"] for run in api.get(f"{path}?executed=true").json()] == [tickets[0]]
    assert [run["ticketId"] for run in api.get(f"{path}?executed=false").json()] == [tickets[1]]
    assert api.get("/api/automation-rules/550e8400-e29b-41d4-a716-446655440000/runs").status_code == 404


def test_long_texts_are_kept_in_part(api: ApiClient, customer: User, rule: Any) -> None:
    rule(conditions=[{"field": "description", "operator": "contains", "value": "word"}])
    ((told,),) = (event["rules"] for event in trace(api, file(api, customer, description="word " * 2000)))
    assert told["matched"]
    assert len(told["conditions"][0]["actual"]) < 250


def test_an_agent_sees_the_traces_of_the_tickets_they_see(api: ApiClient, customer: User, rule: Any) -> None:
    key = rule()
    hidden, own = file(api, customer), file(api, customer)
    restricted = UserFactory(agent=True, ticket_scope="restricted")
    Ticket.objects.filter(pk=own).update(assignee=restricted)
    session = ApiClient()
    session.force_login(restricted)
    assert len(trace(session, own)) == 1
    assert session.get(f"/api/tickets/{hidden}/automation-trace").status_code == 404
    assert [run["ticketId"] for run in session.get(f"/api/automation-rules/{key}/runs").json()] == [own]


def test_what_stands_about_people_takes_the_scope_to_read_them(
    api: ApiClient, api_with: Any, customer: User, rule: Any
) -> None:
    rule(conditions=[BIG, TECHNICAL])
    ticket = file(api, customer, category="x")
    blind = api_with("tickets:read")
    ((told,),) = (event["rules"] for event in trace(blind, ticket))
    assert [(c["actual"], c["passed"]) for c in told["conditions"]] == [(None, False), ("x", False)]
    body = {"ruleType": "ticket_creation", "conditions": [BIG], "actions": [URGENT]}
    assert blind.post("/api/automation-rules/preview", body).status_code == 403
    assert blind.post("/api/automation-rules/preview", {**body, "conditions": [TECHNICAL]}).status_code == 200


NOTE = {"type": "add_note", "value": "Call {{\ncustomer.phone }}"}
MAIL = {"type": "send_email", "value": {"to": "m@example.com", "subject": "x", "body": "{{company.name}}"}}


@pytest.mark.parametrize("values", [{"conditions": [BIG]}, {"actions": [NOTE]}, {"actions": [URGENT, MAIL]}])
def test_no_rule_tells_of_people_to_a_key_that_may_not_read_them(
    api_with: Any, rule: Any, values: dict[str, Any]
) -> None:
    body = {"name": "Rule", "ruleType": "ticket_creation", "actions": [URGENT]}
    blind, sees = api_with("tickets:write"), api_with("tickets:write", "users:read")
    for method, path in (("post", "/api/automation-rules"), ("patch", f"/api/automation-rules/{rule()}")):
        refused = getattr(blind, method)(path, {**body, **values})
        assert (refused.status_code, "users:read" in refused.json()["error"]) == (403, True)
        assert getattr(sees, method)(path, {**body, **values}).status_code in (200, 201)
        assert getattr(blind, method)(path, body).status_code in (200, 201)


def test_the_trace_leads_nobody_to_links_they_do_not_see(api: ApiClient, customer: User, rule: Any) -> None:
    key = rule(ruleType="ticket_update", conditions=[{"field": "linkedTicketIds", "operator": "is_not_empty"}])
    hidden, own = file(api, customer), file(api, customer)
    restricted = UserFactory(agent=True, ticket_scope="restricted")
    Ticket.objects.filter(pk=own).update(assignee=restricted)
    api.patch(f"/api/tickets/{own}", {"linkedTicketIds": [hidden]})
    session = ApiClient()
    session.force_login(restricted)
    for path in (f"tickets/{own}/automation-trace", f"automation-rules/{key}/runs"):
        assert hidden in api.get(f"/api/{path}").content.decode()
        shown = session.get(f"/api/{path}").content.decode()
        assert (hidden in shown, '"passed":true' in shown) == (False, True)
    page = f"/admin/tickets/{Ticket.objects.get(pk=own).ticket_number}/rules/"
    assert (session.get(page).status_code, hidden in session.get(page).content.decode()) == (200, False)


def test_runs_are_forgotten_after_a_while_and_counters_are_not(api: ApiClient, customer: User, rule: Any) -> None:
    key = rule()
    ticket = file(api, customer)
    api.patch(f"/api/automation-rules/{key}", {"name": "Renamed"})
    file(api, customer)
    fold_executions()
    now = timezone.now()
    forget_old_runs(now)
    assert len(trace(api, ticket)) == 1
    api.delete(f"/api/automation-rules/{rule(name='Gone')}")
    forget_old_runs(now + timedelta(days=31))
    assert trace(api, ticket) == []
    assert not Evaluation.objects.exists()
    assert not Execution.objects.exists()
    assert api.get(f"/api/automation-rules/{key}").json()["executionCount"] == 2
    file(api, customer)
    assert api.get(f"/api/automation-rules/{key}").json()["executionCount"] == 3
    assert RuleRevision.objects.filter(rule=None).count() == 0
    assert Roster.objects.exists()


def test_what_edited_rules_were_is_forgotten_with_the_runs_it_explains(
    api: ApiClient, customer: User, rule: Any
) -> None:
    edited, kept = rule(name="Edited"), rule(name="Kept")
    ticket = file(api, customer)
    for name in ("Twice", "Thrice"):
        api.patch(f"/api/automation-rules/{edited}", {"name": name})
    api.patch(f"/api/automation-rules/{kept}", {"order": 3})
    assert RuleRevision.objects.count() == 4
    now = timezone.now()
    fold_executions()
    forget_old_runs(now + timedelta(days=29))
    assert RuleRevision.objects.count() == 4
    assert {rule["ruleName"] for rule in trace(api, ticket)[0]["rules"]} == {"Edited", "Kept"}
    # A run of these days is explained by the rule as it was, however long ago it was changed.
    Evaluation.objects.update(created_at=now + timedelta(days=20))
    forget_old_runs(now + timedelta(days=31))
    assert set(RuleRevision.objects.values_list("name", flat=True)) == {"Edited", "Kept", "Thrice"}
    assert {rule["ruleName"] for rule in trace(api, ticket)[0]["rules"]} == {"Edited", "Kept"}
    forget_old_runs(now + timedelta(days=51))
    assert set(RuleRevision.objects.values_list("name", flat=True)) == {"Thrice", "Kept"}
    assert not Roster.objects.exists()
    file(api, customer)
    api.delete(f"/api/automation-rules/{edited}")
    forget_old_runs(now + timedelta(days=32))
    assert list(RuleRevision.objects.values_list("name", flat=True)) == ["Kept"]


def test_rules_are_read_in_one_statement(rule: Any, django_assert_num_queries: Any) -> None:
    """So that nobody can change a rule between it and the revision by which its runs are explained."""
    rule(name="One")
    rule(name="Two")
    with django_assert_num_queries(1):
        rules = RuleBook(None).load().rules["ticket_creation"]
    assert [one.revision_id for one in rules] == list(RuleRevision.objects.order_by("id").values_list("id", flat=True))
