"""Pages whose changes go through verbs: what a verb refuses stands beside the field, with all that was typed."""

import json
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from helpdesk.api.fields import MAX_TEXT
from helpdesk.api.writes import with_retries
from helpdesk.errors import HelpDeskError, Invalid
from helpdesk.transactions import Lock, take

from . import meanwhile, posting
from .pages import Pages

# What a form was sent in vain for, and the button that lets go of it.
NOT_SAVED = "Your session had ended, so this is not saved yet. Look at it, and save it now."
LEAVE = "_leave"


class VerbForm(forms.ModelForm):
    """Reads what was typed and never touches the row; `refusal` is what the verb said about it."""

    refusal: HelpDeskError | None = None
    # Where the form calls a field otherwise than the verb does: {"company_id": "company"}.
    called: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.CharField) and field.max_length is None:
                field.validators.append(MaxLengthValidator(MAX_TEXT))
            if isinstance(field, forms.ModelChoiceField) and not isinstance(field, meanwhile.SETS):
                # Django's field that finds rows asks the database for whatever stands in an address or a form.
                if not is_key(field, self.initial.get(name)):
                    self.initial[name] = None
                if not is_key(field, self.data.get(name)):
                    field.bound_data = nothing  # type: ignore[method-assign]

    @property
    def seen(self) -> str:
        """What this form shows, for when it comes back."""
        return json.dumps(meanwhile.fingerprints(self), separators=(",", ":"))

    def _post_clean(self) -> None:
        if not self.instance._state.adding and (changes := list(meanwhile.told(self))):
            self.add_error(None, [meanwhile.INTRODUCTION, *changes])
        if self.refusal is None:
            return
        details: dict[str, list[str]] = getattr(self.refusal, "details", {})
        for name, texts in details.items():
            field = self.called.get(name, name)
            self.add_error(field if field in self.fields else None, texts)
        if not details:
            self.add_error(None, str(self.refusal))


class VerbPages(Pages):
    """Pages for one kind of row: `create`, `change` and `remove` call the verbs, with `request.user` as the actor."""

    form = VerbForm
    change_form_template = "admin/helpdesk/change_form.html"
    delete_confirmation_template = "admin/helpdesk/delete.html"
    show_full_result_count = False
    warn_unsaved_form = True
    save_label = ""
    # What removing a row does to others: shown where it is confirmed.
    removal = ""

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Model:
        raise NotImplementedError

    def change(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Model:
        """`values` holds only what was changed on the page, so that nobody's other changes are undone."""
        raise NotImplementedError

    def remove(self, request: HttpRequest, row: Any) -> None:
        raise NotImplementedError

    def buttons(self, request: HttpRequest, row: Any) -> Iterable[str]:
        """The names of the posted methods whose buttons stand on the page of this row."""
        return ()

    # --- How Django's views come to the verbs ---

    @property
    def site(self) -> Any:
        """Ours, which knows more than Django's."""
        return self.admin_site

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without Django's windows for adding and changing what is referred to."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        given = dict(extra_context or {})
        if request.method == "POST":
            self.site.forget_unsent(request)  # what stands in the form now is newer
            if LEAVE in request.POST:
                return redirect(request.path)
        elif self.may_save(request, object_id) and (unsent := self.site.unsent_here(request)):
            given["unsent"] = True
            shown_again(request, unsent)
        view = super().changeform_view

        def answer() -> HttpResponse:
            # Whoever only looks keeps nobody waiting.
            with transaction.atomic() if request.method == "POST" else nullcontext():
                if request.method == "POST" and object_id:
                    # Of two who save the same row the second finds what the first one saved.
                    take(Lock.ADMIN_PAGES, f"{self.opts.label}:{object_id}")
                return view(request, object_id, form_url, {**given, **self.around(request, object_id)})

        try:
            return with_retries(answer)
        except HelpDeskError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, {**given, **self.around(request, object_id)})

    def may_save(self, request: HttpRequest, object_id: str | None) -> bool:
        return self.has_change_permission(request) if object_id else self.has_add_permission(request)

    def around(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """What the page shows around the form."""
        around: dict[str, Any] = {"has_editable": self.may_save(request, object_id)}
        around["save_label"] = self.save_label or self.get_add_title()
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if row is not None and self.has_press_permission(request, row):
            said = {name: getattr(type(self), name).posted for name in self.buttons(request, row)}
            around["posted_buttons"] = [(posting.address(self, name, row), button) for name, button in said.items()]
        return around

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        values = form.cleaned_data
        if not change:
            return self.create(request, values)
        changed = {name: values[name] for name in form.changed_data if name in values}
        return self.change(request, form.instance, changed) if changed else form.instance

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        pass

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        pass

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return ""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[str], list]:
        """The rows themselves: what hangs on them is for the verb to decide, and may be a million tickets."""
        return [str(row) for row in objs], {}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, {"removal": self.removal, **(extra_context or {})})
        except HelpDeskError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id]))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.remove(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for row in queryset:
            if not self.has_delete_permission(request, row):
                raise PermissionDenied
            self.remove(request, row)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Bulk actions are done for all the rows chosen, or for none."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        try:
            with transaction.atomic():
                return super().changelist_view(request, extra_context)
        except HelpDeskError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())


def shown_again(request: HttpRequest, unsent: QueryDict) -> None:
    """Let the form of a page hold what was sent in vain, as if that had come now and been refused."""
    _ = request.FILES  # read first: read later, it would put the empty body in the place of this form
    request.method, request.POST = "POST", unsent  # type: ignore[assignment]
    request.refusal = Invalid(NOT_SAVED)  # type: ignore[attr-defined]


def is_key(field: forms.ModelChoiceField, value: Any) -> bool:
    """Whether a value can be the key of a row that a field refers to, or is none."""
    key: Any = field.queryset.model._meta.pk if field.queryset is not None else None
    try:
        return not isinstance(value, str) or not value or key.to_python(value) is not None
    except ValidationError:
        return False


def nothing(data: Any, initial: Any) -> None:
    """What a field shows that was sent what cannot be."""
