"""People > Imports: upload a file, see what it would do row by row, let it be done, and get back what failed."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from helpdesk.admin_pages import ReadOnlyPages, Who, ago, badge, shown
from helpdesk.api.naming import snake
from helpdesk.api.permissions import SCOPES
from helpdesk.errors import HelpDeskError, Invalid
from transfers import forgetting, services
from transfers.applying import CREATED, FAILED, UNCHANGED, UPDATED
from transfers.exports import FORMATS, Export, csv_lines, failed_rows, filename
from transfers.layouts import COMPANIES, CONTACTS, Layout
from transfers.models import Import, State
from transfers.reading import Upload, from_file, unknown_columns
from transfers.waiting import Waiting

LAYOUTS: dict[str, Layout] = {"contacts": CONTACTS, "companies": COMPANIES}
LISTS = {"contacts": "admin:people_contact_changelist", "companies": "admin:companies_company_changelist"}
COLOURS = {CREATED: "green", UPDATED: "blue", UNCHANGED: "", FAILED: "red"}
STATES = {State.WAITING: "blue", State.RUNNING: "blue", State.DONE: "green", State.FAILED: "red"}
EMPTY: tuple[Any, ...] = (None, "", [], {})
SHOWN = 200  # rows of a preview
CSV = "text/csv; charset=utf-8"


class UploadForm(forms.Form):
    file = forms.FileField(widget=forms.FileInput({"accept": ".csv,.xlsx,.json", "class": "hd-input"}))


@admin.register(Import)
class Imports(ReadOnlyPages):
    seen_by = pressed_by = Who.STAFF
    title = "Imports"
    empty_value_display = "–"
    empty_icon = "upload_file"
    empty_title = "Nothing has been imported yet"
    empty_text = "Contacts and companies can come from a CSV or Excel file. You see what it would do before it is done."

    list_before_template = "admin/people/import_links.html"
    change_form_template = "admin/people/import.html"
    list_display = ("what", "state_badge", "progress", "made", "changed", "broken", "who", "when")
    list_select_related = ("owner",)
    list_filter = ("kind", "state")
    show_full_result_count = False
    ordering = ("-created_at", "-id")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows if Who.ADMINS.includes(request) else rows.filter(owner=request.user)

    @display(description="What")
    def what(self, record: Import) -> str:
        return f"{record.get_kind_display()}{', trial run' if record.dry_run else ''}"

    @display(description="State", ordering="state")
    def state_badge(self, record: Import) -> str:
        return badge(record.get_state_display(), STATES[State(record.state)])

    @display(description="Rows")
    def progress(self, record: Import) -> str:
        done, total = record.rows_done, record.rows_total
        return f"{done:,}" if done == total else f"{done:,} of {total:,}"

    @display(description="New")
    def made(self, record: Import) -> str:
        return f"{record.created:,}"

    @display(description="Changed")
    def changed(self, record: Import) -> str:
        return f"{record.updated:,}"

    @display(description="Failed")
    def broken(self, record: Import) -> str:
        return badge(f"{record.failed:,}", "red") if record.failed else "0"

    @display(description="By", ordering="owner__name")
    def who(self, record: Import) -> str:
        return record.owner.name

    @display(description="When", ordering="created_at")
    def when(self, record: Import) -> str:
        return ago(record.created_at)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("new/<str:kind>/", view(self.upload_view), name="people_import_upload"),
            path("new/<str:kind>/template/", view(self.template_view), name="people_import_template"),
            path("export/<str:kind>/", view(self.export_view), name="people_export"),
            path("<path:object_id>/run/", view(self.run_view), name="people_import_run"),
            path("<path:object_id>/discard/", view(self.discard_view), name="people_import_discard"),
            path("<path:object_id>/errors/", view(self.errors_view), name="people_import_errors"),
            *super().get_urls(),
        ]

    # --- Uploading ---

    def upload_view(self, request: Any, kind: str) -> HttpResponse:
        layout = self.layout(request, kind)
        if not services.may_import(request.user):
            messages.error(request, services.REFUSED)
            return redirect(LISTS[kind])
        form = UploadForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {"form": form, "kind": kind, "columns": layout.header(), "most": services.AT_ONCE}
        if request.method == "POST" and form.is_valid():
            try:
                return self.tried(request, kind, from_file(layout, form.cleaned_data["file"], str(form.files["file"])))
            except HelpDeskError as refusal:
                form.add_error("file", str(refusal))
        return self.page(request, "admin/people/upload.html", f"Import {kind}", context)

    def tried(self, request: Any, kind: str, upload: Upload) -> HttpResponse:
        """A trial run keeps the rows until they are confirmed; a short one ends before it is shown."""
        waiting = Waiting(upload)
        if not waiting.count:
            raise Invalid(file="The file has a header and no rows.")
        return self.begun(services.begin(kind, waiting, actor=request.user, dry_run=True))

    def run_view(self, request: Any, object_id: str) -> HttpResponse:
        """Do what was shown; what has changed meanwhile is compared anew."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        record = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if record is None or not services.may_import(request.user):
            raise PermissionDenied
        try:
            return self.begun(services.confirm(record.pk, actor=request.user))
        except HelpDeskError as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:transfers_import_change", record.pk)

    def discard_view(self, request: Any, object_id: str) -> HttpResponse:
        """Nobody is going to import this file: what it says of people is dropped at once."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        record = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if record is None:
            raise PermissionDenied
        try:
            forgetting.discard(record.pk, actor=request.user)
        except HelpDeskError as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:transfers_import_change", record.pk)
        messages.success(request, "The file is discarded, with everything it said of people.")
        return redirect("admin:transfers_import_changelist")

    def begun(self, record: Import) -> HttpResponse:
        if record.rows_total <= services.AT_ONCE:
            services.hurry(record.pk)
        return redirect("admin:transfers_import_change", record.pk)

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        layout = self.layout(request, kind)
        response = HttpResponse(csv_lines([layout.header()]), content_type=CSV)
        response["Content-Disposition"] = f'attachment; filename="{kind}_import_template.csv"'
        return response

    # --- What became of it ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.get_object(request, object_id)
        given = self.about(request, record) if record is not None else {}
        return super().change_view(request, object_id, form_url, {**given, **(extra_context or {})})

    def about(self, request: HttpRequest, record: Import) -> dict[str, Any]:
        planned = list(record.planned_rows.all()[:SHOWN])
        running = record.state in (State.WAITING, State.RUNNING)
        useful = record.created + record.updated
        tried = record.dry_run and record.state == State.DONE
        mine = record.owner_id == request.user.pk
        waits = record.dry_run and not running and record.chunks.exists()
        return {
            "record": record,
            "state": self.state_badge(record),
            "running": running,
            "progress": self.progress(record),
            "percent": 100 * record.rows_done // record.rows_total if record.rows_total else 100,
            "numbers": [
                ("New", f"{record.created:,}"),
                ("Changed", f"{record.updated:,}"),
                ("Unchanged", f"{record.unchanged:,}"),
            ],
            "failures": f"{record.failed:,}",
            "ignored": unknown_columns(LAYOUTS[record.kind], record.columns),
            "useful": rows_said(useful) if useful else "",
            "tried": tried,
            "kept": waits and tried and useful and mine,
            "can_discard": waits and (mine or Who.ADMINS.includes(request)),
            "has_failures": record.failed_rows.exists(),
            "kept_until": shown(record.finished_at and record.finished_at + forgetting.UNCONFIRMED),
            "failed": [] if record.dry_run else list(record.failed_rows.all()[:SHOWN]),
            "planned": [
                (row, badge(row.action, COLOURS.get(row.action, "")), readable(row.changes)) for row in planned
            ],
            "left_out": rows_said(record.rows_done - SHOWN) if record.rows_done > SHOWN else "",
            "rows_link": reverse(LISTS[record.kind]),
            "again_link": reverse("admin:people_import_upload", args=[record.kind]),
        }

    def errors_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The rows that failed, with the reason; mended, the file can be imported."""
        record = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if record is None:
            raise PermissionDenied
        response = StreamingHttpResponse(failed_rows(record), content_type=CSV)
        response["Content-Disposition"] = f'attachment; filename="import_errors_{record.created_at.date()}.csv"'
        return response

    # --- Exporting ---

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The whole list as a file: asked for by a form, since it is much."""
        layout = self.layout(request, kind)
        extension = request.POST.get("format", "")
        if request.method != "POST" or extension not in FORMATS:
            return self.page(request, "admin/people/export.html", f"Export {kind}", {"kind": kind})
        rows = layout.queryset().order_by("-created_at", "-id")
        export = Export(layout, rows, layout.chosen(None, frozenset(SCOPES)))
        if extension == "xlsx":
            response: HttpResponseBase = FileResponse(export.xlsx(), content_type=FORMATS[extension])
        else:
            stream = export.csv() if extension == "csv" else export.json()
            response = StreamingHttpResponse(stream, content_type=FORMATS[extension])
        name = filename(layout, extension, timezone.now().date())
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def layout(self, request: HttpRequest, kind: str) -> Layout:
        if not self.seen_by.includes(request) or kind not in LAYOUTS:
            raise PermissionDenied
        return LAYOUTS[kind]

    def page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
        frame = self.admin_site.each_context(request)
        return TemplateResponse(request, template, {**frame, "title": title, **context})


def rows_said(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def readable(changes: dict[str, Any]) -> dict[str, Any]:
    """By the words of each field; what was nothing and stays nothing is left out."""
    return {
        snake(name).removesuffix("_id").replace("_", " ").capitalize(): change
        for name, change in changes.items()
        if change["from"] not in EMPTY or change["to"] not in EMPTY
    }
