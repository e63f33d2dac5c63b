"""The pages of rules: their order, the builder, the back-test and the runs."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from automation import services
from automation.api.serializers import executions, last_execution
from automation.models import AutomationRule, ConditionMatch, RuleType, Trigger
from helpdesk.admin_pages import OrderedPages, VerbForm, posted
from helpdesk.admin_pages.posting import button
from tickets.placeholders import VALUES

from . import trials
from .builder import ActionRows, ConditionRows
from .finding import FINDERS
from .recipes import RECIPES
from .words import event_choices, named_summaries, short_name

PLACEHOLDERS = tuple(f"{{{{{name}}}}}" for name in VALUES)


class Rows(forms.Field):
    """Rows of the builder, as the list of objects that a rule stores."""

    def __init__(self, keys: tuple[str, ...], blank: str, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.keys, self.blank = keys, blank

    def clean(self, value: Any) -> list[dict[str, Any]]:
        for place, row in enumerate(value, start=1):
            if not row[self.keys[0]]:
                raise forms.ValidationError(self.blank.format(place))
        return [{key: row[key] for key in self.keys if key in row} for row in value]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [{key: row.get(key) for key in self.keys} for row in initial or []] != [
            {key: row.get(key) for key in self.keys} for row in data or []
        ]


class RuleForm(VerbForm):
    called = {"rule_type": "event", "trigger": "event"}

    name = forms.CharField(
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget({"placeholder": "Named after what it does when left empty"}),
    )
    description = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget({"rows": 2}))
    event = forms.ChoiceField(
        label="When", choices=event_choices, widget=UnfoldAdminSelectWidget({"aria-label": "When"})
    )
    condition_match = forms.ChoiceField(
        choices=[(ConditionMatch.ALL, "all of these hold"), (ConditionMatch.ANY, "any of these holds")],
        initial=ConditionMatch.ALL,
        widget=UnfoldAdminSelectWidget({"aria-label": "If"}),
    )
    conditions = Rows(
        ("field", "operator", "value"), "Condition {}: choose what to ask about, or remove it.", widget=ConditionRows
    )
    actions = Rows(("type", "value"), "Action {}: choose what to do, or remove it.", widget=ActionRows)
    is_active = forms.BooleanField(label="Active", required=False, initial=True, widget=UnfoldBooleanSwitchWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.rule_type:
            trigger = self.instance.trigger
            if self.instance.rule_type == RuleType.TICKET_CREATION:
                trigger = Trigger.TICKET_CREATED
            self.initial["event"] = f"{self.instance.rule_type}:{trigger}"

    def _post_clean(self) -> None:
        super()._post_clean()
        if "_rows" in self.data:
            self.add_error(None, "The rows are changed. Nothing is saved yet.")


def values_of(form_values: dict[str, Any]) -> dict[str, Any]:
    """What the verbs take, of what the form says."""
    values = dict(form_values)
    if "event" in values:
        values["rule_type"], _, values["trigger"] = values.pop("event").partition(":")
    return values


@admin.register(AutomationRule)
class AutomationRules(OrderedPages):
    title = "Automation rules"
    add_title = "Create rule"
    empty_icon = "bolt"
    empty_title = "Nothing happens by itself yet"
    empty_text = (
        "A rule does something when something happens to a ticket: it sets a priority, picks a group, replies, "
        "or mails. Begin with one of these, or build your own."
    )
    removal = "The rule stops at once. What it did stays, and so does its explanation on the tickets."

    form = RuleForm
    fields = ("name", "description", "event", "condition_match", "conditions", "actions", "is_active")
    change_form_template = "admin/automation/rule.html"
    change_list_template = "admin/automation/rule_list.html"
    row_template = "admin/automation/rule_row.html"
    search_fields = ("name", "description")
    list_filter = ("is_active", "rule_type")

    class Media:
        js = ("admin/order.js", "admin/find.js", forms.Script("admin/builder.js", type="module"))

    # --- Verbs ---

    def create(self, request: HttpRequest, values: dict[str, Any]) -> AutomationRule:
        asked = values_of(values)
        asked["name"] = asked["name"].strip() or short_name(asked)
        last = AutomationRule.objects.order_by("-order").values_list("order", flat=True).first()
        asked["order"] = 0 if last is None else min(last + services.ORDER_STEP, services.MAX_ORDER)
        return services.create_rule(actor=request.user, **asked)  # type: ignore[arg-type]

    def change(self, request: HttpRequest, row: AutomationRule, values: dict[str, Any]) -> AutomationRule:
        asked = values_of(values)
        if "name" in asked and not asked["name"].strip():
            now = {"conditions": row.conditions, "actions": row.actions, "condition_match": row.condition_match}
            asked["name"] = short_name({**now, **asked})
        return services.update_rule(row, actor=request.user, **asked)  # type: ignore[arg-type]

    def remove(self, request: HttpRequest, row: AutomationRule) -> None:
        services.delete_rule(row, actor=request.user)  # type: ignore[arg-type]

    def reorder(self, request: HttpRequest, keys: Sequence[UUID]) -> None:
        services.order_rules(keys, actor=request.user)  # type: ignore[arg-type]

    @posted("Switch off", icon="pause")
    def switch_off(self, request: HttpRequest, rule: AutomationRule) -> None:
        services.update_rule(rule, actor=request.user, is_active=False)  # type: ignore[arg-type]
        self.message_user(request, f"“{rule}” is switched off.", messages.SUCCESS)

    @posted("Switch on", icon="play_arrow")
    def switch_on(self, request: HttpRequest, rule: AutomationRule) -> None:
        services.update_rule(rule, actor=request.user, is_active=True)  # type: ignore[arg-type]
        self.message_user(request, f"“{rule}” is switched on.", messages.SUCCESS)

    # --- The list ---

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(runs=executions(), last_run=last_execution())

    def told(self, request: HttpRequest, rows: Sequence[AutomationRule]) -> list[Any]:
        return named_summaries(rows)

    def row_buttons(self, request: HttpRequest, row: AutomationRule) -> list[Any]:
        return [button(self, "switch_off" if row.is_active else "switch_on", row)]

    def buttons(self, request: HttpRequest, row: AutomationRule) -> Iterable[str]:
        return ("switch_off",) if row.is_active else ("switch_on",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"recipes": RECIPES, **(extra_context or {})})

    # --- The page of a rule ---

    def around(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        return {**super().around(request, object_id), "placeholders": PLACEHOLDERS, "recipes": RECIPES}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return next((recipe.initial for recipe in RECIPES if recipe.key == request.GET.get("recipe")), {})

    # --- What the builder asks for; nothing here changes anything ---

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("rows/", wrap(self.rows_view), name="automation_automationrule_rows"),
            path("try/", wrap(self.try_view), name="automation_automationrule_try"),
            path("find/", wrap(self.find_view), name="automation_automationrule_find"),
            path("<path:object_id>/runs/", wrap(self.runs_view), name="automation_automationrule_runs"),
            *super().get_urls(),
        ]

    def posted_form(self, request: HttpRequest) -> Any:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self.get_form(request)(request.POST)

    def rows_view(self, request: HttpRequest) -> HttpResponse:
        """The builder anew, after a row was added, moved or given another field."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = self.posted_form(request)
        return TemplateResponse(
            request, "admin/automation/builder.html", {"form": form, "placeholders": PLACEHOLDERS, "quiet": True}
        )

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """What the rule as it stands on the page would have done."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = self.posted_form(request)
        days = int(found[0]) if (found := re.match(r"[1-9]\d{0,2}$", request.POST.get("days", ""))) else 30
        context = trials.tried(form, values_of, min(days, 365), actor=request.user)  # type: ignore[arg-type]
        return TemplateResponse(request, "admin/automation/trial.html", context)

    def find_view(self, request: HttpRequest) -> JsonResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        finder = FINDERS.get(request.GET.get("of", ""))
        if finder is None:
            raise Http404
        return JsonResponse({"found": finder(request.GET.get("q", "").strip()[:100])})

    def runs_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The times that the rule was asked, with each condition's actual value."""
        rule = self.get_object(request, object_id)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if rule is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Runs",
            "rule": rule,
            "crumbs_between": [
                {"title": rule.name, "link": reverse("admin:automation_automationrule_change", args=[rule.pk])}
            ],
            **trials.runs_of(rule, request.GET),
        }
        return TemplateResponse(request, "admin/automation/runs.html", context)
