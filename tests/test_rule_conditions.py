"""The truth table of conditions: every operator for every type of field, over an actual value."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.conditions import Condition
from automation.fields import FIELDS, field_named
from automation.operators import OPERATORS, Anything, Unfit, wanted_by

CATEGORY, PRIORITY, NUMBER = "category", "priority", "ticketNumber"
DUE, TAGS, ID, ACTIVE = "dueDate", "tags", "assigneeId", "customer.isActive"
CUSTOM, SINCE, UNTIL = "customFields.x", "hoursSinceCreated", "hoursUntilSlaDeadline"
NOON = datetime(2025, 12, 18, 12, tzinfo=UTC)
SOMEBODY, OTHER = "397f8871-6bd4-4df4-ad6f-0fef197e8547", "f9eee371-33d1-4d71-8e58-f57a59198725"
HOUR = timedelta(hours=1)

TRUTHS: list[tuple[str, str, Any, Any, bool]] = [
    # Text: without regard to case.
    (CATEGORY, "is", "Billing", "billing", True),
    (CATEGORY, "is", "billing", "BILLING", True),
    (CATEGORY, "is", "bill", "billing", False),
    (CATEGORY, "is", "straße", "STRASSE", False),
    (CATEGORY, "is", "ÜBER", "über", True),
    (CATEGORY, "is", "billing", None, False),
    (CATEGORY, "is", None, None, True),
    (CATEGORY, "is", None, "  ", True),
    (CATEGORY, "is", None, "x", False),
    (CATEGORY, "is", 7, "7", True),
    (CATEGORY, "is_not", "billing", "Billing", False),
    (CATEGORY, "is_not", "billing", "other", True),
    (CATEGORY, "is_not", "billing", None, True),
    (CATEGORY, "is_not", None, None, False),
    (CATEGORY, "is_not", None, "x", True),
    (CATEGORY, "contains", "LL", "billing", True),
    (CATEGORY, "contains", "x", "billing", False),
    (CATEGORY, "contains", "x", None, False),
    (CATEGORY, "not_contains", "ll", "billing", False),
    (CATEGORY, "not_contains", "ll", None, True),
    (CATEGORY, "in", ["a", "Billing"], "billing", True),
    (CATEGORY, "in", "a, billing", "billing", True),
    (CATEGORY, "in", ["a"], "billing", False),
    (CATEGORY, "in", ["a"], None, False),
    (CATEGORY, "in", ["a", None], None, True),
    (CATEGORY, "is_empty", None, None, True),
    (CATEGORY, "is_empty", None, " ", True),
    (CATEGORY, "is_empty", None, "x", False),
    (CATEGORY, "is_not_empty", None, "x", True),
    (CATEGORY, "is_not_empty", None, None, False),
    # A closed set, which may have an order.
    (PRIORITY, "is", "High", "high", True),
    (PRIORITY, "in", ["high", "urgent"], "urgent", True),
    (PRIORITY, "greater_than", "medium", "high", True),
    (PRIORITY, "greater_than", "medium", "medium", False),
    (PRIORITY, "less_than", "medium", "low", True),
    (PRIORITY, "less_than", "medium", "urgent", False),
    # Numbers compare as numbers, also when a text spells them.
    (NUMBER, "is", 7, 7, True),
    (NUMBER, "is", "7", 7, True),
    (NUMBER, "is", 7.0, 7, True),
    (NUMBER, "greater_than", "9", 10, True),
    (NUMBER, "greater_than", 10, 10, False),
    (NUMBER, "less_than", 10, 9, True),
    (NUMBER, "less_than", 10, None, False),
    (NUMBER, "greater_than", 10, None, False),
    (NUMBER, "in", [1, "2"], 2, True),
    (NUMBER, "is_not", 1, None, True),
    # Instants; a date alone is its whole day for `is`, its beginning for before and after.
    (DUE, "is", "2025-12-18", NOON, True),
    (DUE, "is", "2025-12-18T12:00:00Z", NOON, True),
    (DUE, "is", "2025-12-18T13:00:00+01:00", NOON, True),
    (DUE, "is", "2025-12-17", NOON, False),
    (DUE, "is_not", "2025-12-18", NOON, False),
    (DUE, "in", ["2025-12-17", "2025-12-18"], NOON, True),
    (DUE, "greater_than", "2025-12-18", NOON, True),
    (DUE, "greater_than", "2025-12-18T12:00:00Z", NOON, False),
    (DUE, "less_than", "2025-12-19", NOON, True),
    (DUE, "less_than", "2025-12-19", None, False),
    (DUE, "greater_than", "2025-12-17", None, False),
    (DUE, "is_empty", None, None, True),
    (DUE, "is_not_empty", None, NOON, True),
    # Lists: `is` and `contains` ask for a member.
    (TAGS, "is", "VIP", ["eu", "vip"], True),
    (TAGS, "contains", "vip", ["eu", "vip"], True),
    (TAGS, "contains", "vi", ["eu", "vip"], False),
    (TAGS, "is_not", "vip", ["eu", "vip"], False),
    (TAGS, "is_not", "vip", [], True),
    (TAGS, "not_contains", "vip", ["eu"], True),
    (TAGS, "in", ["us", "eu"], ["eu", "vip"], True),
    (TAGS, "in", ["us"], ["eu", "vip"], False),
    (TAGS, "is_empty", None, [], True),
    (TAGS, "is_not_empty", None, ["eu"], True),
    # References.
    (ID, "is", SOMEBODY.upper(), SOMEBODY, True),
    (ID, "is", SOMEBODY, OTHER, False),
    (ID, "is_not", SOMEBODY, None, True),
    (ID, "in", [SOMEBODY, OTHER], OTHER, True),
    (ID, "is_empty", None, None, True),
    # Booleans.
    (ACTIVE, "is", True, True, True),
    (ACTIVE, "is", "false", True, False),
    (ACTIVE, "is_not", True, False, True),
    # Custom fields are what their value is.
    (CUSTOM, "is", "Pro", "pro", True),
    (CUSTOM, "is", 5, 5, True),
    (CUSTOM, "is", "5", 5, True),
    (CUSTOM, "is", 5, "05", False),
    (CUSTOM, "is", 1, True, False),
    (CUSTOM, "is", True, True, True),
    (CUSTOM, "is", "a", ["A", "b"], True),
    (CUSTOM, "contains", "a", ["ab"], False),
    (CUSTOM, "contains", "a", "ab", True),
    (CUSTOM, "greater_than", 5, 5.5, True),
    (CUSTOM, "greater_than", 5, "6", False),
    (CUSTOM, "less_than", "2025-12-18", "2025-12-17", True),
    (CUSTOM, "less_than", "2025-12-18", "soon", False),
    (CUSTOM, "less_than", "2025-12-18T05:21:07Z", "2025-12-18T05:21:06Z", True),
    (CUSTOM, "greater_than", "2025-12-18T05:21:07Z", "2025-12-18", False),
    (CUSTOM, "greater_than", 5, 10**400, False),
    (CUSTOM, "is", 5, 10**400, False),
    (CUSTOM, "greater_than", 5, None, False),
    (CUSTOM, "is_empty", None, None, True),
    (CUSTOM, "is_empty", None, 0, False),
    (CUSTOM, "is_empty", None, False, False),
    # Hours.
    (SINCE, "greater_than", 24, 25 * HOUR, True),
    (SINCE, "greater_than", 24, 24 * HOUR, False),
    (SINCE, "less_than", "0.5", HOUR / 4, True),
    (SINCE, "less_than", 1, None, False),
    (UNTIL, "less_than", 0, -HOUR, True),
    (UNTIL, "is_empty", None, None, True),
]


@pytest.mark.parametrize(("name", "operator", "value", "actual", "holds"), TRUTHS)
def test_truth(name: str, operator: str, value: Any, actual: Any, holds: bool) -> None:
    field = field_named(name)
    assert field is not None
    assert operator in field.type.operators
    assert Condition(field, operator, wanted_by(field.type, operator, value)).holds(actual) is holds


def test_the_table_has_every_operator_of_every_type() -> None:
    types = {name: field_named(name).type for name in (*FIELDS, CUSTOM)}
    offered = {(type_.name, operator) for type_ in types.values() for operator in type_.operators}
    shown = {(field_named(name).type.name, operator) for name, operator, *_ in TRUTHS}
    # What differs only by a negation, or is inherited as it stands, is shown once.
    inherited = (
        {("choice", o) for o in ("contains", "not_contains", "is_not", "is_empty", "is_not_empty")}
        | {(t, o) for t in ("number", "id", "boolean", "date", "hours", "any") for o in ("is_empty", "is_not_empty")}
        | {("any", "in"), ("any", "is_not"), ("any", "not_contains")}
    )
    assert offered - shown <= inherited


UNFIT: list[tuple[str, str, Any]] = [
    (CATEGORY, "is", ""),
    (CATEGORY, "is", {}),
    (CATEGORY, "is", True),
    (CATEGORY, "is", "x" * 1001),
    (CATEGORY, "in", []),
    (CATEGORY, "in", ["a"] * 201),
    (CATEGORY, "in", {"a": 1}),
    (CATEGORY, "in", 5),
    (CATEGORY, "in", None),
    (CATEGORY, "in", [["a"]]),
    (CATEGORY, "in", [{"a": 1}]),
    (CATEGORY, "in", "a,,b"),
    (PRIORITY, "is", "highest"),
    (PRIORITY, "in", ["high", "higher"]),
    (NUMBER, "is", "seven"),
    (NUMBER, "greater_than", None),
    (NUMBER, "is", True),
    (NUMBER, "is", float("nan")),
    (NUMBER, "is", float("inf")),
    (NUMBER, "is", 10**400),
    (DUE, "greater_than", "tomorrow"),
    (DUE, "greater_than", 5),
    (ID, "is", "me"),
    (ACTIVE, "is", 1),
    (SINCE, "greater_than", "long"),
    (SINCE, "greater_than", 10**9),
]


@pytest.mark.parametrize(("name", "operator", "value"), UNFIT)
def test_a_value_that_cannot_be_compared_is_refused(name: str, operator: str, value: Any) -> None:
    with pytest.raises(Unfit):
        wanted_by(FIELDS[name].type, operator, value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(operator=st.sampled_from(list(OPERATORS)), value=JSON, actual=JSON)
def test_whatever_stands_in_a_custom_field_is_judged(operator: str, value: Any, actual: Any) -> None:
    try:
        wanted = wanted_by(Anything(), operator, value)
    except Unfit:
        return
    assert OPERATORS[operator](Anything(), Anything().ready(actual), wanted) in (True, False)
