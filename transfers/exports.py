"""Exports: rows straight from a server-side cursor into CSV, JSON or a spreadsheet, a few at a time."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import IO, Any

import orjson
from django.db import models
from django.db.models import F, QuerySet

from helpdesk.api.json import dumps
from helpdesk.api.reads import Statement
from helpdesk.api.serializers import Column, model_field
from helpdesk.api.sqltext import column_text

from . import spreadsheets
from .cells import as_text, escaped
from .layouts import CUSTOM, Attribute, Layout, normal
from .models import FailedRow, Import

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}

Chunks = Iterator[list[list[Any]]]


class Export:
    """The rows of a queryset under the chosen columns."""

    def __init__(
        self, layout: Layout, queryset: QuerySet, attributes: Sequence[Attribute], values: dict[str, Any] | None = None
    ) -> None:
        self.attributes = attributes
        self.values = values or {}
        columns = [column_of(layout.model, one) for one in attributes if not one.path.startswith(CUSTOM)]
        if any(one.path.startswith(CUSTOM) for one in attributes):
            columns.append(Column(CUSTOM, F("custom_fields"), orjson.loads))
        self.statement = Statement(queryset, columns)

    @property
    def header(self) -> list[str]:
        return [attribute.name for attribute in self.attributes]

    def chunks(self) -> Chunks:
        """The values of the rows, a bounded number at a time."""
        takes = [taker(attribute) for attribute in self.attributes]
        for rows in self.statement.chunks(self.values):
            yield [[take(row) for take in takes] for row in rows]

    def csv(self) -> Iterator[bytes]:
        yield csv_lines([self.header])
        for rows in self.chunks():
            yield csv_lines(rows)

    def json(self) -> Iterator[bytes]:
        lead = b"[\n"
        for rows in self.chunks():
            yield lead + b",\n".join(dumps(dict(zip(self.header, row, strict=True))) for row in rows)
            lead = b",\n"
        yield b"\n]\n" if lead == b",\n" else b"[]\n"

    def xlsx(self) -> IO[bytes]:
        """A temporary file, gone when it is closed. Raises Invalid when a sheet cannot hold that many rows."""
        return spreadsheets.write(self.header, (row for rows in self.chunks() for row in rows))


def column_of(model: type[models.Model], attribute: Attribute) -> Column:
    field = model_field(model, attribute.path)
    expression, load = column_text(field, attribute.path)
    return Column(attribute.name, expression, orjson.loads if isinstance(field, models.JSONField) else load)


def taker(attribute: Attribute) -> Callable[[dict[str, Any]], Any]:
    if attribute.path.startswith(CUSTOM):
        name = attribute.path.removeprefix(CUSTOM)
        return lambda row: row[CUSTOM].get(name)
    return lambda row: row[attribute.name]


def csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows([[escaped(as_text(value)) for value in row] for row in rows])
    return lines.getvalue().encode()


def filename(layout: Layout, extension: str, today: date) -> str:
    return f"{layout.kind}_export_{today.isoformat()}.{extension}"


def failed_rows(record: Import) -> Iterator[bytes]:
    """The rows as they were uploaded, under their own header, behind their number and the reason."""
    names = [normal(column) for column in record.columns]
    yield csv_lines([["row", "error", *record.columns]])
    rows = FailedRow.objects.filter(of=record).order_by("number").values_list("number", "reason", "values")
    for number, reason, values in rows.iterator(chunk_size=100):
        found = orjson.loads(values)
        yield csv_lines([[number, reason, *(found.get(name) for name in names)]])
