"""Companies, and which addresses belong to them."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import ApiKey
from companies.domains import normal_domain
from companies.lookup import companies_by_domain, company_id_for
from companies.models import Company
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
    ({"domains": ["192.168.0.1"]}, "domains"),
    ({"domains": None}, "domains"),
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


# How a domain is written, and how it is stored and compared.
DOMAINS = {
    "a.example": "a.example",
    " @A.Example. ": "a.example",
    "Bücher.Example": "xn--bcher-kva.example",
    "XN--BCHER-KVA.example": "xn--bcher-kva.example",
    "bücher。example": "xn--bcher-kva.example",
    "ＡＢ.example": "ab.example",
    # Two domains, which may have two owners.
    "straße.example": "xn--strae-oqa.example",
    "strasse.example": "strasse.example",
    "例え.テスト": "xn--r8jz45g.xn--zckzah",
    "1.example": "1.example",
    "": None,
    "@": None,
    "localhost": None,
    "a..example": None,
    "-a.example": None,
    "a_b.example": None,
    "x@a.example": None,
    "10.0.0.1": None,
    "ü" * 300 + ".example": None,
    "☃.example": None,
}


@pytest.mark.parametrize(("written", "stored"), DOMAINS.items(), ids=[repr(name[:20]) for name in DOMAINS])
def test_domains_have_one_form(written: str, stored: str | None) -> None:
    assert normal_domain(written) == stored


def test_a_new_contact_joins_the_company_of_its_domain(api: ApiClient) -> None:
    company, other = CompanyFactory(domains=["a.example"]), CompanyFactory(domains=["b.example"])
    joined = {"email": "x@A.Example", "name": "X", "username": "x"}
    assert api.post("/api/users", joined).json()["companyId"] == str(company.pk)
    given = {"email": "y@a.example", "name": "Y", "username": "y", "companyId": str(other.pk)}
    assert api.post("/api/users", given).json()["companyId"] == str(other.pk)


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("2026-06-30", "2026-06-30T00:00:00.000Z"),
        ("2026-06-30T10:00:00", "2026-06-30T10:00:00.000Z"),
        ("2026-06-30T10:00:00+02:00", "2026-06-30T08:00:00.000Z"),
        (None, None),
    ],
)
def test_a_renewal_is_a_date_or_an_instant(api: ApiClient, said: str | None, stored: str | None) -> None:
    assert api.post("/api/companies", {"name": "X", "renewalDate": said}).json()["renewalDate"] == stored


# --- At the same moment -------------------------------------------------------------------------------

AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.mark.django_db(transaction=True)
def test_20_parallel_changes_of_a_company_lose_nothing(api_key: ApiKey, at_once: AtOnce) -> None:
    company = CompanyFactory(custom_fields={"kept": True})

    def change(n: int) -> int:
        body = {"customFields": {f"field_{n}": n}}
        return ApiClient(api_key.secret).patch(f"/api/companies/{company.pk}", body).status_code

    assert at_once(20, change) == [200] * 20
    company.refresh_from_db()
    assert company.custom_fields == {"kept": True, **{f"field_{n}": n for n in range(20)}}


@pytest.mark.django_db(transaction=True)
def test_contacts_arriving_while_their_company_goes_are_kept(api_key: ApiKey, at_once: AtOnce) -> None:
    company = CompanyFactory(domains=["a.example"])

    def attempt(n: int) -> int:
        api = ApiClient(api_key.secret)
        if n == 0:
            return api.delete(f"/api/companies/{company.pk}").status_code
        return api.post("/api/users", {"username": f"u{n}", "email": f"u{n}@a.example", "name": "U"}).status_code

    assert at_once(6, attempt) == [204] + [201] * 5
    contacts = ApiClient(api_key.secret).get("/api/users?role=customer").json()
    assert [contact["companyId"] for contact in contacts] == [None] * 5
    assert not Company.objects.exists()
