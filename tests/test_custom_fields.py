"""Custom fields: what a definition must be, and which values fit it."""

from collections.abc import Callable
from threading import Event
from time import sleep
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import ApiKey
from companies.services import update_company
from custom_fields import definitions
from custom_fields.models import CustomField
from custom_fields.services import merge_values, update_field
from helpdesk.errors import Conflict, Invalid
from helpdesk.json_values import same
from tests.client import ApiClient
from tests.factories import CompanyFactory, CustomFieldFactory, TicketFactory, UserFactory
from tickets.models import Activity, Ticket

AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]

# A type, a value, and whether it fits.
VALUES: list[tuple[str, Any, bool]] = [
    ("text", "line", True),
    ("text", "", True),
    ("text", 5, False),
    ("text", "x" * 1001, False),
    ("textarea", "x" * 1001, True),
    ("textarea", ["x"], False),
    ("number", 5, True),
    ("number", -5, True),
    ("number", 5.0, False),
    ("number", "5", False),
    ("number", True, False),
    ("number", 2**63 - 1, True),
    ("decimal", 5.25, True),
    ("decimal", 5, True),
    ("decimal", "5.25", False),
    ("decimal", False, False),
    ("dropdown", "a", True),
    ("dropdown", "A", False),
    ("dropdown", ["a"], False),
    ("multiselect", ["a", "b"], True),
    ("multiselect", [], True),
    ("multiselect", ["a", "a"], False),
    ("multiselect", ["c"], False),
    ("multiselect", "a", False),
    ("date", "2025-12-18", True),
    ("date", "2024-02-29", True),
    ("date", "2025-02-30", False),
    ("date", "0000-01-01", False),
    ("date", "２０２５-12-18", False),
    ("date", "18.12.2025", False),
    ("date", "2025-12-18T00:00:00Z", False),
    ("date", 20251218, False),
    ("checkbox", True, True),
    ("checkbox", False, True),
    ("checkbox", "true", False),
    ("checkbox", 1, False),
]


@pytest.mark.parametrize(("field_type", "value", "fits"), VALUES)
def test_values_fit_their_type(api: ApiClient, field_type: str, value: Any, fits: bool) -> None:
    CustomFieldFactory(name="extra", label="The extra", field_type=field_type, options=["a", "b"])
    ticket = TicketFactory()
    response = api.patch(f"/api/tickets/{ticket.pk}", {"customFields": {"extra": value}})
    assert response.status_code == (200 if fits else 400)
    if fits:
        assert response.json()["customFields"] == {"extra": value}
    else:
        assert response.json()["details"]["customFields"][0].startswith("The extra must")
        assert Ticket.objects.get().custom_fields == {}


@pytest.mark.parametrize("kind", ["tickets", "users", "companies"])
def test_required_fields_and_defaults_on_every_kind(api: ApiClient, kind: str) -> None:
    entity = {"tickets": "ticket", "users": "contact", "companies": "company"}[kind]
    CustomFieldFactory(entity_type=entity, name="need", label="Need", is_required=True)
    CustomFieldFactory(entity_type=entity, name="given", default_value="standard")
    CustomFieldFactory(entity_type=entity, name="off", is_required=True, is_active=False)
    body = {
        "tickets": {"subject": "x", "description": "y", "customerId": str(UserFactory().pk)},
        "users": {"username": "x", "email": "x@example.com", "name": "X"},
        "companies": {"name": "X"},
    }[kind]
    for missing in ({}, {"need": None}, {"need": "  "}):
        refused = api.post(f"/api/{kind}", {**body, "customFields": missing})
        assert (refused.status_code, refused.json()["details"]) == (400, {"customFields": ["Need is required."]})
    made = api.post(f"/api/{kind}", {**body, "customFields": {"need": "x", "own": [1, {"k_K": None}]}})
    assert made.status_code == 201
    assert made.json()["customFields"] == {"need": "x", "given": "standard", "own": [1, {"k_K": None}]}
    one = f"/api/{kind}/{made.json()['id']}"
    assert api.patch(one, {"customFields": {"need": None}}).status_code == 400
    assert api.patch(one, {"customFields": {"own": None}}).json()["customFields"] == {"need": "x", "given": "standard"}


DEFINITION = {"entityType": "ticket", "name": "area", "label": "Area", "fieldType": "text"}
BAD_DEFINITIONS: list[tuple[dict[str, Any], str]] = [
    ({"name": "1st"}, "name"),
    ({"name": "with space"}, "name"),
    ({"name": "ü"}, "name"),
    ({"name": "x" * 65}, "name"),
    ({"name": "taken"}, "name"),
    ({"label": " "}, "label"),
    ({"entityType": "user"}, "entityType"),
    ({"fieldType": "colour"}, "fieldType"),
    ({"fieldType": "dropdown"}, "options"),
    ({"fieldType": "dropdown", "options": ["a", "a"]}, "options"),
    ({"fieldType": "dropdown", "options": ["a", ""]}, "options"),
    ({"fieldType": "multiselect", "options": [1]}, "options"),
    ({"fieldType": "number", "defaultValue": "5"}, "defaultValue"),
    ({"position": -1}, "position"),
    ({"isRequired": "yes"}, "isRequired"),
]


@pytest.mark.parametrize(("change", "field"), BAD_DEFINITIONS, ids=[str(b[0]) for b in BAD_DEFINITIONS])
def test_bad_definitions_are_refused(api: ApiClient, change: dict[str, Any], field: str) -> None:
    CustomFieldFactory(name="taken")
    response = api.post("/api/custom-fields", {**DEFINITION, **change})
    assert (response.status_code, list(response.json()["details"])) == (400, [field])
    assert len(api.get("/api/custom-fields").json()) == 1


def test_one_name_can_serve_several_kinds(api: ApiClient) -> None:
    for entity in ("ticket", "contact", "company"):
        assert api.post("/api/custom-fields", {**DEFINITION, "entityType": entity}).status_code == 201


@pytest.mark.parametrize("kind", ["ticket", "contact", "company"])
def test_name_and_type_stay_while_values_exist(api: ApiClient, kind: str) -> None:
    factory = {"ticket": TicketFactory, "contact": UserFactory, "company": CompanyFactory}[kind]
    made = api.post("/api/custom-fields", {**DEFINITION, "entityType": kind}).json()
    one = f"/api/custom-fields/{made['id']}"
    assert api.patch(one, {"name": "region"}).status_code == 200
    holder = factory(custom_fields={"region": "EU"})
    for change in ({"name": "area"}, {"fieldType": "number"}):
        assert api.patch(one, change).status_code == 409
    assert api.patch(one, {"label": "Region", "name": "region", "entityType": "ticket"}).json()["entityType"] == kind
    holder.custom_fields = {}
    holder.save()
    assert api.patch(one, {"fieldType": "number"}).status_code == 200


def test_deleting_a_definition_keeps_the_values(api: ApiClient) -> None:
    field = CustomFieldFactory(name="area")
    ticket = TicketFactory(custom_fields={"area": "EU"})
    assert api.delete(f"/api/custom-fields/{field.pk}").status_code == 204
    assert api.patch(f"/api/tickets/{ticket.pk}", {"customFields": {"x": 1}}).json()["customFields"] == {
        "area": "EU",
        "x": 1,
    }


def test_definitions_come_by_position_then_name(api: ApiClient) -> None:
    for name, label, position in [("c", "A", 2), ("b", "A", 1), ("a", "B", 1)]:
        CustomFieldFactory(name=name, label=label, position=position)
    CustomFieldFactory(name="z", entity_type="company")
    listed = api.get("/api/custom-fields?entityType=ticket").json()
    assert [field["name"] for field in listed] == ["a", "b", "c"]
    first, *_ = api.get("/api/custom-fields?entityType=ticket&limit=1").json()
    assert first == listed[0]
    assert [field.name for field in definitions.active_fields("ticket")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "values",
    [{"x" * 65: 1}, {"": 1}, {str(n): 1 for n in range(201)}, {"big": "x" * 70_000}],
    ids=["a long name", "no name", "too many", "too large"],
)
def test_free_values_have_limits(api: ApiClient, values: dict[str, Any]) -> None:
    ticket = TicketFactory()
    response = api.patch(f"/api/tickets/{ticket.pk}", {"customFields": values})
    assert (response.status_code, list(response.json()["details"])) == (400, ["customFields"])
    assert Ticket.objects.get().custom_fields == {}


# --- Values -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_problem_is_named_at_once() -> None:
    for name, field_type in [("age", "number"), ("day", "date"), ("area", "text")]:
        CustomFieldFactory(name=name, label=name.upper(), field_type=field_type, is_required=name == "area")
    with pytest.raises(Invalid) as refusal:
        merge_values("ticket", {}, {"age": 2**63, "day": "never"}, creating=True)
    assert sorted(refusal.value.details["custom_fields"]) == [
        "AGE must be a whole number.",
        "AREA is required.",
        "DAY must be a date such as 2025-12-18.",
    ]


@pytest.mark.django_db
def test_what_a_change_does_not_touch_is_not_judged_again() -> None:
    CustomFieldFactory(name="area", field_type="dropdown", options=["north"])
    assert merge_values("ticket", {"area": "west"}, {"x": 1}) == {"area": "west", "x": 1}


@pytest.mark.django_db
def test_checking_values_takes_one_query(django_assert_num_queries: Any) -> None:
    CustomFieldFactory.create_batch(5)
    with django_assert_num_queries(1):
        merge_values("ticket", {}, {"field": 1}, creating=True, closing=True)


# Two values, and whether a change from one to the other is none.
PAIRS: list[tuple[Any, Any, bool]] = [
    (1, 1, True),
    (1, 1.0, True),
    (1, True, False),
    (0, False, False),
    (None, False, False),
    ("1", 1, False),
    ([1], [True], False),
    ([1, 2], [2, 1], False),
    ([], {}, False),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    ({"a": [0]}, {"a": [False]}, False),
    ({"a": 1}, {"a": 1, "b": None}, False),
]


@pytest.mark.parametrize(("old", "new", "equal"), PAIRS)
def test_values_are_equal_as_json_has_it(old: Any, new: Any, equal: bool) -> None:
    assert same(old, new) is same(new, old) is equal


@pytest.mark.parametrize("kind", ["tickets", "users", "companies"])
@pytest.mark.parametrize(("old", "new"), [(1, True), (False, 0), ([1], [True])])
def test_a_change_from_1_to_true_is_one(api: ApiClient, kind: str, old: Any, new: Any) -> None:
    factory = {"tickets": TicketFactory, "users": UserFactory, "companies": CompanyFactory}[kind]
    one = f"/api/{kind}/{factory(custom_fields={'flag': old}).pk}"
    shown = api.patch(one, {"customFields": {"flag": new}}).json()["customFields"]["flag"]
    assert same(shown, new)
    assert Activity.objects.filter(action="custom_field_changed").count() == (kind == "tickets")


def test_a_number_can_become_a_checkbox_with_its_default(api: ApiClient) -> None:
    field = CustomFieldFactory(field_type="number", default_value=1)
    changed = api.patch(f"/api/custom-fields/{field.pk}", {"fieldType": "checkbox", "defaultValue": True})
    assert (changed.status_code, changed.json()["defaultValue"]) == (200, True)


# --- Definitions --------------------------------------------------------------------------------------


def test_a_definition_can_be_read_alone(api: ApiClient) -> None:
    made = api.post("/api/custom-fields", DEFINITION).json()
    assert api.get(f"/api/custom-fields/{made['id']}").json() == made


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"options": []}, "options"),
        ({"options": ["b"]}, "defaultValue"),
        ({"name": "taken"}, "name"),
        ({"name": "1st"}, "name"),
        ({"label": None}, "label"),
        ({"defaultValue": "c"}, "defaultValue"),
        ({"fieldType": "checkbox"}, "defaultValue"),
    ],
)
def test_bad_changes_of_a_definition_are_refused(api: ApiClient, change: dict[str, Any], field: str) -> None:
    CustomFieldFactory(name="taken")
    made = CustomFieldFactory(name="area", field_type="dropdown", options=["a", "b"], default_value="a")
    response = api.patch(f"/api/custom-fields/{made.pk}", change)
    assert (response.status_code, list(response.json()["details"])) == (400, [field])
    made.refresh_from_db()
    assert [made.name, made.options, made.default_value] == ["area", ["a", "b"], "a"]


# --- At the same moment -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_parallel_definitions_of_one_name_one_is_made(api_key: ApiKey, at_once: AtOnce) -> None:
    def define(_: int) -> int:
        return ApiClient(api_key.secret).post("/api/custom-fields", DEFINITION).status_code

    assert sorted(at_once(8, define)) == [201] + [400] * 7
    assert CustomField.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_parallel_renames_to_one_name_one_succeeds(api_key: ApiKey, at_once: AtOnce) -> None:
    fields = CustomFieldFactory.create_batch(6)

    def rename(n: int) -> int:
        return ApiClient(api_key.secret).patch(f"/api/custom-fields/{fields[n].pk}", {"name": "area"}).status_code

    assert sorted(at_once(6, rename)) == [200] + [400] * 5


@pytest.mark.django_db(transaction=True)
def test_a_name_cannot_change_while_a_value_is_being_written(at_once: AtOnce) -> None:
    company, field = CompanyFactory(), CustomFieldFactory(entity_type="company", name="area")
    written = Event()

    def attempt(n: int) -> str:
        if n == 0:
            with transaction.atomic():
                update_company(company, actor=None, custom_fields={"area": "EU"})
                written.set()
                sleep(0.3)  # the other one has begun, and waits
            return "written"
        written.wait(10)
        try:
            update_field(field, actor=None, name="region")
        except Conflict:
            return "refused"
        return "renamed"

    assert at_once(2, attempt) == ["written", "refused"]


@pytest.mark.django_db(transaction=True)
def test_a_change_of_name_does_not_wait_for_ever(at_once: AtOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's one writer has a timeout of its own.")
    monkeypatch.setattr(definitions, "PATIENCE", "50ms")
    field = CustomFieldFactory(entity_type="company", name="area")
    read, given_up = Event(), Event()

    def attempt(n: int) -> str | None:
        if n == 0:
            with transaction.atomic():
                merge_values("company", {}, {})
                read.set()
                given_up.wait(10)
            return None
        read.wait(10)
        try:
            update_field(field, actor=None, name="region")
        except (Conflict, OperationalError) as problem:
            return str(problem)
        finally:
            given_up.set()
        return None

    assert at_once(2, attempt)[1] == "Values of custom fields are being written just now. Please try again."
