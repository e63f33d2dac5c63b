"""The conditions of a rule: checked when it is saved, evaluated against the facts of a ticket."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from helpdesk.api.fields import moment_text
from helpdesk.errors import Invalid

from .facts import Facts
from .fields import Field, field_named
from .operators import OPERATORS, WITHOUT_VALUE, Operator, Type, Unfit, wanted_by

MAX_CONDITIONS = 50
MAX_SHOWN = 200  # characters of an actual value that are kept to explain a run
KEYS = {"field", "operator", "value"}


@dataclass(frozen=True)
class Condition:
    field: Field
    operator: str
    wanted: Any

    @cached_property
    def test(self) -> tuple[str, Operator, Type, Any]:
        """All that evaluating takes, looked up once: a hundred rules are asked about every ticket."""
        return self.field.name, OPERATORS[self.operator], self.field.type, self.wanted

    def holds(self, actual: Any) -> bool:
        _, operator, type_, wanted = self.test
        return operator(type_, type_.ready(actual), wanted)


def parse_conditions(conditions: Sequence[Any]) -> tuple[Condition, ...]:
    """The conditions ready to evaluate; raises Invalid, naming the one that is wrong."""
    if len(conditions) > MAX_CONDITIONS:
        raise Invalid(conditions=f"A rule can have {MAX_CONDITIONS} conditions at most.")
    return tuple(parse_condition(given, f"Condition {place}") for place, given in enumerate(conditions, start=1))


def parse_condition(given: Any, which: str) -> Condition:
    if not isinstance(given, dict):
        raise Invalid(conditions=f"{which} must be an object with field, operator and value.")
    if unknown := given.keys() - KEYS:
        raise Invalid(conditions=f"{which} has an unknown key: {min(unknown):.50}.")
    name, operator = given.get("field"), given.get("operator")
    field = field_named(name) if isinstance(name, str) and len(name) <= 100 else None
    if field is None:
        raise Invalid(conditions=f"{which}: {short(name)} is no field that a rule can ask about.")
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise Invalid(conditions=f"{which}: operator must be one of: {', '.join(OPERATORS)}.")
    if operator not in field.type.operators:
        raise Invalid(conditions=f"{which}: {field.name} takes one of: {', '.join(field.type.operators)}.")
    if operator not in WITHOUT_VALUE and "value" not in given:
        raise Invalid(conditions=f"{which}: {field.name} {operator} needs a value.")
    try:
        return Condition(field, operator, wanted_by(field.type, operator, given.get("value")))
    except Unfit as problem:
        raise Invalid(conditions=f"{which}: the value for {field.name} {problem}.") from None


def short(value: Any) -> str:
    return repr(value)[:60]


@dataclass
class Known:
    """What has been asked of the facts so far, for all rules that look at the same ones."""

    facts: Facts
    values: dict[str, Any] = dataclass_field(default_factory=dict)  # as they are, by field
    ready: dict[str, Any] = dataclass_field(default_factory=dict)  # as they are compared

    def ask(self, field: Field) -> Any:
        self.values[field.name] = actual = field.read(self.facts)
        self.ready[field.name] = ready = field.type.ready(actual)
        return ready


def judge(conditions: Iterable[Condition], match: str, known: Known) -> tuple[str, bool]:
    """Evaluate every condition, also those that no longer matter, so that the run explains itself.

    Returns a digit for each, 1 where it holds, and whether the rule matches.
    """
    digits = ""
    ready = known.ready
    for condition in conditions:
        name, operator, type_, wanted = condition.test
        actual = ready[name] if name in ready else known.ask(condition.field)
        digits += "1" if operator(type_, actual, wanted) else "0"
    return digits, combined(digits, match)


def combined(digits: str, match: str) -> bool:
    """Whether a rule matches, given a digit for each of its conditions; without conditions it always does."""
    return not digits or ("1" in digits if match == "any" else "0" not in digits)


def shown(actual: Any) -> Any:
    """An actual value as it is kept with a run and shown in JSON."""
    if isinstance(actual, datetime):
        return moment_text(actual)
    if isinstance(actual, timedelta):
        return round(actual.total_seconds() / 3600, 2)
    if isinstance(actual, str) and len(actual) > MAX_SHOWN:
        return re.sub(r"\s+\S*$", "", actual[:MAX_SHOWN]) + " …"
    if isinstance(actual, list):
        return [shown(item) for item in actual[:50]]
    if isinstance(actual, dict):
        return shown(str(actual))
    return actual
