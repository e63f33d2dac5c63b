"""The pages of promises."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from helpdesk.admin_pages import VerbForm, VerbPages, badge
from helpdesk.errors import HelpDeskError
from sla import services
from sla.admin.hours import in_words
from sla.models import MAX_MINUTES, SlaPolicy
from sla.previews import preview_policy

UNITS = {"1": "minutes", "60": "hours"}


class DurationWidget(forms.MultiWidget):
    template_name = "django/forms/widgets/multiwidget.html"

    def __init__(self) -> None:
        super().__init__(
            [
                forms.NumberInput({"class": "hd-input hd-short", "min": "1", "step": "1", "aria-label": "How many"}),
                forms.Select({"class": "hd-input hd-auto", "aria-label": "Unit"}, choices=UNITS.items()),
            ]
        )

    def decompress(self, value: int | None) -> list[Any]:
        if value is None:
            return [None, "60"]
        unit = 60 if value % 60 == 0 else 1
        return [value // unit, str(unit)]


class Duration(forms.MultiValueField):
    """A number of minutes, typed as minutes or hours."""

    def __init__(self, **kwargs: Any) -> None:
        fields = (
            forms.IntegerField(min_value=1, max_value=MAX_MINUTES),
            forms.ChoiceField(choices=UNITS.items()),
        )
        super().__init__(fields, widget=DurationWidget, **kwargs)

    def compress(self, values: list[Any]) -> int | None:
        return values[0] * int(values[1]) if values else None

    def in_words(self, value: int) -> str:
        return in_words(value)


class PolicyForm(VerbForm):
    called = {"business_hours_id": "business_hours"}

    description = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget)
    first_response_time = Duration(label="First response within", help_text="Until an agent answers in public.")
    resolution_time = Duration(
        label="Resolution within", help_text="Until the ticket is resolved. It rests while the ticket is pending."
    )

    class Meta:
        labels = {"escalation_email": "Whom to tell", "is_active": "In force", "business_hours": "Counted in"}
        help_texts = {
            "priority": "Whose tickets it is promised to. Of several policies for a priority the newest is in force.",
            "business_hours": "Time outside of these hours does not count.",
            "escalation_email": "An address that is told when a ticket is about to be late, and when it is.",
            "is_active": "Switched off, the policy promises nothing.",
        }


@admin.register(SlaPolicy)
class SlaPolicies(VerbPages):
    title = "SLA policies"
    add_title = "Create policy"
    empty_icon = "timer"
    empty_title = "Nothing is promised yet"
    empty_text = (
        "A policy promises tickets of a priority a first response and a resolution within some time. Agents see the "
        "clock on every ticket, and are warned before it runs out."
    )
    removal = (
        "Its tickets get the deadlines of the next policy for their priority, or none. What is done stays as it was."
    )

    form = PolicyForm
    fieldsets = (
        (None, {"fields": ("name", "description", "priority")}),
        ("What is promised", {"fields": ("first_response_time", "resolution_time", "business_hours")}),
        ("When it gets late", {"fields": ("escalation_email", "is_active")}),
    )
    change_form_after_template = "admin/sla/preview.html"
    list_display = ("name", "shown_priority", "first_response", "resolution", "hours", "state")
    list_select_related = ("business_hours",)
    search_fields = ("name",)
    list_filter = ("priority", "is_active")
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        rivals = SlaPolicy.objects.filter(is_active=True, priority=OuterRef("priority"))
        newest = rivals.order_by("-created_at", "-id").values("pk")[:1]
        return super().get_queryset(request).annotate(newest=Subquery(newest))

    def create(self, request: HttpRequest, values: dict[str, Any]) -> SlaPolicy:
        return services.create_policy(actor=request.user, **by_id(values))  # type: ignore[arg-type]

    def change(self, request: HttpRequest, row: SlaPolicy, values: dict[str, Any]) -> SlaPolicy:
        return services.update_policy(row.pk, actor=request.user, **by_id(values))  # type: ignore[arg-type]

    def remove(self, request: HttpRequest, row: SlaPolicy) -> None:
        services.delete_policy(row.pk, actor=request.user)  # type: ignore[arg-type]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            field.empty_label = "Around the clock"
        return field

    @display(description="Priority", ordering="priority")
    def shown_priority(self, policy: SlaPolicy) -> str:
        return badge(policy.get_priority_display(), policy.priority)

    @display(description="First response")
    def first_response(self, policy: SlaPolicy) -> str:
        return in_words(policy.first_response_time)

    @display(description="Resolution")
    def resolution(self, policy: SlaPolicy) -> str:
        return in_words(policy.resolution_time)

    @display(description="Counted in")
    def hours(self, policy: SlaPolicy) -> str:
        return policy.business_hours.name if policy.business_hours else "Around the clock"

    @display(description="State")
    def state(self, policy: SlaPolicy) -> str:
        if not policy.is_active:
            return badge("Off")
        if policy.newest == policy.pk:  # type: ignore[attr-defined]
            return badge("In force", "green")
        return badge("A newer one is in force", "amber")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("try/", wrap(self.try_view), name="sla_slapolicy_try"),
            *super().get_urls(),
        ]

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """What the policy as it stands on the page would do to the tickets that are open; nothing is changed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        row = self.get_object(request, request.POST.get("policy", ""))
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        return TemplateResponse(request, "admin/sla/outlook.html", outlook_of(form, row))


def outlook_of(form: Any, row: SlaPolicy | None) -> dict[str, Any]:
    if not form.is_valid():
        name, texts = next(iter(form.errors.items()))
        return {"problem": f"{form.fields[name].label}: {texts[0]}" if name in form.fields else texts[0]}
    values = by_id({name: form.cleaned_data[name] for name in form.fields})
    try:
        return asdict(preview_policy(values, policy=row.pk if row else None, now=timezone.now()))
    except HelpDeskError as refusal:
        return {"problem": str(refusal)}


def by_id(values: dict[str, Any]) -> dict[str, Any]:
    """The business hours as the verbs take them."""
    if "business_hours" not in values:
        return values
    hours = values["business_hours"]
    kept = {name: value for name, value in values.items() if name != "business_hours"}
    return {**kept, "business_hours_id": hours and hours.pk}
