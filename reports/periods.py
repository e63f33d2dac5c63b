"""Which days a report is about, and the steps in which it shows them."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from helpdesk.errors import Invalid

RANGES = {"7d": 7, "30d": 30, "90d": 90, "1y": 365}  # in days, today among them
DEFAULT = "30d"
EARLIEST = date(2000, 1, 1)
MAX_DAYS = 1827  # five years
# The longest period, in days, that is shown day by day; and week by week. Beyond that it goes by months.
BY_DAY, BY_WEEK = 92, 366
QUARTER = 900  # seconds


@dataclass(frozen=True)
class Step:
    """One point of a chart: from a day up to, and without, another."""

    name: str
    first: date


@dataclass(frozen=True)
class Period:
    """Whole days in a time zone, the last one included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def begin(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """When it is over: the midnight after its last day."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def previous(self) -> "Period":
        """As many days before it."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)

    @cached_property
    def ahead(self) -> list[tuple[int, int]]:
        """From which moment on, in seconds since 1970, clocks of the zone are how many seconds ahead of UTC."""
        midnights = [int(midnight(self.first + timedelta(days=n), self.zone).timestamp()) for n in range(self.days + 1)]
        found = [(midnights[0], self.ahead_at(midnights[0]))]
        for begin, end in pairwise(midnights):
            if self.ahead_at(end) != found[-1][1]:
                # Clocks change at a quarter of an hour of this day, once or more often.
                for moment in range(begin, end + 1, QUARTER):
                    if (seconds := self.ahead_at(moment)) != found[-1][1]:
                        found.append((moment, seconds))
        return found

    def ahead_at(self, moment: int) -> int:
        offset = datetime.fromtimestamp(moment, self.zone).utcoffset() or timedelta()
        return int(offset.total_seconds())

    @cached_property
    def steps(self) -> list[Step]:
        days = [self.first + timedelta(days=n) for n in range(self.days)]
        if self.days <= BY_DAY:
            return [Step(f"{day:%b} {day.day}", day) for day in days]
        if self.days <= BY_WEEK:
            return [Step(f"{day:%b} {day.day}", day) for day in days if day == self.first or day.weekday() == 0]
        return [Step(f"{day:%b %Y}", day) for day in days if day == self.first or day.day == 1]

    @cached_property
    def step_days(self) -> list[date]:
        return [step.first for step in self.steps]

    def step_of(self, day: date) -> int:
        return bisect_right(self.step_days, day) - 1


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def zone_named(name: str | None) -> ZoneInfo:
    """A time zone of the IANA database, UTC unless named; raises Invalid."""
    if not name:
        return ZoneInfo("UTC")
    if name not in zone_names():
        raise Invalid("timezone must be a name such as Europe/Berlin.")
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def chosen_period(query: Mapping[str, str], *, now: datetime) -> Period:
    """The days a query string asks for: `from` and `to`, or else a `range` that ends today; raises Invalid."""
    zone = zone_named(query.get("timezone"))
    today = now.astimezone(zone).date()
    given = query.get("range") or DEFAULT
    if given not in RANGES:
        raise Invalid(f"range must be one of: {', '.join(RANGES)}.")
    last = day_in(query, "to") or today
    first = day_in(query, "from") or last - timedelta(days=RANGES[given] - 1)
    if first > last:
        raise Invalid("from must not be later than to.")
    if first < EARLIEST or last > today + timedelta(days=1):
        raise Invalid(f"A report can begin on {EARLIEST} and end today.")
    if (last - first).days >= MAX_DAYS:
        raise Invalid("A report covers five years at most.")
    return Period(first, last, zone)


def day_in(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name)
    if not text:
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid(f"{name} must be a date such as 2025-12-18.")
