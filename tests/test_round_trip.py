"""What was exported is imported unchanged, and exported again byte by byte, whatever people wrote into it."""

import io
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import time_machine
from django.test.client import MULTIPART_CONTENT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from companies.models import Company
from tests.client import ApiClient
from tests.factories import CompanyFactory, CustomFieldFactory, UserFactory
from transfers.cells import as_text, escaped, unescaped, words
from transfers.spreadsheets import from_xml, in_xml

pytestmark = pytest.mark.django_db

FORMATS = ["csv", "json", "xlsx"]
FIELDS = {
    "note": "textarea",
    "size": "number",
    "rate": "decimal",
    "plan": "dropdown",
    "modules": "multiselect",
    "since": "date",
    "active": "checkbox",
}


def named(content: bytes, name: str) -> Any:
    file = io.BytesIO(content)
    file.name = name
    return file


def send(api: ApiClient, kind: str, form: str, content: bytes, **more: Any) -> dict[str, Any]:
    """Import a file in the way that its format suggests."""
    path = f"/api/{kind}/import"
    if form == "csv":
        response = api.post(path, content, content_type="text/csv", **more)
    elif form == "json":
        response = api.post(path, {"data": orjson.loads(content)}, **more)
    else:
        response = api.post(path, {"file": named(content, "file.xlsx")}, content_type=MULTIPART_CONTENT, **more)
    assert response.status_code == 200, response.content
    return response.json()


def exported(api: ApiClient, kind: str, form: str, **body: Any) -> bytes:
    response = api.post(f"/api/{kind}/export", {"format": form, **body})
    assert response.status_code == 200, response.content
    return response.getvalue()


def goes_round(api: ApiClient, kind: str, form: str) -> None:
    before = exported(api, kind, form)
    rows = User.objects.customers() if kind == "contacts" else Company.objects.all()
    result = send(api, kind, form, before)
    assert (result["imported"], result["updated"], result["failed"], result["errors"]) == (0, 0, 0, [])
    assert result["unchanged"] == rows.count()
    assert exported(api, kind, form) == before


def define_fields(entity_type: str, **more: Any) -> None:
    for name, field_type in FIELDS.items():
        options = ["Gold", "A, B", "=x"] if field_type in ("dropdown", "multiselect") else []
        CustomFieldFactory(entity_type=entity_type, name=name, field_type=field_type, options=options, **more)


VALUES = {
    "note": "'=1+1\r\nsecond line",
    "size": -5,
    "rate": 5.0,
    "plan": "A, B",
    "modules": ["Gold", "A, B"],
    "since": "2026-01-31",
    "active": False,
}
NASTY = [
    "=cmd|' /C calc'!A0",
    "'=1",
    "'s-Hertogenbosch",
    "\ttab",
    "\r\ncr",
    'say "hi", she; said',
    "#N/A",
    "_x000D_",
    "\uff1d1",
]
NASTY += [
    " spaces ",
    "ünï\u202ecode 🙂",
    "TRUE",
    "00123",
    "1e5",
    "2026-01-31",
    "a\x0bb\x01c",
    "[1]",
    "-",
    "@",
    "\ufeff",
]


@pytest.mark.parametrize("form", FORMATS)
def test_contacts_go_round(api: ApiClient, form: str) -> None:
    define_fields("contact")
    company = CompanyFactory(domains=["example.org"])
    UserFactory(company=company, phone="+49 30 1", tags=["vip", "a,b", "[x]"], custom_fields=VALUES)
    UserFactory(company=None, phone="", custom_fields={"other": {"deep": [1]}, "note": ""})
    for index, text in enumerate(NASTY):
        UserFactory(name=text, username=f"nasty{index}", phone=text, custom_fields={"note": text})
    goes_round(api, "contacts", form)


@pytest.mark.parametrize("form", FORMATS)
def test_companies_go_round(api: ApiClient, form: str) -> None:
    define_fields("company")
    CompanyFactory(name="Globex", domains=["globex.example", "g.example"], custom_fields=VALUES, health_score="happy")
    CompanyFactory(name="Initech", renewal_date="2026-06-30T12:34:56.789123Z", description="long " * 5_000)
    for text in (text for text in NASTY if text.strip() == text):
        CompanyFactory(name=text, description=text, industry=text)
    goes_round(api, "companies", form)


@pytest.mark.parametrize("form", FORMATS)
def test_companies_of_one_name_stay_two(api: ApiClient, form: str) -> None:
    CompanyFactory(name="Acme", description="in Berlin")
    CompanyFactory(name="Acme", description="in Paris")
    goes_round(api, "companies", form)


def test_companies_of_one_name_are_told_apart_by_id(api: ApiClient) -> None:
    one, other = CompanyFactory(name="Acme"), CompanyFactory(name="Acme")
    refused = api.post("/api/companies/import", {"data": [{"name": "Acme", "industry": "Steel"}]}).json()
    assert refused["errors"] == [
        "Row 1: Several companies have this name. Add the column id, so that one of them is meant."
    ]
    row = {"id": str(other.pk), "name": "Acme", "industry": "Steel"}
    assert api.post("/api/companies/import", {"data": [row]}).json()["updated"] == 1
    assert set(Company.objects.values_list("pk", "industry")) == {(one.pk, None), (other.pk, "Steel")}


@pytest.mark.parametrize("form", FORMATS)
def test_values_that_no_longer_fit_their_field_go_round(api: ApiClient, form: str) -> None:
    """Fields and options change after values were entered; an unchanged file does not fail of that."""
    define_fields("contact", is_required=True)
    UserFactory(custom_fields={"plan": "retired", "size": "many", "active": "true", "rate": [1, {"a": None}]})
    goes_round(api, "contacts", form)


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_fills_an_empty_house(api: ApiClient, form: str) -> None:
    define_fields("contact")
    UserFactory(phone="+49 30 1", tags=["vip", "a,b"], custom_fields=VALUES, name="=Ann")
    UserFactory(custom_fields={"size": 0, "active": True})
    before = exported(api, "contacts", form)
    User.objects.customers().delete()
    result = send(api, "contacts", form, before)
    assert (result["imported"], result["failed"]) == (2, 0), result
    assert exported(api, "contacts", form) == before


def test_text_too_long_for_a_spreadsheet_is_cut_there_and_kept_here(api: ApiClient) -> None:
    long = CompanyFactory(description="x" * 40_000)
    goes_round(api, "companies", "xlsx")
    long.refresh_from_db()
    assert len(long.description) == 40_000


def test_a_workbook_does_not_depend_on_when_it_is_written(api: ApiClient) -> None:
    UserFactory(name="Zoë")
    with time_machine.travel("2026-01-31T10:00:00Z"):
        before = exported(api, "contacts", "xlsx")
    with time_machine.travel("2027-02-01T11:30:02Z"):
        assert exported(api, "contacts", "xlsx") == before


def test_only_the_chosen_columns_are_touched(api: ApiClient) -> None:
    kept = UserFactory(phone="1", tags=["vip"])
    file = exported(api, "contacts", "csv", fields=["email", "name"])
    assert file.decode().splitlines()[0] == "email,name"
    assert send(api, "contacts", "csv", file)["unchanged"] == 1
    kept.refresh_from_db()
    assert (kept.phone, kept.tags) == ("1", ["vip"])


# What a text column can hold: everything but NUL, which the API refuses, and lone surrogates.
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    NASTY
)
WORDS = st.lists(
    st.text("ab,[]\" '=\r\n\\", min_size=1, max_size=5).map(str.strip).filter(bool), unique=True, max_size=4
)


@given(TEXTS)
def test_escaping_is_reversible_and_leaves_no_formula(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert not escaped(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert from_xml(in_xml(text)) == text


@given(WORDS)
def test_words_are_read_as_they_were_written(tags: list[str]) -> None:
    assert words(as_text(tags)) == tags


@pytest.mark.parametrize("form", FORMATS)
def test_any_text_goes_round(api: ApiClient, form: str) -> None:
    CustomFieldFactory(entity_type="contact", name="note", field_type="textarea")
    people = UserFactory.create_batch(5)

    @settings(max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, WORDS), min_size=len(people), max_size=len(people)))
    def attempt(written: list[tuple[str, str, str, list[str]]]) -> None:
        for person, (name, phone, note, tags) in zip(people, written, strict=True):
            User.objects.filter(pk=person.pk).update(name=name, phone=phone, tags=tags, custom_fields={"note": note})
        goes_round(api, "contacts", form)

    attempt()


FILENAMES: list[tuple[str, str, Callable[[bytes], bool]]] = [
    ("csv", "text/csv; charset=utf-8", lambda body: body.startswith(b"name,email,phone,company_id,tags")),
    ("json", "application/json", lambda body: orjson.loads(body) == []),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", lambda b: b.startswith(b"PK")),
]


@pytest.mark.parametrize(("form", "content_type", "holds"), FILENAMES)
def test_an_export_is_a_file(api: ApiClient, form: str, content_type: str, holds: Callable[[bytes], bool]) -> None:
    response = api.post("/api/contacts/export", {"format": form})
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"].startswith('attachment; filename="contacts_export_20')
    assert response["Content-Disposition"].endswith(f'.{form}"')
    assert holds(response.getvalue())
