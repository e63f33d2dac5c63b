"""How figures are rounded. None stands where there is nothing to measure."""


def hours(seconds: int, count: int) -> float | None:
    """The average of a sum of seconds, in hours with one decimal."""
    return round(seconds / count / 3600, 1) if count else None


def percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def mean(total: int, count: int) -> float | None:
    return round(total / count, 1) if count else None
