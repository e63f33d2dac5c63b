"""Dashboard and reports worked out slowly and obviously, ticket by ticket: what the fast ones are held against."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from csat.models import Survey
from tickets.models import Priority, Status, Ticket, TimeEntry

OPEN = ("open", "pending", "in_progress")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Seen = Callable[[Ticket], bool]


def dashboard(now: datetime, zone: ZoneInfo, seen: Seen) -> dict[str, Any]:
    tickets = [ticket for ticket in Ticket.objects.all() if seen(ticket) and ticket.archived_at is None]
    still_open = [ticket for ticket in tickets if ticket.status in OPEN]
    today = now.astimezone(zone).date()
    return {
        "total_tickets": len(tickets),
        "open_tickets": len(still_open),
        "resolved_today": sum(t.resolved_at is not None and local(t.resolved_at, zone) >= today for t in tickets),
        "avg_response_time": average_hours(waits(tickets)),
        "unassigned_tickets": sum(t.assignee_id is None for t in still_open),
        "overdue_tickets": sum(is_past(t.due_date, now) or is_past(t.sla_deadline, now) for t in still_open),
        "sla_breached": sum(has_broken_a_promise(t, now) for t in still_open),
        "by_status": {status: sum(t.status == status for t in tickets) for status in Status.values},
        "by_priority": {priority: sum(t.priority == priority for t in tickets) for priority in Priority.values},
    }


def report(first: date, last: date, zone: ZoneInfo, seen: Seen) -> dict[str, Any]:
    tickets = [ticket for ticket in Ticket.objects.select_related("group") if seen(ticket)]
    filed = [t for t in tickets if first <= local(t.created_at, zone) <= last]
    done = [t for t in tickets if t.resolved_at and first <= local(t.resolved_at, zone) <= last]
    steps = steps_of(first, last)
    days = (last - first).days + 1
    return {
        "period": {"from_": first, "to": last, "timezone": zone.key},
        "summary": {
            **summary(first, last, zone, seen),
            "previous": summary(first - timedelta(days=days), first - timedelta(days=1), zone, seen),
        },
        "ticket_volume": [
            {
                "name": name,
                "date": begin,
                "tickets": sum(begin <= local(t.created_at, zone) < end for t in filed),
                "resolved": sum(begin <= local(t.resolved_at, zone) < end for t in done if t.resolved_at),
            }
            for name, begin, end in steps
        ],
        "resolution_time": [
            {"name": name, "time": average_hours(resolutions(t for t in done if weekday(t, zone) == number))}
            for number, name in enumerate(WEEKDAYS)
        ],
        "category_distribution": ranked(t.category or "Uncategorized" for t in filed),
        "priority_distribution": [{"name": p, "value": sum(t.priority == p for t in filed)} for p in Priority.values],
        "first_responses": [
            {"name": p, "time": average_hours(waits(t for t in filed if t.priority == p))} for p in Priority.values
        ],
        "agent_performance": agents(first, last, zone, seen, done),
        "by_group": groups(filed, done),
        "by_tag": ranked(tag for t in filed for tag in t.tags),
        "backlog": [
            {
                "name": name,
                "date": begin,
                "open": sum(
                    local(t.created_at, zone) < end and (not t.resolved_at or local(t.resolved_at, zone) >= end)
                    for t in tickets
                ),
            }
            for name, begin, end in steps
        ],
        "sla_by_priority": [
            {"name": priority, **compliance([t for t in done if t.priority == priority])}
            for priority in Priority.values
        ],
        "time_logged": time_logged(first, last, zone, seen),
    }


def summary(first: date, last: date, zone: ZoneInfo, seen: Seen) -> dict[str, Any]:
    tickets = [ticket for ticket in Ticket.objects.all() if seen(ticket)]
    filed = [t for t in tickets if first <= local(t.created_at, zone) <= last]
    done = [t for t in tickets if t.resolved_at and first <= local(t.resolved_at, zone) <= last]
    ratings = [survey.rating for survey in answers(first, last, zone, seen)]
    good = [rating for rating in ratings if rating in (4, 5)]
    return {
        "total_tickets": len(filed),
        "resolved_tickets": len(done),
        "avg_resolution_time": average_hours(resolutions(done)),
        "avg_first_response_time": average_hours(waits(filed)),
        "satisfaction": round(sum(ratings) / len(ratings), 1) if ratings else None,
        "satisfied_percent": round(100 * len(good) / len(ratings), 1) if ratings else None,
        "survey_answers": len(ratings),
        "sla_compliance": compliance(done)["value"],
    }


def agents(first: date, last: date, zone: ZoneInfo, seen: Seen, done: list[Ticket]) -> list[dict[str, Any]]:
    said = answers(first, last, zone, seen)
    logged = entries(first, last, zone, seen)
    people = {t.assignee for t in done} | {survey.agent for survey in said} | {entry.user for entry in logged}
    found = []
    for person in people - {None}:
        own = [t for t in done if t.assignee_id == person.pk]
        ratings = [survey.rating for survey in said if survey.agent_id == person.pk]
        found.append({
            "id": person.pk,
            "name": person.name,
            "resolved": len(own),
            "avg_resolution_time": average_hours(resolutions(own)),
            "satisfaction": round(sum(ratings) / len(ratings), 1) if ratings else None,
            "survey_answers": len(ratings),
            "time_logged": round(sum(entry.time_spent for entry in logged if entry.user_id == person.pk) / 60, 1),
        })  # fmt: skip
    return sorted(found, key=lambda row: (-row["resolved"], row["name"], row["id"]))


def groups(filed: list[Ticket], done: list[Ticket]) -> list[dict[str, Any]]:
    found = [
        {
            "id": group.pk if group else None,
            "name": group.name if group else None,
            "tickets": sum(t.group == group for t in filed),
            "resolved": sum(t.group == group for t in done),
            "avg_resolution_time": average_hours(resolutions(t for t in done if t.group == group)),
        }
        for group in {t.group for t in [*filed, *done]}
    ]
    return sorted(found, key=lambda row: (-row["tickets"], row["name"] or "", str(row["id"])))


def time_logged(first: date, last: date, zone: ZoneInfo, seen: Seen) -> dict[str, float]:
    found = entries(first, last, zone, seen)
    return {
        "hours": round(sum(entry.time_spent for entry in found) / 60, 1),
        "billable_hours": round(sum(entry.time_spent for entry in found if entry.billable) / 60, 1),
    }


# --- What these are made of ---------------------------------------------------------------------------


def local(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def weekday(ticket: Ticket, zone: ZoneInfo) -> int | None:
    return local(ticket.resolved_at, zone).weekday() if ticket.resolved_at else None


def is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment < now


def has_broken_a_promise(ticket: Ticket, now: datetime) -> bool:
    due, answered = ticket.first_response_deadline, ticket.first_response_at
    answered_late = due is not None and due < now and (answered is None or answered > due)
    return is_past(ticket.sla_deadline, now) or answered_late


def seconds(begin: datetime, end: datetime) -> int:
    """Between two clocks that show no fractions."""
    return (end.replace(microsecond=0) - begin.replace(microsecond=0)) // timedelta(seconds=1)


def waits(tickets: Iterable[Ticket]) -> list[int]:
    return [seconds(t.created_at, t.first_response_at) for t in tickets if t.first_response_at]


def resolutions(tickets: Iterable[Ticket]) -> list[int]:
    return [seconds(t.created_at, t.resolved_at) for t in tickets if t.resolved_at]


def average_hours(values: list[int]) -> float | None:
    return round(sum(values) / len(values) / 3600, 1) if values else None


def compliance(done: list[Ticket]) -> dict[str, Any]:
    promised = [t for t in done if t.sla_deadline]
    kept = [t for t in promised if t.resolved_at and t.sla_deadline and t.resolved_at <= t.sla_deadline]
    percent = round(100 * len(kept) / len(promised), 1) if promised else None
    return {"value": percent, "promised": len(promised), "kept": len(kept)}


def answers(first: date, last: date, zone: ZoneInfo, seen: Seen) -> list[Survey]:
    surveys = Survey.objects.select_related("ticket", "agent").exclude(responded_at=None)
    return [s for s in surveys if first <= local(s.responded_at, zone) <= last and seen(s.ticket)]


def entries(first: date, last: date, zone: ZoneInfo, seen: Seen) -> list[TimeEntry]:
    found = TimeEntry.objects.select_related("ticket", "user")
    return [entry for entry in found if first <= local(entry.created_at, zone) <= last and seen(entry.ticket)]


def ranked(words: Iterable[str]) -> list[dict[str, Any]]:
    counts = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
    return [{"name": word, "value": number} for word, number in counts[:50]]


def steps_of(first: date, last: date) -> list[tuple[str, date, date]]:
    """Label, first day, and the day after the last one."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if len(days) <= 92:
        begins = {day: f"{day:%b} {day.day}" for day in days}
    elif len(days) <= 366:
        begins = {day: f"{day:%b} {day.day}" for day in days if day == first or day.strftime("%a") == "Mon"}
    else:
        begins = {day: f"{day:%b %Y}" for day in days if day == first or day.day == 1}
    ends = [*list(begins)[1:], last + timedelta(days=1)]
    return [(name, begin, end) for (begin, name), end in zip(begins.items(), ends, strict=True)]
