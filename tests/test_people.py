"""Users, agent groups and API keys over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command

from accounts.models import ApiKey, GroupMember, User
from helpdesk.api.permissions import SCOPES
from tests.client import ApiClient
from tests.factories import (
    AgentGroupFactory,
    ApiKeyFactory,
    CompanyFactory,
    CustomFieldFactory,
    TicketFactory,
    UserFactory,
)

ApiWith = Callable[..., ApiClient]
NEW = {"username": "mary", "email": "mary@example.com", "name": "Mary Major"}


def test_a_contact_without_a_password_has_no_account(api: ApiClient) -> None:
    made = api.post("/api/users", NEW).json()
    assert made["role"] == "customer"
    assert made["ticketScope"] == "global"
    assert not User.objects.get(pk=made["id"]).has_usable_password()


def test_a_password_is_stored_hashed_and_never_shown(api: ApiClient) -> None:
    response = api.post("/api/users", {**NEW, "password": "secret-words"})
    user = User.objects.get(pk=response.json()["id"])
    assert check_password("secret-words", user.password)
    assert user.email_verified_at is None, "a password proves no mailbox"
    for answer in (response, api.get("/api/users"), api.get(f"/api/users/{user.pk}")):
        assert "password" not in answer.content.decode().lower()
        assert user.password not in answer.content.decode()
    assert api.patch(f"/api/users/{user.pk}", {"password": "other-words"}).status_code == 200
    user.refresh_from_db()
    assert check_password("other-words", user.password)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"email": "TAKEN@example.com"}, "email"),
    ({"email": "ｔaken@example.com"}, "email"),
    ({"username": "taken"}, "username"),
    ({"username": "with space"}, "username"),
    ({"username": ""}, "username"),
    ({"email": "nonsense"}, "email"),
    ({"name": None}, "name"),
    ({"role": "boss"}, "role"),
    ({"ticketScope": "all"}, "ticketScope"),
    ({"companyId": "550e8400-e29b-41d4-a716-446655440000"}, "companyId"),
    ({"password": "12345"}, "password"),
    ({"isActive": "yes"}, "isActive"),
    ({"tags": [1]}, "tags"),
    ({"customFields": {"size": "XXL"}}, "customFields"),
    ({"phone": "1" * 51}, "phone"),
]


@pytest.mark.parametrize(("change", "field"), BAD, ids=[str(b[0]) for b in BAD])
@pytest.mark.parametrize("method", ["post", "patch"])
def test_bad_people_are_refused(api: ApiClient, method: str, change: dict[str, Any], field: str) -> None:
    UserFactory(username="taken", email="taken@example.com")
    other = UserFactory(username="other")
    CustomFieldFactory(entity_type="contact", name="size", field_type="dropdown", options=["S"])
    before = api.get("/api/users").json()
    address = "/api/users" if method == "post" else f"/api/users/{other.pk}"
    response = getattr(api, method)(address, {**(NEW if method == "post" else {}), **change})
    assert response.status_code == 400, response.content
    assert list(response.json()["details"]) == [field]
    assert api.get("/api/users").json() == before


def test_contacts_join_the_company_of_their_domain_unless_told_otherwise(api: ApiClient) -> None:
    old = CompanyFactory(domains=["example.com"])
    CompanyFactory(domains=["example.com"])
    other = CompanyFactory()
    assert api.post("/api/users", NEW).json()["companyId"] == str(old.pk)
    told = api.post("/api/users", {"username": "b", "email": "b@EXAMPLE.com", "name": "B", "companyId": str(other.pk)})
    assert told.json()["companyId"] == str(other.pk)
    assert (
        api.post("/api/users", {"username": "c", "email": "c@sub.example.com", "name": "C"}).json()["companyId"] is None
    )


# Who may do what to whom: the key's owner, a change, the person it is made to, the status.
RIGHTS = [
    ("agent", {"name": "X"}, "customer", 200),
    ("agent", {"email": "x@example.com"}, "customer", 200),
    ("agent", {"role": "agent"}, "customer", 403),
    ("agent", {"role": "admin"}, "customer", 403),
    ("agent", {"name": "X"}, "agent", 403),
    ("agent", {"password": "stolen-account"}, "admin", 403),
    ("agent", {"email": "stolen@example.com"}, "admin", 403),
    ("agent", {"isActive": False}, "admin", 403),
    ("agent", {"role": "customer"}, "admin", 403),
    ("admin", {"role": "agent"}, "customer", 200),
    ("admin", {"role": "admin"}, "agent", 200),
    ("admin", {"password": "new-words"}, "agent", 200),
    ("admin", {"isActive": False}, "agent", 200),
]


@pytest.mark.parametrize(("owner", "change", "whom", "status"), RIGHTS)
def test_who_may_change_whom(db: None, owner: str, change: dict[str, Any], whom: str, status: int) -> None:
    api = ApiClient(ApiKeyFactory(owner=UserFactory(**{owner: True})).secret)
    other = UserFactory(**({} if whom == "customer" else {whom: True}))
    assert api.patch(f"/api/users/{other.pk}", change).status_code == status


@pytest.mark.parametrize(
    ("owner", "role", "status"), [("agent", "agent", 403), ("agent", "customer", 201), ("admin", "admin", 201)]
)
def test_who_may_create_whom(db: None, owner: str, role: str, status: int) -> None:
    api = ApiClient(ApiKeyFactory(owner=UserFactory(**{owner: True})).secret)
    assert api.post("/api/users", {**NEW, "role": role}).status_code == status


@pytest.mark.parametrize("change", [{"role": "agent"}, {"role": "customer"}, {"isActive": False}])
def test_the_last_admin_stays(api: ApiClient, admin: User, change: dict[str, Any]) -> None:
    refused = api.patch(f"/api/users/{admin.pk}", change)
    assert (refused.status_code, list(refused.json())) == (409, ["error"])
    UserFactory(admin=True)
    assert api.patch(f"/api/users/{admin.pk}", change).status_code == 200


# A query of people, and which usernames it finds.
FILTERS = [
    ("role=customer", "cust vip"),
    ("role=agent,admin", "ada gus off"),
    ("q=CUST", "cust vip"),
    ("q=gus@", "gus"),
    ("email=VIP@Customers.example", "vip"),
    ("companyId={company}", "vip"),
    ("companyId=null&role=customer", "cust"),
    ("tag=gold", "vip"),
    ("isActive=false", "off"),
]


@pytest.mark.parametrize(("query", "found"), FILTERS)
def test_filters(api: ApiClient, agent: User, query: str, found: str) -> None:
    company = CompanyFactory()
    UserFactory(username="cust", name="C")
    UserFactory(username="vip", email="vip@customers.example", company=company, tags=["gold"])
    UserFactory(username="off", agent=True, is_active=False)
    response = api.get(f"/api/users?{query.format(company=company.pk)}")
    assert sorted(user["username"] for user in response.json()) == found.split()


def test_users_are_not_deleted_over_the_api(api: ApiClient, customer: User) -> None:
    assert api.delete(f"/api/users/{customer.pk}").status_code == 405


def test_group_members(api: ApiClient, agent: User, customer: User) -> None:
    members = f"/api/agent-groups/{AgentGroupFactory().pk}/members"
    made = api.post(members, {"userId": str(agent.pk), "isLeader": True})
    assert (made.status_code, made.json()["isLeader"]) == (201, True)
    assert api.post(members, {"userId": str(agent.pk)}).status_code == 409
    assert api.post(members, {"userId": str(customer.pk)}).status_code == 400
    assert api.delete(f"{members}/{made.json()['id']}").status_code == 204
    assert api.delete(f"{members}/{made.json()['id']}").status_code == 404
    api.post(members, {"userId": str(agent.pk)})
    assert api.delete(f"{members}/{agent.pk}").status_code == 204
    assert api.get("/api/agent-groups/550e8400-e29b-41d4-a716-446655440000/members").status_code == 404
    assert (
        api.post(
            "/api/agent-groups/550e8400-e29b-41d4-a716-446655440000/members", {"userId": str(agent.pk)}
        ).status_code
        == 404
    )


def test_a_deleted_group_leaves_its_tickets(api: ApiClient, agent: User) -> None:
    group = AgentGroupFactory()
    GroupMember.objects.create(group=group, user=agent)
    ticket = TicketFactory(group=group)
    assert api.post("/api/agent-groups", {"name": group.name}).status_code == 400
    assert api.delete(f"/api/agent-groups/{group.pk}").status_code == 204
    assert api.get(f"/api/tickets/{ticket.pk}").json()["groupId"] is None


def test_a_key_is_shown_once_and_stored_as_a_hash(api: ApiClient) -> None:
    made = api.post("/api/api-keys", {"name": "Shop"}).json()
    assert made["key"].startswith("hd_")
    assert len(made["key"]) == 67
    assert made["keyPrefix"] == made["key"][:12]
    assert made["scopes"] == ["tickets:read", "tickets:write", "users:read"]
    stored = ApiKey.objects.get(pk=made["id"])
    assert made["key"] not in str(stored.__dict__)
    listed = api.get("/api/api-keys")
    assert made["key"] not in listed.content.decode()
    assert stored.key_hash not in listed.content.decode()
    assert ApiClient(made["key"]).get("/api/tickets").status_code == 200


def test_keys_come_by_name(api: ApiClient, api_key: ApiKey) -> None:
    ApiKey.objects.filter(pk=api_key.pk).update(name="B")
    first, second = sorted(ApiKeyFactory(name="A").pk for _ in range(2))
    expected = [str(first), str(second), str(api_key.pk)]
    assert [key["id"] for key in api.get("/api/api-keys").json()] == expected
    assert [key["id"] for key in api.get("/api/api-keys?limit=2").json()] == expected[:2]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"scopes": []}, 400),
        ({"scopes": ["tickets:delete"]}, 400),
        ({"scopes": "tickets:read"}, 400),
        ({"scopes": ["users:write"]}, 403),
        ({"scopes": ["tickets:read"]}, 201),
        ({"expiresAt": "2020-01-01"}, 400),
        ({"expiresAt": "soon"}, 400),
        ({"expiresAt": None}, 201),
        ({"name": ""}, 400),
        ({"scopes": None}, 201),
    ],
)
def test_what_a_key_can_hand_on(api_with: ApiWith, admin: User, body: dict[str, Any], status: int) -> None:
    api = api_with("tickets:read", "kb:read", owner=admin)
    response = api.post("/api/api-keys", {"name": "Child", **body})
    assert response.status_code == status, response.content
    if status == 201:
        assert response.json()["scopes"] == ["tickets:read"]
    else:
        assert ApiKey.objects.count() == 1


def test_verifying_a_key(api: ApiClient, admin: User) -> None:
    told = api.post("/api/api-keys/verify").json()
    assert told["valid"] is True
    assert told["user"] == {"id": str(admin.pk), "name": admin.name, "role": "admin"}
    assert sorted(told["scopes"]) == sorted(SCOPES)
    refused = ApiClient("hd_" + "0" * 64).post("/api/api-keys/verify")
    assert (refused.status_code, refused.json()["valid"]) == (401, False)
    assert refused["WWW-Authenticate"] == "ApiKey"


def test_the_command_prints_a_working_key_and_nothing_else(admin: User, agent: User, capsys: Any) -> None:
    call_command("create_api_key", name="CI")
    key = capsys.readouterr().out.removesuffix("\n")
    assert ApiClient(key).get("/api/users").status_code == 200
    call_command("create_api_key", name="CI", scopes="kb:read", owner=agent.email.upper())
    assert ApiClient(capsys.readouterr().out.strip()).get("/api/tickets").status_code == 403
    for options in ({"owner": "nobody@example.com"}, {"scopes": "x:y"}, {"scopes": ""}):
        with pytest.raises(CommandError):
            call_command("create_api_key", name="CI", **options)
