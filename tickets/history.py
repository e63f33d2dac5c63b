"""How changes of a ticket read in its history."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from helpdesk.api.inserts import Insertion
from helpdesk.ids import new_id
from helpdesk.json_values import same

from .models import Action, Activity, Ticket

insertion = Insertion(Activity)

Changes = dict[str, tuple[Any, Any]]


MERGED_INTO = re.compile(r"into #(\d{1,18})")


def merged_into(number: int) -> str:
    """How the history of a ticket says where it went; see MERGED_INTO."""
    return f"into #{number}"


def merged_from(number: int) -> str:
    """How the note begins that says what a merged ticket was about."""
    return f"Merged from #{number}"


def plain(value: Any) -> str | None:
    return None if value is None else str(value)


def moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None


def words(value: list[str]) -> str | None:
    return ", ".join(value) or None


# Each recorded field: the action it is logged as, and how its value is written.
RECORDED = {
    "status": (Action.STATUS_CHANGED, plain),
    "priority": (Action.PRIORITY_CHANGED, plain),
    "assignee_id": (Action.ASSIGNED, plain),
    "group_id": (Action.GROUP_CHANGED, plain),
    "category": (Action.CATEGORY_CHANGED, plain),
    "subject": (Action.SUBJECT_CHANGED, plain),
    "description": (Action.DESCRIPTION_CHANGED, plain),
    "tags": (Action.TAGS_CHANGED, words),
    "due_date": (Action.DUE_DATE_CHANGED, moment),
}


def lines(changes: Changes) -> Iterator[tuple[Action, str | None, str | None]]:
    """One (action, old, new) for every change that belongs into the history."""
    for name, (action, write) in RECORDED.items():
        if name in changes:
            old, new = changes[name]
            yield action, write(old), write(new)
    if "custom_fields" in changes:
        yield from custom_field_lines(*changes["custom_fields"])


def custom_field_lines(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[Action, str | None, str | None]]:
    for name in sorted(old.keys() | new.keys()):
        if not same(old.get(name), new.get(name)):
            yield Action.CUSTOM_FIELD_CHANGED, named(name, old.get(name)), named(name, new.get(name))


def named(name: str, value: Any) -> str | None:
    if value is None:
        return None
    return f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"


def activity(
    ticket: Ticket | UUID, action: Action, *, actor: User | UUID | None, now: datetime, old: Any = None, new: Any = None
) -> Activity:
    """An unsaved line of history."""
    return Activity(
        id=new_id(),
        ticket_id=ticket.pk if isinstance(ticket, Ticket) else ticket,
        user_id=actor.pk if isinstance(actor, User) else actor,
        action=action,
        old_value=plain(old),
        new_value=plain(new),
        created_at=now,
    )


def record(ticket: Ticket, action: Action, *, actor: User | UUID | None, now: datetime, **values: Any) -> None:
    insertion.add(activity(ticket, action, actor=actor, now=now, **values))


def record_changes(ticket: Ticket, changes: Changes, *, actor: User | UUID | None, now: datetime) -> None:
    Activity.objects.bulk_create(
        activity(ticket, action, actor=actor, now=now, old=old, new=new) for action, old, new in lines(changes)
    )
