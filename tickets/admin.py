"""Settings > Canned responses and Ticket templates."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import AgentGroup
from helpdesk.admin_pages import VerbForm, VerbPages, badge

from . import prepared
from .models import CannedResponse, TicketTemplate
from .placeholders import PLACEHOLDER, VALUES

WORDS = {
    "ticket.id": "The ticket's id",
    "ticket.ticketNumber": "Its number",
    "ticket.subject": "Its subject",
    "ticket.status": "Its status",
    "ticket.priority": "Its priority",
    "ticket.category": "Its category",
    "customer.name": "The customer's name",
    "customer.email": "The customer's address",
    "customer.phone": "The customer's phone number",
    "company.name": "The customer's company",
    "agent.name": "The name of who answers",
    "agent.email": "The address of who answers",
}
PLACEHOLDERS = [(f"{{{{{name}}}}}", WORDS.get(name, name)) for name in VALUES]


class ResponseForm(VerbForm):
    title = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget({"placeholder": "Ask for a screenshot"}))
    shortcut = forms.CharField(
        max_length=50,
        required=False,
        widget=UnfoldAdminTextInputWidget({"placeholder": "/shot"}),
        help_text="What agents type to insert the answer. No two answers share one.",
    )
    category = forms.CharField(
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Answers of one category stand together.",
    )
    content = forms.CharField(
        label="Text",
        widget=UnfoldAdminTextareaWidget({"rows": 10, "data-insert-target": ""}),
        help_text="Placeholders are filled in with the ticket's own values when the answer is used.",
    )

    def clean_category(self) -> str | None:
        return self.cleaned_data["category"].strip() or None

    def clean_content(self) -> str:
        """A placeholder that nothing fills would reach a customer as it stands."""
        content = self.cleaned_data["content"]
        unknown = [name for name in PLACEHOLDER.findall(content) if name not in VALUES]
        if unknown:
            raise forms.ValidationError(
                f"Nothing is called {{{{{unknown[0]}}}}}. Choose one of the placeholders below."
            )
        return content


@admin.register(CannedResponse)
class CannedResponses(VerbPages):
    title = "Canned responses"
    add_title = "Create response"
    empty_icon = "quickreply"
    empty_title = "No canned responses yet"
    empty_text = "What is answered every day is written once here, and inserted into a reply by its shortcut."

    form = ResponseForm
    fields = ("title", "shortcut", "category", "content")
    change_form_after_template = "admin/tickets/placeholders.html"
    list_display = ("title", "by_shortcut", "category", "beginning", "created_by")
    list_select_related = ("created_by",)
    search_fields = ("title", "shortcut", "content")
    list_filter = ("category",)

    class Media:
        js = ("admin/insert.js",)

    def around(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        return {**super().around(request, object_id), "placeholders": PLACEHOLDERS}

    def create(self, request: HttpRequest, values: dict[str, Any]) -> CannedResponse:
        return prepared.create_canned_response(actor=request.user, **values)  # type: ignore[arg-type]

    def change(self, request: HttpRequest, row: CannedResponse, values: dict[str, Any]) -> CannedResponse:
        return prepared.update_canned_response(row, actor=request.user, **values)  # type: ignore[arg-type]

    def remove(self, request: HttpRequest, row: CannedResponse) -> None:
        prepared.delete_canned_response(row, actor=request.user)  # type: ignore[arg-type]

    @display(description="Shortcut", ordering="shortcut")
    def by_shortcut(self, response: CannedResponse) -> str:
        return badge(response.shortcut, "blue") if response.shortcut else ""

    @display(description="Text")
    def beginning(self, response: CannedResponse) -> str:
        text = re.sub(r"\s+", " ", response.content)
        return text if len(text) <= 80 else f"{text[:79]}…"


class TemplateForm(VerbForm):
    called = {"group_id": "group"}

    description = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="For colleagues: when this template fits.",
    )
    content = forms.CharField(
        label="Description of the ticket", required=False, widget=UnfoldAdminTextareaWidget({"rows": 6})
    )
    tags = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget({"placeholder": "vip, hardware"}),
        help_text="With commas between.",
    )

    class Meta:
        labels = {"is_active": "In use"}
        help_texts = {"is_active": "Agents are offered it when they file a ticket."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["tags"] = ", ".join(self.instance.tags)

    def clean_tags(self) -> list[str]:
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


@admin.register(TicketTemplate)
class TicketTemplates(VerbPages):
    title = "Ticket templates"
    add_title = "Create template"
    empty_icon = "content_paste"
    empty_title = "No ticket templates yet"
    empty_text = (
        "A template fills a new ticket for requests that come again and again: a broken badge, a new colleague."
    )

    form = TemplateForm
    fieldsets = (
        (None, {"fields": ("name", "description", "is_active")}),
        ("The ticket", {"fields": ("subject", "content", "status", "priority", "category", "tags", "group")}),
    )
    list_display = ("name", "subject", "shown_priority", "group", "is_active")
    list_select_related = ("group",)
    search_fields = ("name", "subject")
    list_filter = ("is_active", "priority")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "group":
            kwargs["queryset"] = AgentGroup.objects.all()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> TicketTemplate:
        return prepared.create_template(actor=request.user, **by_id(values))  # type: ignore[arg-type]

    def change(self, request: HttpRequest, row: TicketTemplate, values: dict[str, Any]) -> TicketTemplate:
        return prepared.update_template(row, actor=request.user, **by_id(values))  # type: ignore[arg-type]

    def remove(self, request: HttpRequest, row: TicketTemplate) -> None:
        prepared.delete_template(row, actor=request.user)  # type: ignore[arg-type]

    @display(description="Priority", ordering="priority")
    def shown_priority(self, template: TicketTemplate) -> str:
        return badge(template.get_priority_display(), template.priority)


def by_id(values: dict[str, Any]) -> dict[str, Any]:
    """The group as the verbs take it."""
    if "group" not in values:
        return values
    group = values["group"]
    return {**{name: value for name, value in values.items() if name != "group"}, "group_id": group and group.pk}
