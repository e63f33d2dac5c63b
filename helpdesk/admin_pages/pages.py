"""Pages about the rows of a model: who sees, adds, changes and removes them, and what the pages are called."""

from functools import cache
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from unfold.admin import ModelAdmin, checkbox
from unfold.decorators import display

from . import headers, posting
from .roles import Who

headers.work_out_once()


class Pages(ModelAdmin):
    """A model's pages. Everything here is for admins, unless a class says who else sees, adds, changes or removes."""

    seen_by = Who.ADMINS
    added_by = Who.ADMINS
    changed_by = Who.ADMINS
    removed_by = Who.ADMINS
    # Who presses the buttons of a row, where that is not who changes it.
    pressed_by: Who | None = None

    # "Settings > API Keys > Create New Key": the names of the list and of the page that adds a row.
    title = ""
    add_title = ""
    # What an empty list teaches: what the rows are good for.
    empty_icon = "inbox"
    empty_title = ""
    empty_text = ""

    list_fullwidth = True
    list_sections: tuple[str, ...] = ()  # unfold looks for them in every row
    # What links narrow the list by besides its filters: "company__id__exact".
    narrowed_by: tuple[str, ...] = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.seen_by.includes(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.seen_by.includes(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.added_by.includes(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.changed_by.includes(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.removed_by.includes(request)

    def has_press_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if self.pressed_by is not None:
            return self.pressed_by.includes(request)
        return self.has_change_permission(request, obj)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the list offers, since Django's own answer is any column.

        A password's hash, or the key of a session, could be read letter by letter: "?password__startswith=a".
        """
        allowed = {*self.narrowed_by}
        for one in self.list_filter:
            name = getattr(one, "parameter_name", one)
            allowed |= {name, *(f"{name}__{how}" for how in ("exact", "id__exact", "isnull"))}
        return lookup in allowed

    def get_urls(self) -> list[URLPattern]:
        return [*posting.urls_of(self), *super().get_urls()]

    @display(description=ModelAdmin.action_checkbox.short_description)
    def action_checkbox(self, obj: Model) -> SafeString:
        return format_html(box(get_language()), obj.pk)

    def get_title(self) -> str:
        return self.title or str(self.opts.verbose_name_plural).capitalize()

    def get_add_title(self) -> str:
        return self.add_title or f"Add {self.opts.verbose_name}"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": self.get_title(), **(extra_context or {})})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().add_view(request, form_url, {"title": self.get_add_title(), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        named = {"title": self.get_title(), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, named)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's own log is not kept: changes are told by the audit log."""
        raise Http404

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        pass

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        pass

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        pass


@cache
def box(language: str | None) -> str:
    """The box that picks a row, with a place for its key: each from the template would take longer than the row."""
    return str(checkbox.render(ACTION_CHECKBOX_NAME, "{}"))


class ReadOnlyPages(Pages):
    """Rows that people look at; what they may do with them are actions and buttons, which run on POST."""

    added_by = changed_by = removed_by = Who.NOBODY
    pressed_by = Who.ADMINS

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.seen_by.includes(request)
