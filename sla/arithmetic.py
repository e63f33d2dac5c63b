"""Business time: how much of it lies between two moments, and when a given amount of it is used up.

Pure arithmetic over a `Calendar`, exact to the microsecond. Every opening is turned into real time once, so a night
in which clocks are put forward or back is as short or as long as it really was:

- A local time means the first instant at which the clock on the wall shows it, or something later. What lies in a
  gap of an hour therefore opens or closes when the gap ends, and openings never overlap.
- A holiday closes its calendar day from midnight to midnight, and with it the part of a night shift in it.

A calendar of None is always open.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000  # microseconds
YEAR = 31_556_952 * SECOND  # on average
MINUTES_A_DAY = 24 * 60
HORIZON = 10  # years after which nobody waits for a deadline any more
LAST_YEAR = 9_900

Span = tuple[int, int]  # from, to


@dataclass(frozen=True)
class Year:
    """All openings of a local year in real time, and the time open before each of them; microseconds."""

    number: int
    begin: int
    end: int
    opens: list[int]
    closes: list[int]
    before: list[int]
    total: int

    def open_until(self, moment: int) -> int:
        """How long it was open in this year before a moment of it."""
        index = bisect_right(self.opens, moment) - 1
        if index < 0:
            return 0
        return self.before[index] + min(moment, self.closes[index]) - self.opens[index]

    def reached(self, amount: int) -> int:
        """The first moment by which it was open for this long, more than nothing and at most all of it."""
        index = bisect_left(self.before, amount) - 1
        return self.opens[index] + amount - self.before[index]


@dataclass(frozen=True)
class Calendar:
    """When people work: openings of a week, in local time of a zone, without holidays."""

    zone: ZoneInfo
    # For each day, 0 = Sunday, the openings within it as minutes since midnight, ascending.
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()
    years: dict[int, Year] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, zone: str, schedule: Iterable[Mapping[str, Any]], holidays: Iterable[date] = ()) -> "Calendar":
        """From a schedule as the API has it: `[{"day": 1, "startTime": "09:00", "endTime": "17:00"}]`."""
        days: list[list[Span]] = [[] for _ in range(7)]
        for interval in schedule:
            for day, begin, end in parts_of(interval):
                days[day].append((begin, end))
        return cls(ZoneInfo(zone), tuple(map(merged, days)), frozenset(holidays))

    def year_of(self, moment: int) -> Year:
        """The year that a moment is in."""
        year = self.year(1970 + moment // YEAR)  # or one beside it
        while moment < year.begin:
            year = self.year(year.number - 1)
        while moment >= year.end:
            year = self.year(year.number + 1)
        return year

    def year(self, number: int) -> Year:
        found = self.years.get(number)
        if found is None:
            found = self.years[number] = self.worked_out(number)
        return found

    def worked_out(self, number: int) -> Year:
        opens: list[int] = []
        closes: list[int] = []
        before: list[int] = []
        total = 0
        for day in days_of(number):
            openings = () if day in self.holidays else self.week[day.isoweekday() % 7]
            for begin, end in openings:
                opening, closing = self.instant(day, begin), self.instant(day, end)
                if opening == closing:
                    continue  # the whole of it lies in a gap
                if closes and closes[-1] == opening:
                    closes[-1] = closing
                else:
                    opens.append(opening)
                    closes.append(closing)
                    before.append(total)
                total += closing - opening
        begin, end = self.instant(date(number, 1, 1), 0), self.instant(date(number, 12, 31), MINUTES_A_DAY)
        return Year(number, begin, end, opens, closes, before, total)

    def instant(self, day: date, minute: int) -> int:
        return first_instant(self.zone, datetime.combine(day, time()) + timedelta(minutes=minute))


def elapsed(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """The business time between two moments; none when the second is not the later one."""
    if end <= start:
        return timedelta()
    if calendar is None:
        return end - start
    first, last = as_number(start), as_number(end)
    here, there = calendar.year_of(first), calendar.year_of(last)
    amount = there.open_until(last) - here.open_until(first)
    whole = sum(calendar.year(number).total for number in range(here.number, there.number))
    return timedelta(microseconds=amount + whole)


def deadline(calendar: Calendar | None, start: datetime, amount: timedelta) -> datetime | None:
    """The first moment by which this much business time has passed; None when that takes longer than ten years."""
    if amount <= timedelta():
        return start
    if calendar is None:
        return start + amount
    first = as_number(start)
    here = calendar.year_of(first)
    wanted = amount // MICROSECOND + here.open_until(first)
    for number in range(here.number, min(here.number + HORIZON, LAST_YEAR) + 1):
        year = calendar.year(number)
        if wanted <= year.total:
            return as_datetime(year.reached(wanted))
        wanted -= year.total
    return None


def openings(calendar: Calendar | None, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches between two moments in which it is open, in order and none touching the next."""
    if calendar is None:
        if start < end:
            yield start, end
        return
    first, last = as_number(start), as_number(end)
    pending: Span | None = None
    for begin, close in spans(calendar, first, last):
        if pending and pending[1] == begin:
            pending = pending[0], close
            continue
        if pending:
            yield as_datetime(pending[0]), as_datetime(pending[1])
        pending = begin, close
    if pending:
        yield as_datetime(pending[0]), as_datetime(pending[1])


def spans(calendar: Calendar, first: int, last: int) -> Iterator[Span]:
    if first >= last:
        return
    for number in range(calendar.year_of(first).number, calendar.year_of(last).number + 1):
        year = calendar.year(number)
        for index in range(max(bisect_right(year.opens, first) - 1, 0), bisect_left(year.opens, last)):
            begin, close = max(year.opens[index], first), min(year.closes[index], last)
            if begin < close:
                yield begin, close


# --- Schedules ----------------------------------------------------------------------------------------


def parts_of(interval: Mapping[str, Any]) -> Iterator[tuple[int, int, int]]:
    """An interval as (day, begin, end) within days; one that ends no later than it begins runs into the next day."""
    day, begin, end = interval["day"], minute_of(interval["startTime"]), minute_of(interval["endTime"])
    if begin < end:
        yield day, begin, end
        return
    yield day, begin, MINUTES_A_DAY
    if end:
        yield (day + 1) % 7, 0, end


def minute_of(text: str) -> int:
    """Minutes since midnight of a time such as 09:30; 24:00 is the end of the day."""
    return int(text[:2]) * 60 + int(text[3:])


def merged(openings: list[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for begin, end in sorted(openings):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return tuple(found)


# --- Real time ----------------------------------------------------------------------------------------


def as_number(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def as_datetime(number: int) -> datetime:
    return EPOCH + timedelta(microseconds=number)


def days_of(year: int) -> Iterator[date]:
    first = date(year, 1, 1).toordinal()
    return map(date.fromordinal, range(first, date(year + 1, 1, 1).toordinal()))


def first_instant(zone: ZoneInfo, local: datetime) -> int:
    """The first instant at which the clocks of a zone show a local time, or a later one if they skip it."""
    aware = local.replace(tzinfo=zone)
    offset = zone.utcoffset(aware)
    assert offset is not None  # noqa: S101 - zones of the database always know
    instant = as_number(local.replace(tzinfo=UTC) - offset)
    # Where the later reading has another offset, clocks change about here: forward if this reading is not shown.
    if (
        zone.utcoffset(aware.replace(fold=1)) != offset
        and as_datetime(instant).astimezone(zone).replace(tzinfo=None) != local
    ):
        return end_of_gap(zone, local)
    return instant


@lru_cache(maxsize=4096)
def end_of_gap(zone: ZoneInfo, local: datetime) -> int:
    """The instant at which clocks are put forward over a local time that they never show."""
    aware = local.replace(tzinfo=zone)
    early, late = sorted(as_number(aware.replace(fold=fold).astimezone(UTC)) // SECOND for fold in (0, 1))
    before = offset_at(zone, early)
    while late - early > 1:  # the offset changes after `early` and not after `late`
        middle = (early + late) // 2
        if offset_at(zone, middle) == before:
            early = middle
        else:
            late = middle
    return late * SECOND


def offset_at(zone: ZoneInfo, seconds: int) -> timedelta | None:
    return (EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
