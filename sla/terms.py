"""The promises in force and their calendars, as every write of a ticket needs them.

The policies are one short question each time, so that a change acts on the very next request wherever it was made.
Calendars cost more to work out and are kept in memory under their revision, which the same question brings along.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any
from uuid import UUID

from django.db.models import F

from helpdesk.api.reads import Statement, compiled
from helpdesk.api.serializers import Column

from .arithmetic import Calendar
from .models import BusinessHours, Clock, SlaPolicy

MAX_CALENDARS = 200


@dataclass(frozen=True)
class Terms:
    """What a policy promises."""

    policy_id: UUID | None
    name: str
    priority: str
    first_response_time: int  # minutes
    resolution_time: int  # minutes
    business_hours_id: UUID | None
    revision: UUID | None  # of the business hours, where it is known


def in_force() -> dict[str, Terms]:
    """The policy that applies to each priority: the newest of the active ones."""
    found: dict[str, Terms] = {}
    for row in compiled.get("sla policies in force", compile_statement).fetch({}):
        found.setdefault(row["priority"], Terms(**row))
    return found


def compile_statement() -> Statement:
    columns = [
        Column("policy_id", F("id"), as_id),
        *(Column(name, F(name), None) for name in ("name", "priority", "first_response_time", "resolution_time")),
        Column("business_hours_id", F("business_hours_id"), as_id),
        Column("revision", F("business_hours__revision"), as_id),
    ]
    return Statement(SlaPolicy.objects.filter(is_active=True).order_by("-created_at", "-id"), columns)


def as_id(value: Any) -> UUID:
    """SQLite hands out plain text."""
    return value if isinstance(value, UUID) else UUID(value)


def of_policy(policy: SlaPolicy) -> Terms:
    return Terms(
        policy_id=policy.pk,
        name=policy.name,
        priority=policy.priority,
        first_response_time=policy.first_response_time,
        resolution_time=policy.resolution_time,
        business_hours_id=policy.business_hours_id,
        revision=None,
    )


def of_clock(clock: Clock, priority: str) -> Terms:
    """What a ticket was promised when its clock was last set."""
    return Terms(
        policy_id=clock.policy_id,
        name=clock.policy_name,
        priority=priority,
        first_response_time=clock.first_response_time,
        resolution_time=clock.resolution_time,
        business_hours_id=clock.business_hours_id,
        revision=None,
    )


# --- Calendars ----------------------------------------------------------------------------------------

Calendars = dict[UUID | None, Calendar | None]  # by business hours; those of None are always open
_known: OrderedDict[UUID, Calendar] = OrderedDict()  # by revision
_lock = Lock()


def calendars_of(wanted: Iterable[Terms]) -> Calendars:
    """The calendars that some terms refer to."""
    found: Calendars = {None: None}
    missing = set()
    for terms in wanted:
        if terms.business_hours_id not in found:
            known = _known.get(terms.revision) if terms.revision else None
            if known:
                found[terms.business_hours_id] = known
            else:
                missing.add(terms.business_hours_id)
    for key, calendar in load(missing - found.keys()).items() if missing else ():
        found[key] = calendar
    # Hours that were deleted just now leave their tickets to the clock on the wall.
    return found | dict.fromkeys(missing - found.keys())


def load(keys: Iterable[UUID | None]) -> dict[UUID, Calendar]:
    """Calendars from the database, each with its holidays as of one moment."""
    hours: dict[UUID, tuple[Any, ...]] = {}
    closed: dict[UUID, list[date]] = {}
    rows = BusinessHours.objects.filter(pk__in=[key for key in keys if key]).order_by()
    for key, *rest, holiday in rows.values_list("pk", "revision", "timezone", "schedule", "holidays__date"):
        hours[key] = tuple(rest)
        closed.setdefault(key, []).extend([holiday] if holiday else [])
    found = {}
    for key, (revision, zone, schedule) in hours.items():
        found[key] = _known.get(revision) or Calendar.of(zone, schedule, closed[key])
        with _lock:
            _known[revision] = found[key]
            while len(_known) > MAX_CALENDARS:
                _known.popitem(last=False)
    return found
