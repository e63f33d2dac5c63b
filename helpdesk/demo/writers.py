"""Writing very many rows: COPY on PostgreSQL, prepared inserts on SQLite.

Rows consist of texts, whole numbers and None in a form that both databases read alike: ids as 32 hex digits,
moments and JSON as text, booleans as 0 and 1. So nothing is converted on the way.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.db import connection, models

Row = tuple[Any, ...]


class Table:
    """Takes rows of one model, in the order of the given columns.

    Columns that are not named get the model's own default, which must be a constant.
    """

    def __init__(self, model: type[models.Model], columns: Sequence[str]) -> None:
        fields = {field.column: field for field in model._meta.concrete_fields}
        rest = [field for column, field in fields.items() if column not in columns]
        self.defaults = tuple(constant(field) for field in rest)
        quote = connection.ops.quote_name
        names = ", ".join(quote(field.column) for field in [*(fields[column] for column in columns), *rest])
        places = ", ".join(["%s"] * len(fields))
        target = f"{quote(model._meta.db_table)} ({names})"
        self.copy = f"COPY {target} FROM STDIN"
        self.insert = f"INSERT INTO {target} VALUES ({places})"  # noqa: S608 - names of our own models

    def write(self, rows: Iterable[Row]) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(self.copy) as copy:
                    for row in rows:
                        copy.write_row(row + self.defaults)
            else:
                cursor.executemany(self.insert, [row + self.defaults for row in rows])


def constant(field: models.Field) -> Any:
    value = field.get_default()
    if isinstance(field, models.JSONField) and value is not None:
        return orjson.dumps(value).decode()
    return int(value) if isinstance(value, bool) else value
