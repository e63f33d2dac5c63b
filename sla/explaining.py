"""How the deadlines of a ticket come about, for people who ask."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from tickets.models import DONE_STATUSES, Ticket

from .arithmetic import Calendar, openings
from .clocks import history_of, worked_out
from .models import BusinessHours, Clock
from .reckoning import RUNNING, Stretch, Target, stretches
from .terms import Terms, calendars_of, in_force, of_clock

MAX_SEGMENTS = 200  # per target, the latest ones
WINDOW = timedelta(weeks=8)
NOTHING: dict[str, Any] = {
    "target_minutes": None,
    "deadline": None,
    "elapsed_minutes": None,
    "remaining_minutes": None,
    "state": "none",
    "met_at": None,
    "segments": [],
    "has_earlier_segments": False,
}

Segment = tuple[datetime, datetime, str]


def explain(ticket: Ticket, *, now: datetime) -> dict[str, Any]:
    """Which policy and calendar measure a ticket, and how its time has gone by."""
    terms = terms_of(ticket)
    shown: dict[str, Any] = {"ticket_id": ticket.pk, "priority": ticket.priority, "status": ticket.status}
    if terms is None:
        return shown | {"policy": None, "business_hours": None, "first_response": NOTHING, "resolution": NOTHING}
    calendar = calendars_of([terms])[terms.revision]
    steps = history_of([ticket.pk]).get(ticket.pk, [])
    life = stretches(ticket.created_at, ticket.status, steps)
    found = worked_out(ticket, terms, calendar, steps)
    hours = BusinessHours.objects.filter(pk=terms.business_hours_id).first() if terms.business_hours_id else None
    return shown | {
        "policy": {"id": terms.policy_id, "name": terms.name},
        "business_hours": {"id": hours.pk, "name": hours.name, "timezone": hours.timezone} if hours else None,
        "first_response": explained(found.first_response, life, now),
        "resolution": explained(found.resolution, life, now),
    }


def terms_of(ticket: Ticket) -> Terms | None:
    """What the ticket is measured by: in force now, or once it is done, as it was then."""
    if ticket.status in DONE_STATUSES:
        clock = Clock.objects.filter(pk=ticket.pk).first()
        return of_clock(clock, ticket.priority) if clock else None
    return in_force().get(ticket.priority)


def explained(target: Target, life: Sequence[Stretch], now: datetime) -> dict[str, Any]:
    end = target.stopped_at or max(now, life[0].begin)
    used = target.used(now)
    segments, has_earlier = latest_segments(target.calendar, life, end)
    return {
        "target_minutes": int(target.amount / timedelta(minutes=1)),
        "deadline": target.deadline,
        "elapsed_minutes": minutes(used),
        "remaining_minutes": minutes(max(target.amount - used, timedelta())),
        "state": target.state(now),
        "met_at": target.met_at,
        "segments": [
            {"from_": begin, "to": close, "kind": kind, "minutes": minutes(close - begin)}
            for begin, close, kind in segments
        ],
        "has_earlier_segments": has_earlier,
    }


def minutes(length: timedelta) -> float:
    return round(length.total_seconds() / 60, 2)


def latest_segments(calendar: Calendar | None, life: Sequence[Stretch], end: datetime) -> tuple[list[Segment], bool]:
    """The last segments until a moment, oldest first, and whether there were more.

    They are worked out from the end backwards, a few weeks at a time, so that old tickets cost no more than others.
    """
    begin, close = life[0].begin, end
    found: list[Segment] = []
    while close > begin and len(found) <= MAX_SEGMENTS:
        start = max(begin, close - WINDOW)
        found = joined([*segments(calendar, life, start, close), *found])
        close = start
    return found[-MAX_SEGMENTS:], close > begin or len(found) > MAX_SEGMENTS


def segments(calendar: Calendar | None, life: Sequence[Stretch], start: datetime, end: datetime) -> Iterator[Segment]:
    """What the clock did from one moment to another."""
    for status, begin, close in life:
        first, last = max(begin, start), min(close or end, end)
        if first >= last:
            continue
        if status not in RUNNING:
            yield first, last, "paused"
            continue
        at = first
        for opening, closing in openings(calendar, first, last):
            if at < opening:
                yield at, opening, "closed_hours"
            yield opening, closing, "running"
            at = closing
        if at < last:
            yield at, last, "closed_hours"


def joined(found: Sequence[Segment]) -> list[Segment]:
    """With neighbours of the same kind made one."""
    kept: list[Segment] = []
    for begin, close, kind in found:
        if kept and kept[-1][1] == begin and kept[-1][2] == kind:
            kept[-1] = kept[-1][0], close, kind
        else:
            kept.append((begin, close, kind))
    return kept
