"""The promises in force and their calendars, as every write of a ticket needs them.

The policies are one short question each time, so that a change acts on the very next request wherever it was made.
Calendars cost more to work out and are kept in memory under their revision, which the same question brings along.
A revision never changes: what business hours were before is kept for tickets that were done by then.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any
from uuid import UUID

from django.db import connection

from helpdesk.remembering import once

from .arithmetic import Calendar
from .models import BusinessHours, Clock, FormerHours, SlaPolicy

MAX_CALENDARS = 200
# The edition and the policies as of one moment; a row without a policy where none is active.
IN_FORCE = """
    SELECT edition.number, policy.priority, policy.id, policy.name, policy.first_response_time, policy.resolution_time,
        hours.id, hours.revision
    FROM (SELECT COALESCE(MAX(number), 0) AS number FROM sla_edition) AS edition
        LEFT JOIN sla_slapolicy AS policy ON policy.is_active
        LEFT JOIN sla_businesshours AS hours ON hours.id = policy.business_hours_id
    ORDER BY policy.created_at DESC, policy.id DESC
"""


@dataclass(frozen=True)
class Terms:
    """What a policy promises."""

    policy_id: UUID | None
    name: str
    priority: str
    first_response_time: int  # minutes
    resolution_time: int  # minutes
    business_hours_id: UUID | None
    revision: UUID | None  # of the business hours


class InForce(dict[str, Terms]):
    """The policy that applies to each priority: the newest of the active ones."""

    edition = 0


@once
def in_force() -> InForce:
    """What is promised now."""
    found = InForce()
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE)
        for found.edition, priority, policy, name, first_response, resolution, hours, revision in cursor.fetchall():
            if priority is not None and priority not in found:
                found[priority] = Terms(
                    as_id(policy), name, priority, first_response, resolution, as_id(hours), as_id(revision)
                )
    return found


def as_id(value: Any) -> UUID | None:
    """SQLite hands out plain text."""
    return UUID(value) if isinstance(value, str) else value


def of_policy(policy: SlaPolicy) -> Terms:
    return Terms(
        policy_id=policy.pk,
        name=policy.name,
        priority=policy.priority,
        first_response_time=policy.first_response_time,
        resolution_time=policy.resolution_time,
        business_hours_id=policy.business_hours_id,
        revision=policy.business_hours.revision if policy.business_hours else None,
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
        revision=clock.hours_revision,
    )


# --- Calendars ----------------------------------------------------------------------------------------

Calendars = dict[UUID | None, Calendar | None]  # by revision; None is always open
_known: OrderedDict[UUID, Calendar] = OrderedDict()
_lock = Lock()


def calendars_of(wanted: Iterable[Terms]) -> Calendars:
    """The calendars that some terms refer to, by their revisions."""
    found: Calendars = {None: None}
    for revision in {terms.revision for terms in wanted if terms.revision}:
        found[revision] = _known.get(revision)
    if missing := [revision for revision, calendar in found.items() if revision and calendar is None]:
        found |= load(missing)
    return found


def load(revisions: Iterable[UUID]) -> Calendars:
    """Calendars from the database: as business hours are, or as they were."""
    kept: dict[UUID, tuple[str, Any, list[date]]] = {}
    rows = BusinessHours.objects.filter(revision__in=revisions).order_by()
    for revision, zone, schedule, holiday in rows.values_list("revision", "timezone", "schedule", "holidays__date"):
        kept.setdefault(revision, (zone, schedule, []))[2].extend([holiday] if holiday else [])
    if former := [revision for revision in revisions if revision not in kept]:
        for hours in FormerHours.objects.filter(pk__in=former):
            kept[hours.pk] = hours.timezone, hours.schedule, [date.fromisoformat(day) for day in hours.holidays]
    found: Calendars = {}
    for revision, values in kept.items():
        found[revision] = calendar = Calendar.of(*values)
        with _lock:
            _known[revision] = calendar
            while len(_known) > MAX_CALENDARS:
                _known.popitem(last=False)
    return found
