"""Settings: custom fields, SLA policies, business hours, canned responses and ticket templates."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.models import Entry
from custom_fields.admin import name_from
from custom_fields.models import CustomField
from sla.admin.hours import bars, in_words, week_in_words
from sla.models import BusinessHours, SlaPolicy
from sla.services import create_hours, create_policy
from tests.admin_matrix import MODELS
from tests.factories import AgentGroupFactory, CannedResponseFactory, CustomFieldFactory, TicketFactory
from tickets.models import CannedResponse, TicketTemplate

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin: User) -> Client:
    browser = Client()
    browser.force_login(admin)
    return browser


def address(name: str, row: Any = None) -> str:
    return reverse(f"admin:{name}", args=[row.pk] if row else [])


def said(answer: Any) -> dict[str, str]:
    """The errors of a form, the first of each field."""
    assert answer.status_code == 200
    return {name: texts[0] for name, texts in answer.context["adminform"].form.errors.items()}


# --- Custom fields --------------------------------------------------------------------------------------

PLAN = {"entity_type": "ticket", "label": "Plan", "field_type": "dropdown", "options": "free\r\n pro \r\n"}
DEFAULTS = [
    ("text", "hello", "hello"), ("number", "12", 12), ("decimal", "1.5", 1.5), ("checkbox", "yes", True),
    ("checkbox", "No", False), ("date", "2026-12-31", "2026-12-31"), ("dropdown", "pro", "pro"),
    ("multiselect", "free, pro", ["free", "pro"]),
]  # fmt: skip


@pytest.mark.parametrize(("field_type", "typed", "value"), DEFAULTS)
def test_a_default_is_stored_in_the_type_of_the_field_and_shown_as_typed(
    desk: Client, field_type: str, typed: str, value: Any
) -> None:
    desk.post(address("custom_fields_customfield_add"), {**PLAN, "field_type": field_type, "default_value": typed})
    field = CustomField.objects.get()
    assert (field.default_value, type(field.default_value)) == (value, type(value))
    assert (field.name, field.options) == ("plan", ["free", "pro"])
    shown = desk.get(address("custom_fields_customfield_change", field)).context["adminform"].form
    assert shown["default_value"].value() == typed.lower()


@pytest.mark.parametrize(
    ("wrong", "field", "text"),
    [
        ({"options": ""}, "options", "A dropdown needs options to choose from."),
        ({"options": "free\x00\npro"}, "options", "Null characters are not allowed."),
        ({"default_value": "gold"}, "default_value", "Plan must be one of: free, pro."),
        ({"name": "2nd"}, "name", "A name has letters, digits and underscores, and does not begin with a digit."),
        ({"name": "taken"}, "name", "A custom field of this entity type has this name already."),
        ({"field_type": "number", "default_value": "x"}, "default_value", "Plan must be a whole number."),
    ],
)
def test_a_field_that_makes_no_sense_is_refused_beside_what_is_wrong(
    desk: Client, wrong: dict[str, str], field: str, text: str
) -> None:
    CustomFieldFactory(name="taken")
    assert said(desk.post(address("custom_fields_customfield_add"), {**PLAN, **wrong})) == {field: text}
    assert CustomField.objects.count() == 1


@pytest.mark.parametrize(
    ("label", "name"),
    [("Order number", "order_number"), ("2nd Line!", "field_2nd_line"), ("Größe", "gr_e"), ("漢", "field")],
)
def test_a_field_is_named_after_its_label(label: str, name: str) -> None:
    assert name_from(label) == name


def test_what_values_forbid_is_told_and_a_field_is_put_in_order_among_its_kind(desk: Client) -> None:
    a, b = (CustomFieldFactory(name=name, position=place) for place, name in enumerate("ab"))
    other = CustomFieldFactory(name="c", entity_type="company", position=7)
    TicketFactory(custom_fields={"a": "x"})
    change = {"entity_type": "ticket", "label": "A", "name": "a", "field_type": "number"}
    refused = said(desk.post(address("custom_fields_customfield_change", a), change))
    assert refused == {"__all__": "Name and type of a custom field cannot change while values exist."}
    desk.post(address("custom_fields_customfield_move_up", b))
    other.refresh_from_db()
    assert list(CustomField.objects.filter(entity_type="ticket").values_list("name", flat=True)) == ["b", "a"]
    assert other.position == 7
    listed = desk.get(address("custom_fields_customfield_changelist"), follow=True)
    assert [row["row"].name for row in listed.context["told_rows"]] == ["b", "a"]


# --- Promises -----------------------------------------------------------------------------------------------

QUICK = {
    "name": "Quick", "priority": "urgent", "is_active": "on",
    "first_response_time_0": "30", "first_response_time_1": "1", "resolution_time_0": "4", "resolution_time_1": "60",
}  # fmt: skip


def week(**days: str) -> dict[str, list[str]]:
    """`week(day_1="09:00-17:00")`: the times as the page posts them."""
    posted = {}
    for name, text in days.items():
        number = name.partition("_")[2]
        times = [part.split("-") for part in text.split()]
        posted |= {f"day-{number}-start": [one[0] for one in times], f"day-{number}-end": [one[1] for one in times]}
    return posted


def test_a_policy_is_typed_in_minutes_or_hours_and_tried_before_it_is_saved(desk: Client) -> None:
    TicketFactory(priority="urgent")
    tried = desk.post(address("sla_slapolicy_try"), QUICK)
    assert tried.context["tickets"] == 1
    assert tried.context["earlier"] == 1
    assert not SlaPolicy.objects.exists()
    desk.post(address("sla_slapolicy_add"), QUICK)
    policy = SlaPolicy.objects.get()
    assert (policy.first_response_time, policy.resolution_time) == (30, 240)
    again = desk.post(address("sla_slapolicy_try"), {**QUICK, "policy": str(policy.pk)})
    assert (again.context["unchanged"], again.context["earlier"]) == (1, 0)
    assert (
        "Priority: This field is required." in desk.post(address("sla_slapolicy_try"), {"name": "x"}).content.decode()
    )
    listed = desk.get(address("sla_slapolicy_changelist")).content.decode()
    assert all(words in listed for words in ("30 min", "4 h", "In force", "Around the clock"))
    assert said(desk.post(address("sla_slapolicy_change", policy), {**QUICK, "escalation_email": "x"})) == {
        "escalation_email": "Must be an e-mail address."
    }


def test_a_week_is_typed_as_times_and_holidays_as_dates(desk: Client) -> None:
    given = {
        "name": "Office", "timezone": "Europe/Berlin",
        **week(day_1="09:00-12:00 13:00-17:00", day_6="22:00-00:00"),
        "holiday-date": ["2026-12-25", ""], "holiday-name": ["Christmas", ""],
    }  # fmt: skip
    assert desk.post(address("sla_businesshours_add"), given).status_code == 302
    hours = BusinessHours.objects.get()
    assert hours.schedule == [
        {"day": 1, "startTime": "09:00", "endTime": "12:00"},
        {"day": 1, "startTime": "13:00", "endTime": "17:00"},
        {"day": 6, "startTime": "22:00", "endTime": "24:00"},
    ]
    holiday = hours.holidays.get()
    assert (holiday.date, holiday.name) == (date(2026, 12, 25), "Christmas")
    revision = hours.revision
    changed = {
        **given,
        "name": "Bureau",
        "holiday-date": ["2026-12-25", "2027-01-01"],
        "holiday-name": ["Christmas", "New Year"],
    }
    desk.post(address("sla_businesshours_change", hours), {**given, "name": "Bureau"})
    hours.refresh_from_db()
    assert (hours.name, hours.revision) == ("Bureau", revision), "no calendar changed, so no ticket is measured anew"
    desk.post(address("sla_businesshours_change", hours), changed)
    assert list(hours.holidays.values_list("name", flat=True)) == ["Christmas", "New Year"]
    assert hours.holidays.first() == holiday
    desk.post(address("sla_businesshours_change", hours), {**changed, "holiday-date": [], "holiday-name": []})
    assert not hours.holidays.exists()


@pytest.mark.parametrize(
    ("wrong", "field", "text"),
    [
        (week(day_1="09:00-"), "schedule", "Monday: an interval needs both a beginning and an end."),
        (week(day_1="09:00-12:00 11:00-13:00"), "schedule", "Intervals overlap on Monday."),
        (week(day_1=""), "schedule", "Name at least one interval."),
        ({"holiday-date": [""], "holiday-name": ["X"]}, "holidays", "“X” needs a date."),
        ({"holiday-date": ["2026-01-01"] * 2, "holiday-name": ["X"] * 2}, "holidays", "2026-01-01 stands here twice."),
    ],
)
def test_hours_that_make_no_sense_are_refused_beside_what_is_wrong(
    desk: Client, wrong: dict[str, Any], field: str, text: str
) -> None:
    given = {"name": "Office", "timezone": "UTC", **week(day_1="09:00-17:00"), **wrong}
    assert said(desk.post(address("sla_businesshours_add"), given)) == {field: text}
    assert not BusinessHours.objects.exists()


def test_hours_in_use_are_not_deleted_and_the_page_says_why(desk: Client) -> None:
    hours = create_hours(actor=None, name="H", schedule=[{"day": 1, "startTime": "09:00", "endTime": "17:00"}])
    create_policy(
        actor=None, name="Gold", priority="low", first_response_time=1, resolution_time=2, business_hours_id=hours.pk
    )
    answer = desk.post(address("sla_businesshours_delete", hours), {"post": "yes"}, follow=True)
    assert "These business hours are used by: Gold." in answer.content.decode()
    assert BusinessHours.objects.exists()


def test_a_week_reads_well() -> None:
    days = [{"day": day, "startTime": "09:00", "endTime": "17:00"} for day in (1, 2, 3)]
    night = {"day": 6, "startTime": "22:00", "endTime": "06:00"}
    assert week_in_words([*days, night]) == "Mon–Wed 09:00–17:00; Sat 22:00–06:00"
    drawn = bars([night])
    assert [len(drawn[6]), drawn[0]] == [1, [(0, 25)]]
    assert [in_words(minutes) for minutes in (30, 60, 90)] == ["30 min", "1 h", "1 h 30 min"]


# --- Prepared texts -----------------------------------------------------------------------------------------


def test_a_canned_response_is_written_with_placeholders_that_exist(desk: Client, admin: User) -> None:
    new = address("tickets_cannedresponse_add")
    text = {"title": "Hello", "shortcut": "hi", "content": "Hello {{customer.name}}"}
    desk.post(new, text)
    response = CannedResponse.objects.get()
    assert (response.content, response.category, response.created_by) == ("Hello {{customer.name}}", None, admin)
    assert said(desk.post(new, {**text, "content": "Dear {{customer.nam}}"})) == {
        "content": "Nothing is called {{customer.nam}}. Choose one of the placeholders below."
    }
    assert said(desk.post(new, text)) == {"shortcut": "Another canned response has this shortcut."}


def test_several_rows_are_deleted_after_a_question_each_by_its_verb(desk: Client) -> None:
    rows = [CannedResponseFactory(title=f"R{number}") for number in range(3)]
    asked = {"action": "delete_selected", "_selected_action": [row.pk for row in rows[:2]]}
    listed = address("tickets_cannedresponse_changelist")
    assert "R1" in desk.post(listed, asked).content.decode()
    assert CannedResponse.objects.count() == 3
    desk.post(listed, {**asked, "post": "yes"})
    assert CannedResponse.objects.get().title == "R2"


def test_a_template_keeps_tags_and_group_and_its_change_is_recorded(desk: Client, admin: User) -> None:
    group = AgentGroupFactory()
    given = {"name": "Badge", "status": "open", "priority": "high", "tags": "a, b", "group": str(group.pk)}
    desk.post(address("tickets_tickettemplate_add"), given)
    template = TicketTemplate.objects.get()
    assert (template.tags, template.group_id, template.created_by) == (["a", "b"], group.pk, admin)
    shown = desk.get(address("tickets_tickettemplate_change", template)).context["adminform"].form
    assert shown["tags"].value() == "a, b"
    desk.post(address("tickets_tickettemplate_change", template), {**given, "group": "", "tags": ""})
    template.refresh_from_db()
    assert (template.tags, template.group) == ([], None)


def test_settings_changed_on_pages_are_recorded_with_who_did_it(desk: Client, admin: User) -> None:
    desk.post(address("sla_slapolicy_add"), QUICK)
    desk.post(address("custom_fields_customfield_add"), PLAN)
    assert set(Entry.objects.values_list("actor_id", flat=True)) == {admin.pk}
    assert Entry.objects.count() == 2


LISTS = (
    "accounts_apikey", "automation_automationrule", "custom_fields_customfield", "knowledge_base_article",
    "knowledge_base_category", "knowledge_base_folder", "sla_businesshours", "sla_slapolicy",
    "tickets_cannedresponse", "tickets_tickettemplate",
)  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_as_many_questions_for_many_rows_as_for_few(
    desk: Client, name: str, django_assert_num_queries: Any
) -> None:
    model = MODELS[name]
    listed = address(f"{name}_changelist") + model.listed
    for _ in range(2):
        model.row()
    desk.get(listed)
    with CaptureQueriesContext(connection) as few:
        desk.get(listed)
    for _ in range(6):
        model.row()
    with django_assert_num_queries(len(few)):
        desk.get(listed)
