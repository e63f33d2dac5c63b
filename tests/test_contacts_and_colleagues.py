"""What is asked of contacts is not asked of colleagues: the company of the domain, and custom fields."""

from typing import Any

import pytest

from accounts.models import User
from tests.client import ApiClient
from tests.factories import CompanyFactory, CustomFieldFactory, UserFactory

pytestmark = pytest.mark.django_db

NEW = {"username": "mary", "email": "mary@example.com", "name": "Mary Major"}


@pytest.fixture(autouse=True)
def form() -> None:
    """Every contact has a contract; a language is taken for granted."""
    CustomFieldFactory(entity_type="contact", name="contract", is_required=True)
    CustomFieldFactory(entity_type="contact", name="language", default_value="en")


# The role, what else is said, the status, and the custom fields that follow.
CREATED: list[tuple[str, dict[str, Any], int, dict[str, Any] | None]] = [
    ("customer", {}, 400, None),
    ("customer", {"customFields": {"contract": "C-1"}}, 201, {"contract": "C-1", "language": "en"}),
    ("agent", {}, 201, {}),
    ("admin", {"customFields": {"language": "de"}}, 201, {"language": "de"}),
    ("agent", {"customFields": {"language": 5}}, 400, None),
    ("agent", {"customFields": {"contract": None}}, 201, {}),
]


@pytest.mark.parametrize(("role", "more", "status", "fields"), CREATED)
def test_required_fields_and_defaults_are_for_contacts(
    api: ApiClient, role: str, more: dict[str, Any], status: int, fields: dict[str, Any] | None
) -> None:
    response = api.post("/api/users", {**NEW, "role": role, **more})
    assert (response.status_code, response.json().get("customFields")) == (status, fields)


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_only_contacts_join_the_company_of_their_domain(api: ApiClient, role: str) -> None:
    company, other = CompanyFactory(domains=["example.com"]), CompanyFactory()
    body = {**NEW, "role": role, "customFields": {"contract": "C-1"}}
    made = api.post("/api/users", body).json()
    assert made["companyId"] == (str(company.pk) if role == "customer" else None)
    told = {**body, "username": "john", "email": "john@example.com", "companyId": str(other.pk)}
    assert api.post("/api/users", told).json()["companyId"] == str(other.pk)


# Who somebody is, the change, the status, and the custom fields that follow.
CHANGED: list[tuple[str, dict[str, Any], int, dict[str, Any]]] = [
    ("customer", {"customFields": {"contract": None}}, 400, {"contract": "C-1"}),
    ("agent", {"customFields": {"contract": None}}, 200, {}),
    ("customer", {"role": "agent", "customFields": {"contract": None}}, 200, {}),
    ("agent", {"role": "customer"}, 200, {"contract": "C-1", "language": "en"}),
    ("agent", {"role": "customer", "customFields": {"contract": None}}, 400, {"contract": "C-1"}),
    ("agent", {"role": "customer", "customFields": {"language": "de"}}, 200, {"contract": "C-1", "language": "de"}),
    ("agent", {"role": "admin"}, 200, {"contract": "C-1"}),
    ("customer", {"name": "Mary"}, 200, {"contract": "C-1"}),
]


@pytest.mark.parametrize(("role", "change", "status", "fields"), CHANGED)
def test_the_role_after_the_change_says_what_is_required(
    api: ApiClient, role: str, change: dict[str, Any], status: int, fields: dict[str, Any]
) -> None:
    person = UserFactory(role=role, custom_fields={"contract": "C-1"})
    assert api.patch(f"/api/users/{person.pk}", change).status_code == status
    person.refresh_from_db()
    assert person.custom_fields == fields


def test_nobody_is_kept_an_agent_by_a_form_that_was_not_filled_in(api: ApiClient) -> None:
    person = UserFactory(agent=True)
    changed = api.patch(f"/api/users/{person.pk}", {"role": "customer"})
    assert (changed.status_code, changed.json()["customFields"]) == (200, {"language": "en"})


# What an agent who becomes a customer has, what is said of the company, and which one follows.
COMPANIES = [(None, {}, "domain"), ("other", {}, "other"), (None, {"companyId": None}, None)]


@pytest.mark.parametrize(("before", "said", "after"), COMPANIES)
def test_a_colleague_who_becomes_a_contact_joins_the_company_of_the_domain(
    api: ApiClient, before: str | None, said: dict[str, Any], after: str | None
) -> None:
    companies: dict[str | None, Any] = {"domain": CompanyFactory(domains=["example.com"]), "other": CompanyFactory()}
    person = UserFactory(agent=True, email="mary@example.com", company=companies.get(before))
    assert api.patch(f"/api/users/{person.pk}", {"role": "customer", **said}).status_code == 200
    assert User.objects.get(pk=person.pk).company == companies.get(after)


def test_signing_up_fills_in_defaults_and_asks_for_nothing_more() -> None:
    body = {"name": "John", "email": "john@example.com", "password": "long-enough"}
    made = ApiClient().post("/api/portal/signup", body)
    assert made.status_code == 201
    assert User.objects.get(pk=made.json()["id"]).custom_fields == {"language": "en"}


def test_claiming_an_account_fills_in_nothing(customer: User) -> None:
    body = {"name": "John", "email": customer.email, "password": "long-enough"}
    assert ApiClient().post("/api/portal/signup", body).status_code == 201
    customer.refresh_from_db()
    assert customer.custom_fields == {}
