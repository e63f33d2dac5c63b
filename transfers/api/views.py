"""Exports, imports and what becomes of them, over HTTP."""

import io
from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.db.models import F, IntegerField, QuerySet
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from helpdesk.api.endpoints import ApiViewSet
from helpdesk.api.filters import Filter, OneOf, conditions
from helpdesk.api.json import JsonParser
from helpdesk.api.paging import Key, Order, choose_order, newest_first, oldest_first
from helpdesk.api.serializers import parse
from helpdesk.api.views import ResourceViewSet
from helpdesk.errors import Forbidden, Invalid, NotFound
from tickets.api.filters import TICKET_FILTERS, TICKET_ORDERS, filters_for
from transfers import services
from transfers.applying import ACTIONS, CREATED, FAILED, UNCHANGED, UPDATED, Outcome, shown_changes
from transfers.exports import FORMATS, Export, csv_lines, failed_rows, filename
from transfers.layouts import COMPANIES, CONTACTS, TICKETS, Layout
from transfers.models import Import, PlannedRow
from transfers.reading import Upload, from_file, from_rows
from transfers.waiting import Waiting

from .serializers import (
    ExportSerializer,
    ImportFileSerializer,
    ImportFormSerializer,
    ImportResultSerializer,
    ImportSerializer,
    PlannedRowSerializer,
)

CSV = FORMATS["csv"]
SWITCHES = {"true": True, "1": True, "false": False, "0": False, "": False}


class ExportViewSet(ApiViewSet):
    """All contacts, companies or tickets as a file."""

    layout: ClassVar[Layout]
    filters: ClassVar[tuple[Filter, ...]] = ()
    orders: ClassVar[tuple[Order, ...]] = (oldest_first(),)
    serializer_class = ExportSerializer
    read_actions = ("export",)
    answers = {"export": "text/csv"}
    atomic = False  # it writes nothing

    def export(self, request: Request) -> HttpResponseBase:
        """Export as CSV, XLSX or JSON.

        The file itself, streamed. `fields` names the columns; custom fields are `custom_<name>`. Cells that a
        spreadsheet would take for formulas begin with an apostrophe, which an import takes away again.
        """
        asked = self.parsed()
        attributes = self.layout.chosen(asked.get("columns"), request.auth.scopes)
        rows, values = self.rows()
        export = Export(self.layout, rows, attributes, values)
        response = self.sent(export, asked["format"])
        name = filename(self.layout, asked["format"], timezone.now().date())
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def rows(self) -> tuple[QuerySet, dict[str, Any]]:
        rows = self.layout.queryset()
        if self.request.auth.limited and hasattr(rows, "visible_to"):
            rows = rows.visible_to(self.request.user)
        values: dict[str, Any] = {}
        for condition in conditions(self.filters_for_caller(), self.request.GET):
            rows = rows.filter(condition.build())
            values |= condition.values
        return rows.order_by(*choose_order(self.orders, self.request.GET.get("sort")).order_by()), values

    def filters_for_caller(self) -> tuple[Filter, ...]:
        return self.filters

    def sent(self, export: Export, extension: str) -> HttpResponseBase:
        if extension == "xlsx":
            return FileResponse(export.xlsx(), content_type=FORMATS[extension])
        stream = export.csv() if extension == "csv" else export.json()
        return StreamingHttpResponse(stream, content_type=FORMATS[extension])


class ContactExportViewSet(ExportViewSet):
    scope = "users"
    layout = CONTACTS


class CompanyExportViewSet(ExportViewSet):
    scope = "users"
    layout = COMPANIES


class TicketExportViewSet(ExportViewSet):
    """Takes the filters of the list."""

    scope = "tickets"
    layout = TICKETS
    filters = TICKET_FILTERS
    orders = TICKET_ORDERS

    def filters_for_caller(self) -> tuple[Filter, ...]:
        return filters_for(self.request.auth.scopes)


class CsvParser(BaseParser):
    """A CSV file as the whole body."""

    media_type = "text/csv"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        # Through the request, not the stream: only there the size limit holds.
        return {"body": (parser_context or {})["request"]._request.body}


class ImportViewSet(ResourceViewSet):
    """Imports, for whoever began them and for admins."""

    scope = "users"
    queryset = Import.objects.all()
    serializer_class = ImportSerializer
    orders = (newest_first(),)
    rides = ()  # whose imports are shown depends on who asks
    answers: ClassVar[dict[str, Any]] = {"errors": "text/csv"}

    def is_limited(self) -> bool:
        return not self.request.user.is_admin

    def limited_rows(self, rows: QuerySet) -> QuerySet:
        return rows.filter(owner=self.request.user)

    def errors(self, request: Request, pk: str) -> HttpResponseBase:
        """Download the rows that failed, with the reason; mended, the file can be imported."""
        record = self.found(pk)
        response = StreamingHttpResponse(failed_rows(record), content_type=CSV)
        response["Content-Disposition"] = f'attachment; filename="import_errors_{record.created_at.date()}.csv"'
        response["X-Content-Type-Options"] = "nosniff"
        return response


class PlannedRowViewSet(ImportViewSet):
    """What a dry run in the background would do with each row."""

    queryset = PlannedRow.objects.all()
    serializer_class = PlannedRowSerializer
    parents = {"upload_id": Import}
    orders = (Order("row", (Key(F("number"), IntegerField()),)),)
    filters = (OneOf("action", "action", "What would happen; several with commas.", allowed=ACTIONS),)

    def limited_rows(self, rows: QuerySet) -> QuerySet:
        return rows.filter(upload__owner=self.request.user)

    def require_parents(self) -> None:
        seen = Import.objects.filter(owner=self.request.user) if self.is_limited() else Import.objects.all()
        if not seen.filter(pk=self.kwargs["upload_id"]).exists():
            raise NotFound


class UploadViewSet(ImportViewSet):
    """Rows to import."""

    layout: ClassVar[Layout]
    parser_classes = [JsonParser, MultiPartParser, CsvParser]
    bodies = {"start": ImportFileSerializer}
    answers = {"start": ImportResultSerializer, "template": "text/csv"}

    def prepare(self) -> None:
        """Read the whole upload before anything is locked."""
        if not self.sees_all_tickets():
            # A file says who belongs to which company, and so who reads whose requests in the portal.
            raise Forbidden(services.REFUSED)
        upload = self.upload()
        self.dry_run, self.background = self.switch("dryRun"), self.switch("background")
        self.waiting = Waiting(upload)

    def upload(self) -> Upload:
        data = self.request.data
        kind = (self.request.content_type or "").partition(";")[0]
        if kind == "text/csv":
            return from_file(self.layout, io.BytesIO(data["body"]))
        if kind.startswith("multipart/"):
            file = parse(ImportFormSerializer, data)["file"]
            return from_file(self.layout, file, file.name or "")
        return from_rows(self.layout, self.parsed()["data"])

    def switch(self, name: str) -> bool:
        """A switch of the body, the form or the query string."""
        value = self.request.data.get(name, self.request.GET.get(name, ""))
        if not isinstance(value, bool) and value not in SWITCHES:
            raise Invalid(f"{name} must be true or false.")
        return value if isinstance(value, bool) else SWITCHES[value]

    def start(self, request: Request) -> HttpResponse:
        """Import rows: JSON, a form with a CSV, XLSX or JSON file, or a text/csv body.

        What exists is changed: contacts by `email`, companies by `name`. A row that fails stops no other. Blank cells
        empty what they stand for, columns that are not there leave it alone. `dryRun` says what would happen. More
        than 1,000 rows, or `background`, are imported in the background: 202, and progress at `/api/imports/:id`.
        """
        kind, actor = self.layout.kind, request.user
        if self.background or self.waiting.count > services.AT_ONCE:
            record = services.begin(kind, self.waiting, actor=actor, dry_run=self.dry_run)
            response = self.shown(record.pk, 202)
            response["Location"] = f"/api/imports/{record.pk}"
            return response
        if self.dry_run:
            outcomes = services.preview(kind, self.waiting, actor=actor)
            return self.answer({**self.result(outcomes), "id": None, "rows": [shown_row(one) for one in outcomes]})
        record, outcomes = services.import_now(kind, self.waiting, actor=actor)
        return self.answer({**self.result(outcomes), "id": str(record.pk)})

    def result(self, outcomes: list[Outcome]) -> dict[str, Any]:
        actions = [outcome.action for outcome in outcomes]
        failed = [outcome for outcome in outcomes if outcome.action == FAILED]
        return {
            "success": not failed,
            "dryRun": self.dry_run,
            "imported": actions.count(CREATED),
            "updated": actions.count(UPDATED),
            "unchanged": actions.count(UNCHANGED),
            "failed": len(failed),
            "errors": [f"Row {outcome.row.number}: {outcome.reason}" for outcome in failed],
            "ignoredColumns": self.waiting.ignored,
        }

    def template(self, request: Request) -> HttpResponse:
        """Download a CSV file with the columns of an import and no rows."""
        response = HttpResponse(csv_lines([self.layout.header()]), content_type=CSV)
        response["Content-Disposition"] = f'attachment; filename="{self.layout.kind}_import_template.csv"'
        return response


class ContactImportViewSet(UploadViewSet):
    layout = CONTACTS


class CompanyImportViewSet(UploadViewSet):
    layout = COMPANIES


def shown_row(outcome: Outcome) -> dict[str, Any]:
    return {
        "row": outcome.row.number,
        "action": outcome.action,
        "error": outcome.reason,
        "changes": shown_changes(outcome),
    }
