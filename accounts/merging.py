"""Two contacts that are one person become one: the other keeps nothing but its address, by which it is found."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from audit.models import Action
from audit.services import record, record_change, snapshot
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.json_values import same
from helpdesk.tags import MAX_TAGS
from helpdesk.transactions import Lock, in_one_transaction, take

from . import avatar_files
from .models import GroupMember, Role, User
from .services import require_global_scope
from .sessions import end_other_sessions
from .signals import contacts_merging, user_saved

# What the kept contact takes over where it has nothing.
FILLED = ("phone", "avatar_url", "company_id")
LATECOMERS = timedelta(hours=1)


@in_one_transaction
def merge_contacts(kept: User | UUID, *, merged_id: UUID, actor: User | None) -> User:
    """Move everything of one contact to the other: tickets, replies, files, surveys, feedback.

    The kept one keeps its own name, address, account and values, and takes over the tags and what it has no value
    for. The merged one cannot sign in or be changed any more; its address leads to the kept one from then on.
    Agents who do not see all tickets merge nobody: they could read on in a mailbox of their own.
    """
    require_global_scope(actor)
    kept_id = kept.pk if isinstance(kept, User) else kept
    if kept_id == merged_id:
        raise Invalid("A contact cannot be merged with itself.")
    take(Lock.MERGES)
    kept, merged = locked_pair(kept_id, merged_id)
    for contact in (kept, merged):
        require_mergeable(contact)
    now = timezone.now()
    before, lost = snapshot(kept), snapshot(merged)
    changes = take_over(kept, merged, now)
    retire(merged, kept, now)
    User.objects.filter(merged_into=merged).update(merged_into=kept)
    move(kept, merged)
    for contact, values in ((kept, before), (merged, lost)):
        record_change(contact, values, actor=actor)
    # No names: that there was a merge outlives the person.
    record(kept, Action.MERGED, actor=actor, changes={"merged_contact": [str(merged.pk), None]})
    user_saved.send(User, user=kept, actor=actor, created=False, changes=changes)
    user_saved.send(User, user=merged, actor=actor, created=False, changes={"is_active": (True, False)})
    return kept


def follow_latecomers(now: datetime) -> None:
    """Move what came to merged contacts at the very moment of the merge: it was begun before, and committed after."""
    recent = User.objects.filter(merged_into__isnull=False, updated_at__gte=now - LATECOMERS)
    for merged in recent.select_related("merged_into").order_by("pk"):
        with transaction.atomic():
            move(merged.merged_into, merged)


# --- What the verbs are made of -----------------------------------------------------------------------


def locked_pair(kept_id: UUID, merged_id: UUID) -> tuple[User, User]:
    """Both, locked in one order everywhere, so that two merges wait for each other instead of failing."""
    rows = User.objects.select_for_update().filter(pk__in=[kept_id, merged_id]).order_by("pk")
    found = {user.pk: user for user in rows}
    if len(found) < 2:
        raise NotFound("This contact does not exist.")
    return found[kept_id], found[merged_id]


def require_mergeable(contact: User) -> None:
    if contact.role != Role.CUSTOMER:
        raise Conflict("Only contacts can be merged, not agents or admins.")
    if contact.erased_at is not None:
        raise Conflict("This person has been erased.")
    if contact.merged_into_id is not None:
        raise Conflict("This contact has been merged with another one already.")


def take_over(kept: User, merged: User, now: datetime) -> dict[str, tuple[Any, Any]]:
    wanted: dict[str, Any] = {
        name: getattr(merged, name) for name in FILLED if not getattr(kept, name) and getattr(merged, name)
    }
    wanted["tags"] = list(dict.fromkeys([*kept.tags, *merged.tags]))[:MAX_TAGS]
    present = {name: value for name, value in kept.custom_fields.items() if value not in (None, "", [])}
    wanted["custom_fields"] = {**kept.custom_fields, **merged.custom_fields, **present}
    changes = {name: (old, new) for name, new in wanted.items() if not same(old := getattr(kept, name), new)}
    for name, (_, new) in changes.items():
        setattr(kept, name, new)
    kept.updated_at = max(now, kept.updated_at)
    kept.save(update_fields=[*changes, "updated_at"])
    return changes


def retire(merged: User, kept: User, now: datetime) -> None:
    """No password and no session; nothing that the kept one has now."""
    merged.merged_into = kept
    merged.is_active = False
    merged.password = make_password(None)
    merged.email_verified_at = merged.claimed_at = None
    merged.claimed_name = ""
    if merged.avatar_url != kept.avatar_url:
        avatar_files.discard(merged.avatar_url)
    merged.phone = merged.avatar_url = merged.company_id = None
    merged.tags, merged.custom_fields = [], {}
    merged.updated_at = max(now, merged.updated_at)
    merged.save()
    end_other_sessions(merged)


def move(kept: User, merged: User) -> None:
    """Hand over whatever refers to the merged contact; what has been moved is left alone."""
    groups = GroupMember.objects.filter(user=kept).values("group")
    GroupMember.objects.filter(user=merged).exclude(group__in=groups).update(user=kept)
    GroupMember.objects.filter(user=merged).delete()
    contacts_merging.send(User, kept=kept, merged=merged)
