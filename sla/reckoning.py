"""What a promise comes to for one ticket: from its history, a calendar and an amount of time. Pure.

A clock runs while a ticket is open or in progress. It rests while the ticket is pending, and while it is resolved or
closed: time in which nobody had anything to do never counts, even if the ticket comes back later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from .arithmetic import Calendar, deadline, elapsed

RUNNING = ("open", "in_progress")
DONE = ("resolved", "closed")
WARNING_SHARE = 4, 5  # of the amount, after which it is time to warn


class Step(NamedTuple):
    """A change of status."""

    at: datetime
    old: str
    new: str


class Stretch(NamedTuple):
    """A time in one status; the last one has no end yet."""

    status: str
    begin: datetime
    end: datetime | None


def stretches(created_at: datetime, status: str, steps: Iterable[Step]) -> list[Stretch]:
    """The life of a ticket that has this status now."""
    found: list[Stretch] = []
    begin, current = created_at, None
    for step in steps:
        at = max(step.at, begin)  # clocks of two servers may differ
        found.append(Stretch(current or step.old, begin, at))
        begin, current = at, step.new
    return [*found, Stretch(status, begin, None)]


def done_since(life: Sequence[Stretch]) -> datetime | None:
    """When the ticket was resolved or closed, if it is."""
    since = None
    for stretch in reversed(life):
        if stretch.status not in DONE:
            break
        since = stretch.begin
    return since


@dataclass(frozen=True)
class Target:
    """One promise: so much time until the first response, or until the resolution."""

    calendar: Calendar | None
    amount: timedelta
    life: Sequence[Stretch]
    met_at: datetime | None
    # When the clock came to its end: met, or the ticket is done without.
    stopped_at: datetime | None

    @property
    def is_running(self) -> bool:
        return self.stopped_at is None and self.life[-1].status in RUNNING

    @cached_property
    def deadline(self) -> datetime | None:
        """When the amount is used up; None while a rest keeps that open.

        Once the clock has stopped it is where the deadline stood then.
        """
        return self.due(self.amount)

    @cached_property
    def warning_at(self) -> datetime | None:
        """When most of it is used up."""
        part, whole = WARNING_SHARE
        return self.due(self.amount * part / whole)

    def due(self, amount: timedelta) -> datetime | None:
        left = amount
        for begin, end in self.runs():
            if end is None:
                return deadline(self.calendar, begin, left)
            used = elapsed(self.calendar, begin, end)
            if used >= left:
                return deadline(self.calendar, begin, left)
            left -= used
        return deadline(self.calendar, self.stopped_at, left) if self.stopped_at else None

    def used(self, now: datetime) -> timedelta:
        """How much has passed."""
        return sum((elapsed(self.calendar, begin, end or now) for begin, end in self.runs()), timedelta())

    def runs(self) -> Iterable[tuple[datetime, datetime | None]]:
        """The times in which the clock ran."""
        stop = self.stopped_at
        for status, begin, end in self.life:
            if stop is not None and begin >= stop:
                return
            if status in RUNNING:
                yield begin, (stop if stop is not None and (end is None or end > stop) else end)

    def is_breached(self, now: datetime) -> bool:
        due = self.deadline
        return due is not None and due < (self.stopped_at or now)

    def state(self, now: datetime) -> str:
        if self.is_breached(now):
            return "breached"
        if self.met_at is not None:
            return "met"
        return "running" if self.is_running else "paused"


class Targets(NamedTuple):
    first_response: Target
    resolution: Target


def targets(
    life: Sequence[Stretch],
    *,
    calendar: Calendar | None,
    first_response_time: int,
    resolution_time: int,
    first_response_at: datetime | None,
) -> Targets:
    """Both promises for a ticket; times in minutes."""
    done = done_since(life)
    answered = Target(
        calendar, timedelta(minutes=first_response_time), life, first_response_at, first_response_at or done
    )
    return Targets(answered, Target(calendar, timedelta(minutes=resolution_time), life, done, done))
