"""People > Groups: teams that tickets are handed to, their members and how busy they are."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from accounts import groups
from accounts.models import AgentGroup, GroupMember, User
from helpdesk.admin_pages import VerbForm, VerbPages, Who, badge
from tickets.models import WORK

from .around import counted_open, number_of, visible


class GroupForm(VerbForm):
    description = forms.CharField(required=False, empty_value=None, widget=UnfoldAdminTextareaWidget({"rows": 2}))
    members = forms.ModelMultipleChoiceField(
        queryset=User.objects.staff().order_by("name", "id"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Agents who see only their groups' tickets see those of this one.",
    )

    class Meta:
        model = AgentGroup
        fields = ["name", "auto_assign", "assignment_method"]
        labels = {"auto_assign": "Assign new tickets automatically", "assignment_method": "To whom"}
        help_texts = {
            "auto_assign": "A ticket that enters the group without an assignee gets one.",
            "assignment_method": "Round robin: in turn. Load balanced: to whoever has the fewest open tickets.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance is not None and not instance._state.adding:
            members = list(instance.members.values_list("user", flat=True))
            kwargs["initial"] = {"members": members, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)


@admin.register(AgentGroup)
class Groups(VerbPages):
    pressed_by = Who.ADMINS
    title = "Groups"
    add_title = "New group"
    save_label = "Create group"
    empty_value_display = "–"
    empty_icon = "groups"
    empty_title = "No groups yet"
    empty_text = (
        "A group is a team with a queue of its own: billing, technical, returns. Tickets can be dealt out in it."
    )
    removal = "Its tickets stay, without a group. Its members stay, too."

    form = GroupForm
    fields = ("name", "description", "auto_assign", "assignment_method", "members")
    change_form_after_template = "admin/people/group.html"
    list_display = ("name", "size", "load", "waiting", "dealing", "description")
    search_fields = ("name",)
    ordering = ("name", "id")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = counted_open(super().get_queryset(request), request, "group")
        free = visible(request).unassigned().filter(WORK, group=OuterRef("pk"))
        # Members without a join, which would have the tickets of a group counted once for each of them.
        people = GroupMember.objects.filter(group=OuterRef("pk"))
        return rows.annotate(unassigned=number_of(free, "group"), people=number_of(people, "group"))

    @display(description="Members", ordering="people")
    def size(self, group: Any) -> str:
        return str(group.people)

    @display(description="Open tickets", ordering="open_tickets")
    def load(self, group: Any) -> str:
        return str(group.open_tickets)

    @display(description="Unassigned", ordering="unassigned")
    def waiting(self, group: Any) -> str:
        return badge(str(group.unassigned), "amber") if group.unassigned else "0"

    @display(description="New tickets")
    def dealing(self, group: AgentGroup) -> str:
        return badge(group.get_assignment_method_display(), "green") if group.auto_assign else badge("By hand")

    def create(self, request: HttpRequest, values: dict[str, Any]) -> AgentGroup:
        members = values.pop("members")
        with transaction.atomic():
            group = groups.create_group(actor=request.user, **values)  # type: ignore[arg-type]
            self.keep_members(request, group, {user.pk for user in members})
        return group

    def change(self, request: HttpRequest, row: AgentGroup, values: dict[str, Any]) -> AgentGroup:
        members = values.pop("members", None)
        with transaction.atomic():
            if values:
                groups.update_group(row.pk, actor=request.user, **values)  # type: ignore[arg-type]
            if members is not None:
                self.keep_members(request, row, {user.pk for user in members})
        return row

    def keep_members(self, request: Any, group: AgentGroup, wanted: set[UUID]) -> None:
        # Who is inactive is not on the page and stays in.
        present = set(group.members.filter(user__in=User.objects.staff()).values_list("user", flat=True))
        for user_id in sorted(wanted - present):
            groups.add_member(group, actor=request.user, user_id=user_id)
        for user_id in sorted(present - wanted):
            groups.remove_member(group, actor=request.user, member_or_user_id=user_id)

    def remove(self, request: HttpRequest, row: AgentGroup) -> None:
        groups.delete_group(row.pk, actor=request.user)  # type: ignore[arg-type]

    def around(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        around = super().around(request, object_id)
        group = self.get_object(request, object_id) if object_id else None
        if group is None:
            return around
        people = User.objects.filter(memberships__group=group).order_by("name", "id")
        return {**around, "members": counted_open(people, request, "assignee"), "group": group}
