"""Fields of forms for what contacts and companies have in common: lists of words, and custom fields by definition."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.functional import cached_property
from django.utils.html import escape
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from custom_fields.models import CustomField, FieldType
from helpdesk.admin_pages import VerbForm
from helpdesk.json_values import same

PREFIX = "custom_"
MOST = 10_000  # rows that a list counts and pages through


class Words(forms.CharField):
    """A list of words, typed with commas between them."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [word for word in (word.strip() for word in (value or "").split(",")) if word]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


def text(field: CustomField, **options: Any) -> forms.Field:
    return forms.CharField(
        widget=UnfoldAdminTextInputWidget({"placeholder": field.placeholder or ""}), empty_value=None, **options
    )


def long_text(field: CustomField, **options: Any) -> forms.Field:
    return forms.CharField(
        widget=UnfoldAdminTextareaWidget({"rows": 4, "placeholder": field.placeholder or ""}),
        empty_value=None,
        **options,
    )


def number(field: CustomField, **options: Any) -> forms.Field:
    return forms.IntegerField(widget=UnfoldAdminTextInputWidget({"inputmode": "numeric"}), **options)


def decimal(field: CustomField, **options: Any) -> forms.Field:
    return forms.FloatField(widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}), **options)


def dropdown(field: CustomField, **options: Any) -> forms.Field:
    choices = [("", "–"), *((option, option) for option in field.options)]
    return forms.TypedChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, empty_value=None, **options)


def multiselect(field: CustomField, **options: Any) -> forms.Field:
    choices = [(option, option) for option in field.options]
    return forms.MultipleChoiceField(choices=choices, widget=UnfoldAdminCheckboxSelectMultipleWidget, **options)


def day(field: CustomField, **options: Any) -> forms.Field:
    return Day(widget=UnfoldAdminSingleDateWidget, **options)


def checkbox(field: CustomField, **options: Any) -> forms.Field:
    return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, **options)


class Day(forms.DateField):
    """A date as it is stored: text."""

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return found.isoformat() if isinstance(found, date) else None


FIELDS: dict[str, Callable[..., forms.Field]] = {
    FieldType.TEXT: text,
    FieldType.TEXTAREA: long_text,
    FieldType.NUMBER: number,
    FieldType.DECIMAL: decimal,
    FieldType.DROPDOWN: dropdown,
    FieldType.MULTISELECT: multiselect,
    FieldType.DATE: day,
    FieldType.CHECKBOX: checkbox,
}


def custom_form(form: Any, entity_type: str) -> Any:
    """The form with a field for each active definition. Whether one is required the verb says."""
    fields = {
        PREFIX + one.name: FIELDS[one.field_type](
            one,
            label=one.label + (" *" if one.is_required else ""),
            help_text=escape(one.help_text or ""),  # which pages take for HTML
            required=False,
        )
        for one in CustomField.objects.filter(entity_type=entity_type, is_active=True)
    }
    return type(form)(form.__name__, (form,), fields)


class HasCustomFields(VerbForm):
    """A form whose row keeps the values of custom fields; they come out as one value, `custom_fields`."""

    called = {"custom_fields": "__all__"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        stored = getattr(kwargs.get("instance"), "custom_fields", None) or {}
        given = {PREFIX + name: value for name, value in stored.items()}
        kwargs["initial"] = {**given, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)


def gathered(values: dict[str, Any], stored: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a form says, with custom fields together as the verbs want them; empty ones are removed."""
    rest = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    known = stored or {}
    custom = {}
    for name, value in values.items():
        if name.startswith(PREFIX):
            key, said = name.removeprefix(PREFIX), None if value in ("", []) else value
            # A box that was never ticked says nothing.
            if not same(known.get(key), said) and not (said is False and key not in known):
                custom[key] = said
    return {**rest, "custom_fields": custom} if custom else rest


class ShortPaginator(Paginator):
    """Counts so far and no further: whoever looks for somebody among a million does not turn pages."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[:MOST].count()
