"""People > Imports: upload a file, see what it would do row by row, let it be done, and get back what failed."""

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from helpdesk.admin_pages import ReadOnlyPages, Who, ago, badge
from helpdesk.api.naming import snake
from helpdesk.api.permissions import SCOPES
from helpdesk.errors import HelpDeskError, Invalid
from transfers import services
from transfers.applying import CREATED, FAILED, UNCHANGED, UPDATED, Outcome, shown_changes
from transfers.exports import FORMATS, Export, csv_lines, failed_rows, filename
from transfers.layouts import COMPANIES, CONTACTS, Layout
from transfers.models import Import, State
from transfers.reading import Upload, from_file
from transfers.services import Waiting, packed, unpacked

LAYOUTS: dict[str, Layout] = {"contacts": CONTACTS, "companies": COMPANIES}
LISTS = {"contacts": "admin:people_contact_changelist", "companies": "admin:companies_company_changelist"}
COLOURS = {CREATED: "green", UPDATED: "blue", UNCHANGED: "", FAILED: "red"}
STATES = {State.WAITING: "blue", State.RUNNING: "blue", State.DONE: "green", State.FAILED: "red"}
EMPTY: tuple[Any, ...] = (None, "", [], {})
SHOWN = 200  # rows of a preview
CHECKED = "people.checked import"
VALID = 60 * 60  # seconds for which what was checked can be imported
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
            path("new/<str:kind>/run/", view(self.run_view), name="people_import_run"),
            path("new/<str:kind>/template/", view(self.template_view), name="people_import_template"),
            path("export/<str:kind>/", view(self.export_view), name="people_export"),
            path("<path:object_id>/errors/", view(self.errors_view), name="people_import_errors"),
            *super().get_urls(),
        ]

    # --- Uploading ---

    def upload_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        layout = self.layout(request, kind)
        form = UploadForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {"form": form, "kind": kind, "columns": layout.header(), "most": services.AT_ONCE}
        if request.method == "POST" and form.is_valid():
            try:
                return self.checked(
                    request, kind, from_file(layout, form.cleaned_data["file"], str(form.files["file"]))
                )
            except HelpDeskError as refusal:
                form.add_error("file", str(refusal))
        return self.page(request, "admin/people/upload.html", f"Import {kind}", context)

    def checked(self, request: Any, kind: str, upload: Upload) -> HttpResponse:
        """What would happen: at once for a short file, in the background for a long one."""
        waiting = Waiting(upload)
        if not waiting.count:
            raise Invalid(file="The file has a header and no rows.")
        if waiting.count > services.AT_ONCE:
            only_check = "trial" in request.POST
            record = services.begin(kind, waiting, actor=request.user, dry_run=only_check)
            return redirect("admin:transfers_import_change", record.pk)
        outcomes = services.preview(kind, waiting, actor=request.user)
        counts = Counter(outcome.action for outcome in outcomes)
        kept = {"columns": waiting.columns, "rows": [packed(row).decode() for row in waiting.rows()]}
        context = {
            "kind": kind,
            "columns": waiting.columns,
            "ignored": waiting.ignored,
            "counts": [(action, counts[action], COLOURS[action]) for action in COLOURS],
            "rows": [shown_row(outcome) for outcome in outcomes[:SHOWN]],
            "left_out": max(0, len(outcomes) - SHOWN),
            "useful": counts[CREATED] + counts[UPDATED],
            "checked": signing.dumps(kept, salt=salt(request, kind), compress=True),
        }
        return self.page(request, "admin/people/preview.html", f"Import {kind}", context)

    def run_view(self, request: Any, kind: str) -> HttpResponse:
        """Do what was shown. The rows come back as we signed them; what has changed meanwhile is compared anew."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.layout(request, kind)
        try:
            kept = signing.loads(request.POST.get("checked", ""), salt=salt(request, kind), max_age=VALID)
        except signing.BadSignature:
            messages.error(request, "This preview is too old. Please choose the file again.")
            return redirect("admin:people_import_upload", kind)
        upload = Upload(rows=[unpacked(line) for line in kept["rows"]], columns=kept["columns"])
        record, _ = services.import_now(kind, Waiting(upload), actor=request.user)
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
        given = self.about(record) if record is not None else {}
        return super().change_view(request, object_id, form_url, {**given, **(extra_context or {})})

    def about(self, record: Import) -> dict[str, Any]:
        planned = list(record.planned_rows.all()[:SHOWN])
        return {
            "record": record,
            "state": self.state_badge(record),
            "running": record.state in (State.WAITING, State.RUNNING),
            "percent": 100 * record.rows_done // record.rows_total if record.rows_total else 100,
            "numbers": [("New", record.created), ("Changed", record.updated), ("Unchanged", record.unchanged)],
            "failed": list(record.failed_rows.all()[:SHOWN]),
            "planned": [
                (row, badge(row.action, COLOURS.get(row.action, "")), readable(row.changes)) for row in planned
            ],
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


def salt(request: Any, kind: str) -> str:
    """A preview is for whoever made it."""
    return f"{CHECKED} {kind} {request.user.pk}"


def readable(changes: dict[str, Any]) -> dict[str, Any]:
    """By the words of each field; what was nothing and stays nothing is left out."""
    return {
        snake(name).removesuffix("_id").replace("_", " ").capitalize(): change
        for name, change in changes.items()
        if change["from"] not in EMPTY or change["to"] not in EMPTY
    }


def shown_row(outcome: Outcome) -> dict[str, Any]:
    return {
        "number": outcome.row.number,
        "action": badge(outcome.action, COLOURS[outcome.action]),
        "reason": outcome.reason,
        "changes": readable(shown_changes(outcome)),
        "values": outcome.row.values,
    }
