"""The definitions in force, as every write of a value needs them."""

from typing import Any

import orjson
from django.db import OperationalError, connection, models
from django.db.models import F

from helpdesk.api.reads import Param, Statement, compiled
from helpdesk.api.serializers import Column
from helpdesk.errors import Conflict

from .models import CustomField

LOADS: dict[str, Any] = {
    "options": orjson.loads,
    "default_value": orjson.loads,
    "is_required": bool,
    "required_on_close": bool,
}
# In the order of the model, which is how from_db takes them.
NEEDED = ("name", "label", "field_type", "options", "is_required", "required_on_close", "default_value")

PATIENCE = "3s"
LOCK_TIMEOUT = "55P03"  # PostgreSQL's lock_not_available


def active_fields(entity_type: str) -> list[CustomField]:
    """The active definitions for a kind of entity, with what checking values takes, in their order."""
    rows = compiled.get("active custom fields", compile_statement).fetch({"entity_type": entity_type})
    return [CustomField.from_db("default", NEEDED, list(row.values())) for row in rows]


def compile_statement() -> Statement:
    of_kind = Param("entity_type", models.TextField())
    fields = CustomField.objects.filter(entity_type=of_kind, is_active=True)
    return Statement(fields, [Column(name, F(name), LOADS.get(name)) for name in NEEDED])


def await_writes_of_values() -> None:
    """Wait for the writes of values that have read the definitions, and let no other begin; raises Conflict.

    Whoever has read the table keeps a lock on it until the end of their transaction, so this costs them nothing. It
    must not wait for long, though: everybody who writes afterwards would wait behind it.
    """
    if connection.vendor != "postgresql":
        return  # SQLite has one writer at a time, and that is us
    table = connection.ops.quote_name(CustomField._meta.db_table)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", None) != LOCK_TIMEOUT:
            raise
        raise Conflict("Values of custom fields are being written just now. Please try again.") from None
