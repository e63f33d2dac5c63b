"""What the demo promises its customers, and how each of its tickets is measured by it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

from sla.arithmetic import Calendar
from sla.models import BusinessHours, Holiday, SlaPolicy
from sla.reckoning import Step, stretches, targets
from sla.terms import Terms, calendars_of, in_force

from .ids import id_at, milliseconds, moment_of, text_of
from .rhythm import CLOSES, DAY, DAYS, MINUTE, OPENS
from .writers import Row

CLOCK_COLUMNS = (
    "ticket_id", "policy_id", "policy_name", "business_hours_id", "hours_revision",
    "first_response_time", "resolution_time", "next_event_at", "first_response_warned_at", "first_response_breached_at", "resolution_warned_at",
    "resolution_breached_at", "reckoned",
)  # fmt: skip
OFFICE = "Office hours"
SCHEDULE = [{"day": day, "startTime": f"{OPENS:02d}:00", "endTime": f"{CLOSES:02d}:00"} for day in range(1, 6)]
HOLIDAYS = ((1, 1, "New Year's Day"), (12, 25, "Christmas Day"), (12, 26, "Boxing Day"))
# Priority, name, description, minutes until the first response and until the resolution.
POLICIES = (
    ("urgent", "Urgent", "Something has stopped working for many", 180, 960),
    ("high", "High", "A customer cannot work", 480, 1_800),
    ("medium", "Standard", "What most requests are", 1_200, 3_000),
    ("low", "Low", "Questions and wishes", 2_400, 6_000),
)


@dataclass(frozen=True, slots=True)
class Promise:
    """The policy of a priority, ready to be used a million times."""

    terms: Terms
    calendar: Calendar | None
    policy: str
    hours: str | None
    revision: str | None
    edition: int


@dataclass(slots=True)
class Measured:
    """What a promise comes to for a ticket; moments in milliseconds."""

    sla_deadline: int | None = None
    first_response_deadline: int | None = None
    # When each broken promise was noticed.
    breaches: dict[str, int] = field(default_factory=dict)
    clock: Row | None = None


def write_promises(end: int, random: Random) -> dict[str, Promise]:
    """The promises by priority; where an admin has made one already it stays, and holds."""
    begin = end - (DAYS + 30) * DAY
    missing = [policy for policy in POLICIES if policy[0] not in in_force()]
    if missing:
        hours = write_hours(begin, end, random)
        SlaPolicy.objects.bulk_create(
            SlaPolicy(
                id=id_at(begin, random),
                name=name,
                description=description,
                priority=priority,
                first_response_time=first_response,
                resolution_time=resolution,
                business_hours=hours,
                created_at=moment_of(begin),
            )
            for priority, name, description, first_response, resolution in missing
        )
    force = in_force()
    calendars = calendars_of(force.values())
    return {
        priority: Promise(
            terms,
            calendars[terms.revision],
            hex_of(terms.policy_id) or "",
            hex_of(terms.business_hours_id),
            hex_of(terms.revision),
            force.edition,
        )
        for priority, terms in force.items()
    }


def write_hours(begin: int, end: int, random: Random) -> BusinessHours:
    is_default = not BusinessHours.objects.filter(is_default=True).exists()
    hours = BusinessHours.objects.create(
        id=id_at(begin, random),
        name=OFFICE,
        timezone="Europe/London",
        schedule=SCHEDULE,
        is_default=is_default,
        revision=id_at(begin, random),
        created_at=moment_of(begin),
    )
    years = range(moment_of(begin).year, moment_of(end).year + 2)
    Holiday.objects.bulk_create(
        Holiday(
            id=id_at(begin, random, order),
            business_hours=hours,
            name=name,
            date=date(year, month, day),
            created_at=moment_of(begin),
        )
        for order, (year, (month, day, name)) in enumerate((year, one) for year in years for one in HOLIDAYS)
    )
    return hours


def hex_of(key: UUID | None) -> str | None:
    return key.hex if key else None


def measure(
    promise: Promise,
    *,
    ticket: str,
    created: int,
    status: str,
    steps: Sequence[Step],
    first_response: int | None,
    end: int,
) -> Measured:
    """Deadlines, breaches and clock of a ticket at the end of the demo, as a worker that watched would have left them."""
    terms = promise.terms
    both = targets(
        stretches(moment_of(created), status, steps),
        calendar=promise.calendar,
        first_response_time=terms.first_response_time,
        resolution_time=terms.resolution_time,
        first_response_at=moment_of(first_response) if first_response is not None else None,
    )
    found = Measured(number(both.resolution.deadline), number(both.first_response.deadline))
    upcoming: list[int] = []
    stamps: list[int | None] = []
    for name, target, due in (
        ("first_response", both.first_response, found.first_response_deadline),
        ("resolution", both.resolution, found.sla_deadline),
    ):
        stopped = number(target.stopped_at) or end
        warned = None
        if due is not None and due < stopped:
            # The worker looks every minute; whoever stops the clock is found out at once.
            noticed = due + 1 + Random(ticket + name).randrange(MINUTE)
            found.breaches[name] = min(noticed, stopped - (target.stopped_at is None))
        elif due is not None and target.is_running:
            warning = number(target.warning_at)
            warned = warning if warning is not None and warning < end else None
            upcoming.append(due if warned or warning is None else warning)
        stamps += [warned, found.breaches.get(name)]
    found.clock = (
        ticket, promise.policy, terms.name, promise.hours, promise.revision, terms.first_response_time, terms.resolution_time,
        *(None if moment is None else text_of(moment) for moment in (min(upcoming, default=None), *stamps)),
        promise.edition,
    )  # fmt: skip
    return found


def number(moment: Any) -> int | None:
    return None if moment is None else milliseconds(moment)
