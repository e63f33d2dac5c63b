"""Which rows hold values of custom fields. The apps above register their models; this one knows none of them."""

from typing import Any

from django.db import models
from django.db.models import BooleanField, F, Func, Value

from .models import CustomField

_holders: dict[str, type[models.Model]] = {}


class HasKey(Func):
    """Whether a JSON object column has a key."""

    output_field = BooleanField()
    conditional = True

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="jsonb_exists", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, column_params = compiler.compile(self.source_expressions[0])
        key, key_params = compiler.compile(self.source_expressions[1])
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE key = {key})", [*column_params, *key_params]


def register(entity_type: str, model: type[models.Model]) -> None:
    """Say that rows of a model hold values of this entity type in their `custom_fields`."""
    _holders[entity_type] = model


def values_exist(field: CustomField) -> bool:
    """Whether any row has a value for the field."""
    model = _holders.get(field.entity_type)
    if model is None:
        return False
    name = Value(field.name, output_field=models.TextField())
    return model._default_manager.filter(HasKey(F("custom_fields"), name)).exists()
