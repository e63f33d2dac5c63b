"""Companies, and which addresses belong to them."""

from typing import Any

import pytest

from companies.lookup import companies_by_domain, company_id_for
from tests.client import ApiClient
from tests.factories import CompanyFactory, UserFactory


def test_a_company_takes_all_that_can_be_said(api: ApiClient) -> None:
    said = {
        "name": "Globex",
        "description": "Makes everything",
        "industry": "Manufacturing",
        "healthScore": "at_risk",
        "accountTier": "enterprise",
        "customFields": {"regionCode": "EU"},
        "notes": "Renewal talks",
    }
    made = api.post("/api/companies", {**said, "domains": [" @Globex.Example", "globex.example"], "renewalDate": None})
    assert made.status_code == 201
    assert {name: made.json()[name] for name in said} == said
    assert (made.json()["domains"], made.json()["renewalDate"]) == (["globex.example"], None)
    one = f"/api/companies/{made.json()['id']}"
    assert api.patch(one, {"customFields": {"x": 1}, "name": "Globex"}).json()["customFields"] == {
        "regionCode": "EU",
        "x": 1,
    }
    before = api.get(one).json()
    assert api.patch(one, {"name": " Globex ", "customFields": {"x": 1}}).json() == before, "nothing changed"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": None}, "name"),
    ({"name": 5}, "name"),
    ({"domains": "a.de"}, "domains"),
    ({"domains": ["not a domain"]}, "domains"),
    ({"domains": ["localhost"]}, "domains"),
    ({"domains": [f"d{n}.example" for n in range(101)]}, "domains"),
    ({"healthScore": "sad"}, "healthScore"),
    ({"accountTier": "gold"}, "accountTier"),
    ({"renewalDate": "soon"}, "renewalDate"),
    ({"customFields": []}, "customFields"),
]


@pytest.mark.parametrize(("change", "field"), BAD, ids=[str(b[0]) for b in BAD])
@pytest.mark.parametrize("method", ["post", "patch"])
def test_bad_companies_are_refused(api: ApiClient, method: str, change: dict[str, Any], field: str) -> None:
    company = CompanyFactory(name="Stays")
    address = "/api/companies" if method == "post" else f"/api/companies/{company.pk}"
    response = getattr(api, method)(address, {"name": "X", **change})
    assert (response.status_code, list(response.json()["details"])) == (400, [field])
    assert [c["name"] for c in api.get("/api/companies").json()] == ["Stays"]


def test_deleting_a_company_keeps_its_contacts(api: ApiClient) -> None:
    company = CompanyFactory()
    contact = UserFactory(company=company)
    assert api.delete(f"/api/companies/{company.pk}").status_code == 204
    assert api.get(f"/api/users/{contact.pk}").json()["companyId"] is None


@pytest.mark.django_db
def test_addresses_find_the_oldest_company_of_their_domain() -> None:
    first = CompanyFactory(domains=["a.example", "xn--bcher-kva.example"])
    second = CompanyFactory(domains=["b.example", "a.example"])
    found = {
        "x@a.example": first.pk,
        "x@A.Example": first.pk,
        "x@bücher.example": first.pk,
        "x@b.example": second.pk,
        "x@sub.a.example": None,
        "x@example": None,
        "nonsense": None,
    }
    assert {email: company_id_for(email) for email in found} == found
    assert companies_by_domain() == {"a.example": first.pk, "xn--bcher-kva.example": first.pk, "b.example": second.pk}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=glob", "Globex"),
        ("healthScore=at_risk", "Initech"),
        ("accountTier=free", "Globex"),
        ("industry=null", "Globex"),
    ],
)
def test_filters(api: ApiClient, query: str, found: str) -> None:
    CompanyFactory(name="Globex")
    CompanyFactory(name="Initech", health_score="at_risk", account_tier="premium", industry="IT")
    assert [c["name"] for c in api.get(f"/api/companies?{query}").json()] == [found]
