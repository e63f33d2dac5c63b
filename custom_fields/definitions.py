"""The definitions in force, as every write of a value needs them."""

from typing import Any

import orjson
from django.db import models
from django.db.models import F

from helpdesk.api.reads import Param, Statement, compiled
from helpdesk.api.serializers import Column

from .models import CustomField

LOADS: dict[str, Any] = {
    "options": orjson.loads,
    "default_value": orjson.loads,
    "is_required": bool,
    "required_on_close": bool,
}
# In the order of the model, which is how from_db takes them.
NEEDED = ("name", "label", "field_type", "options", "is_required", "required_on_close", "default_value")


def active_fields(entity_type: str) -> list[CustomField]:
    """The active definitions for a kind of entity, with what checking values takes, in their order."""
    rows = compiled.get("active custom fields", compile_statement).fetch({"entity_type": entity_type})
    return [CustomField.from_db("default", NEEDED, list(row.values())) for row in rows]


def compile_statement() -> Statement:
    of_kind = Param("entity_type", models.TextField())
    fields = CustomField.objects.filter(entity_type=of_kind, is_active=True)
    return Statement(fields, [Column(name, F(name), LOADS.get(name)) for name in NEEDED])
