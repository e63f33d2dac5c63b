"""People > Agents: who works here, what they may do, and how much they have on their hands."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.invitations import invite
from accounts.models import STAFF_ROLES, Role, TicketScope, User
from accounts.portal_accounts import free_username, username_stem
from accounts.services import create_user, update_user
from accounts.two_factor import reset
from helpdesk.admin_pages import VerbForm, VerbPages, Who, ago, badge, posted
from people.models import Agent

from .around import counted_open

SCOPES = {
    TicketScope.GLOBAL: "All tickets",
    TicketScope.GROUP: "Their groups' and their own",
    TicketScope.RESTRICTED: "Only their own",
}


class AgentForm(VerbForm):
    name = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    email = forms.CharField(label="Email", max_length=254, widget=UnfoldAdminEmailInputWidget)
    username = forms.CharField(
        max_length=150,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Without spaces; made from the address when left empty.",
    )
    phone = forms.CharField(max_length=50, required=False, empty_value=None, widget=UnfoldAdminTextInputWidget)
    role = forms.ChoiceField(
        choices=[(Role.AGENT, "Agent"), (Role.ADMIN, "Admin")],
        widget=UnfoldAdminSelectWidget,
        help_text="Admins change settings and accounts, agents do not.",
    )
    ticket_scope = forms.ChoiceField(
        label="Sees",
        choices=SCOPES.items(),
        widget=UnfoldAdminSelectWidget,
        help_text="Which tickets an agent sees. Admins see all.",
    )
    password = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}, render_value=False),
        help_text="At least six characters. Left empty, nothing changes; a new agent is mailed a link to choose one.",
    )

    class Meta:
        model = Agent
        fields = ["is_away", "is_active"]
        labels = {"is_away": "Away", "is_active": "Works here"}
        help_texts = {
            "is_away": "Nothing is assigned to them automatically.",
            "is_active": "Switched off, they are signed out, cannot sign in, and their API keys are closed.",
        }


@admin.register(Agent)
class Agents(VerbPages):
    removed_by = Who.NOBODY
    pressed_by = Who.ADMINS
    title = "Agents"
    add_title = "New agent"
    save_label = "Create agent"
    empty_value_display = "–"
    empty_icon = "support_agent"
    empty_title = "Nobody works here yet"
    empty_text = "Agents answer tickets; admins also change settings."

    form = AgentForm
    fieldsets = (
        (None, {"fields": ("name", "email", "username", "phone")}),
        ("What they may do", {"fields": ("role", "ticket_scope", "is_active", "is_away")}),
        ("Signing in", {"fields": ("password",)}),
    )
    list_display = ("person", "shown_role", "scope", "teams", "load", "two_factor", "seen", "state")
    list_display_links = ("person",)
    list_filter = ("role", "is_active", "is_away")
    search_fields = ("name", "email_key", "username")
    ordering = ("-is_active", "name", "id")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).filter(role__in=STAFF_ROLES)
        return counted_open(rows, request, "assignee").prefetch_related("memberships__group")

    @display(description="Name", ordering="name")
    def person(self, agent: Agent) -> str:
        return format_html('<span class="hd-two"><strong>{}</strong><small>{}</small></span>', agent.name, agent.email)

    @display(description="Role", ordering="role")
    def shown_role(self, agent: Agent) -> str:
        return badge(agent.get_role_display(), "violet" if agent.role == Role.ADMIN else "blue")

    @display(description="Sees", ordering="ticket_scope")
    def scope(self, agent: Agent) -> str:
        return SCOPES[TicketScope.GLOBAL if agent.role == Role.ADMIN else TicketScope(agent.ticket_scope)]

    @display(description="Groups")
    def teams(self, agent: Agent) -> str:
        return ", ".join(sorted(one.group.name for one in agent.memberships.all())) or "–"

    @display(description="Open tickets", ordering="open_tickets")
    def load(self, agent: Any) -> str:
        address = f"{reverse('admin:queue')}?view=all&assigneeId={agent.pk}&status=open,pending,in_progress"
        return format_html('<a class="hd-link" href="{}">{}</a>', address, agent.open_tickets)

    @display(description="Two-factor")
    def two_factor(self, agent: Agent) -> str:
        return badge("On", "green") if agent.two_factor_at else badge("Off")

    @display(description="Last sign-in", ordering="last_login")
    def seen(self, agent: Agent) -> str:
        return ago(agent.last_login)

    @display(description="State")
    def state(self, agent: Agent) -> str:
        if not agent.is_active:
            return badge("Deactivated", "red")
        return badge("Away", "amber") if agent.is_away else badge("Active", "green")

    def create(self, request: HttpRequest, values: dict[str, Any]) -> User:
        values["password"] = values["password"] or None
        values["username"] = values["username"] or free_username(username_stem(values["email"].partition("@")[0]))
        made = create_user(actor=request.user, **values)  # type: ignore[arg-type]
        if values["password"] is None and made.is_active:
            invite(made, actor=request.user)  # type: ignore[arg-type]
            self.message_user(request, f"A link to choose a password is on its way to {made.email}.", messages.SUCCESS)
        return Agent.objects.get(pk=made.pk)

    def change(self, request: HttpRequest, row: User, values: dict[str, Any]) -> User:
        update_user(row.pk, actor=request.user, in_person=True, **values)  # type: ignore[arg-type]
        return Agent.objects.get(pk=row.pk)

    def buttons(self, request: HttpRequest, row: User) -> Iterable[str]:
        if row.pk == request.user.pk:
            return ()
        return (*(("mail_link",) if row.is_active else ()), *(("reset_two_factor",) if row.two_factor_at else ()))

    @posted("Mail a link to set a password", icon="forward_to_inbox")
    def mail_link(self, request: HttpRequest, agent: User) -> HttpResponse:
        invite(agent, actor=request.user)  # type: ignore[arg-type]
        self.message_user(request, f"A link to set a password is on its way to {agent.email}.", messages.SUCCESS)
        return redirect(reverse("admin:people_agent_change", args=[agent.pk]))

    @posted(
        "Reset two-factor login",
        icon="phonelink_erase",
        variant="danger",
        confirm="Reset their second factor? They are signed out, and sign in with the password alone until they set up "
        "a new one. Make sure that it is really them who asks.",
    )
    def reset_two_factor(self, request: HttpRequest, agent: User) -> HttpResponse:
        reset(agent, actor=request.user)  # type: ignore[arg-type]
        self.message_user(request, f"The second factor of {agent.name} is gone.", messages.SUCCESS)
        return redirect(reverse("admin:people_agent_change", args=[agent.pk]))
