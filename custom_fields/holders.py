"""Which rows hold values of custom fields. The apps above register their models; this one knows none of them."""

from django.db import models
from django.db.models import F, Value

from helpdesk.api.sqltext import HasKey

from .models import CustomField

_holders: dict[str, type[models.Model]] = {}


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
