"""Settings > Custom fields."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from helpdesk.admin_pages import OrderedPages, VerbForm

from . import services
from .models import CustomField, EntityType, FieldType

OF = {EntityType.TICKET: "Tickets", EntityType.CONTACT: "Contacts", EntityType.COMPANY: "Companies"}
TYPES = {
    FieldType.TEXT: "Text in one line",
    FieldType.TEXTAREA: "Text in several lines",
    FieldType.NUMBER: "Whole number",
    FieldType.DECIMAL: "Number with decimals",
    FieldType.DROPDOWN: "One of several options",
    FieldType.MULTISELECT: "Any of several options",
    FieldType.DATE: "Date",
    FieldType.CHECKBOX: "Yes or no",
}
FLAGS = {
    "is_required": "Required",
    "required_on_close": "Required to close",
    "customer_can_edit": "Customers edit it",
    "customer_can_view": "Customers see it",
}


class Lines(forms.CharField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget({"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        ProhibitNullCharactersValidator()(value)  # a field asks this of the list, where it is not seen
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class FieldForm(VerbForm):
    entity_type = forms.ChoiceField(label="Belongs to", choices=OF.items(), widget=UnfoldAdminRadioSelectWidget)
    label = forms.CharField(
        max_length=200, widget=UnfoldAdminTextInputWidget, help_text="What people read beside the field."
    )
    name = forms.CharField(
        max_length=64,
        required=False,
        label="Name in the API",
        widget=UnfoldAdminTextInputWidget,
        help_text="Letters, digits and underscores; made from the label when left empty. It cannot change once there "
        "are values.",
    )
    field_type = forms.ChoiceField(
        label="Type",
        choices=TYPES.items(),
        widget=UnfoldAdminSelectWidget,
        help_text="It cannot change once there are values.",
    )
    options = Lines(required=False, help_text="One a line; for fields with options.")
    default_value = forms.CharField(
        required=False,
        label="Default",
        widget=UnfoldAdminTextInputWidget,
        help_text="What new entries get when nothing is given: a text, a number, a date like 2026-12-31, yes or no; of "
        "several options with commas between.",
    )

    class Meta:
        labels = {
            "is_required": "Always",
            "required_on_close": "When a ticket is closed",
            "customer_can_view": "Customers see it",
            "customer_can_edit": "Customers fill it in",
            "help_text": "Help",
            "is_active": "In use",
        }
        help_texts = {
            "is_required": "Nothing is saved without a value.",
            "required_on_close": "A ticket is not closed without a value.",
            "customer_can_view": "The value is shown on their own tickets.",
            "customer_can_edit": "The field is asked for when they file a ticket.",
            "placeholder": "An example that stands in the empty field.",
            "help_text": "A sentence that stands below the field.",
            "is_active": "Switched off, the field is not asked for any more; its values stay.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.default_value is not None:
            self.initial["default_value"] = as_text(self.instance.default_value)
        if not self.instance._state.adding:
            self.fields["entity_type"].disabled = True

    def clean_default_value(self) -> Any:
        text = self.cleaned_data["default_value"].strip()
        return typed(text, self.cleaned_data.get("field_type", "")) if text else None


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def typed(text: str, field_type: str) -> Any:
    """The text in the type of the field; what does not fit is left for the verb to refuse."""
    if field_type == FieldType.CHECKBOX:
        return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)
    if field_type == FieldType.MULTISELECT:
        return [part.strip() for part in text.split(",") if part.strip()]
    if field_type in (FieldType.NUMBER, FieldType.DECIMAL):
        try:
            return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)
        except ValueError:
            return text
    return text


def name_from(label: str) -> str:
    """A name for the API: "Order number" becomes order_number."""
    name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:60]
    return f"field_{name}".rstrip("_") if not name or name[0].isdigit() else name


@admin.register(CustomField)
class CustomFields(OrderedPages):
    title = "Custom fields"
    add_title = "Create field"
    empty_icon = "edit_note"
    empty_title = "No custom fields yet"
    empty_text = (
        "A custom field asks for what your organisation needs to know: an order number, a plan, a region. Fields can "
        "be required, shown to customers, and used in rules and filters."
    )
    removal = "The definition goes; values that were entered stay on the tickets and people, and nobody is asked again."

    form = FieldForm
    fieldsets = (
        (None, {"fields": ("entity_type", "label", "name", "field_type", "options", "default_value")}),
        ("A value is required", {"fields": ("is_required", "required_on_close")}),
        ("In the customer portal", {"fields": ("customer_can_view", "customer_can_edit")}),
        ("How it looks", {"fields": ("placeholder", "help_text", "is_active")}),
    )
    list_before_template = "admin/custom_fields/tabs.html"
    row_template = "admin/custom_fields/row.html"
    search_fields = ("label", "name")
    narrowed_by = ("entity_type__exact",)

    class Media:
        js = ("admin/order.js",)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> CustomField:
        values["name"] = values["name"] or name_from(values["label"])
        last = CustomField.objects.filter(entity_type=values["entity_type"]).aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + services.POSITION_STEP
        return services.create_field(actor=request.user, position=position, **values)  # type: ignore[arg-type]

    def change(self, request: HttpRequest, row: CustomField, values: dict[str, Any]) -> CustomField:
        if "name" in values and not values["name"]:
            values["name"] = name_from(values.get("label", row.label))
        return services.update_field(row, actor=request.user, **values)  # type: ignore[arg-type]

    def remove(self, request: HttpRequest, row: CustomField) -> None:
        services.delete_field(row, actor=request.user)  # type: ignore[arg-type]

    def reorder(self, request: HttpRequest, keys: Sequence[UUID]) -> None:
        services.order_fields(keys, actor=request.user)  # type: ignore[arg-type]

    def neighbours(self, request: HttpRequest, row: CustomField) -> Sequence[UUID]:
        return list(CustomField.objects.filter(entity_type=row.entity_type).values_list("pk", flat=True))

    def told(self, request: HttpRequest, rows: Sequence[CustomField]) -> list[Any]:
        return [
            {
                "type": TYPES[FieldType(row.field_type)],
                "flags": [words for flag, words in FLAGS.items() if getattr(row, flag)],
            }
            for row in rows
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        asked = request.GET.get("entity_type", EntityType.TICKET)
        return {"entity_type": asked if asked in EntityType.values else EntityType.TICKET}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The fields of tickets come first: an order makes sense among fields of one kind alone."""
        if request.method == "GET" and request.GET.get("entity_type__exact") not in EntityType.values:
            return redirect(f"{request.path}?entity_type__exact={EntityType.TICKET}")
        tabs = [(value, words, value == request.GET.get("entity_type__exact")) for value, words in OF.items()]
        return super().changelist_view(request, {"tabs": tabs, **(extra_context or {})})
