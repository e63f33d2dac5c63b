"""When tickets call on their clocks. Each receiver is a guard and one call."""

from typing import Any

from django.utils import timezone

from tickets.history import Changes
from tickets.models import Ticket

from . import clocks
from .reckoning import DONE, RUNNING

# What a clock depends on, beside the status.
MATTERS = ("priority", "archived_at")


def set_deadlines(sender: Any, ticket: Ticket, **kwargs: Any) -> None:
    clocks.wind_up(ticket)


def keep_clock(sender: Any, ticket: Ticket, created: bool, changes: Changes, **kwargs: Any) -> None:
    if created:
        clocks.start(ticket)
    elif turns(changes) or any(name in changes for name in MATTERS):
        clocks.keep(ticket, now=timezone.now(), repriced="priority" in changes)


def notice_response(sender: Any, ticket: Ticket, changes: Changes, **kwargs: Any) -> None:
    if "first_response_at" in changes and (is_late(ticket) or ticket.status not in RUNNING):
        clocks.keep(ticket, now=timezone.now())


def is_late(ticket: Ticket) -> bool:
    """An answer in time moves nothing; only one in a time of rest, without a deadline yet, sets one."""
    due, answered = ticket.first_response_deadline, ticket.first_response_at
    return due is not None and answered is not None and answered > due


def turns(changes: Changes) -> bool:
    """Whether a change of status sets the clock going or stops it."""
    old, new = changes.get("status", (None, None))
    return not any({old, new} <= set(alike) for alike in (RUNNING, DONE, (None,)))
