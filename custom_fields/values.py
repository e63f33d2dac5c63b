"""Whether a value fits its custom field: one small checker for each type."""

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from .models import CustomField, FieldType

MAX_LINE = 1_000  # characters of a text field
MAX_TEXT = 50_000  # characters of a textarea
MAX_INTEGER = 2**63 - 1
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Problem = str | None


def is_line(value: Any, field: CustomField) -> Problem:
    if not isinstance(value, str) or len(value) > MAX_LINE:
        return f"must be text of at most {MAX_LINE} characters"
    return None


def is_text(value: Any, field: CustomField) -> Problem:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return f"must be text of at most {MAX_TEXT} characters"
    return None


def is_integer(value: Any, field: CustomField) -> Problem:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_INTEGER:
        return "must be a whole number"
    return None


def is_decimal(value: Any, field: CustomField) -> Problem:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return "must be a number"
    return None


def is_option(value: Any, field: CustomField) -> Problem:
    if not isinstance(value, str) or value not in field.options:
        return f"must be one of: {', '.join(field.options)}"
    return None


def is_options(value: Any, field: CustomField) -> Problem:
    distinct = isinstance(value, list) and all(isinstance(one, str) for one in value) and len(set(value)) == len(value)
    if not distinct or any(one not in field.options for one in value):
        return f"must be a list of distinct values out of: {', '.join(field.options)}"
    return None


def is_day(value: Any, field: CustomField) -> Problem:
    try:
        if isinstance(value, str) and DAY.fullmatch(value):
            date.fromisoformat(value)
            return None
    except ValueError:
        pass
    return "must be a date such as 2025-12-18"


def is_flag(value: Any, field: CustomField) -> Problem:
    return None if isinstance(value, bool) else "must be true or false"


CHECKS: dict[str, Callable[[Any, CustomField], Problem]] = {
    FieldType.TEXT: is_line,
    FieldType.TEXTAREA: is_text,
    FieldType.NUMBER: is_integer,
    FieldType.DECIMAL: is_decimal,
    FieldType.DROPDOWN: is_option,
    FieldType.MULTISELECT: is_options,
    FieldType.DATE: is_day,
    FieldType.CHECKBOX: is_flag,
}


def problem_with(value: Any, field: CustomField) -> str | None:
    """What is wrong with a value, as a sentence that names the field's label; None when it fits."""
    problem = CHECKS[field.field_type](value, field)
    return f"{field.label} {problem}." if problem else None


def is_missing(value: Any) -> bool:
    """Whether a required field counts as not filled in. An unticked checkbox and a zero are answers."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())
