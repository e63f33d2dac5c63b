"""The verbs of clocks: setting them, keeping them right, and noticing what falls due.

Whoever sets a clock holds the lock of its ticket, and everything is worked out afresh from the ticket's history. So
it does not matter how often or in which order this happens, and of two who notice the same breach the second one
finds it noted. A clock says from which edition of the promises its deadlines come; when they change, the clocks
concerned are marked with the new edition, and are stale for as long as it is the higher number.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from helpdesk.api.inserts import Insertion
from helpdesk.transactions import in_one_transaction
from tickets.deadlines import set_deadlines
from tickets.models import ACTIVE_STATUSES, DONE_STATUSES, Action, Activity, Ticket

from .arithmetic import Calendar
from .escalation import BREACH, WARNING, Event, escalate
from .models import Clock
from .reckoning import Step, Target, Targets, stretches, targets
from .terms import InForce, Terms, calendars_of, in_force, of_clock

insertion = Insertion(Clock)
BATCH = 200  # tickets locked at once
SNAPSHOT = (
    "policy_id",
    "policy_name",
    "business_hours_id",
    "hours_revision",
    "first_response_time",
    "resolution_time",
)
SET = (
    *SNAPSHOT,
    "next_event_at",
    "reckoned",
    "first_response_warned_at",
    "first_response_breached_at",
    "resolution_warned_at",
    "resolution_breached_at",
)
UPDATED = [name.removesuffix("_id") for name in SET]
# Clocks for open tickets that had none, to be set by whoever works off the stale ones.
ADD_MISSING = """
    INSERT INTO sla_clock (ticket_id, policy_name, first_response_time, resolution_time, marked, reckoned)
    SELECT id, '', 0, 0, %s, 0 FROM tickets_ticket
    WHERE status IN ('open', 'pending', 'in_progress') AND priority = %s AND archived_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM sla_clock WHERE ticket_id = tickets_ticket.id)
    ORDER BY id
    ON CONFLICT (ticket_id) DO UPDATE SET marked = excluded.marked WHERE sla_clock.marked < excluded.marked
"""


def wind_up(ticket: Ticket) -> None:
    """Give a ticket that is about to be written its deadlines; its clock goes with it, not written either."""
    force = in_force()
    terms = force.get(ticket.priority)
    if terms is None:
        return
    found = worked_out(ticket, terms, calendars_of([terms])[terms.revision], [])
    clock = Clock(ticket=ticket, reckoned=force.edition)
    promise(clock, terms)
    judge(ticket, clock, found, ticket.created_at)
    ticket.sla_deadline, ticket.first_response_deadline = found.resolution.deadline, found.first_response.deadline


def start(ticket: Ticket) -> None:
    """Write the clock of a ticket that has just been written."""
    clock = ticket._state.fields_cache.get("sla_clock")
    if clock is not None:
        clock.ticket_id = ticket.pk
        insertion.add(clock)


def keep(ticket: Ticket, *, now: datetime, repriced: bool = False) -> None:
    """Set the clock of a locked ticket whose status or priority has changed, or that was answered."""
    force = in_force()
    # Where nothing is promised there is no clock, or the worker takes it away.
    if force or ticket.sla_deadline or ticket.first_response_deadline:
        reckon([ticket], now=now, repriced=repriced, force=force)


@in_one_transaction
def reckon(tickets: Sequence[Ticket], *, now: datetime, repriced: bool = False, force: InForce | None = None) -> None:
    """Bring deadlines and clocks of locked tickets up to date, and act on what has fallen due.

    Tickets that are done are measured by what they were promised, unless their priority is another one now: repriced.
    """
    force = in_force() if force is None else force
    clocks = {clock.pk: clock for clock in Clock.objects.filter(pk__in=[ticket.pk for ticket in tickets])}
    before = {key: values_of(clock) for key, clock in clocks.items()}
    agreed = terms_for(tickets, clocks, force, repriced)
    drop([ticket for ticket in tickets if agreed.get(ticket.pk, True) is None], clocks, edition=force.edition)
    measured = [(ticket, terms) for ticket in tickets if (terms := agreed.get(ticket.pk))]
    steps = history_of([ticket.pk for ticket, _ in measured])
    calendars = calendars_of(terms for _, terms in measured)
    deadlines, events = [], []
    for ticket, terms in measured:
        clock = clocks.setdefault(ticket.pk, Clock(ticket_id=ticket.pk))
        found = worked_out(ticket, terms, calendars[terms.revision], steps.get(ticket.pk, []))
        overtaken = clock.is_stale
        promise(clock, terms)
        clock.reckoned = max(clock.reckoned, force.edition)
        events += judge(ticket, clock, found, now, together=overtaken)
        deadlines.append((ticket, found.resolution.deadline, found.first_response.deadline))
    set_deadlines(deadlines)
    write([clocks[ticket.pk] for ticket, _ in measured], before)
    escalate(events, now=now)


def terms_for(
    tickets: Sequence[Ticket], clocks: dict[UUID, Clock], force: InForce, repriced: bool
) -> dict[UUID, Terms | None]:
    """What each ticket is measured by; None where nothing is promised any more, left out where nothing ever was."""
    found: dict[UUID, Terms | None] = {}
    for ticket in tickets:
        clock = clocks.get(ticket.pk)
        if ticket.status in DONE_STATUSES and not repriced and not (clock and clock.is_stale):
            if clock is not None:
                found[ticket.pk] = of_clock(clock, ticket.priority)
        elif clock is not None or ticket.priority in force:
            found[ticket.pk] = force.get(ticket.priority)
    return found


def worked_out(ticket: Ticket, terms: Terms, calendar: Calendar | None, steps: Sequence[Step]) -> Targets:
    return targets(
        stretches(ticket.created_at, ticket.status, steps),
        calendar=calendar,
        first_response_time=terms.first_response_time,
        resolution_time=terms.resolution_time,
        first_response_at=ticket.first_response_at,
    )


def promise(clock: Clock, terms: Terms) -> None:
    clock.policy_id = terms.policy_id
    clock.policy_name = terms.name
    clock.business_hours_id = terms.business_hours_id
    clock.hours_revision = terms.revision
    clock.first_response_time = terms.first_response_time
    clock.resolution_time = terms.resolution_time


def judge(ticket: Ticket, clock: Clock, found: Targets, now: datetime, *, together: bool = False) -> list[Event]:
    """Stamp on the clock what has fallen due and is not noted yet, and note when to look again.

    Archived tickets are left in peace.
    """
    clock.next_event_at = None
    if ticket.archived_at is not None:
        return []
    events = []
    upcoming = []
    for name, target in found._asdict().items():
        kind, following = verdict(clock, name, target, now)
        if kind:
            setattr(clock, f"{name}_{STAMPS[kind]}", now)
            events.append(Event(ticket, clock.policy_id, clock.policy_name, name, kind, target.deadline, together))
        if following:
            upcoming.append(following)
    clock.next_event_at = min(upcoming, default=None)
    return events


STAMPS = {WARNING: "warned_at", BREACH: "breached_at"}


def verdict(clock: Clock, name: str, target: Target, now: datetime) -> tuple[str | None, datetime | None]:
    """What has to be said now, and when to look again. After a breach there is nothing left to warn of."""
    if getattr(clock, f"{name}_breached_at"):
        return None, None
    if target.is_breached(now):
        return BREACH, None
    if not target.is_running:
        return None, None
    if getattr(clock, f"{name}_warned_at"):
        return None, target.deadline
    warning = target.warning_at
    if warning is None or warning > now:
        return None, warning
    return WARNING, target.deadline


def values_of(clock: Clock) -> list[Any]:
    return [getattr(clock, name) for name in SET]


def write(clocks: Sequence[Clock], before: dict[UUID, list[Any]]) -> None:
    """Write what is new or has changed."""
    changed = [clock for clock in clocks if before.get(clock.pk) != values_of(clock)]
    # Much faster than bulk_update, and the same for those that are new.
    Clock.objects.bulk_create(changed, update_conflicts=True, unique_fields=["ticket"], update_fields=UPDATED)


def drop(tickets: Sequence[Ticket], clocks: dict[UUID, Clock], *, edition: int) -> None:
    """Nothing is promised any more, unless something was promised meanwhile."""
    if gone := [ticket.pk for ticket in tickets if ticket.pk in clocks]:
        Clock.objects.filter(pk__in=gone, marked__lte=edition).delete()
    set_deadlines((ticket, None, None) for ticket in tickets)


def history_of(keys: Sequence[UUID]) -> dict[UUID, list[Step]]:
    """The changes of status of some tickets, oldest first."""
    found: dict[UUID, list[Step]] = {}
    rows = Activity.objects.filter(ticket__in=keys, action=Action.STATUS_CHANGED).order_by("created_at", "id")
    for key, at, old, new in rows.values_list("ticket_id", "created_at", "old_value", "new_value"):
        found.setdefault(key, []).append(Step(at, old or "", new or ""))
    return found


# --- What changes for many ----------------------------------------------------------------------------


@in_one_transaction
def mark_stale(priorities: Collection[str], *, edition: int, touched_since: datetime | None = None) -> None:
    """Promises for some priorities have changed: have the clocks of their open tickets set again."""
    concerned = Clock.objects.filter(
        ticket__status__in=ACTIVE_STATUSES, ticket__priority__in=priorities, reckoned__lt=edition, marked__lt=edition
    )
    if touched_since:
        concerned = concerned.filter(ticket__archived_at=None, ticket__updated_at__gte=touched_since)
    # Locked in the order in which others write them, so that both wait instead of failing.
    held = concerned.order_by("pk").select_for_update(of=("self",), no_key=True)
    Clock.objects.filter(pk__in=held.values("pk")).update(marked=edition)
    promised = in_force()
    with connection.cursor() as cursor:
        for priority in sorted(promised.keys() & set(priorities)):
            cursor.execute(ADD_MISSING, [edition, priority])


def reckon_stale(*, now: datetime, limit: int = BATCH) -> int:
    """Set some of the clocks that a change has left wrong, the soonest first; how many it were."""
    return reckon_some(Clock.objects.stale(), now=now, limit=limit)


def reckon_due(*, now: datetime, limit: int = BATCH) -> int:
    """Look at some of the clocks of which something may have fallen due; how many it were."""
    return reckon_some(Clock.objects.due(now), now=now, limit=limit)


@transaction.atomic
def reckon_some(clocks: QuerySet[Clock], *, now: datetime, limit: int) -> int:
    """Tickets that somebody else holds are passed over: their verbs set the clock themselves, or it is found again."""
    keys = list(clocks.values_list("pk", flat=True)[:limit])
    if not keys:
        return 0
    held = Ticket.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=keys).order_by("pk")
    tickets = list(held)
    reckon(tickets, now=now)
    return len(tickets)
