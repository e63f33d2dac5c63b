"""Whether business hours make sense: intervals, zones; raising Invalid with the field's name."""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from helpdesk.errors import Invalid

from .arithmetic import MINUTES_A_DAY, minute_of

TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
MAX_INTERVALS = 100
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
WEEK = 7 * MINUTES_A_DAY


def checked_schedule(schedule: Any) -> list[dict[str, Any]]:
    """The intervals in the order of the week, with nothing but what belongs there."""
    if not isinstance(schedule, list) or not schedule:
        raise Invalid(schedule="Name at least one interval.")
    if len(schedule) > MAX_INTERVALS:
        raise Invalid(schedule=f"At most {MAX_INTERVALS} intervals are allowed.")
    problems = [f"Interval {place}: {problem}" for place, one in enumerate(schedule, 1) if (problem := fault(one))]
    if problems:
        raise Invalid(schedule=problems)
    kept = [{name: one[name] for name in ("day", "startTime", "endTime")} for one in schedule]
    kept.sort(key=lambda one: (one["day"], one["startTime"]))
    check_overlaps(kept)
    return kept


def fault(interval: Any) -> str | None:
    if not isinstance(interval, Mapping):
        return "must be an object with day, startTime and endTime."
    day, begin, end = interval.get("day"), interval.get("startTime"), interval.get("endTime")
    if isinstance(day, bool) or not isinstance(day, int) or not 0 <= day <= 6:
        return "day must be 0 (Sunday) to 6 (Saturday)."
    if not isinstance(begin, str) or not TIME.fullmatch(begin):
        return "startTime must look like 09:00."
    if not isinstance(end, str) or not (TIME.fullmatch(end) or end == "24:00"):
        return "endTime must look like 17:00, at most 24:00."
    return None


def check_overlaps(intervals: list[dict[str, Any]]) -> None:
    taken = sorted(place_in_week(interval) for interval in intervals)
    first = taken[0]
    # The last interval may run over Saturday night into the first.
    for (_, end), (begin, _) in pairwise([*taken, (first[0] + WEEK, first[1] + WEEK)]):
        if begin < end:
            raise Invalid(schedule=f"Intervals overlap on {DAYS[begin // MINUTES_A_DAY % 7]}.")


def place_in_week(interval: Mapping[str, Any]) -> tuple[int, int]:
    """Begin and end in minutes since Sunday began; what ends no later than it begins ends on the next day."""
    begin, end = minute_of(interval["startTime"]), minute_of(interval["endTime"])
    day = interval["day"] * MINUTES_A_DAY
    return day + begin, day + end + (0 if begin < end else MINUTES_A_DAY)


def check_zone(name: str) -> None:
    if name not in known_zones():
        raise Invalid(timezone="Must be a time zone of the IANA database, such as Europe/Berlin.")


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})
