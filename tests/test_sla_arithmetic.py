"""Business time: laws that hold for any calendar, and a table of cases reckoned by hand."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sla.arithmetic import Calendar, deadline, elapsed, first_instant, openings

# Zones with every oddity there is: changes at midnight, by half an hour, by a skipped day, in Ramadan, at New Year.
ODD_ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana", "America/Sao_Paulo",
    "Africa/Casablanca", "Asia/Tehran", "Asia/Kathmandu", "Pacific/Kiritimati", "Africa/Cairo", "Asia/Beirut", "UTC",
)  # fmt: skip
# Days around which clocks changed in one of them.
CHANGES = [
    datetime.fromisoformat(f"{text}Z")
    for text in (
        "2025-03-30T01:00", "2025-10-26T01:00", "2025-03-09T07:00", "2025-11-02T06:00", "2025-04-05T15:00",
        "2025-10-04T15:30", "2011-12-30T10:00", "2018-11-04T03:00", "2018-02-18T02:00", "2025-03-09T05:00",
        "2025-02-23T02:00", "2025-04-24T22:00", "2024-12-31T23:00", "2025-01-01T00:00",
    )
]  # fmt: skip
EARLIEST, LATEST = (datetime.combine(date(year, 1, 1), time()) for year in (2005, 2040))

zones = st.one_of(st.sampled_from(ODD_ZONES), st.sampled_from(sorted(available_timezones() - {"localtime"})))
moments = st.one_of(
    st.builds(
        lambda change, seconds, rest: change + timedelta(seconds=seconds, microseconds=rest),
        st.sampled_from(CHANGES),
        st.integers(-3 * 86_400, 3 * 86_400),
        st.integers(0, 999_999),
    ),
    st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)),
)
amounts = st.one_of(
    st.integers(0, 60 * 24 * 14).map(lambda minutes: timedelta(minutes=minutes)),
    st.timedeltas(timedelta(0), timedelta(days=20)),
)

# Within a week and over several turns of the year; more of these only take longer to work out.
lengths = st.one_of(st.timedeltas(timedelta(0), timedelta(days=7)), st.timedeltas(timedelta(0), timedelta(days=700)))


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


intervals = st.builds(
    lambda day, start, end: {"day": day, "startTime": clock(start), "endTime": clock(end)},
    st.integers(0, 6),
    st.integers(0, 1439),
    st.integers(0, 1440),
)
holidays = st.lists(
    st.sampled_from(CHANGES).flatmap(
        lambda change: st.integers(-3, 3).map(lambda days: change.date() + timedelta(days=days))
    ),
    max_size=3,
)
calendars = st.builds(Calendar.of, zones, st.lists(intervals, min_size=1, max_size=8), holidays)


@given(calendars, moments, amounts)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_by_the_deadline_exactly_the_amount_has_passed(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    due = deadline(calendar, start, amount)
    if due is None:
        return
    assert elapsed(calendar, start, due) == amount
    if amount:
        # And not a moment earlier.
        assert elapsed(calendar, start, due - timedelta(microseconds=1)) < amount


@given(calendars, moments, lengths, lengths)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_time_adds_up_and_never_runs_backwards(
    calendar: Calendar, first: datetime, one: timedelta, two: timedelta
) -> None:
    second, third = first + one, first + one + two
    whole = elapsed(calendar, first, third)
    assert elapsed(calendar, first, second) + elapsed(calendar, second, third) == whole
    assert timedelta() <= elapsed(calendar, first, second) <= whole <= third - first
    assert elapsed(calendar, third, first) == timedelta()


@given(calendars, moments, amounts, amounts)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_more_to_do_is_never_due_earlier(calendar: Calendar, start: datetime, one: timedelta, two: timedelta) -> None:
    less, more = sorted([one, two])
    early, late = deadline(calendar, start, less), deadline(calendar, start, more)
    if early is None:
        assert late is None
    elif late is not None:
        assert start <= early <= late
        # Going on from the earlier deadline ends at the later one.
        assert deadline(calendar, early, more - less) == late


@given(calendars, moments, st.timedeltas(timedelta(0), timedelta(days=60)))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_openings_are_apart_and_make_up_the_time(calendar: Calendar, start: datetime, length: timedelta) -> None:
    end = start + length
    found = list(openings(calendar, start, end))
    assert all(start <= begin < close <= end for begin, close in found)
    assert all(close < begin for (_, close), (begin, _) in pairwise(found))
    assert sum((close - begin for begin, close in found), timedelta()) == elapsed(calendar, start, end)


@given(zones, moments, st.timedeltas(timedelta(0), timedelta(days=400)))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_open_all_day_every_day_is_around_the_clock(zone: str, start: datetime, amount: timedelta) -> None:
    always = Calendar.of(zone, [{"day": day, "startTime": "00:00", "endTime": "24:00"} for day in range(7)])
    assert elapsed(always, start, start + amount) == amount
    assert deadline(always, start, amount) == start + amount == deadline(None, start, amount)


@given(
    zones,
    st.sampled_from(CHANGES),
    st.lists(st.tuples(st.integers(0, 6), st.integers(5, 23), st.integers(0, 59)), min_size=1, max_size=7),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_it_agrees_with_looking_at_the_clock_every_minute(
    zone: str, change: datetime, starts: list[tuple[int, int, int]]
) -> None:
    """Openings between five o'clock and midnight, where hardly any clock is ever changed."""
    begin, shows = change - timedelta(days=3), ZoneInfo(zone)
    quarters = [(begin + timedelta(minutes=number)).astimezone(shows) for number in range(0, 6 * 24 * 60 + 1, 15)]
    jumps = [b for a, b in pairwise(quarters) if a.utcoffset() != b.utcoffset()]
    assume(all(1 <= moment.hour < 5 for moment in jumps))
    assume(all(shown.second == 0 for shown in quarters))
    local = [(begin + timedelta(minutes=number)).astimezone(shows) for number in range(6 * 24 * 60)]
    schedule = [{"day": day, "startTime": clock(h * 60 + m), "endTime": "24:00"} for day, h, m in starts]
    first = {day: min(h * 60 + m for d, h, m in starts if d == day) for day, _, _ in starts}
    seen = sum(
        shown.hour * 60 + shown.minute >= first.get(shown.isoweekday() % 7, 10_000) and shown.second == 0
        for shown in local
    )
    calendar = Calendar.of(zone, schedule)
    assert elapsed(calendar, begin, begin + timedelta(days=6)) == timedelta(minutes=seen)


@given(zones, st.sampled_from(CHANGES), st.integers(-4 * 1440, 4 * 1440))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_local_time_means_the_first_instant_that_shows_it_or_more(zone: str, change: datetime, minutes: int) -> None:
    wanted = change.replace(tzinfo=None) + timedelta(minutes=minutes)
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=first_instant(ZoneInfo(zone), wanted))

    def shown(moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    assert shown(instant) >= wanted
    for earlier in (1, 60, 1800, 3600, 7200, 86_400):
        assert shown(instant - timedelta(seconds=earlier)) < wanted


# --- By hand ------------------------------------------------------------------------------------------

OFFICE = [{"day": day, "startTime": "09:00", "endTime": "17:00"} for day in range(1, 6)]
LUNCH = [
    {"day": day, "startTime": begin, "endTime": end}
    for day in range(1, 6)
    for begin, end in (("08:30", "12:00"), ("13:00", "17:30"))
]
NIGHTS = [{"day": day, "startTime": "22:00", "endTime": "06:00"} for day in range(7)]
SATURDAY_NIGHT = [{"day": 6, "startTime": "22:00", "endTime": "06:00"}]
ALWAYS = [{"day": day, "startTime": "00:00", "endTime": "00:00"} for day in range(7)]
SMALL_HOURS = [{"day": 0, "startTime": "02:00", "endTime": "03:00"}]
QUARTER = [{"day": 0, "startTime": "02:15", "endTime": "02:45"}]
AROUND_GAP = [
    {"day": 0, "startTime": "01:00", "endTime": "02:30"},
    {"day": 0, "startTime": "03:00", "endTime": "04:00"},
]
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
CHRISTMAS = (date(2025, 12, 25), date(2025, 12, 26))

# zone, schedule, holidays, from, minutes, due; times are local ("2025-12-19 16:00"), with an offset where it matters.
CASES: list[tuple[str, str, list[dict[str, Any]], tuple[date, ...], str, int, str]] = [
    ("within a day", BERLIN, OFFICE, (), "2025-12-17 10:00", 60, "2025-12-17 11:00"),
    ("before the opening", BERLIN, OFFICE, (), "2025-12-17 06:00", 60, "2025-12-17 10:00"),
    ("to the last minute", BERLIN, OFFICE, (), "2025-12-17 16:00", 60, "2025-12-17 17:00"),
    ("over night", BERLIN, OFFICE, (), "2025-12-17 16:30", 60, "2025-12-18 09:30"),
    ("over a weekend", BERLIN, OFFICE, (), "2025-12-19 16:00", 120, "2025-12-22 10:00"),
    ("filed on a Saturday", BERLIN, OFFICE, (), "2025-12-20 12:00", 30, "2025-12-22 09:30"),
    ("a whole week of work", BERLIN, OFFICE, (), "2025-12-15 09:00", 2400, "2025-12-19 17:00"),
    ("over lunch", BERLIN, LUNCH, (), "2025-12-17 11:45", 30, "2025-12-17 13:15"),
    ("filed at lunch", BERLIN, LUNCH, (), "2025-12-17 12:20", 1, "2025-12-17 13:01"),
    ("over Christmas", BERLIN, OFFICE, CHRISTMAS, "2025-12-24 16:00", 120, "2025-12-29 10:00"),
    ("filed on a holiday", BERLIN, OFFICE, CHRISTMAS, "2025-12-25 11:00", 480, "2025-12-29 17:00"),
    ("a night shift", BERLIN, NIGHTS, (), "2025-12-17 23:00", 480, "2025-12-18 23:00"),
    ("the holiday cuts the night", BERLIN, NIGHTS, CHRISTMAS, "2025-12-24 22:00", 180, "2025-12-27 01:00"),
    ("clocks forward in the shift", BERLIN, SATURDAY_NIGHT, (), "2025-03-29 22:00", 420, "2025-03-30 06:00"),
    ("clocks back in the shift", BERLIN, SATURDAY_NIGHT, (), "2025-10-25 22:00", 540, "2025-10-26 06:00"),
    ("office after clocks went forward", BERLIN, OFFICE, (), "2025-03-28 16:00", 120, "2025-03-31 10:00"),
    ("around the clock, forward", BERLIN, ALWAYS, (), "2025-03-30 01:00", 120, "2025-03-30 04:00"),
    ("around the clock, back", BERLIN, ALWAYS, (), "2025-10-26 01:00", 180, "2025-10-26 03:00"),
    ("an hour that is skipped", BERLIN, SMALL_HOURS, (), "2025-03-29 00:00", 60, "2025-04-06 03:00"),
    ("an hour that comes twice", BERLIN, SMALL_HOURS, (), "2025-10-26 00:00", 120, "2025-10-26 03:00"),
    ("half an hour of the first one", BERLIN, QUARTER, (), "2025-10-26 00:00", 31, "2025-11-02 02:16"),
    ("nothing is counted twice at a gap", BERLIN, AROUND_GAP, (), "2025-03-30 00:00", 120, "2025-03-30 04:00"),
    ("New York forward", NEW_YORK, ALWAYS, (), "2025-03-09 01:30", 60, "2025-03-09 03:30"),
    ("half an hour back on Lord Howe", "Australia/Lord_Howe", ALWAYS, (), "2025-04-06 01:00", 90, "2025-04-06 02:00"),
    ("a day that never was", "Pacific/Apia", OFFICE, (), "2011-12-29 16:00", 120, "2012-01-02 10:00"),
    ("over New Year", BERLIN, OFFICE, (date(2026, 1, 1),), "2025-12-31 16:00", 120, "2026-01-02 10:00"),
    ("New Year's night", BERLIN, NIGHTS, (), "2025-12-31 23:30", 60, "2026-01-01 00:30"),
    ("a leap day", BERLIN, OFFICE, (), "2024-02-28 16:00", 600, "2024-03-01 10:00"),
]


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "schedule", "closed", "begin", "minutes", "due"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_reckoned_by_hand(
    zone: str, schedule: list[dict[str, Any]], closed: tuple[date, ...], begin: str, minutes: int, due: str
) -> None:
    calendar = Calendar.of(zone, schedule, closed)
    start, end = local(zone, begin), local(zone, due)
    assert deadline(calendar, start, timedelta(minutes=minutes)) == end
    assert elapsed(calendar, start, end) == timedelta(minutes=minutes)


def test_nothing_to_do_is_due_at_once_even_when_closed() -> None:
    night = local(BERLIN, "2025-12-20 03:00")
    assert deadline(Calendar.of(BERLIN, OFFICE), night, timedelta()) == night
    assert deadline(None, night, timedelta(minutes=-5)) == night


def test_microseconds_count() -> None:
    start = local(BERLIN, "2025-12-19 16:59") + timedelta(seconds=59, microseconds=999_999)
    due = deadline(Calendar.of(BERLIN, OFFICE), start, timedelta(microseconds=2))
    assert due == local(BERLIN, "2025-12-22 09:00") + timedelta(microseconds=1)


def test_a_calendar_that_never_opens_has_no_deadline() -> None:
    never = Calendar.of("UTC", [])
    sundays = [date(2025, 1, 5) + timedelta(weeks=week) for week in range(600)]
    hardly = Calendar.of("UTC", [{"day": 0, "startTime": "09:00", "endTime": "10:00"}], sundays)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    assert deadline(never, start, timedelta(minutes=1)) is None
    assert deadline(hardly, start, timedelta(minutes=1)) is None
    assert elapsed(never, start, start + timedelta(days=3000)) == timedelta()
    assert list(openings(never, start, start + timedelta(days=3000))) == []
