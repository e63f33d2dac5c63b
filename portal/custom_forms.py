"""Custom fields as customers see them: which there are, how they are filled in, and how they read."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from custom_fields.models import CustomField, EntityType, FieldType
from custom_fields.values import MAX_INTEGER, MAX_LINE, MAX_TEXT

from .account_forms import CleanText

PREFIX = "cf_"  # so that no custom field has the name of one of ours


def known_fields() -> list[CustomField]:
    """The fields of tickets that customers may see, or have to fill in."""
    fields = CustomField.objects.filter(entity_type=EntityType.TICKET, is_active=True)
    return [field for field in fields if field.customer_can_view or field.customer_can_edit]


def asked_fields(fields: list[CustomField]) -> list[CustomField]:
    """Those that stand in the form of a new request: what customers may edit, and what they see and must fill in."""
    return [field for field in fields if field.customer_can_edit or (field.customer_can_view and field.is_required)]


def line(field: CustomField, **common: Any) -> forms.Field:
    return CleanText(max_length=MAX_LINE, **common)


def text(field: CustomField, **common: Any) -> forms.Field:
    return CleanText(max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 4}), **common)


def whole_number(field: CustomField, **common: Any) -> forms.Field:
    return forms.IntegerField(min_value=-MAX_INTEGER, max_value=MAX_INTEGER, **common)


def number(field: CustomField, **common: Any) -> forms.Field:
    return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any"}), **common)


def choice(field: CustomField, **common: Any) -> forms.Field:
    return forms.ChoiceField(choices=[("", _("Please choose")), *((one, one) for one in field.options)], **common)


def choices(field: CustomField, **common: Any) -> forms.Field:
    options = [(one, one) for one in field.options]
    return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **common)


def day(field: CustomField, **common: Any) -> forms.Field:
    return forms.DateField(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **common)


def flag(field: CustomField, **common: Any) -> forms.Field:
    return forms.BooleanField(**{**common, "required": False})


MAKERS: dict[str, Callable[..., forms.Field]] = {
    FieldType.TEXT: line,
    FieldType.TEXTAREA: text,
    FieldType.NUMBER: whole_number,
    FieldType.DECIMAL: number,
    FieldType.DROPDOWN: choice,
    FieldType.MULTISELECT: choices,
    FieldType.DATE: day,
    FieldType.CHECKBOX: flag,
}


def form_field(field: CustomField) -> forms.Field:
    made = MAKERS[field.field_type](
        field,
        label=field.label,
        help_text=field.help_text or "",
        required=field.is_required,
        initial=field.default_value,
    )
    if field.placeholder:
        made.widget.attrs["placeholder"] = field.placeholder
    return made


def stored_value(value: Any, field: CustomField) -> Any:
    """What a form field gave, as it is kept; None for nothing."""
    if isinstance(value, date):
        return value.isoformat()
    return None if value in ("", [], None) else value


def shown_value(value: Any, field: CustomField) -> str:
    """A stored value in words. What does not fit its field is shown as it is."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if field.field_type == FieldType.DATE and isinstance(value, str):
        try:
            return date_format(date.fromisoformat(value))
        except ValueError:
            return value
    if isinstance(value, int | float):
        return number_format(value, use_l10n=True)
    return str(value)


def shown_fields(values: dict[str, Any], fields: list[CustomField]) -> list[tuple[str, str]]:
    """Label and value of what customers may see and what has one."""
    return [
        (field.label, shown_value(values[field.name], field))
        for field in fields
        if field.customer_can_view and values.get(field.name) is not None
    ]
