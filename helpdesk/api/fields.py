"""Serializer fields that take JSON types at their word: a number is no string, a string is no boolean."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Expression
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MAX_TEXT = 200_000  # characters


class Text(serializers.CharField):
    """A string. Blank means only white space, which is refused unless `allow_blank`."""

    default_error_messages = {"invalid": "Must be a string.", "blank": "May not be blank."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_TEXT)
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, str) and not data.strip() and not self.allow_blank:
            self.fail("blank")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data.strip() if self.trim_whitespace else data


class Flag(serializers.BooleanField):
    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class Whole(serializers.IntegerField):
    """An integer that fits the column behind it."""

    default_error_messages = {"invalid": "Must be a whole number."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", -(2**31))
        kwargs.setdefault("max_value", 2**31 - 1)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class Choice(serializers.ChoiceField):
    default_error_messages = {"invalid_choice": "Must be one of: {allowed}."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", allowed=", ".join(map(str, self.choices)))
        return data


class Id(serializers.UUIDField):
    """A UUID, written lower case."""

    default_error_messages = {"invalid": "Must be an id (UUID)."}

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or len(data) != 36:
            self.fail("invalid")
        try:
            return UUID(data)
        except ValueError:
            self.fail("invalid")


class Moment(serializers.DateTimeField):
    """An instant: written as `2025-12-18T05:21:07.214Z`, read from any ISO 8601 form, UTC without an offset."""

    default_error_messages = {"invalid": "Must be a date and time in ISO 8601, such as 2025-12-18T05:21:07Z."}

    def to_internal_value(self, value: Any) -> datetime:
        moment = parse_moment(value) if isinstance(value, str) else None
        if moment is None:
            self.fail("invalid", format="ISO 8601")
        return moment

    def to_representation(self, value: datetime | None) -> str | None:
        return moment_text(value) if value else None


class Day(serializers.DateField):
    """A date without a time, `2025-12-18`."""

    default_error_messages = {"invalid": "Must be a date such as 2025-12-18."}

    def to_internal_value(self, value: Any) -> date:
        try:
            day = parse_date(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            day = None
        if day is None or not 1 < day.year < 9999:
            self.fail("invalid", format="ISO 8601")
        return day

    def to_representation(self, value: date | None) -> str | None:
        return day_text(value) if value else None


@extend_schema_field({"type": "object", "additionalProperties": True})
class JsonObject(serializers.JSONField):
    """An object whose keys are data: they pass through as they are."""

    default_error_messages = {"invalid": "Must be an object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        return data


@extend_schema_field({"type": "array", "items": {}})
class JsonList(serializers.JSONField):
    default_error_messages = {"invalid": "Must be an array."}

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("invalid")
        return data


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class TextList(JsonList):
    """An array of strings, such as tags."""

    default_error_messages = {"invalid": "Must be an array of strings."}

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
            self.fail("invalid")
        return data


@extend_schema_field({"type": "array", "items": {"type": "string", "format": "uuid"}})
class IdList(JsonList):
    """An array of ids."""

    default_error_messages = {"invalid": "Must be an array of ids (UUIDs)."}

    def to_internal_value(self, data: Any) -> list[UUID]:
        if not isinstance(data, list) or not all(isinstance(item, str) and len(item) == 36 for item in data):
            self.fail("invalid")
        try:
            return [UUID(item) for item in data]
        except ValueError:
            self.fail("invalid")


@extend_schema_field({})
class AnyJson(serializers.JSONField):
    """Whatever JSON value was sent."""


class Computed(serializers.Field):
    """A read-only attribute that a SQL expression computes in the same query as its row.

    `value` computes the same from a model instance; `load` turns the column into what JSON is written from.
    """

    def __init__(self, expression: Expression, *, value: Any, load: Any = None, schema: Any = None) -> None:
        super().__init__(read_only=True, source="*")
        self.schema = schema or {"type": "string"}
        self.expression = expression
        self.value = value
        self.load = load

    def to_representation(self, instance: Any) -> Any:
        return self.value(instance)


def parse_moment(text: str) -> datetime | None:
    """The instant an ISO 8601 text names, or None; a date alone is its midnight in UTC."""
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)) is not None:
            moment = datetime.combine(day, time())
        if moment is None:
            return None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Years at the very edge overflow as soon as anybody adds an offset.
    return moment if 1 < moment.year < 9999 else None


def moment_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def day_text(day: date) -> str:
    return day.isoformat()
