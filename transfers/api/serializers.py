"""The JSON of exports and imports."""

from typing import Any

from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.functions import Cast
from rest_framework import serializers

from helpdesk.api import fields
from helpdesk.api.serializers import Body, Resource
from transfers.exports import FORMATS
from transfers.models import Import, PlannedRow


class ExportSerializer(Body):
    """Which columns, and in which format; both may be left out."""

    example = {"fields": ["name", "email", "tags"], "format": "csv"}

    # `fields` is a name that serializers use themselves, so this one is declared below.
    format = fields.Choice(choices=list(FORMATS), required=False, default="csv")

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"fields": fields.TextList(required=False, allow_null=True, source="columns"), **super().get_fields()}


class ImportFileSerializer(Body):
    """Rows to import; a form takes `file` (CSV, XLSX or JSON) instead of `data`."""

    example = {
        "data": [{"name": "Ann Example", "email": "ann@example.com", "phone": "+49 30 1", "tags": ["vip"]}],
        "dryRun": False,
        "background": False,
    }

    data = fields.JsonList()
    dry_run = fields.Flag(required=False, default=False, help_text="Say what would happen, and change nothing.")
    background = fields.Flag(required=False, default=False, help_text="Do not wait; see GET /api/imports/:id.")


class ImportFormSerializer(Body):
    file = serializers.FileField(allow_empty_file=True)


class ImportResultSerializer(Body):
    """What became of the rows; `errors` names those that failed. A large file is answered with 202 and an import."""

    example = {
        "success": False,
        "dryRun": False,
        "imported": 1,
        "updated": 1,
        "unchanged": 0,
        "failed": 1,
        "errors": ["Row 3: email: Enter a valid email address."],
        "ignoredColumns": [],
        "id": "0b0e8400-e29b-41d4-a716-446655440001",
    }

    success = fields.Flag()
    dry_run = fields.Flag()
    imported = fields.Whole()
    updated = fields.Whole()
    unchanged = fields.Whole()
    failed = fields.Whole()
    errors = fields.TextList()
    ignored_columns = fields.TextList()
    id = fields.Id(allow_null=True)
    rows = fields.JsonList(required=False, help_text="With dryRun: each row's action and changes.")


def percent(record: Import) -> int:
    return record.rows_done * 100 // record.rows_total if record.rows_total else 100


class ImportSerializer(Resource):
    """How far an import got."""

    example: dict[str, Any] = {
        "id": "0b0e8400-e29b-41d4-a716-446655440001",
        "kind": "contacts",
        "state": "running",
        "dryRun": False,
        "rowsTotal": 100000,
        "rowsDone": 25000,
        "percent": 25,
        "created": 24000,
        "updated": 500,
        "unchanged": 490,
        "failed": 10,
        "error": None,
        "createdAt": "2025-12-18T05:21:07.214Z",
        "startedAt": "2025-12-18T05:22:00.000Z",
        "finishedAt": None,
    }

    percent = fields.Computed(
        Case(
            When(rows_total=0, then=Value(100)),
            default=Cast(F("rows_done") * 100 / F("rows_total"), IntegerField()),
            output_field=IntegerField(),
        ),
        value=percent,
        schema={"type": "integer", "minimum": 0, "maximum": 100},
    )

    class Meta:
        model = Import
        fields = [
            "id",
            "kind",
            "state",
            "dry_run",
            "rows_total",
            "rows_done",
            "percent",
            "created",
            "updated",
            "unchanged",
            "failed",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]


class PlannedRowSerializer(Resource):
    """What a dry run would do with a row."""

    example = {
        "id": "0b0e8400-e29b-41d4-a716-446655440002",
        "row": 3,
        "action": "updated",
        "error": None,
        "changes": {"phone": {"from": None, "to": "+49 30 1"}},
    }

    row = fields.Whole(source="number", help_text="As people count rows: in a file the header is row 1.")

    class Meta:
        model = PlannedRow
        fields = ["id", "row", "action", "error", "changes"]
