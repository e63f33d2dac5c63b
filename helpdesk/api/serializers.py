"""The shape of a resource: declared once, used for reading, writing, filtering and the schema."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from django.db import models
from django.db.models import Expression, F
from rest_framework import serializers

from . import fields as kit
from .naming import camel
from .sqltext import Load, column_text


@dataclass(frozen=True)
class Column:
    """One attribute of a resource as the database delivers it."""

    name: str
    expression: Expression | F
    load: Load | None


class CamelCase:
    """Gives every declared field its JSON name; the name it was declared under becomes its source."""

    def get_fields(self) -> dict[str, serializers.Field]:
        declared = super().get_fields()
        for name, field in declared.items():
            if field.source is None and camel(name) != name:
                field.source = name
        return {camel(name): field for name, field in declared.items()}


class Body(CamelCase, serializers.Serializer):
    """A request or answer that is no resource."""


class Resource(CamelCase, serializers.ModelSerializer):
    """A model serializer that speaks camelCase outside and snake_case inside.

    Fields are declared in snake_case; JSON names, error details and the schema follow from them. It parses and
    checks types, and never saves: verbs do. Foreign keys are declared as `customer_id`.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: kit.Text,
        models.TextField: kit.Text,
        models.BooleanField: kit.Flag,
        models.IntegerField: kit.Whole,
        models.PositiveIntegerField: kit.Whole,
        models.PositiveSmallIntegerField: kit.Whole,
        models.PositiveBigIntegerField: kit.Whole,
        models.BigIntegerField: kit.Whole,
        models.DateTimeField: kit.Moment,
        models.DateField: kit.Day,
        models.UUIDField: kit.Id,
        models.JSONField: kit.JsonObject,
    }
    serializer_choice_field = kit.Choice
    # Takes out of rows, wherever they are shown, what is for callers with users:read only.
    without_people: ClassVar[Callable[[list[dict[str, Any]]], None] | None] = None

    def build_field(self, field_name: str, info: Any, model_class: Any, nested_depth: int) -> Any:
        if field_name.endswith("_id") and (relation := info.relations.get(field_name[:-3])):
            column = relation.model_field
            optional = column.null or column.has_default()
            return kit.Id, {"required": not optional, "allow_null": column.null}
        return super().build_field(field_name, info, model_class, nested_depth)

    # Uniqueness is the verbs' and the database's business: a check up here would only be a race.

    def get_validators(self) -> list[Any]:
        return []

    def get_uniqueness_extra_kwargs(self, field_names: Any, declared_fields: Any, extra_kwargs: Any) -> Any:
        return extra_kwargs, {}

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        kwargs.pop("validators", None)
        if isinstance(model_field, models.JSONField):
            kwargs = {name: value for name, value in kwargs.items() if name not in ("encoder", "decoder")}
            if model_field.get_default() == []:
                field_class = kit.TextList
        if issubclass(field_class, kit.Text):
            kwargs.pop("style", None)
        return field_class, kwargs


@lru_cache(maxsize=256)
def columns_of(serializer: type[Resource]) -> tuple[Column, ...]:
    """The columns that make up a resource, in the order of its JSON."""
    model = serializer.Meta.model
    return tuple(column_of(model, name, field) for name, field in serializer().fields.items() if not field.write_only)


def column_of(model: type[models.Model], name: str, field: serializers.Field) -> Column:
    if isinstance(field, kit.Computed):
        return Column(name, field.expression, field.load)
    path = field.source.replace(".", "__")
    return Column(name, *column_text(model_field(model, path), path))


def model_field(model: type[models.Model], path: str) -> models.Field:
    """The model field a source path such as `customer_id` or `customer__name` leads to."""
    *relations, last = path.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model  # type: ignore[assignment]
    by_column = {field.attname: field for field in model._meta.concrete_fields}
    return by_column[last]


def parse(serializer: type[serializers.Serializer], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """The validated snake_case values of a request body; raises REST framework's ValidationError."""
    return dict(validator(serializer, partial).run_validation(data))


@lru_cache(maxsize=256)
def validator(serializer: type[serializers.Serializer], partial: bool) -> serializers.Serializer:
    """One instance for all requests: building its fields costs more than checking a body with them.

    Validation keeps nothing on the instance, so any number of threads may use it.
    """
    return serializer(data={}, partial=partial)


def names_of(columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)
