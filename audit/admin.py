"""Settings > Audit Log: who changed what, and what it was before. Nobody adds, changes or removes an entry."""

import json
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from helpdesk.admin_pages import ReadOnlyPages, ago, badge, shown

from .actors import names_of_actors
from .models import Action, Entry

COLOURS = {
    Action.CREATED: "green",
    Action.CHANGED: "blue",
    Action.DELETED: "red",
    Action.REVOKED: "red",
    Action.ERASED: "red",
    Action.TWO_FACTOR_OFF: "amber",
    Action.TWO_FACTOR_RESET: "amber",
    Action.PASSWORD_SET: "amber",
}
SYSTEM = "System"
NAMED_AT_ONCE = 3
PERIODS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "365": "Last 12 months"}


class Period(admin.SimpleListFilter):
    title = "when"
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(PERIODS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        days = self.value()
        if days not in PERIODS:
            return queryset
        return queryset.filter(created_at__gte=timezone.now() - timedelta(days=int(days)))


class Who(admin.SimpleListFilter):
    title = "who"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people = sorted((name, str(key)) for key, name in names_of_actors())
        return [("system", SYSTEM), *((key, name) for name, key in people)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if chosen is None or chosen not in dict(self.lookup_choices):
            return queryset
        return queryset.filter(actor_id=None if chosen == "system" else chosen)


@admin.register(Entry)
class AuditLog(ReadOnlyPages):
    title = "Audit Log"
    empty_icon = "history"
    empty_title = "Nothing has been changed yet"
    empty_text = (
        "Every change of a setting, a contact, a company or an account is written here by itself: "
        "who, when, and each value before and after."
    )

    list_display = ("subject", "kind", "did", "about", "who", "when")
    list_display_links = ("subject",)
    list_filter = ("kind", "action", Who, Period)
    search_fields = ("subject_name", "actor_name")
    search_help_text = "Search by name of what was changed, or of who changed it"
    fields = ("subject", "kind", "did", "who", "moment", "difference")
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    actions = None

    @display(description="What", ordering="subject_name")
    def subject(self, entry: Entry) -> str:
        return entry.subject_name or "–"

    @display(description="Action", ordering="action")
    def did(self, entry: Entry) -> str:
        return badge(entry.get_action_display(), COLOURS.get(Action(entry.action), ""))

    @display(description="Fields")
    def about(self, entry: Entry) -> str:
        if entry.action != Action.CHANGED:
            return ""
        names = [words(name) for name in entry.changes]
        more = len(names) - NAMED_AT_ONCE
        return ", ".join(names[:NAMED_AT_ONCE]) + (f" and {more} more" if more > 0 else "")

    @display(description="Who", ordering="actor_name")
    def who(self, entry: Entry) -> str:
        return entry.actor_name or SYSTEM

    @display(description="When", ordering="created_at")
    def when(self, entry: Entry) -> str:
        return ago(entry.created_at)

    @display(description="When")
    def moment(self, entry: Entry) -> str:
        return shown(entry.created_at)

    @display(description="Before and after")
    def difference(self, entry: Entry) -> str:
        if not entry.changes:
            return "No values are recorded of this."
        rows = ((words(name), value_html(old), value_html(new)) for name, (old, new) in entry.changes.items())
        return format_html(
            '<div class="hd-scroll"><table class="hd-table hd-diff"><thead><tr><th scope="col">Field</th>'
            '<th scope="col">Before</th><th scope="col">After</th></tr></thead><tbody>{}</tbody></table></div>',
            format_html_join(
                "",
                '<tr><th scope="row">{}</th><td class="hd-diff__old">{}</td><td class="hd-diff__new">{}</td></tr>',
                rows,
            ),
        )


def words(field: str) -> str:
    return field.replace("_", " ").capitalize()


def value_html(value: Any) -> SafeString | str:
    if value is None or value in ("", [], {}):
        return format_html('<span class="hd-faint">–</span>')
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, list | dict):
        return format_html('<pre class="hd-code hd-break">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))
    return format_html('<span class="hd-break">{}</span>', value)
