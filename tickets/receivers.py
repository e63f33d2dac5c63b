"""What tickets do when something they refer to goes or changes."""

from typing import Any

from django.utils import timezone

from accounts.models import AgentGroup, User

from .history import activity
from .models import Action, Activity, Ticket
from .searching import rename_customer

BATCH = 1000


def leave_group(sender: Any, group: AgentGroup, actor: User | None, **kwargs: Any) -> None:
    """A group is deleted: its tickets lose it, visibly in their history and for whoever asks what changed."""
    now = timezone.now()
    while ids := list(Ticket.objects.filter(group=group).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        Ticket.objects.filter(pk__in=ids).update(group=None, updated_at=now)
        lines = (activity(key, Action.GROUP_CHANGED, actor=actor, now=now, old=group.pk) for key in ids)
        Activity.objects.bulk_create(lines)


def follow_customer(sender: Any, user: User, created: bool, changes: dict[str, Any], **kwargs: Any) -> None:
    """Somebody has another name or address: their tickets are found by it."""
    if not created and not changes.keys().isdisjoint(("name", "email")):
        rename_customer(user)
