"""Query parameters that narrow a list, declared once for the parser, the SQL and the schema.

A filter turns the text of its parameter into a `Condition`: what it changes in the SQL (its shape), a `Q` that
holds `Param`s, and the values for them. Commas mean any of, `all` means no filter, `null` an empty reference.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.http import QueryDict

from helpdesk.errors import Invalid

from .fields import parse_moment
from .reads import Param
from .sqltext import ListHolds
from .text import check_text

MAX_VALUES = 100
MAX_QUERY = 200  # characters
MAX_WORDS = 8


@dataclass(frozen=True)
class Condition:
    shape: Hashable
    build: Callable[[], Q]
    values: dict[str, Any] = field(default_factory=dict)
    lasting: bool = True  # whether its SQL is worth keeping, or is for this request alone
    alike: bool = False  # whether each value of it matches a good part of all rows, so that one plan fits them all


@dataclass(frozen=True)
class Filter:
    """One query parameter; subclasses say how its text becomes a condition."""

    name: str
    path: str
    description: str = ""
    default: str | None = None

    def condition(self, text: str) -> Condition | None:
        parts = list(dict.fromkeys(part.strip() for part in text.split(",")))
        if not text or "all" in parts:
            return None
        if len(parts) > MAX_VALUES:
            raise Invalid(f"{self.name} takes at most {MAX_VALUES} values.")
        return self.any_of([self.parse(part) for part in parts])

    def any_of(self, values: Sequence[Any]) -> Condition:
        """A condition for any of the values, None among them meaning an empty column."""
        named = {f"{self.name}{index}": value for index, value in enumerate(v for v in values if v is not None)}
        has_null = None in values

        def build() -> Q:
            matches = Q(**{f"{self.path}__isnull": True}) if has_null else Q()
            for name in named:
                matches |= self.match(Param(name, self.param_field()))
            return matches

        return Condition((self.name, len(named), has_null), build, named)

    def match(self, param: Param) -> Q:
        return Q(**{self.path: param})

    def param_field(self) -> models.Field:
        return models.TextField()

    def parse(self, text: str) -> Any:
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


@dataclass(frozen=True)
class OneOf(Filter):
    """A closed set of values; anything else is refused with the list of what is allowed."""

    allowed: tuple[str, ...] = ()

    def parse(self, text: str) -> str:
        if text not in self.allowed:
            raise Invalid(f"{self.name} must be one of: {', '.join(self.allowed)}.")
        return text

    def any_of(self, values: Sequence[Any]) -> Condition:
        return replace(super().any_of(values), alike=True)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "examples": list(self.allowed)}


@dataclass(frozen=True)
class Reference(Filter):
    """Rows that point to one of the given ids, or, for `null`, to nothing."""

    def parse(self, text: str) -> UUID | None:
        if text == "null":
            return None
        try:
            if len(text) == 36:
                return UUID(text)
        except ValueError:
            pass
        raise Invalid(f"{self.name} must be an id (UUID).")

    def param_field(self) -> models.Field:
        return models.UUIDField()


@dataclass(frozen=True)
class Equals(Filter):
    """Exact text; `normalise` brings it into the form that is stored."""

    normalise: Callable[[str], str] | None = None

    def parse(self, text: str) -> str | None:
        if text == "null":
            return None
        return self.normalise(text) if self.normalise else text


@dataclass(frozen=True)
class Tagged(Filter):
    """Rows whose JSON array of strings holds one of the given words."""

    def match(self, param: Param) -> Q:
        return Q(ListHolds(F(self.path), param))


@dataclass(frozen=True)
class Compared(Filter):
    """Rows before or after an instant; `path` ends in the lookup, such as `created_at__gt`."""

    def condition(self, text: str) -> Condition | None:
        return self.any_of([self.parse(text)]) if text not in ("", "all") else None

    def parse(self, text: str) -> Any:
        # A plus sign in a query string arrives as a space; nobody means a space before an offset.
        moment = parse_moment(text.replace(" ", "+") if "T" in text else text)
        if moment is None:
            raise Invalid(f"{self.name} must be a date and time in ISO 8601, such as 2025-12-18T05:21:07Z.")
        return moment

    def param_field(self) -> models.Field:
        return models.DateTimeField()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True)
class Switch(Filter):
    """true or false; `on` and `off` say what each means, with `values` for the moment's parameters."""

    on: Callable[[], Q] | None = None
    off: Callable[[], Q] | None = None
    values: Callable[[], dict[str, Any]] = dict

    def condition(self, text: str) -> Condition | None:
        if text not in ("true", "false", "all", ""):
            raise Invalid(f"{self.name} must be one of: true, false.")
        build = {"true": self.on, "false": self.off}.get(text)
        values = self.values()
        return Condition((self.name, text), build, values, alike=not values) if build else None

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Contains(Filter):
    """Rows that contain every one of the words, in any of several columns, without regard to case.

    `number` is a column that a word of digits (with or without a leading #) may equal instead.
    """

    paths: tuple[str, ...] = ()
    number: str = ""

    def condition(self, text: str) -> Condition | None:
        if len(text) > MAX_QUERY:
            raise Invalid(f"{self.name} can have {MAX_QUERY} characters at most.")
        words = list(dict.fromkeys(text.split()))
        if len(words) > MAX_WORDS:
            raise Invalid(f"{self.name} takes at most {MAX_WORDS} words.")
        numbers = [word.removeprefix("#") for word in words]
        digits = [
            bool(self.number) and number.isascii() and number.isdigit() and len(number) < 19 for number in numbers
        ]
        values: dict[str, Any] = {f"{self.name}{index}": word for index, word in enumerate(words)}
        values |= {f"{self.name}{i}n": int(number) for i, number in enumerate(numbers) if digits[i]}

        def build() -> Q:
            found = Q()
            for index in range(len(words)):
                found &= self.word(f"{self.name}{index}", is_number=digits[index])
            return found

        return Condition((self.name, *digits), build, values) if words else None

    def word(self, name: str, *, is_number: bool) -> Q:
        matches = Q()
        for path in self.paths:
            matches |= Q(**{f"{path}__icontains": Param(name, models.TextField())})
        if is_number:
            matches |= Q(**{self.number: Param(f"{name}n", models.BigIntegerField())})
        return matches


def conditions(filters: Sequence[Filter], query: QueryDict) -> list[Condition]:
    """The conditions a query string asks for; unknown parameters are ignored, bad values raise Invalid."""
    found = []
    for declared in filters:
        if declared.name in query:
            text = ",".join(query.getlist(declared.name))
        elif declared.default is not None:
            text = declared.default
        else:
            continue
        check_text(text, declared.name)
        if condition := declared.condition(text):
            found.append(condition)
    return found
