"""Who may do what: keys and their scopes, sessions of staff and customers, and what an agent's scope lets them see."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.models import ApiKey, User
from helpdesk.api.endpoints import ApiViewSet
from helpdesk.api.permissions import RESOURCES
from tests.client import ApiClient
from tests.factories import (
    AgentGroupFactory,
    ApiKeyFactory,
    GroupMemberFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets.models import TicketLink

pytestmark = pytest.mark.django_db

ApiWith = Callable[..., ApiClient]


def api_views(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from api_views(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and path.startswith("api/") and hasattr(entry.callback, "cls"):
            yield path, entry.callback


def test_every_view_of_the_api_declares_its_scope() -> None:
    views = dict(api_views())
    assert len(views) > 30
    for path, callback in views.items():
        view = callback.cls
        assert issubclass(view, ApiViewSet), path
        assert view.scope in (*RESOURCES, None), path
        if view.scope is None:
            assert view.public or view.admin == "always" or path == "api/api-keys/verify", path
        assert view.admin in (None, "writes", "always"), path


# Method, path, scope it needs. Paths are below one ticket, user, company, group.
SCOPES = [
    ("get", "/api/tickets", "tickets:read"),
    ("post", "/api/tickets", "tickets:write"),
    ("patch", "/api/tickets/{ticket}", "tickets:write"),
    ("delete", "/api/tickets/{ticket}", "tickets:write"),
    ("post", "/api/tickets/{ticket}/replies", "tickets:write"),
    ("get", "/api/tickets/{ticket}/notes", "tickets:read"),
    ("get", "/api/tickets/{ticket}/attachments", "tickets:read"),
    ("get", "/api/canned-responses", "tickets:read"),
    ("post", "/api/ticket-templates", "tickets:write"),
    ("get", "/api/custom-fields", "tickets:read"),
    ("post", "/api/custom-fields", "tickets:write"),
    ("get", "/api/users", "users:read"),
    ("post", "/api/users", "users:write"),
    ("get", "/api/companies", "users:read"),
    ("delete", "/api/companies/{ticket}", "users:write"),
    ("get", "/api/agent-groups", "users:read"),
    ("post", "/api/agent-groups", "users:write"),
    ("get", "/api/kb/categories", "kb:read"),
    ("post", "/api/kb/categories", "kb:write"),
    ("get", "/api/kb/folders", "kb:read"),
    ("post", "/api/kb/folders", "kb:write"),
    ("get", "/api/kb/articles", "kb:read"),
    ("post", "/api/kb/articles", "kb:write"),
    ("get", "/api/kb/articles/{ticket}/related", "kb:read"),
    ("get", "/api/kb/articles/{ticket}/feedback", "kb:read"),
    ("post", "/api/kb/articles/{ticket}/feedback", "kb:write"),
    ("get", "/api/kb/articles/{ticket}/versions", "kb:read"),
    ("post", "/api/kb/articles/{ticket}/versions/{ticket}/restore", "kb:write"),
]


@pytest.mark.parametrize(("method", "path", "scope"), SCOPES)
def test_a_key_without_the_scope_is_refused_by_name(
    api_with: ApiWith, admin: User, method: str, path: str, scope: str
) -> None:
    address = path.format(ticket=TicketFactory().pk)
    others = [f"{r}:{w}" for r in RESOURCES for w in ("read", "write") if f"{r}:{w}" != scope]
    refused = getattr(api_with(*others, owner=admin), method)(address)
    assert refused.status_code == 403
    assert scope in refused.json()["error"]
    assert getattr(api_with(scope, owner=admin), method)(address).status_code not in (401, 403)


ADMIN_ONLY = [
    ("post", "/api/custom-fields"),
    ("patch", "/api/custom-fields/{id}"),
    ("delete", "/api/custom-fields/{id}"),
    ("post", "/api/agent-groups"),
    ("delete", "/api/agent-groups/{id}"),
    ("post", "/api/agent-groups/{id}/members"),
    ("get", "/api/api-keys"),
    ("post", "/api/api-keys"),
    ("delete", "/api/api-keys/{id}"),
]


@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
def test_settings_are_for_keys_of_admins(agent: User, method: str, path: str) -> None:
    api = ApiClient(ApiKeyFactory(owner=agent).secret)
    response = getattr(api, method)(path.format(id=AgentGroupFactory().pk))
    assert (response.status_code, list(response.json())) == (403, ["error"])


def refused_keys(agent: User) -> dict[str, str | None]:
    past = timezone.now() - timedelta(seconds=1)
    return {
        "missing": None,
        "empty": "",
        "unknown": "hd_" + "0" * 64,
        "nonsense": "ü x",
        "revoked": ApiKeyFactory(is_active=False).secret,
        "expired": ApiKeyFactory(expires_at=past).secret,
        "of somebody inactive": ApiKeyFactory(owner=UserFactory(admin=True, is_active=False)).secret,
        "of somebody who is a customer now": ApiKeyFactory(owner=UserFactory(signed_up=True)).secret,
    }


def test_all_keys_that_open_nothing_are_refused_alike(agent: User) -> None:
    answers = set()
    for key in refused_keys(agent).values():
        headers = {} if key is None else {"Authorization": f"ApiKey {key}"}
        for call in ("/api/tickets", "/api/tickets/550e8400-e29b-41d4-a716-446655440000"):
            response = ApiClient(headers=headers).get(call)
            answers.add((response.status_code, response["WWW-Authenticate"], response.content))
    assert answers == {(401, "ApiKey", b'{"error":"Invalid or missing API key"}')}


def test_revoking_acts_on_the_next_request(api: ApiClient, api_key: ApiKey) -> None:
    other = ApiKeyFactory()
    assert ApiClient(other.secret).get("/api/tickets").status_code == 200
    assert api.delete(f"/api/api-keys/{other.pk}").status_code == 204
    assert ApiClient(other.secret).get("/api/tickets").status_code == 401
    assert api.delete(f"/api/api-keys/{other.pk}").status_code == 404


def test_another_scheme_is_no_key(api_key: ApiKey) -> None:
    for header in (f"Basic {api_key.secret}", api_key.secret, "ApiKey", f"ApiKey  {api_key.secret} x"):
        assert ApiClient(headers={"Authorization": header}).get("/api/tickets").status_code == 401


def test_the_last_use_is_noted_at_most_once_a_minute(api: ApiClient, api_key: ApiKey) -> None:
    api.get("/api/tickets")
    api_key.refresh_from_db()
    first = api_key.last_used_at
    assert first
    api.get("/api/tickets")
    api_key.refresh_from_db()
    assert api_key.last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    api.get("/api/tickets")
    api_key.refresh_from_db()
    assert api_key.last_used_at > first


def test_a_rate_limit_counts_each_key_on_its_own(api: ApiClient, settings: Any) -> None:
    settings.API_RATE = "3/min"
    assert [api.get("/api/tickets").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = api.get("/api/tickets")
    assert 0 < int(refused["Retry-After"]) <= 60
    assert refused.json()["error"]
    assert ApiClient(ApiKeyFactory().secret).get("/api/tickets").status_code == 200


def signed_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def test_staff_sessions_open_the_api_and_customers_sessions_do_not(admin: User, customer: User) -> None:
    assert signed_in(admin).get("/api/tickets").status_code == 200
    assert signed_in(customer).get("/api/tickets").status_code == 401
    assert signed_in(UserFactory(agent=True, is_active=False)).get("/api/tickets").status_code == 401


def test_writes_of_a_session_need_the_csrf_token(admin: User, customer: User) -> None:
    body = {"subject": "x", "description": "y", "customerId": str(customer.pk)}
    client = signed_in(admin, enforce_csrf_checks=True)
    refused = client.post("/api/tickets", body, content_type="application/json")
    assert (refused.status_code, list(refused.json())) == (403, ["error"])
    client.cookies["csrftoken"] = "a" * 32
    sent = client.post("/api/tickets", body, content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert sent.status_code == 201


@pytest.mark.parametrize(
    ("scope", "seen"),
    [("global", {"mine", "groups", "others"}), ("group", {"mine", "groups"}), ("restricted", {"mine"})],
)
def test_a_signed_in_agent_sees_what_the_scope_allows(scope: str, seen: set[str]) -> None:
    agent = UserFactory(agent=True, ticket_scope=scope)
    group = GroupMemberFactory(user=agent).group
    tickets = {
        "mine": TicketFactory(assignee=agent),
        "groups": TicketFactory(group=group),
        "others": TicketFactory(group=AgentGroupFactory(), assignee=UserFactory(agent=True)),
    }
    client = signed_in(agent)
    listed = {t["id"] for t in client.get("/api/tickets").json()}
    assert listed == {str(tickets[name].pk) for name in seen}
    # Words, whether they are few or many, find nothing else, and neither does an export.
    for words in ("printer", "printer fire"):
        assert {t["id"] for t in client.get("/api/tickets", {"q": words}).json()} == listed
        file = client.post(f"/api/tickets/export?q={words}", {"format": "json"}, content_type="application/json")
        exported = {row["ticketNumber"] for row in orjson.loads(file.getvalue())}
        assert exported == {tickets[name].ticket_number for name in seen}
    for name, ticket in tickets.items():
        reply = ReplyFactory(ticket=ticket)
        one = f"/api/tickets/{ticket.pk}"
        expected = 200 if name in seen else 404
        assert client.get(one).status_code == expected
        assert client.get(f"{one}/replies").status_code == expected
        assert client.get(f"{one}?include=replies").status_code == expected
        written = client.patch(one, {"category": name}, content_type="application/json")
        assert written.status_code == expected
        said = {"userId": str(agent.pk), "content": "x"}
        assert client.post(f"{one}/replies", said, content_type="application/json").status_code == (
            201 if name in seen else 404
        )
        assert client.delete(one).status_code == (204 if name in seen else 404)
        del reply
    changed = client.post(
        "/api/tickets/bulk",
        {"ids": [str(tickets["others"].pk)], "changes": {"category": "x"}},
        content_type="application/json",
    ).json()
    assert changed["failed"] == 1


def test_a_signed_in_agent_cannot_merge_what_they_do_not_see() -> None:
    agent = UserFactory(agent=True, ticket_scope="restricted")
    mine, hidden = TicketFactory(assignee=agent), TicketFactory()
    merge = signed_in(agent).post(
        f"/api/tickets/{mine.pk}/merge", {"ticketIds": [str(hidden.pk)]}, content_type="application/json"
    )
    assert merge.status_code == 400


def test_keys_are_not_narrowed_by_their_owners_scope() -> None:
    agent = UserFactory(agent=True, ticket_scope="restricted")
    TicketFactory()
    assert len(ApiClient(ApiKeyFactory(owner=agent).secret).get("/api/tickets").json()) == 1


def test_sessions_of_agents_do_not_write_settings(agent: User, admin: User) -> None:
    body = {"entityType": "ticket", "name": "x", "label": "X", "fieldType": "text"}
    post = lambda user: signed_in(user).post("/api/custom-fields", body, content_type="application/json")  # noqa: E731
    assert post(agent).status_code == 403
    assert post(admin).status_code == 201


@pytest.mark.parametrize("path", ["/api/tickets?limit=5", "/api/tickets/{ticket}", "/api/tickets/{ticket}/replies"])
def test_a_refusal_comes_before_everything_else_that_is_wrong(api_with: ApiWith, path: str) -> None:
    """Also where the key is looked up together with the rows: whoever may not come in learns nothing."""
    ticket = TicketFactory()
    missing = "550e8400-e29b-41d4-a716-446655440000"
    for key in (ticket.pk, missing):
        address = path.format(ticket=key)
        for query in ("", "limit=0", "include=secrets", "status=x", "cursor=x"):
            joined = f"{address}{'&' if '?' in address else '?'}{query}"
            assert ApiClient("hd_" + "0" * 64).get(joined).status_code == 401
            assert ApiClient().get(joined).status_code == 401
            assert api_with("kb:read").get(joined).status_code == 403


@pytest.mark.parametrize("name", ["customer", "assignee", "group", "company"])
def test_include_needs_the_scope_of_what_it_shows(api_with: ApiWith, name: str) -> None:
    ticket = TicketFactory()
    for path in (f"/api/tickets/{ticket.pk}", "/api/tickets"):
        refused = api_with("tickets:read").get(f"{path}?include={name}")
        assert (refused.status_code, "users:read" in refused.json()["error"]) == (403, True)
        assert api_with("tickets:read", "users:read").get(f"{path}?include={name}").status_code == 200
    assert api_with("tickets:read").get(f"/api/tickets/{ticket.pk}?include=replies").status_code == 200


def send(client: Client, method: str, path: str, body: Any) -> Any:
    return getattr(client, method)(path, body, content_type="application/json")


def test_a_signed_in_agent_cannot_refer_to_what_they_do_not_see() -> None:
    agent = UserFactory(agent=True, ticket_scope="restricted")
    mine, hidden, visible = TicketFactory(assignee=agent), TicketFactory(), TicketFactory(assignee=agent)
    client = signed_in(agent)
    TicketLink.objects.create(ticket=mine, linked=hidden)
    TicketLink.objects.create(ticket=hidden, linked=mine)
    for body in ({"linkedTicketIds": [str(hidden.pk)]}, {"parentTicketId": str(hidden.pk)}):
        assert send(client, "patch", f"/api/tickets/{mine.pk}", body).status_code == 400
        bulk = send(client, "post", "/api/tickets/bulk", {"ids": [str(mine.pk)], "changes": body}).json()
        assert bulk["failed"] == 1
        new = {"subject": "x", "description": "y", "customerId": str(mine.customer_id), **body}
        assert send(client, "post", "/api/tickets", new).status_code == 400
    changed = send(client, "patch", f"/api/tickets/{mine.pk}", {"linkedTicketIds": [str(visible.pk)]})
    assert (changed.status_code, changed.json()["linkedTicketIds"]) == (200, [str(visible.pk)])
    shown = client.get(f"/api/tickets/{mine.pk}")
    (listed,) = (ticket for ticket in client.get("/api/tickets").json() if ticket["id"] == str(mine.pk))
    assert shown.json()["linkedTicketIds"] == listed["linkedTicketIds"] == [str(visible.pk)]
    assert shown["ETag"] == changed["ETag"]
    linked = set(TicketLink.objects.filter(ticket=mine).values_list("linked_id", flat=True))
    assert linked == {hidden.pk, visible.pk}, "a link to what they do not see stays"


def test_a_signed_in_agent_can_hand_a_ticket_over_and_file_one() -> None:
    agent, other = UserFactory(agent=True, ticket_scope="restricted"), UserFactory(agent=True)
    client = signed_in(agent)
    mine = TicketFactory(assignee=agent)
    given = send(client, "post", f"/api/tickets/{mine.pk}/assign", {"assigneeId": str(other.pk)})
    assert (given.status_code, given.json()["assigneeId"]) == (200, str(other.pk))
    assert client.get(f"/api/tickets/{mine.pk}").status_code == 404
    new = {"subject": "x", "description": "y", "customerId": str(mine.customer_id)}
    assert send(client, "post", "/api/tickets", new).status_code == 201


@pytest.mark.parametrize("what", ["replies", "notes", "time-entries", "pick"])
def test_a_signed_in_agent_writes_in_their_own_name(what: str) -> None:
    agent, boss = UserFactory(agent=True), UserFactory(admin=True)
    client = signed_in(agent)
    for who, status in ((boss, 403), (agent, 200 if what == "pick" else 201)):
        body = {"userId": str(who.pk), "agentId": str(who.pk), "content": "x", "timeSpent": 1}
        assert send(client, "post", f"/api/tickets/{TicketFactory().pk}/{what}", body).status_code == status


# How an agent with a scope calls, and the status of a change of a customer's address.
MOVES = [("session", "global", 200), ("session", "group", 403), ("session", "restricted", 403), ("key", "group", 200)]


@pytest.mark.parametrize(("how", "scope", "status"), MOVES)
def test_who_sees_few_tickets_cannot_move_customers_to_another_mailbox(
    customer: User, how: str, scope: str, status: int
) -> None:
    agent = UserFactory(agent=True, ticket_scope=scope)
    TicketFactory(customer=customer, assignee=agent)
    client = signed_in(agent) if how == "session" else ApiClient(ApiKeyFactory(owner=agent).secret)
    path = f"/api/users/{customer.pk}"
    assert send(client, "patch", path, {"name": "Cleo", "email": customer.email}).status_code == 200
    moved = send(client, "patch", path, {"name": "X", "email": "mailbox-of-the-agent@example.com"})
    assert moved.status_code == status
    customer.refresh_from_db()
    assert customer.name == ("X" if status == 200 else "Cleo")


def test_nobody_but_an_admin_sets_the_password_of_somebody(agent: User, admin: User, customer: User) -> None:
    path, body = f"/api/users/{customer.pk}", {"password": "taken-over"}
    assert send(signed_in(agent), "patch", path, body).status_code == 403
    assert ApiClient(ApiKeyFactory(owner=agent).secret).patch(path, body).status_code == 403
    assert ApiClient(ApiKeyFactory(owner=admin).secret).patch(path, body).status_code == 200
    customer.refresh_from_db()
    assert customer.email_verified_at is None, "a password proves no mailbox"
