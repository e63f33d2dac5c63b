"""Settings > Automation rules: built from rows, put in order, tried and explained."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from automation.models import AutomationRule
from automation.services import create_rule
from custom_fields.models import FieldType
from tests.factories import AgentGroupFactory, CompanyFactory, CustomFieldFactory, TicketFactory
from tickets.models import Priority
from tickets.services import create_ticket

pytestmark = pytest.mark.django_db

RULES = reverse("admin:automation_automationrule_changelist")
NEW = reverse("admin:automation_automationrule_add")
TRY = reverse("admin:automation_automationrule_try")
ROWS = reverse("admin:automation_automationrule_rows")

URGENT = {
    "name": "Technical tickets are urgent",
    "event": "ticket_creation:ticket_created",
    "condition_match": "all",
    "c-0-field": "category",
    "c-0-operator": "is",
    "c-0-value": "technical",
    "a-0-type": "set_priority",
    "a-0-value": "urgent",
    "is_active": "on",
}


@pytest.fixture
def desk(admin: User) -> Client:
    browser = Client()
    browser.force_login(admin)
    return browser


def rule(name: str = "R", **values: Any) -> AutomationRule:
    given = {"rule_type": "ticket_creation", "actions": [{"type": "set_priority", "value": "urgent"}], **values}
    return create_rule(actor=None, name=name, **given)


def page_of(rule: AutomationRule, name: str = "change") -> str:
    return reverse(f"admin:automation_automationrule_{name}", args=[rule.pk])


def stored(desk: Client, **rows: Any) -> AutomationRule:
    """The rule that a form with these rows makes."""
    given = {name: value for name, value in URGENT.items() if name[:2] not in ("c-", "a-")}
    answer = desk.post(NEW, {**given, "a-0-type": "set_priority", "a-0-value": "low", **rows})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return AutomationRule.objects.get()


# --- Saving -------------------------------------------------------------------------------------------


def test_a_rule_is_built_from_rows_saved_in_the_admin_s_name_and_acts(
    desk: Client, admin: User, customer: User
) -> None:
    assert desk.post(NEW, URGENT)["Location"] == RULES
    saved = AutomationRule.objects.get()
    assert saved.conditions == [{"field": "category", "operator": "is", "value": "technical"}]
    assert saved.actions == [{"type": "set_priority", "value": "urgent"}]
    assert (saved.rule_type, saved.saved_by) == ("ticket_creation", admin)
    ticket = create_ticket(actor=None, subject="S", description="D", customer_id=customer.pk, category="technical")
    ticket.refresh_from_db()
    assert ticket.priority == Priority.URGENT


CONDITIONS: list[tuple[str, str, Any, Any]] = [
    ("status", "in", ["open", "pending"], ["open", "pending"]),
    ("priority", "greater_than", "medium", "medium"),
    ("subject", "in", "one, with a comma\r\n\r\ntwo", ["one, with a comma", "two"]),
    ("ticketNumber", "greater_than", "12", 12),
    ("hoursSinceCreated", "less_than", "1.5", 1.5),
    ("customer.isActive", "is", "false", False),
    ("createdAt", "less_than", "2026-01-31", "2026-01-31"),
    ("tags", "contains", "vip", "vip"),
    ("customFields.plan", "is", "pro", "pro"),
    ("assigneeId", "is_empty", None, None),
]


def test_conditions_are_stored_in_their_own_types_and_shown_as_they_were_typed(desk: Client) -> None:
    CustomFieldFactory(name="plan", field_type=FieldType.DROPDOWN, options=["free", "pro"])
    rows: dict[str, Any] = {}
    for at, (field, operator, typed, _) in enumerate(CONDITIONS):
        rows |= {f"c-{at}-field": field, f"c-{at}-operator": operator}
        rows |= {} if typed is None else {f"c-{at}-value": typed}
    saved = stored(desk, **rows)
    assert saved.conditions == [
        {"field": field, "operator": operator, **({} if value is None else {"value": value})}
        for field, operator, _, value in CONDITIONS
    ]
    assert resaved(desk, saved) == (saved.conditions, saved.actions)


ACTIONS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "set_category", "value": " billing "}, "billing"),
    ({"type": "set_category", "value": ""}, None),
    ({"type": "assign_to", "value": ""}, None),
    ({"type": "add_tag", "value": "vip, late"}, ["vip", "late"]),
    ({"type": "set_custom_field", "name": "plan", "value": "pro"}, {"name": "plan", "value": "pro"}),
    ({"type": "set_custom_field", "name": "plan", "value": ""}, {"name": "plan", "value": None}),
    ({"type": "set_custom_field", "name": "gold", "value": "true"}, {"name": "gold", "value": True}),
    ({"type": "set_custom_field", "name": "seats", "value": "3"}, {"name": "seats", "value": 3}),
    ({"type": "set_custom_field", "name": "parts", "value": ["a", "b"]}, {"name": "parts", "value": ["a", "b"]}),
    ({"type": "add_note", "value": "Look at {{ticket.subject}}\nsoon"}, "Look at {{ticket.subject}}\nsoon"),
    (
        {"type": "send_email", "to": "address", "address": "boss@example.com", "subject": "S", "body": "B"},
        {"to": "boss@example.com", "subject": "S", "body": "B"},
    ),
    (
        {"type": "send_email", "to": "customer", "subject": "S", "body": "B"},
        {"to": "customer", "subject": "S", "body": "B"},
    ),
]


def test_actions_are_stored_in_their_own_shapes_and_shown_as_they_were_typed(desk: Client) -> None:
    CustomFieldFactory(name="plan", field_type=FieldType.DROPDOWN, options=["free", "pro"])
    CustomFieldFactory(name="gold", field_type=FieldType.CHECKBOX)
    CustomFieldFactory(name="seats", field_type=FieldType.NUMBER)
    CustomFieldFactory(name="parts", field_type=FieldType.MULTISELECT, options=["a", "b", "c"])
    rows = {f"a-{at}-{name}": text for at, (typed, _) in enumerate(ACTIONS) for name, text in typed.items()}
    saved = stored(desk, **{"a-0-value": "", **rows})
    assert saved.actions == [{"type": typed["type"], "value": value} for typed, value in ACTIONS]
    assert resaved(desk, saved) == (saved.conditions, saved.actions)


def test_people_and_groups_are_chosen_by_name_and_kept_by_id(desk: Client, agent: User) -> None:
    group, company = AgentGroupFactory(name="Second line"), CompanyFactory(name="Acme")
    saved = stored(
        desk,
        **{
            "c-0-field": "customer.companyId", "c-0-operator": "in", "c-0-value": [str(company.pk)],
            "a-0-type": "assign_to", "a-0-value": str(agent.pk),
            "a-1-type": "set_group", "a-1-value": str(group.pk),
            "a-2-type": "reply", "a-2-value": "Hello", "a-2-user": str(agent.pk),
        },
    )  # fmt: skip
    assert saved.conditions[0]["value"] == [str(company.pk)]
    assert [action["value"] for action in saved.actions[:2]] == [str(agent.pk), str(group.pk)]
    assert saved.actions[2]["value"] == {"content": "Hello", "userId": str(agent.pk)}
    for page in (desk.get(page_of(saved)), desk.get(RULES)):
        shown = page.content.decode()
        assert all(name in shown for name in ("Second line", "Acme", "Gus Agent"))
    assert resaved(desk, saved) == (saved.conditions, saved.actions)


def resaved(desk: Client, saved: AutomationRule) -> tuple[Any, Any]:
    """What the rule becomes when its page is saved as it is shown: what the widgets render is what they read."""
    widgets = desk.get(page_of(saved)).context["adminform"].form
    posted = {name: widgets[name].value() or "" for name in ("name", "event", "condition_match")}
    for name in ("conditions", "actions"):
        context = widgets[name].field.widget.get_context(name, widgets[name].value(), {})
        for at, row in enumerate(context["rows"]):
            posted |= inputs_of(at, row)
    assert desk.post(page_of(saved), {**posted, "is_active": "on"}).status_code == 302
    again = AutomationRule.objects.get(pk=saved.pk)
    return again.conditions, again.actions


def inputs_of(at: int, row: dict[str, Any]) -> dict[str, Any]:
    if "field" in row:
        value = row["lines"] if row["control"] == "lines" else row["values"]
        return {f"c-{at}-field": row["field"], f"c-{at}-operator": row["operator"], f"c-{at}-value": value}
    shown = {key: row[key] for key in ("type", "name", "user", "to", "address", "subject", "body") if key in row}
    shown["value"] = row["values"] if "values" in row else row["value"]
    return {f"a-{at}-{key}": value for key, value in shown.items()}


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"c-0-value": ""}, "conditions", "Condition 1: the value for category must be a text"),
    ({"c-1-field": ""}, "conditions", "Condition 2: choose what to ask about, or remove it."),
    ({"a-0-type": ""}, "actions", "Action 1: choose what to do, or remove it."),
    ({"a-0-type": "add_tag", "a-0-value": ""}, "actions", "Action 1: the value of add_tag must be a tag"),
    ({"event": "time_trigger:never"}, "event", "Select a valid choice."),
]


@pytest.mark.parametrize(("wrong", "field", "said"), REFUSED)
def test_what_is_refused_is_told_beside_its_row_and_nothing_typed_is_lost(
    desk: Client, wrong: dict[str, Any], field: str, said: str
) -> None:
    answer = desk.post(NEW, {**URGENT, "description": "Kept", **wrong})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors[field][0].startswith(said)
    page = answer.content.decode()
    assert "Kept" in page
    assert "Technical tickets are urgent" in page
    assert not AutomationRule.objects.exists()


def test_a_rule_that_nobody_names_is_named_after_what_it_does(desk: Client) -> None:
    desk.post(NEW, {**URGENT, "name": " "})
    assert AutomationRule.objects.get().name == "Category is technical → Set priority: urgent"


def test_a_rule_that_does_nothing_is_refused_for_that_and_not_for_its_name(desk: Client) -> None:
    answer = desk.post(NEW, {"name": "", "event": URGENT["event"], "condition_match": "all"})
    assert answer.context["adminform"].form.errors == {"actions": ["A rule needs at least one action."]}


def test_a_condition_on_a_field_that_is_gone_stays_until_it_is_changed(desk: Client) -> None:
    saved = rule(conditions=[{"field": "customFields.old", "operator": "is", "value": "x"}])
    assert "no longer defined" in desk.get(page_of(saved)).content.decode()
    assert resaved(desk, saved)[0] == saved.conditions


def test_only_what_was_changed_is_saved(desk: Client) -> None:
    saved = rule("Before", description="Old")
    posted = {**URGENT, "name": "After", "description": "Old", "c-0-field": "category"}
    assert desk.post(page_of(saved), posted).status_code == 302
    saved.refresh_from_db()
    assert (saved.name, saved.description) == ("After", "Old")


# --- The builder without saving -------------------------------------------------------------------------


@pytest.mark.parametrize("address", [ROWS, NEW])
def test_rows_are_added_moved_and_removed_with_and_without_scripts(desk: Client, address: str) -> None:
    def types(asked: str) -> list[str]:
        two = {"a-1-type": "set_status", "a-1-value": "closed"}
        answer = desk.post(address, {**URGENT, **two, "_rows": asked})
        context = answer.context
        form = context["form"] if address == ROWS else context["adminform"].form
        return [row["type"] for row in form["actions"].value()]

    assert types("a-add") == ["set_priority", "set_status", ""]
    assert types("a-down-0") == ["set_status", "set_priority"]
    assert types("a-up-1") == ["set_status", "set_priority"]
    assert types("a-up-0") == ["set_priority", "set_status"]
    assert types("a-remove-0") == ["set_status"]
    assert types("a-remove-9") == types("a-explode-0x") == ["set_priority", "set_status"]
    assert not AutomationRule.objects.exists()


def test_trying_a_rule_tells_what_would_change_and_changes_nothing(desk: Client) -> None:
    TicketFactory(category="technical", subject="It <broke>")
    TicketFactory(category="billing")
    shown = desk.post(TRY, URGENT).content.decode()
    assert "It &lt;broke&gt;" in shown
    assert "1</span> of 2 tickets" in shown
    assert all(word in shown for word in ("Priority", "medium", "urgent"))
    assert not AutomationRule.objects.exists()
    assert "Action 1: choose what to do" in desk.post(TRY, {**URGENT, "a-0-type": ""}).content.decode()
    assert "must be a text" in desk.post(TRY, {**URGENT, "c-0-value": ""}).content.decode()


def test_suggestions_are_found_by_a_few_letters(desk: Client, agent: User, customer: User) -> None:
    TicketFactory(category="technical", tags=["vip"], customer=customer)
    AgentGroupFactory(name="Second line")
    find = reverse("admin:automation_automationrule_find")
    for of, letters, text in [
        ("agent", "gus", "Gus Agent"), ("customer", "cleo", "Cleo Customer"), ("group", "sec", "Second line"),
        ("category", "tech", "technical"), ("tags", "VIP", "vip"),
    ]:  # fmt: skip
        assert [found["text"] for found in desk.get(find, {"of": of, "q": letters}).json()["found"]] == [text]
    assert desk.get(find, {"of": "ticket", "q": "#"}).json()["found"]
    assert desk.get(find, {"of": "password"}).status_code == 404


# --- Order, switching, runs -----------------------------------------------------------------------------


def order() -> str:
    return "".join(AutomationRule.objects.values_list("name", flat=True))


def test_rules_are_put_in_order_by_dragging_and_by_buttons(desk: Client) -> None:
    a, b, c = rule("A"), rule("B"), rule("C")
    move = reverse("admin:automation_automationrule_order")
    assert desk.post(move, {"key": [str(c.pk), str(a.pk), str(b.pk)]}).json() == {}
    assert order() == "CAB"
    # Of rules that a search shows, each keeps to the places that these rules have.
    assert desk.post(move, {"key": [str(b.pk), str(c.pk)]}).json() == {}
    assert order() == "BAC"
    desk.post(page_of(a, "move_up"))
    assert order() == "ABC"
    desk.post(page_of(a, "move_up"))
    desk.post(page_of(c, "move_down"))
    assert order() == "ABC"
    desk.post(page_of(b, "move_down"))
    assert order() == "ACB"
    key = c.pk
    c.delete()
    gone = desk.post(move, {"key": [str(key), str(a.pk)]})
    assert gone.status_code == 409
    assert gone.json() == {"error": "Some of these rules do not exist any more. Load the page again."}
    assert desk.post(move, {"key": ["nonsense"]}).status_code == 409
    assert desk.get(move).status_code == 405


def test_a_new_rule_comes_last(desk: Client) -> None:
    rule("A", order=7)
    desk.post(NEW, URGENT)
    assert list(AutomationRule.objects.values_list("name", flat=True)) == ["A", "Technical tickets are urgent"]


def test_rules_are_switched_off_and_on_by_buttons(desk: Client) -> None:
    saved = rule()
    desk.post(page_of(saved, "switch_off"))
    assert not AutomationRule.objects.get().is_active
    assert "Switch on" in desk.get(RULES).content.decode()
    desk.post(page_of(saved, "switch_on"))
    assert AutomationRule.objects.get().is_active


def test_a_deleted_rule_was_asked_about_before(desk: Client) -> None:
    saved = rule("Old rule")
    assert "What it did stays" in desk.get(page_of(saved, "delete")).content.decode()
    assert AutomationRule.objects.exists()
    desk.post(page_of(saved, "delete"), {"post": "yes"})
    assert not AutomationRule.objects.exists()


def test_runs_tell_what_the_ticket_had_and_what_passed(desk: Client, customer: User) -> None:
    desk.post(NEW, URGENT)
    saved = AutomationRule.objects.get()
    for category in ("technical", "billing"):
        create_ticket(actor=None, subject=category, description="D", customer_id=customer.pk, category=category)
    runs = desk.get(page_of(saved, "runs")).context["runs"]
    assert [(run["matched"], run["conditions"][0]["actual_words"]) for run in runs] == [
        (False, "billing"), (True, "technical"),
    ]  # fmt: skip
    acted = desk.get(page_of(saved, "runs"), {"acted": "1"}).context["runs"]
    assert [run["ticket"].subject for run in acted] == ["technical"]
    assert "Acted 1 time" in desk.get(RULES).content.decode()
    assert desk.get(page_of(saved, "runs"), {"before": "nonsense_1"}).status_code == 200
