"""Groups that assign by themselves: fairly, also when many tickets come at once, and only to who is at work."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AgentGroup, ApiKey, GroupMember, User
from automation.assignment import available, by_load
from tests.client import ApiClient
from tests.factories import AgentGroupFactory, GroupMemberFactory, TicketFactory, UserFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def group_of(count: int, method: str = "round_robin", **values: Any) -> tuple[AgentGroup, list[User]]:
    group = AgentGroupFactory(auto_assign=True, assignment_method=method, **values)
    return group, [GroupMemberFactory(group=group).user for _ in range(count)]


def file(api: ApiClient, customer: User, group: AgentGroup, **values: Any) -> dict[str, Any]:
    body = {"subject": "s", "description": "d", "customerId": str(customer.pk), "groupId": str(group.pk), **values}
    return api.post("/api/tickets", body).json()


def test_members_take_turns(api: ApiClient, customer: User) -> None:
    group, members = group_of(3)
    got = [file(api, customer, group)["assigneeId"] for _ in range(7)]
    assert got == [str(members[n % 3].pk) for n in range(7)]


def test_the_least_loaded_member_is_next(api: ApiClient, customer: User) -> None:
    group, (busy, idle, done) = group_of(3, "load_balanced")
    TicketFactory.create_batch(2, assignee=busy)
    TicketFactory(assignee=idle, status="pending")
    TicketFactory.create_batch(3, assignee=done, status="closed", resolved_at=timezone.now())
    TicketFactory.create_batch(3, assignee=done, archived_at=timezone.now())
    got = [file(api, customer, group)["assigneeId"] for _ in range(3)]
    assert got == [str(done.pk), str(idle.pk), str(done.pk)]


@pytest.mark.skipif(connection.vendor == "postgresql", reason="plans of another kind while there are few rows")
def test_finding_the_least_loaded_member_does_not_look_at_what_is_done(db: None) -> None:
    group, _ = group_of(2, "load_balanced")
    assert "ticket_work_assignee" in by_load(available(group)).explain()


def test_whoever_is_away_or_has_left_gets_nothing(api: ApiClient, customer: User) -> None:
    group, (away, gone, demoted, here) = group_of(4)
    User.objects.filter(pk=away.pk).update(is_away=True)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    User.objects.filter(pk=demoted.pk).update(role="customer")
    assert [file(api, customer, group)["assigneeId"] for _ in range(2)] == [str(here.pk)] * 2
    GroupMember.objects.filter(user=here).delete()
    assert file(api, customer, group)["assigneeId"] is None


def test_an_assignee_who_is_there_stays_and_groups_can_leave_it_be(api: ApiClient, customer: User, agent: User) -> None:
    group, _ = group_of(1)
    assert file(api, customer, group, assigneeId=str(agent.pk))["assigneeId"] == str(agent.pk)
    AgentGroup.objects.update(auto_assign=False)
    assert file(api, customer, group)["assigneeId"] is None


def test_entering_a_group_later_assigns_too_and_is_logged(api: ApiClient) -> None:
    group, (member,) = group_of(1)
    ticket = TicketFactory()
    shown = api.patch(f"/api/tickets/{ticket.pk}", {"groupId": str(group.pk)}).json()
    assert shown["assigneeId"] == str(member.pk)
    lines = [(a["action"], a["newValue"], a["userId"]) for a in api.get(f"/api/tickets/{ticket.pk}/activities").json()]
    assert lines[-1] == ("assigned", str(member.pk), None)
    # Who is taken off a ticket does not get it back at once.
    assert api.patch(f"/api/tickets/{ticket.pk}", {"assigneeId": None}).json()["assigneeId"] is None


def test_entering_a_group_is_one_event_for_rules(api: ApiClient, customer: User) -> None:
    group, _ = group_of(1)
    author = GroupMember.objects.get(group=group).user
    note = {"type": "add_note", "value": {"content": "Seen", "userId": str(author.pk)}}
    rule = {"name": "R", "ruleType": "ticket_update", "actions": [note]}
    assert api.post("/api/automation-rules", rule).status_code == 201
    filed = file(api, customer, group)
    assert api.get(f"/api/tickets/{filed['id']}/notes").json() == [], "a new ticket is no update"
    ticket = TicketFactory()
    api.patch(f"/api/tickets/{ticket.pk}", {"groupId": str(group.pk)})
    assert len(api.get(f"/api/tickets/{ticket.pk}/notes").json()) == 1


def test_a_rule_that_sets_the_group_assigns_through_it(api: ApiClient, customer: User) -> None:
    group, (member,) = group_of(1)
    rule = {"name": "R", "ruleType": "ticket_creation", "actions": [{"type": "set_group", "value": str(group.pk)}]}
    assert api.post("/api/automation-rules", rule).status_code == 201
    body = {"subject": "s", "description": "d", "customerId": str(customer.pk)}
    assert api.post("/api/tickets", body).json()["assigneeId"] == str(member.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["round_robin", "load_balanced"])
def test_tickets_that_come_at_once_are_shared_out_evenly(
    api_key: ApiKey, customer: User, at_once: Any, method: str
) -> None:
    group, members = group_of(4, method)
    responses = at_once(16, lambda _: file(ApiClient(api_key.secret), customer, group))
    assert Counter(r["assigneeId"] for r in responses) == {str(member.pk): 4 for member in members}
    assert Ticket.objects.filter(assignee=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_whoever_enters_a_group_one_by_one_or_in_bulk_need_not_give_way(
    api_key: ApiKey, at_once: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tickets first, then turns: nobody who waits for a turn holds what whoever has the turn still needs."""
    monkeypatch.setattr("helpdesk.api.writes.ATTEMPTS", 1)  # a deadlock would show
    group, members = group_of(3)
    tickets = TicketFactory.create_batch(8)
    ids = [str(ticket.pk) for ticket in tickets]
    entering = {"groupId": str(group.pk)}

    def attempt(n: int) -> set[int]:
        api = ApiClient(api_key.secret)
        if n == 0:
            return {api.post("/api/tickets/bulk", {"ids": ids, "changes": entering}).status_code}
        return {api.patch(f"/api/tickets/{key}", entering).status_code for key in reversed(ids)}

    assert at_once(2, attempt) == [{200}] * 2
    got = Counter(Ticket.objects.values_list("assignee", flat=True))
    assert sorted(got) == sorted(member.pk for member in members)
    assert max(got.values()) - min(got.values()) <= 1


@pytest.mark.django_db(transaction=True)
def test_bulk_changes_whose_rules_sort_tickets_into_groups_in_opposite_order_lose_nothing(
    api_key: ApiKey, at_once: Any
) -> None:
    """Here the database may choose one that has to begin anew, and it does."""
    api = ApiClient(api_key.secret)
    groups = {name: group_of(2)[0] for name in ("left", "right")}
    for name, group in groups.items():
        body = {
            "name": name,
            "ruleType": "ticket_update",
            "conditions": [{"field": "subject", "operator": "is", "value": name}],
            "actions": [{"type": "set_group", "value": str(group.pk)}],
        }
        assert api.post("/api/automation-rules", body).status_code == 201
    names = ["left", "right", "right", "left"] * 2
    ids = [str(TicketFactory(subject=name).pk) for name in names]

    def attempt(n: int) -> Any:
        half = {"ids": ids[2 * n : 2 * n + 2], "changes": {"category": "moved"}}
        return ApiClient(api_key.secret).post("/api/tickets/bulk", half).json()

    assert [told["updated"] for told in at_once(4, attempt)] == [2] * 4
    for key, name in zip(ids, names, strict=True):
        ticket = Ticket.objects.get(pk=key)
        assert (ticket.group_id, ticket.category) == (groups[name].pk, "moved")
        lines = Counter(line["action"] for line in api.get(f"/api/tickets/{key}/activities").json())
        assert lines == {"category_changed": 1, "automation_executed": 1, "group_changed": 1, "assigned": 1}
    for group in groups.values():
        shares = Counter(Ticket.objects.filter(group=group).values_list("assignee", flat=True))
        assert sorted(shares.values()) == [2, 2]


def test_a_ticket_filed_in_a_group_runs_each_rule_once_and_gets_its_assignee(api: ApiClient, customer: User) -> None:
    group, (member,) = group_of(1)
    for kind, trigger in (
        ("ticket_creation", None),
        ("ticket_update", "ticket_updated"),
        ("ticket_update", "assigned"),
        ("ticket_update", "group_changed"),
    ):
        actions = [{"type": "add_tag", "value": f"{trigger}"}]
        rule = {"name": f"{kind} {trigger}", "ruleType": kind, "trigger": trigger, "actions": actions}
        assert api.post("/api/automation-rules", rule).status_code == 201
    ticket = file(api, customer, group)
    assert (ticket["assigneeId"], ticket["tags"]) == (str(member.pk), ["None"])
    lines = [(line["action"], line["newValue"]) for line in api.get(f"/api/tickets/{ticket['id']}/activities").json()]
    assert lines == [
        ("created", None),
        ("tags_changed", "None"),
        ("automation_executed", "ticket_creation None"),
        ("assigned", str(member.pk)),
    ]
    (event,) = api.get(f"/api/tickets/{ticket['id']}/automation-trace").json()
    assert [(rule["ruleName"], rule["matched"]) for rule in event["rules"]] == [("ticket_creation None", True)]


def test_a_rule_that_assigns_comes_before_the_group(api: ApiClient, customer: User, agent: User) -> None:
    group, _ = group_of(1)
    actions = [{"type": "assign_to", "value": str(agent.pk)}]
    api.post("/api/automation-rules", {"name": "R", "ruleType": "ticket_creation", "actions": actions})
    assert file(api, customer, group)["assigneeId"] == str(agent.pk)


def test_customers_are_never_members_of_the_round(api: ApiClient, customer: User) -> None:
    group, _ = group_of(0)
    GroupMember.objects.create(group=group, user=UserFactory())
    assert file(api, customer, group)["assigneeId"] is None
