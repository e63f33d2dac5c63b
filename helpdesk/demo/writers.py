"""Writing very many rows: COPY on PostgreSQL, large inserts on SQLite."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models
from psycopg.types.json import Jsonb

Row = Sequence[Any]


class Writer:
    """Takes rows of one model, in the order of the given fields, and writes them in one go."""

    def __init__(self, model: type[models.Model], fields: Sequence[str]) -> None:
        by_name = {field.attname: field for field in model._meta.concrete_fields}
        chosen = [by_name[name] for name in fields]
        # Columns that no row mentions get the model's own constant defaults.
        rest = [field for name, field in by_name.items() if name not in fields]
        self.defaults = [field.get_default() for field in rest]
        self.table = connection.ops.quote_name(model._meta.db_table)
        self.columns = ", ".join(connection.ops.quote_name(field.column) for field in [*chosen, *rest])
        self.adapters = [adapter_for(field) for field in [*chosen, *rest]]

    def write(self, rows: Iterable[Row]) -> None:
        ready = (
            [
                value if adapt is None or value is None else adapt(value)
                for value, adapt in zip(all_of, self.adapters, strict=True)
            ]
            for all_of in ([*row, *self.defaults] for row in rows)
        )
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {self.table} ({self.columns}) FROM STDIN") as copy:
                    for row in ready:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(self.adapters))
                cursor.executemany(f"INSERT INTO {self.table} ({self.columns}) VALUES ({places})", ready)  # noqa: S608


def adapter_for(field: models.Field) -> Callable[[Any], Any] | None:
    """What turns a Python value into what the driver takes, where it does not by itself."""
    kind = field.target_field if isinstance(field, models.ForeignKey) else field
    postgresql = connection.vendor == "postgresql"
    if isinstance(kind, models.JSONField):
        return (
            (lambda value: Jsonb(value, dumps=orjson.dumps))
            if postgresql
            else lambda value: orjson.dumps(value).decode()
        )
    if postgresql:
        return None
    if isinstance(kind, models.UUIDField):
        return lambda value: value.hex if isinstance(value, UUID) else value
    if isinstance(kind, models.DateTimeField):
        return lambda value: value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value
    return None
