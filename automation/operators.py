"""Whether a condition holds: pure comparisons over plain data, one table of operators and one of types.

Text compares without regard to case; on lists `is` and `contains` mean membership; numbers and instants compare as
such; a missing value equals nothing and is never greater or less. Nothing here asks a database or a clock.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from helpdesk.api.fields import moment_text, parse_moment

MAX_WANTED = 1_000  # characters of a value to compare with
MAX_OF = 200  # values that `in` takes
BEYOND = 10**18  # numbers from here on are none that anybody compares
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Unfit(ValueError):
    """A value that cannot be compared with a field of this type; the text says why."""


@dataclass(frozen=True)
class Instant:
    """A point in time, or, for `is`, a whole day in UTC."""

    at: datetime
    is_day: bool = False


# --- Types: what a value to compare with may be, and how it compares ----------------------------------


class Text:
    """Any text, without regard to case."""

    name = "text"
    operators: tuple[str, ...] = ("is", "is_not", "contains", "not_contains", "in", "is_empty", "is_not_empty")

    def want(self, value: Any) -> Any:
        """The value of a condition in the form it is compared in; raises Unfit."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value or len(value) > MAX_WANTED:
            raise Unfit(f"must be a text of 1 to {MAX_WANTED} characters")
        return value.lower()

    def ready(self, actual: Any) -> Any:
        """An actual value in the form it is compared in; asked once, however many conditions look at it."""
        return None if actual is None else str(actual).lower()

    def equal(self, actual: Any, wanted: Any) -> bool:
        return bool(actual == wanted)

    def holds(self, actual: Any, wanted: Any) -> bool:
        return wanted in actual

    def compare(self, actual: Any, wanted: Any) -> int | None:
        """Negative, zero or positive; None when the two have no order."""
        return None


class Choice(Text):
    """One of a closed set; with `ranked`, in that order."""

    name = "choice"

    def __init__(self, *options: str, ranked: bool = False) -> None:
        self.options = options
        self.ranked = ranked
        self.operators = ("is", "is_not", "in", "contains", "not_contains", "is_empty", "is_not_empty")
        if ranked:
            self.operators += ("greater_than", "less_than")

    def want(self, value: Any) -> Any:
        if not isinstance(value, str) or value.lower() not in self.options:
            raise Unfit(f"must be one of: {', '.join(self.options)}")
        return value.lower()

    def compare(self, actual: Any, wanted: Any) -> int | None:
        if not self.ranked or actual not in self.options:
            return None
        return self.options.index(actual) - self.options.index(wanted)


class Id(Text):
    """A reference, written as a UUID; `of` says to what."""

    name = "id"
    operators = ("is", "is_not", "in", "is_empty", "is_not_empty")

    def __init__(self, of: str) -> None:
        self.of = of

    def want(self, value: Any) -> Any:
        try:
            if isinstance(value, str) and len(value) == 36:
                return str(UUID(value))
        except ValueError:
            pass
        raise Unfit("must be an id (UUID)")


class Number:
    """A whole or decimal number; a text that spells one will do."""

    name = "number"
    operators = ("is", "is_not", "in", "greater_than", "less_than", "is_empty", "is_not_empty")

    def ready(self, actual: Any) -> Any:
        return actual

    def want(self, value: Any) -> Any:
        if (number := number_of(value)) is None:
            raise Unfit("must be a number")
        return number

    def equal(self, actual: Any, wanted: Any) -> bool:
        return self.compare(actual, wanted) == 0

    def holds(self, actual: Any, wanted: Any) -> bool:
        return self.equal(actual, wanted)

    def compare(self, actual: Any, wanted: Any) -> int | None:
        number = number_of(actual)
        return None if number is None else (number > wanted) - (number < wanted)


class Moment:
    """An instant in ISO 8601; a date alone is that whole day in UTC, or its beginning for before and after."""

    name = "date"
    operators = ("is", "is_not", "in", "greater_than", "less_than", "is_empty", "is_not_empty")

    def ready(self, actual: Any) -> Any:
        return actual

    def want(self, value: Any) -> Any:
        at = parse_moment(value) if isinstance(value, str) else None
        if at is None:
            raise Unfit("must be a date or an instant in ISO 8601, such as 2025-12-18 or 2025-12-18T05:21:07Z")
        return Instant(at, is_day=bool(DAY.fullmatch(str(value))))

    def equal(self, actual: Any, wanted: Any) -> bool:
        at = instant_of(actual)
        if at is None:
            return False
        return at.date() == wanted.at.date() if wanted.is_day else moment_text(at) == moment_text(wanted.at)

    def holds(self, actual: Any, wanted: Any) -> bool:
        return self.equal(actual, wanted)

    def compare(self, actual: Any, wanted: Any) -> int | None:
        at = instant_of(actual)
        return None if at is None else (at > wanted.at) - (at < wanted.at)


class Hours:
    """How long ago (or until when) an instant is, in hours."""

    name = "hours"
    operators = ("greater_than", "less_than", "is_empty", "is_not_empty")

    def ready(self, actual: Any) -> Any:
        return actual

    def want(self, value: Any) -> Any:
        number = number_of(value)
        if number is None or abs(number) > 1_000_000:
            raise Unfit("must be a number of hours")
        return timedelta(hours=float(number))

    def equal(self, actual: Any, wanted: Any) -> bool:
        return bool(actual == wanted)

    def holds(self, actual: Any, wanted: Any) -> bool:
        return self.equal(actual, wanted)

    def compare(self, actual: Any, wanted: Any) -> int | None:
        return (actual > wanted) - (actual < wanted)


class Flag:
    """true or false."""

    name = "boolean"
    operators = ("is", "is_not", "is_empty", "is_not_empty")

    def ready(self, actual: Any) -> Any:
        return actual

    def want(self, value: Any) -> Any:
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise Unfit("must be true or false")
        return value

    def equal(self, actual: Any, wanted: Any) -> bool:
        return actual is wanted

    def holds(self, actual: Any, wanted: Any) -> bool:
        return self.equal(actual, wanted)

    def compare(self, actual: Any, wanted: Any) -> int | None:
        return None


class Words(Text):
    """A list of texts, such as tags: `is` and `contains` ask for a member."""

    name = "list"

    def ready(self, actual: Any) -> Any:
        return [str(item).lower() for item in actual] if isinstance(actual, list) else None

    def equal(self, actual: Any, wanted: Any) -> bool:
        return wanted in actual


class Anything(Text):
    """A custom field: its values are taken for what they are, since its definition may have changed since."""

    name = "any"
    operators = (*Text.operators, "greater_than", "less_than")

    def want(self, value: Any) -> Any:
        if isinstance(value, bool):
            return str(value).lower()
        return super().want(value)

    def ready(self, actual: Any) -> Any:
        if isinstance(actual, list):
            return [str(item).lower() for item in actual]
        return actual if actual is None or is_number(actual) else str(actual).lower()

    def equal(self, actual: Any, wanted: Any) -> bool:
        if isinstance(actual, list):
            return wanted in actual
        return bool((number_of(wanted) if is_number(actual) else wanted) == actual)

    def holds(self, actual: Any, wanted: Any) -> bool:
        return wanted in (str(actual) if is_number(actual) else actual)

    def compare(self, actual: Any, wanted: Any) -> int | None:
        if is_number(actual):
            number = number_of(wanted)
            return None if number is None else Number().compare(actual, number)
        if not isinstance(actual, str) or (at := parse_moment(wanted.upper())) is None:  # T and Z are capitals
            return None
        return Moment().compare(actual.upper(), Instant(at))


Type = Text | Number | Moment | Hours | Flag


def number_of(value: Any) -> int | float | None:
    """The number a value is or spells, or None. A boolean is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", value.strip()):
            return None
        value = float(value) if "." in value else int(value)
    if isinstance(value, int | float) and abs(value) < BEYOND:  # what is not a number is not less either
        return value
    return None


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def instant_of(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return parse_moment(value) if isinstance(value, str) else None


# --- Operators ----------------------------------------------------------------------------------------

Operator = Callable[[Type, Any, Any], bool]


def is_missing(actual: Any) -> bool:
    return actual is None or actual == [] or (isinstance(actual, str) and not actual.strip())


def is_(type_: Type, actual: Any, wanted: Any) -> bool:
    if wanted is None:
        return is_missing(actual)
    return actual is not None and type_.equal(actual, wanted)


def is_not(type_: Type, actual: Any, wanted: Any) -> bool:
    return not is_(type_, actual, wanted)


def contains(type_: Type, actual: Any, wanted: Any) -> bool:
    return actual is not None and type_.holds(actual, wanted)


def not_contains(type_: Type, actual: Any, wanted: Any) -> bool:
    return not contains(type_, actual, wanted)


def in_(type_: Type, actual: Any, wanted: Any) -> bool:
    return any(is_(type_, actual, one) for one in wanted)


def greater_than(type_: Type, actual: Any, wanted: Any) -> bool:
    order = None if actual is None else type_.compare(actual, wanted)
    return order is not None and order > 0


def less_than(type_: Type, actual: Any, wanted: Any) -> bool:
    order = None if actual is None else type_.compare(actual, wanted)
    return order is not None and order < 0


def is_empty(type_: Type, actual: Any, wanted: Any) -> bool:
    return is_missing(actual)


def is_not_empty(type_: Type, actual: Any, wanted: Any) -> bool:
    return not is_missing(actual)


OPERATORS: dict[str, Operator] = {
    "is": is_,
    "is_not": is_not,
    "contains": contains,
    "not_contains": not_contains,
    "in": in_,
    "greater_than": greater_than,
    "less_than": less_than,
    "is_empty": is_empty,
    "is_not_empty": is_not_empty,
}
WITHOUT_VALUE = ("is_empty", "is_not_empty")
# These also take null, which asks for an empty field.
WITH_NULL = ("is", "is_not")
# This takes a list of values.
WITH_LIST = ("in",)


def wanted_by(type_: Type, operator: str, value: Any) -> Any:
    """The value of a condition, ready to compare with; raises Unfit."""
    if operator in WITHOUT_VALUE or (operator in WITH_NULL and value is None):
        return None
    if operator not in WITH_LIST:
        return type_.want(value)
    values = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(values, list) or not 0 < len(values) <= MAX_OF:
        raise Unfit(f"must be a list of 1 to {MAX_OF} values, or a text that has them with commas between")
    return [None if one is None else type_.want(one) for one in values]
