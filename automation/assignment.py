"""Who in a group gets the next ticket."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, OrderBy, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import STAFF_ROLES, AgentGroup, AssignmentMethod, GroupMember
from helpdesk.transactions import Lock, take
from tickets.models import WORK, Ticket
from tickets.services import change


def assign_in_group(ticket: Ticket, *, cause: object | None, now: datetime) -> None:
    """Assign a ticket, which this transaction holds, to the member of its group whose turn it is, if there is one."""
    entered = ticket.group_id
    group = AgentGroup.objects.filter(pk=entered, auto_assign=True).first() if entered else None
    if group is None:
        return
    # So that turns and loads are what they seem. The row of the group is no good for that: whoever deletes the group
    # holds it while waiting for tickets.
    take(Lock.ASSIGNMENTS, of=str(group.pk))
    member = NEXT[group.assignment_method](available(group)).first()
    if member is None:
        return
    change(
        ticket, {"assignee_id": member.user_id}, actor=None, cause=cause or group, now=now
    )  # part of the event that brought it here
    latest = GroupMember.objects.filter(group=group).aggregate(at=Max("last_assigned_at"))["at"]
    # Later than every other turn, even where the clocks of two machines disagree.
    turn = max(now, latest + timedelta(microseconds=1)) if latest else now
    GroupMember.objects.filter(pk=member.pk).update(last_assigned_at=turn)


def available(group: AgentGroup) -> QuerySet[GroupMember]:
    """The members who are at work: active agents and admins who are not marked away."""
    return GroupMember.objects.filter(
        group=group, user__is_active=True, user__role__in=STAFF_ROLES, user__is_away=False
    )


def by_turn(members: QuerySet[GroupMember]) -> QuerySet[GroupMember]:
    """Round robin: whoever has waited longest for a ticket of this group; who never got one comes first."""
    return members.order_by(*TURN)


def by_load(members: QuerySet[GroupMember]) -> QuerySet[GroupMember]:
    """Load balanced: whoever has the fewest open tickets, of any group; among equals by turn."""
    # Counted for each member, by the index of what still asks for work: what they have done may be a million tickets.
    work = Ticket.objects.filter(WORK, assignee=OuterRef("user")).order_by().values("assignee")
    load = Subquery(work.annotate(load=Count("*")).values("load"))
    return members.annotate(load=Coalesce(load, 0)).order_by("load", *TURN)


TURN = (OrderBy(F("last_assigned_at"), nulls_first=True), "created_at", "id")
NEXT: dict[str, Callable[[QuerySet[GroupMember]], QuerySet[GroupMember]]] = {
    AssignmentMethod.ROUND_ROBIN: by_turn,
    AssignmentMethod.LOAD_BALANCED: by_load,
}
