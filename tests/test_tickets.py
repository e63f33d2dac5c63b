"""What a ticket does when people do things to it."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from tests.client import ApiClient
from tests.factories import AgentGroupFactory, CustomFieldFactory, NoteFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.models import Activity, Reply, Ticket


def history(api: ApiClient, ticket: Ticket | str) -> list[tuple[str, Any, Any]]:
    key = ticket if isinstance(ticket, str) else ticket.pk
    return [(a["action"], a["oldValue"], a["newValue"]) for a in api.get(f"/api/tickets/{key}/activities").json()]


def patch(api: ApiClient, ticket: Ticket, **body: Any) -> Any:
    response = api.patch(f"/api/tickets/{ticket.pk}", body)
    assert response.status_code == 200, response.content
    return response.json()


def test_numbers_increase_and_ids_sort_by_time(api: ApiClient, customer: User) -> None:
    made = [TicketFactory(customer=customer) for _ in range(3)]
    assert [t.ticket_number for t in made] == sorted({t.ticket_number for t in made})
    assert [str(t.pk) for t in made] == sorted(str(t.pk) for t in made)


# A change, and the line it leaves in the history.
CHANGES: list[tuple[dict[str, Any], tuple[str, Any, Any]]] = [
    ({"status": "pending"}, ("status_changed", "open", "pending")),
    ({"priority": "urgent"}, ("priority_changed", "medium", "urgent")),
    ({"category": "billing"}, ("category_changed", None, "billing")),
    ({"subject": "New"}, ("subject_changed", "Old", "New")),
    ({"description": "New"}, ("description_changed", "Old", "New")),
    ({"tags": ["a", "b"]}, ("tags_changed", None, "a, b")),
    ({"dueDate": "2027-01-01"}, ("due_date_changed", None, "2027-01-01T00:00:00.000Z")),
    ({"customFields": {"area": "EU"}}, ("custom_field_changed", None, "area: EU")),
]


@pytest.mark.parametrize(("change", "line"), CHANGES, ids=[str(c[0]) for c in CHANGES])
def test_a_change_is_recorded_with_old_and_new_value_and_who(
    api: ApiClient, admin: User, change: dict[str, Any], line: tuple[str, Any, Any]
) -> None:
    ticket = TicketFactory(subject="Old", description="Old")
    patch(api, ticket, **change)
    assert history(api, ticket) == [line]
    assert Activity.objects.get().user == admin
    assert patch(api, ticket, **change)["updatedAt"]
    assert history(api, ticket) == [line], "doing it again changes nothing and logs nothing"


def test_a_patch_that_changes_nothing_leaves_updated_at_alone(api: ApiClient) -> None:
    ticket = TicketFactory(tags=["a"])
    before = api.get(f"/api/tickets/{ticket.pk}").json()
    assert patch(api, ticket, status="open", tags=["a", " a "], customFields={}, linkedTicketIds=[]) == before


def test_assigning_and_unassigning(api: ApiClient, agent: User) -> None:
    ticket = TicketFactory()
    assert patch(api, ticket, assigneeId=str(agent.pk))["assigneeId"] == str(agent.pk)
    assert patch(api, ticket, assigneeId=None)["assigneeId"] is None
    assert history(api, ticket) == [("assigned", None, str(agent.pk)), ("assigned", str(agent.pk), None)]


@pytest.mark.parametrize("kind", ["customer", "inactive agent"])
def test_only_active_staff_can_be_assigned(api: ApiClient, customer: User, kind: str) -> None:
    other = customer if kind == "customer" else UserFactory(agent=True, is_active=False)
    ticket = TicketFactory()
    for path, body in [("", {"assigneeId": str(other.pk)}), ("/assign", {"assigneeId": str(other.pk)})]:
        call = api.post if path else api.patch
        response = call(f"/api/tickets/{ticket.pk}{path}", body)
        assert (response.status_code, list(response.json()["details"])) == (400, ["assigneeId"])
    response = api.post(f"/api/tickets/{ticket.pk}/pick", {"agentId": str(other.pk)})
    assert (response.status_code, list(response.json()["details"])) == (400, ["agentId"])
    assert history(api, ticket) == []


def test_picking_is_for_unassigned_tickets_or_the_agents_own(api: ApiClient, agent: User) -> None:
    ticket, other = TicketFactory(), UserFactory(agent=True)
    pick = f"/api/tickets/{ticket.pk}/pick"
    first = api.post(pick, {"agentId": str(agent.pk)})
    assert first.json()["assigneeId"] == str(agent.pk)
    assert api.post(pick, {"agentId": str(agent.pk)}).json() == first.json()
    refused = api.post(pick, {"agentId": str(other.pk)})
    assert (refused.status_code, list(refused.json())) == (409, ["error"])
    assert Activity.objects.get().user == agent, "the agent picked it, whoever owns the key"


# What resolvedAt does: is it set after each step, and is it the same as before?
def test_resolved_at_is_set_kept_and_cleared(api: ApiClient) -> None:
    ticket = TicketFactory()
    resolved = patch(api, ticket, status="resolved")["resolvedAt"]
    assert resolved
    assert patch(api, ticket, status="closed")["resolvedAt"] == resolved
    assert patch(api, ticket, status="in_progress")["resolvedAt"] is None
    assert patch(api, ticket, status="closed")["resolvedAt"] >= resolved


@pytest.mark.parametrize("status", ["open", "pending", "in_progress", "resolved", "closed"])
def test_restoring_opens_any_ticket(api: ApiClient, status: str) -> None:
    now = timezone.now()
    ticket = TicketFactory(status=status, archived_at=now, resolved_at=now if status == "closed" else None)
    restored = api.post(f"/api/tickets/{ticket.pk}/restore")
    assert restored.status_code == 200
    assert (restored.json()["status"], restored.json()["archivedAt"], restored.json()["resolvedAt"]) == (
        "open",
        None,
        None,
    )
    assert ("restored", status, "open") in history(api, ticket)


def test_restoring_an_open_ticket_changes_nothing(api: ApiClient) -> None:
    ticket = TicketFactory()
    before = api.get(f"/api/tickets/{ticket.pk}").json()
    assert api.post(f"/api/tickets/{ticket.pk}/restore").json() == before
    assert history(api, ticket) == []


def test_archived_tickets_leave_lists_and_come_back(api: ApiClient) -> None:
    kept, gone = TicketFactory(), TicketFactory()
    assert api.post(f"/api/tickets/{gone.pk}/archive").json()["archivedAt"]
    ids = lambda query: {t["id"] for t in api.get(f"/api/tickets{query}").json()}  # noqa: E731
    assert ids("") == {str(kept.pk)}
    assert ids("?archived=true") == {str(gone.pk)}
    assert ids("?archived=all") == {str(kept.pk), str(gone.pk)}
    assert api.get(f"/api/tickets/{gone.pk}").status_code == 200
    api.post(f"/api/tickets/{gone.pk}/restore")
    assert ids("") == {str(kept.pk), str(gone.pk)}


def test_the_first_public_answer_of_staff_is_the_first_response(api: ApiClient, agent: User, customer: User) -> None:
    ticket = TicketFactory(customer=customer)
    path = f"/api/tickets/{ticket.pk}"

    def first() -> Any:
        return api.get(path).json()["firstResponseAt"]

    def say(who: User, **more: Any) -> Any:
        return api.post(f"{path}/replies", {"userId": str(who.pk), "content": "x", **more})

    say(customer)
    say(agent, isInternal=True)
    assert first() is None
    answer = say(agent).json()
    assert first() == answer["createdAt"]
    say(agent)
    assert first() == answer["createdAt"]


@pytest.mark.parametrize(
    ("status", "after"),
    [("open", "open"), ("in_progress", "in_progress"), ("pending", "open"), ("resolved", "open"), ("closed", "open")],
)
def test_a_customers_message_reopens_what_was_waiting_or_done(
    api: ApiClient, customer: User, status: str, after: str
) -> None:
    ticket = TicketFactory(customer=customer, status=status, resolved_at=timezone.now())
    api.post(f"/api/tickets/{ticket.pk}/replies", {"userId": str(customer.pk), "content": "Still broken"})
    assert api.get(f"/api/tickets/{ticket.pk}").json()["status"] == after
    changed = [("status_changed", status, "open")] if status != after else []
    assert [line for line in history(api, ticket) if line[0] != "replied"] == changed


@pytest.mark.parametrize("internal", [True, False])
def test_staff_messages_leave_the_status_alone(api: ApiClient, agent: User, internal: bool) -> None:
    ticket = TicketFactory(status="pending")
    body = {"userId": str(agent.pk), "content": "Noted", "isInternal": internal}
    assert api.post(f"/api/tickets/{ticket.pk}/replies", body).status_code == 201
    assert api.get(f"/api/tickets/{ticket.pk}").json()["status"] == "pending"


# Who may write what: role, path, extra, status.
AUTHORS = [
    ("customer", "replies", {}, 201),
    ("customer", "replies", {"isInternal": True}, 400),
    ("customer", "notes", {}, 400),
    ("agent", "replies", {"isInternal": True}, 201),
    ("agent", "notes", {}, 201),
    ("nobody", "replies", {}, 400),
    ("nobody", "notes", {}, 400),
]


@pytest.mark.parametrize(("role", "what", "extra", "status"), AUTHORS)
def test_who_may_write(
    api: ApiClient, agent: User, customer: User, role: str, what: str, extra: dict[str, Any], status: int
) -> None:
    author = {"agent": str(agent.pk), "customer": str(customer.pk), "nobody": "550e8400-e29b-41d4-a716-446655440000"}
    ticket = TicketFactory()
    response = api.post(f"/api/tickets/{ticket.pk}/{what}", {"userId": author[role], "content": "x", **extra})
    assert response.status_code == status
    if status == 400:
        assert list(response.json()["details"]) == ["userId"]
        assert history(api, ticket) == []


@pytest.mark.parametrize("what", ["replies", "notes"])
@pytest.mark.parametrize("content", ["", "  \n ", None, 5])
def test_content_must_not_be_blank(api: ApiClient, agent: User, what: str, content: Any) -> None:
    response = api.post(f"/api/tickets/{TicketFactory().pk}/{what}", {"userId": str(agent.pk), "content": content})
    assert (response.status_code, list(response.json()["details"])) == (400, ["content"])


def test_messages_keep_their_exact_text(api: ApiClient, agent: User) -> None:
    text = "  Line 1\r\n\tLine 2 <b>&amp;</b> 😀 \u202e\n"
    body = {"userId": str(agent.pk), "content": text}
    assert api.post(f"/api/tickets/{TicketFactory().pk}/replies", body).json()["content"] == text


def test_links_are_symmetric(api: ApiClient) -> None:
    one, two, three = TicketFactory(), TicketFactory(), TicketFactory()
    linked = lambda ticket: api.get(f"/api/tickets/{ticket.pk}").json()["linkedTicketIds"]  # noqa: E731
    patch(api, one, linkedTicketIds=[str(two.pk), str(three.pk), str(two.pk)])
    assert linked(one) == sorted([str(two.pk), str(three.pk)])
    assert linked(two) == linked(three) == [str(one.pk)]
    patch(api, two, linkedTicketIds=[])
    assert (linked(one), linked(two)) == ([str(three.pk)], [])
    assert ("linked", None, f"#{one.ticket_number}") in history(api, three)


def test_a_ticket_is_never_its_own_ancestor_or_link(api: ApiClient) -> None:
    top, middle, bottom = TicketFactory(), TicketFactory(), TicketFactory()
    patch(api, middle, parentTicketId=str(top.pk))
    patch(api, bottom, parentTicketId=str(middle.pk))
    for child, parent in [(top, bottom), (top, middle), (top, top)]:
        response = api.patch(f"/api/tickets/{child.pk}", {"parentTicketId": str(parent.pk)})
        assert (response.status_code, list(response.json()["details"])) == (400, ["parentTicketId"])
    response = api.patch(f"/api/tickets/{top.pk}", {"linkedTicketIds": [str(top.pk)]})
    assert response.status_code == 400
    children = api.get(f"/api/tickets?parentTicketId={top.pk}").json()
    assert [t["id"] for t in children] == [str(middle.pk)]


def test_custom_fields_merge_and_null_removes(api: ApiClient) -> None:
    ticket = TicketFactory(custom_fields={"a": 1, "fooBar": {"Inner_Key": [1, None]}})
    changed = patch(api, ticket, customFields={"b": "x", "a": None})
    assert changed["customFields"] == {"b": "x", "fooBar": {"Inner_Key": [1, None]}}


def test_fields_required_on_close(api: ApiClient, agent: User) -> None:
    CustomFieldFactory(name="cause", label="Root cause", required_on_close=True)
    ticket = TicketFactory()
    for status in ("resolved", "closed"):
        refused = api.patch(f"/api/tickets/{ticket.pk}", {"status": status})
        assert refused.status_code == 400
        assert "Root cause" in refused.json()["details"]["customFields"][0]
    assert patch(api, ticket, status="resolved", customFields={"cause": "Age"})["status"] == "resolved"
    assert patch(api, ticket, status="closed")["status"] == "closed"


def test_a_new_ticket_takes_all_that_can_be_said(api: ApiClient, agent: User, customer: User) -> None:
    group, parent, linked = AgentGroupFactory(), TicketFactory(), TicketFactory()
    said = {
        "subject": "Everything",
        "description": "At once",
        "customerId": str(customer.pk),
        "status": "resolved",
        "priority": "low",
        "category": "other",
        "assigneeId": str(agent.pk),
        "groupId": str(group.pk),
        "parentTicketId": str(parent.pk),
        "linkedTicketIds": [str(linked.pk)],
        "tags": ["z", "a"],
        "customFields": {"x": {"camelCase": True}},
        "source": "portal",
        "dueDate": "2027-03-01T10:00:00.123+02:00",
    }
    created = api.post("/api/tickets", said).json()
    assert {name: created[name] for name in said} == said | {"dueDate": "2027-03-01T08:00:00.123Z"}
    assert created["resolvedAt"] == created["createdAt"]


def test_merging_moves_everything_and_closes_the_sources(api: ApiClient, agent: User) -> None:
    target, source = TicketFactory(), TicketFactory()
    CustomFieldFactory(required_on_close=True)
    reply, note = ReplyFactory(ticket=source), NoteFactory(ticket=source)
    own = ReplyFactory(ticket=target)
    api.post(f"/api/tickets/{source.pk}/time-entries", {"userId": str(agent.pk), "timeSpent": 7})
    merged = api.post(f"/api/tickets/{target.pk}/merge", {"ticketIds": [str(source.pk)]})
    assert merged.status_code == 200
    assert merged.json()["linkedTicketIds"] == [str(source.pk)]
    replies = {r["id"] for r in api.get(f"/api/tickets/{target.pk}/replies").json()}
    assert replies == {str(reply.pk), str(own.pk)}
    moved, beginning = api.get(f"/api/tickets/{target.pk}/notes").json()
    assert moved["id"] == str(note.pk)
    assert source.description in beginning["content"]
    assert [e["timeSpent"] for e in api.get(f"/api/tickets/{target.pk}/time-entries").json()] == [7]
    assert api.get(f"/api/tickets/{source.pk}").json()["status"] == "closed"
    assert api.get(f"/api/tickets/{source.pk}/replies").json() == []
    assert ("merged", None, f"#{source.ticket_number}") in history(api, target)
    assert ("merged", None, f"into #{target.ticket_number}") in history(api, source)


@pytest.mark.parametrize("ids", [[], ["self"], ["550e8400-e29b-41d4-a716-446655440000"]])
def test_merging_nonsense_is_refused(api: ApiClient, ids: list[str]) -> None:
    target = TicketFactory()
    body = {"ticketIds": [str(target.pk) if key == "self" else key for key in ids]}
    response = api.post(f"/api/tickets/{target.pk}/merge", body)
    assert (response.status_code, list(response.json()["details"])) == (400, ["ticketIds"])


def test_bulk_changes_what_it_can_and_says_so(api: ApiClient) -> None:
    CustomFieldFactory(name="cause", label="Cause", required_on_close=True)
    ready, unready = TicketFactory(custom_fields={"cause": "Age"}), TicketFactory()
    missing = "550e8400-e29b-41d4-a716-446655440000"
    body = {"ids": [str(ready.pk), missing, str(unready.pk)], "changes": {"status": "closed", "priority": "low"}}
    answer = api.post("/api/tickets/bulk", body).json()
    assert (answer["updated"], answer["failed"]) == (1, 2)
    assert [(r["id"], r["success"]) for r in answer["results"]] == [
        (str(ready.pk), True),
        (missing, False),
        (str(unready.pk), False),
    ]
    assert "Cause" in answer["results"][2]["error"]
    ready.refresh_from_db()
    unready.refresh_from_db()
    assert (ready.status, ready.priority) == ("closed", "low")
    assert (unready.status, unready.priority) == ("open", "medium")


@pytest.mark.parametrize(
    "body",
    [
        {"ids": []},
        {"ids": ["x"], "changes": {}},
        {"ids": "x", "changes": {}},
        {"changes": {}},
        {"ids": [], "changes": 5},
    ],
)
def test_bulk_nonsense_is_refused(api: ApiClient, body: Any) -> None:
    assert api.post("/api/tickets/bulk", body).status_code == 400


def test_bulk_takes_a_thousand_and_not_one_more(api: ApiClient) -> None:
    ids = [f"550e8400-e29b-41d4-a716-44665544{n:04d}" for n in range(1001)]
    assert api.post("/api/tickets/bulk", {"ids": ids, "changes": {}}).status_code == 400
    assert api.post("/api/tickets/bulk", {"ids": ids[:1000], "changes": {}}).json()["failed"] == 1000


def test_deleting_takes_everything_along(api: ApiClient, agent: User) -> None:
    ticket, other = TicketFactory(), TicketFactory()
    patch(api, ticket, linkedTicketIds=[str(other.pk)])
    patch(api, other, parentTicketId=str(ticket.pk))
    ReplyFactory(ticket=ticket)
    NoteFactory(ticket=ticket)
    assert api.delete(f"/api/tickets/{ticket.pk}").status_code == 204
    assert api.get(f"/api/tickets/{ticket.pk}").status_code == 404
    assert api.delete(f"/api/tickets/{ticket.pk}").status_code == 404
    left = api.get(f"/api/tickets/{other.pk}").json()
    assert (left["parentTicketId"], left["linkedTicketIds"]) == (None, [])
    assert not Reply.objects.exists()
    for below in ("replies", "notes", "activities", "attachments", "time-entries"):
        assert api.get(f"/api/tickets/{ticket.pk}/{below}").status_code == 404


@pytest.mark.parametrize(
    "action", ["restore", "archive", "assign", "pick", "merge", "replies", "notes", "time-entries"]
)
def test_verbs_on_a_missing_ticket_are_404(api: ApiClient, agent: User, action: str) -> None:
    body = {
        "assigneeId": str(agent.pk),
        "agentId": str(agent.pk),
        "userId": str(agent.pk),
        "content": "x",
        "ticketIds": [str(TicketFactory().pk)],
    }
    assert api.post(f"/api/tickets/550e8400-e29b-41d4-a716-446655440000/{action}", body).status_code == 404


def test_timestamps_have_three_decimals_and_a_z(api: ApiClient, customer: User) -> None:
    ticket = TicketFactory(
        created_at=datetime.fromisoformat("2025-12-18T05:21:07.999999+00:00"),
        due_date=datetime.fromisoformat("2025-12-18T05:21:07+00:00"),
    )
    shown = api.get(f"/api/tickets/{ticket.pk}").json()
    assert shown["createdAt"] == "2025-12-18T05:21:07.999Z"
    assert shown["dueDate"] == "2025-12-18T05:21:07.000Z"


def test_parents_and_removed_files_and_groups_are_in_the_history(api: ApiClient) -> None:
    parent, group = TicketFactory(), AgentGroupFactory()
    ticket = TicketFactory(group=group)
    patch(api, ticket, parentTicketId=str(parent.pk))
    patch(api, ticket, parentTicketId=None)
    upload = {"filename": "a.txt", "content": "aGk="}
    made = api.post(f"/api/tickets/{ticket.pk}/attachments", upload).json()
    api.delete(f"/api/attachments/{made['id']}")
    before = api.get(f"/api/tickets/{ticket.pk}").json()["updatedAt"]
    assert api.delete(f"/api/agent-groups/{group.pk}").status_code == 204
    number = f"parent #{parent.ticket_number}"
    assert history(api, ticket) == [
        ("linked", None, number),
        ("linked", number, None),
        ("attachment_added", None, "a.txt"),
        ("attachment_added", "a.txt", None),
        ("group_changed", str(group.pk), None),
    ]
    assert api.get(f"/api/tickets/{ticket.pk}").json()["updatedAt"] > before


def test_merging_keeps_the_earliest_first_response(api: ApiClient) -> None:
    early = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    customer = UserFactory()
    target = TicketFactory(customer=customer)
    source = TicketFactory(customer=customer, first_response_at=early)
    merged = api.post(f"/api/tickets/{target.pk}/merge", {"ticketIds": [str(source.pk)]}).json()
    assert merged["firstResponseAt"] == "2026-01-01T00:00:00.000Z"


def test_a_message_of_an_agent_who_left_reopens_nothing(api: ApiClient) -> None:
    gone = UserFactory(agent=True, is_active=False)
    ticket = TicketFactory(status="closed")
    api.post(f"/api/tickets/{ticket.pk}/replies", {"userId": str(gone.pk), "content": "x"})
    assert api.get(f"/api/tickets/{ticket.pk}").json()["status"] == "closed"
