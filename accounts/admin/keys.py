"""Settings > API Keys: making a key, seeing it once, and closing it for good."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.keys import DEFAULT_SCOPES, MAX_NAME_LENGTH, issue_api_key, revoke_api_key
from accounts.models import ApiKey
from helpdesk.admin_pages import VerbForm, VerbPages, Who, ago, badge, posted, shown
from helpdesk.admin_pages.posting import button

SCOPES = {
    "tickets:read": "Read tickets, replies, notes and reports",
    "tickets:write": "Create, change and delete tickets, replies and notes",
    "users:read": "Read contacts, agents and companies",
    "users:write": "Create and change contacts and companies",
    "kb:read": "Read the knowledge base, drafts included",
    "kb:write": "Write articles, categories and folders",
}
LIFETIMES = {"30": "In 30 days", "90": "In 90 days", "365": "In a year", "": "Never"}


class NewKeyForm(VerbForm):
    called = {"expires_at": "expires_on"}

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        widget=UnfoldAdminTextInputWidget({"autofocus": True, "placeholder": "Website contact form"}),
        help_text="What the key is for, so that you know later what stops when you revoke it.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope} – {words}") for scope, words in SCOPES.items()],
        initial=DEFAULT_SCOPES,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "Choose at least one scope."},
        help_text="What the key may do. It never may do more than the admin who owns it: you.",
    )
    lifetime = forms.ChoiceField(
        label="Expires",
        choices=LIFETIMES.items(),
        initial="365",
        required=False,
        widget=UnfoldAdminRadioSelectWidget,
    )
    expires_on = forms.DateField(
        label="Or after this day",
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text="The key works until the end of this day. Leave it empty to use the choice above.",
    )


def expiry(values: dict[str, Any]) -> datetime | None:
    if day := values["expires_on"]:
        if day == date.max:  # how some write "never"; no day follows it
            return None
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    return timezone.now() + timedelta(days=int(values["lifetime"])) if values["lifetime"] else None


class State(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("usable", "Works"), ("closed", "Revoked or expired")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        now = timezone.now()
        if self.value() == "usable":
            return ApiKey.objects.usable(now) & queryset
        if self.value() == "closed":
            return queryset.filter(Q(is_active=False) | Q(expires_at__lte=now))
        return queryset


@admin.register(ApiKey)
class ApiKeys(VerbPages):
    changed_by = removed_by = Who.NOBODY
    pressed_by = Who.ADMINS
    title = "API Keys"
    add_title = "Create New Key"
    empty_icon = "key"
    empty_title = "No API keys yet"
    empty_text = "A key lets another program file and read tickets here: a website, a shop, a script. It is shown once."

    form = NewKeyForm
    add_fieldsets = ((None, {"fields": ("name", "scopes", "lifetime", "expires_on")}),)
    fields = ("name", "beginning", "state", "allowed", "owner", "used", "expires", "made")
    list_display = ("name", "beginning", "allowed", "owner", "used", "expires", "state", "revoking")
    list_select_related = ("owner",)
    list_filter = (State,)
    search_fields = ("name", "key_prefix", "owner__name")
    ordering = ("-is_active", "name", "id")
    actions = None

    @display(description="Key")
    def beginning(self, key: ApiKey) -> str:
        return f"{key.key_prefix}…"

    @display(description="Scopes")
    def allowed(self, key: ApiKey) -> str:
        return format_html_join(" ", "{}", ((badge(scope),) for scope in key.scopes))

    @display(description="Last used", ordering="last_used_at")
    def used(self, key: ApiKey) -> str:
        return ago(key.last_used_at)

    @display(description="Expires", ordering="expires_at")
    def expires(self, key: ApiKey) -> str:
        return f"{timezone.localtime(key.expires_at):%-d %B %Y, %H:%M}" if key.expires_at else "Never"

    @display(description="Created")
    def made(self, key: ApiKey) -> str:
        return shown(key.created_at)

    @display(description="State")
    def state(self, key: ApiKey) -> str:
        if not key.is_active:
            return badge("Revoked", "red")
        if key.expires_at and key.expires_at <= timezone.now():
            return badge("Expired", "amber")
        if not key.owner.is_staff:
            return badge("Owner left", "amber")
        return badge("Works", "green")

    @display(description="")
    def revoking(self, key: ApiKey) -> str:
        return button(self, "revoke", key) if key.is_active else ""

    def buttons(self, request: HttpRequest, row: ApiKey) -> Iterable[str]:
        return ("revoke",) if row.is_active else ()

    def create(self, request: HttpRequest, values: dict[str, Any]) -> ApiKey:
        key, request.secret = issue_api_key(  # type: ignore[attr-defined]
            owner=request.user,  # type: ignore[arg-type]
            actor=request.user,  # type: ignore[arg-type]
            name=values["name"],
            scopes=values["scopes"],
            expires_at=expiry(values),
        )
        return key

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The secret stands in this one answer alone: in no message, no session and no history of the browser."""
        context = {
            **self.admin_site.each_context(request),
            "title": self.add_title,
            "key": obj,
            "secret": request.secret,  # type: ignore[attr-defined]
            "address": request.build_absolute_uri("/api/tickets?limit=3"),
        }
        return TemplateResponse(request, "admin/accounts/key_issued.html", context)

    @posted(
        "Revoke",
        icon="block",
        variant="danger",
        confirm="Revoke this key? Whatever uses it is refused from now on. A revoked key cannot be opened again.",
    )
    def revoke(self, request: HttpRequest, key: ApiKey) -> None:
        revoke_api_key(key.pk, actor=request.user)  # type: ignore[arg-type]
        self.message_user(request, f"The key “{key.name}” is revoked.", messages.SUCCESS)
