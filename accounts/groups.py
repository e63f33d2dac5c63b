"""The verbs of agent groups."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from audit.services import record_change, record_creation, record_deletion, snapshot
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction

from .models import AgentGroup, AssignmentMethod, GroupMember, User
from .signals import group_deleting


@in_one_transaction
def create_group(*, actor: User | None, name: str, **values: Any) -> AgentGroup:
    group = save(AgentGroup(id=new_id(), created_at=timezone.now()), {"name": name, **values})
    record_creation(group, actor=actor)
    return group


@in_one_transaction
def update_group(group: AgentGroup | UUID, *, actor: User | None, **values: Any) -> AgentGroup:
    key = group.pk if isinstance(group, AgentGroup) else group
    locked = AgentGroup.objects.select_for_update(no_key=True).filter(pk=key).first()
    if locked is None:
        raise NotFound("This group does not exist.")
    before = snapshot(locked)
    save(locked, values)
    record_change(locked, before, actor=actor)
    return locked


def save(group: AgentGroup, values: dict[str, Any]) -> AgentGroup:
    if "name" in values:
        values["name"] = values["name"].strip()
    for name, value in values.items():
        setattr(group, name, value)
    if group.assignment_method not in AssignmentMethod.values:
        raise Invalid(assignment_method=f"Must be one of: {', '.join(AssignmentMethod.values)}.")
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError:
        raise Invalid(name="Another group has this name.") from None
    return group


@in_one_transaction
def delete_group(group: AgentGroup | UUID, *, actor: User | None) -> None:
    """Drop a group; its tickets stay, without a group."""
    key = group.pk if isinstance(group, AgentGroup) else group
    locked = AgentGroup.objects.select_for_update().filter(pk=key).first()
    if locked is None:
        raise NotFound("This group does not exist.")
    group_deleting.send(AgentGroup, group=locked, actor=actor)
    record_deletion(locked, actor=actor)
    locked.delete()


@in_one_transaction
def add_member(group: AgentGroup | UUID, *, actor: User | None, user_id: UUID, is_leader: bool = False) -> GroupMember:
    """Make an agent a member; raises Invalid for anybody who is no staff, Conflict when they are in already."""
    key = group.pk if isinstance(group, AgentGroup) else group
    user = User.objects.staff().filter(pk=user_id).first()
    if user is None:
        raise Invalid(user_id="No active agent or admin has this id.")
    joined = AgentGroup.objects.filter(pk=key).first()
    if joined is None:
        raise NotFound("This group does not exist.")
    member = GroupMember(id=new_id(), group=joined, user=user, is_leader=is_leader, created_at=timezone.now())
    try:
        with transaction.atomic():
            member.save(force_insert=True)
    except IntegrityError:
        raise Conflict("This agent is a member already.") from None
    record_creation(member, actor=actor)
    return member


@in_one_transaction
def remove_member(group: AgentGroup | UUID, *, actor: User | None, member_or_user_id: UUID) -> None:
    """End a membership, named by its own id or by the member's."""
    key = group.pk if isinstance(group, AgentGroup) else group
    named = Q(pk=member_or_user_id) | Q(user_id=member_or_user_id)
    members = GroupMember.objects.select_for_update(of=("self",)).select_related("group", "user")
    member = members.filter(named, group_id=key).first()
    if member is None:
        raise NotFound("This membership does not exist.")
    record_deletion(member, actor=actor)
    member.delete()
