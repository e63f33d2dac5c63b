"""When people write and when they work. Moments are milliseconds since 1970, UTC."""

from bisect import bisect_right
from itertools import accumulate
from math import exp
from random import Random

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DAYS = 365  # how far back the tickets reach
GROWTH = 5  # a young company: at the end it gets e⁵ times the requests of the beginning
OPENS, CLOSES = 8, 18  # o'clock
# How many requests come in each hour of a working day; on a weekend a fifth of that.
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 9, 15, 18, 17, 15, 12, 14, 16, 15, 13, 10, 7, 6, 5, 4, 3, 2)


def is_weekend(moment: int) -> bool:
    return (moment // DAY + 3) % 7 >= 5  # 1970 began on a Thursday


class Year:
    """Spreads requests over the year before `end`: more by day than by night, more lately than long ago."""

    def __init__(self, end: int) -> None:
        self.begin = end - DAYS * DAY
        hours = range(self.begin, end, HOUR)
        self.weights = [self.weight(hour, (hour - self.begin) / (end - self.begin)) for hour in hours]
        self.reached = [0.0, *accumulate(self.weights)]

    @staticmethod
    def weight(hour: int, progress: float) -> float:
        return BY_HOUR[hour // HOUR % 24] * (0.2 if is_weekend(hour) else 1) * exp(GROWTH * progress)

    def moment(self, share: float) -> int:
        """The moment before which this share (0 to 1) of all requests came in; a later share is never earlier."""
        target = share * self.reached[-1]
        hour = min(bisect_right(self.reached, target), len(self.weights)) - 1
        within = min((target - self.reached[hour]) / self.weights[hour], 0.999999)
        return self.begin + hour * HOUR + int(within * HOUR)


def in_office_hours(moment: int, random: Random) -> int:
    """The moment itself, or one soon after the office opens again."""
    hour = moment // HOUR % 24
    if OPENS <= hour < CLOSES and not is_weekend(moment):
        return moment
    day = moment // DAY * DAY + (DAY if hour >= CLOSES else 0)
    while is_weekend(day):
        day += DAY
    return max(moment, day + OPENS * HOUR) + random.randrange(100 * MINUTE)


def awake(moment: int, random: Random) -> int:
    """The moment itself, or one in the next morning: customers sleep, too."""
    hour = moment // HOUR % 24
    if hour >= 6:
        return moment
    return moment // DAY * DAY + 6 * HOUR + random.randrange(4 * HOUR)
