"""The verbs of time tracking. Time is counted in whole minutes; what a timer measures beyond is carried on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from helpdesk.errors import Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction

from .history import record
from .models import Action, Ticket, TimeEntry
from .services import lock, touch

MAX_MINUTES = 2**31 - 1


@in_one_transaction
def log_time(
    ticket: Ticket | UUID,
    *,
    user_id: UUID,
    actor: User | None,
    time_spent: int = 0,
    note: str | None = None,
    billable: bool = False,
    timer_running: bool = False,
) -> TimeEntry:
    """Add time (minutes) to a ticket, or start a timer on it."""
    check_minutes(time_spent)
    if not User.objects.staff().filter(pk=user_id).exists():
        raise Invalid(user_id="No active agent or admin has this id.")
    locked = lock(ticket)
    now = timezone.now()
    entry = TimeEntry.objects.create(
        id=new_id(),
        ticket=locked,
        user_id=user_id,
        time_spent=time_spent,
        note=note,
        billable=billable,
        timer_running=timer_running,
        timer_started_at=now if timer_running else None,
        created_at=now,
    )
    if time_spent:
        record(locked, Action.TIME_LOGGED, actor=actor, now=now, new=minutes(time_spent))
    touch(locked, now)
    return entry


@in_one_transaction
def toggle_timer(entry: TimeEntry | UUID, *, actor: User | None) -> TimeEntry:
    """Start the timer, or stop it and add what it measured."""
    now = timezone.now()
    locked = lock_entry(entry)
    if locked.timer_running:
        stop(locked, actor=actor, now=now)
    else:
        locked.timer_running, locked.timer_started_at = True, now
        locked.save(update_fields=["timer_running", "timer_started_at"])
        touch(locked.ticket, now)
    return locked


@in_one_transaction
def update_entry(entry: TimeEntry | UUID, *, actor: User | None, **values: Any) -> TimeEntry:
    """Correct minutes, note or billable."""
    locked = lock_entry(entry)
    now = timezone.now()
    wanted = {name: value for name, value in values.items() if name in ("time_spent", "note", "billable")}
    changed = {name: value for name, value in wanted.items() if getattr(locked, name) != value}
    if "time_spent" in changed:
        check_minutes(changed["time_spent"])
        old, new = minutes(locked.time_spent), minutes(changed["time_spent"])
        record(locked.ticket, Action.TIME_LOGGED, actor=actor, now=now, old=old, new=new)
    for name, value in changed.items():
        setattr(locked, name, value)
    if changed:
        locked.save(update_fields=list(changed))
        touch(locked.ticket, now)
    return locked


@in_one_transaction
def delete_entry(entry: TimeEntry | UUID, *, actor: User | None) -> None:
    locked = lock_entry(entry)
    now = timezone.now()
    if locked.time_spent:
        record(locked.ticket, Action.TIME_LOGGED, actor=actor, now=now, old=minutes(locked.time_spent))
    touch(locked.ticket, now)
    locked.delete()


def stop(entry: TimeEntry, *, actor: User | None, now: datetime) -> None:
    started = entry.timer_started_at or now
    seconds = entry.spare_seconds + max(0, int((now - started).total_seconds()))
    added, entry.spare_seconds = divmod(seconds, 60)
    entry.time_spent = min(entry.time_spent + added, MAX_MINUTES)
    entry.timer_running, entry.timer_started_at = False, None
    entry.save(update_fields=["time_spent", "spare_seconds", "timer_running", "timer_started_at"])
    touch(entry.ticket, now)
    if added:
        record(entry.ticket, Action.TIME_LOGGED, actor=actor, now=now, new=minutes(added))


def lock_entry(entry: TimeEntry | UUID) -> TimeEntry:
    """The entry as it is now, held together with its ticket (first, as every verb does); raises NotFound."""
    key = entry.pk if isinstance(entry, TimeEntry) else entry
    rows = TimeEntry.objects.filter(pk=key)
    while (ticket_id := rows.values_list("ticket_id", flat=True).first()) is not None:
        ticket = lock(ticket_id)
        # A merge may have moved the entry to another ticket meanwhile.
        if (found := rows.filter(ticket=ticket).select_for_update(no_key=True).first()) is not None:
            found.ticket = ticket
            return found
    raise NotFound("This time entry does not exist.")


def check_minutes(value: int) -> None:
    if not 0 <= value <= MAX_MINUTES:
        raise Invalid(time_spent="Must be a number of minutes, zero or more.")


def minutes(value: int) -> str:
    return f"{value} min"
