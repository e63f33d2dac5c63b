"""Figures as the home page draws them: sizes for its pictures, and where each bar leads."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from reports.periods import Period
from tickets.models import ACTIVE_STATUSES, Priority, Status

from .promises import span

WIDTH, HEIGHT, FOOT = 720, 150, 22
MOST = 8  # agents
OPEN = [("status", status.value) for status in ACTIVE_STATUSES]


def filed_in(period: Period) -> list[tuple[str, Any]]:
    return [("createdAfter", period.first), ("createdBefore", period.last + timedelta(days=1))]


def resolved_in(period: Period) -> list[tuple[str, Any]]:
    return [("resolvedAfter", period.first), ("resolvedBefore", period.last + timedelta(days=1))]


def to_queue(*pairs: tuple[str, Any], view: str = "all") -> str:
    return urlencode([("view", view), *pairs])


# --- Figures with the ones before ---------------------------------------------------------------------


def cards(summary: dict[str, Any], period: Period) -> list[dict[str, Any]]:
    """Each figure with that of as many days before, which way is good, and the tickets it is about."""
    before, filed, resolved = summary["previous"], filed_in(period), resolved_in(period)
    shapes = (
        ("Created", "total_tickets", "{:,}".format, None, filed),
        ("Resolved", "resolved_tickets", "{:,}".format, True, resolved),
        ("First reply", "avg_first_response_time", hours, False, [*filed, ("answered", "true")]),
        ("Resolution", "avg_resolution_time", hours, False, resolved),
        ("Resolved in time", "sla_compliance", "{:g} %".format, True, [*resolved, ("promised", "true")]),
        ("Satisfaction", "satisfaction", "{:g} / 5".format, True, [("ratedSince", period.first)]),
    )
    return [
        {**card(title, summary[key], before[key], told, more_is_better), "to": to_queue(*pairs)}
        for title, key, told, more_is_better, pairs in shapes
    ]


def hours(value: float) -> str:
    return span(timedelta(hours=value))


def card(
    title: str, now: float | None, before: float | None, told: Callable[[float], str], more_is_better: bool | None
) -> dict[str, Any]:
    change = None if now is None or not before else round(100 * (now - before) / before)
    mood = "" if not change or more_is_better is None else "good" if (change > 0) is more_is_better else "bad"
    return {
        "title": title,
        "now": "–" if now is None else told(now),
        "before": "–" if before is None else told(before),
        "change": change,
        "size": abs(change or 0),
        "mood": mood,
    }


# --- Pictures -----------------------------------------------------------------------------------------


def volume(steps: Sequence[dict[str, Any]], last: date) -> dict[str, Any]:
    """Two bars for each step: what came and what was resolved."""
    most = max([1, *(max(step["tickets"], step["resolved"]) for step in steps)])
    room = WIDTH / max(1, len(steps))
    wide = max(1.0, min(16.0, room * 0.36))
    ends = [step["date"] for step in steps[1:]] + [last + timedelta(days=1)]
    bars = []
    for place, (step, end) in enumerate(zip(steps, ends, strict=True)):
        left = place * room + (room - 2 * wide - 1) / 2
        bars.append(
            {
                "name": step["name"],
                "created": bar(left, wide, step["tickets"], most),
                "resolved": bar(left + wide + 1, wide, step["resolved"], most),
                "to_created": to_queue(("createdAfter", step["date"]), ("createdBefore", end)),
                "to_resolved": to_queue(("resolvedAfter", step["date"]), ("resolvedBefore", end)),
            }
        )
    shown = sorted({0, len(steps) // 2, len(steps) - 1}) if steps else []
    labels = [
        {"x": text_at(place, room, len(steps)), "anchor": anchor(place, len(steps)), "name": steps[place]["name"]}
        for place in shown
    ]
    return {"bars": bars, "labels": labels, "most": most, "width": WIDTH, "height": HEIGHT, "whole": HEIGHT + FOOT}


def bar(left: float, wide: float, value: int, most: int) -> dict[str, Any]:
    high = round(value * (HEIGHT - 4) / most, 1)
    return {"x": round(left, 1), "y": round(HEIGHT - high, 1), "wide": round(wide, 1), "high": high, "value": value}


def text_at(place: int, room: float, count: int) -> float:
    return {0: 0.0, count - 1: float(WIDTH)}.get(place, round((place + 0.5) * room, 1))


def anchor(place: int, count: int) -> str:
    return "start" if place == 0 else "end" if place == count - 1 else "middle"


def lines(
    rows: Sequence[tuple[str, float | None, str]],
    *,
    most: float | None = None,
    told: Callable[[float], str] = "{:,}".format,
) -> list[dict[str, Any]]:
    """Bars that lie: name, value, and where they lead."""
    top = most or max([1, *(value or 0 for _, value, _ in rows)])
    return [
        {"name": name, "value": value or 0, "told": "–" if value is None else told(value), "most": top, "to": to}
        for name, value, to in rows
    ]


def by_status(counts: dict[str, int]) -> list[dict[str, Any]]:
    return lines([(str(status.label), counts[status], to_queue(("status", status.value))) for status in Status])


def by_priority(counts: dict[str, int]) -> list[dict[str, Any]]:
    rows = list(Priority)[::-1]
    return lines([(str(one.label), counts[one], to_queue(("priority", one.value))) for one in rows])


def kept_by_priority(rows: Sequence[dict[str, Any]], period: Period) -> list[dict[str, Any]]:
    resolved = [*resolved_in(period), ("promised", "true")]
    found = [
        (str(Priority(row["name"]).label), row["value"], to_queue(("priority", row["name"]), *resolved))
        for row in rows[::-1]
    ]
    return lines(found, most=100, told="{:g} %".format)


def first_replies(times: Mapping[str, float | None], period: Period) -> list[dict[str, Any]]:
    """Hours until the first reply, by priority."""
    answered = [*filed_in(period), ("answered", "true")]
    rows = [(str(one.label), times.get(one), to_queue(("priority", one.value), *answered)) for one in Priority]
    return lines(rows[::-1], told=hours)


def by_weekday(rows: Sequence[dict[str, Any]], period: Period) -> list[dict[str, Any]]:
    resolved = resolved_in(period)
    return lines(
        [(row["name"], row["time"], to_queue(("resolvedOn", row["name"]), *resolved)) for row in rows], told=hours
    )


def load(rows: Sequence[tuple[Any, str, int]]) -> list[dict[str, Any]]:
    return lines([(name, count, to_queue(("assigneeId", key), *OPEN)) for key, name, count in rows[:MOST]])
