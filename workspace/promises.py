"""What a ticket is to meet next, and how that reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SOON = timedelta(hours=1)


@dataclass(frozen=True)
class Promise:
    what: str
    moment: datetime
    state: str  # late, soon or fine

    def remaining(self, now: datetime) -> str:
        return f"{span(now - self.moment)} late" if self.state == "late" else f"{span(self.moment - now)} left"


def next_promise(row: Mapping[str, Any], now: datetime) -> Promise | None:
    """The earliest of what is promised and not yet kept, as tickets.expressions.next_due; none for one that is done."""
    if row["resolved_at"]:
        return None
    unanswered = row["first_response_at"] is None
    dates = {
        "First reply": row["first_response_deadline"] if unanswered else None,
        "Resolution": row["sla_deadline"],
        "Due": row["due_date"],
    }
    known = [(moment, what) for what, moment in dates.items() if moment]
    if not known:
        return None
    moment, what = min(known)
    return Promise(what, moment, state(moment, now))


def state(moment: datetime, now: datetime) -> str:
    if moment < now:
        return "late"
    return "soon" if moment < now + SOON else "fine"


def span(length: timedelta) -> str:
    """A length in its two largest units: 3 d 4 h, 2 h 5 min, 12 min."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def age(moment: datetime, now: datetime) -> str:
    """How long ago something was, in one unit; a date once it is weeks ago."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h"
    if minutes < 28 * 24 * 60:
        return f"{minutes // 1440} d"
    return f"{moment:%b} {moment.day}, {moment.year}" if moment.year != now.year else f"{moment:%b} {moment.day}"
