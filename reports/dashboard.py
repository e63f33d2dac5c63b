"""How things stand now. Definitions: docs/reports.md."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import CharField, Count, F, Q, QuerySet, Sum, Value

from tickets.models import ACTIVE_STATUSES, Priority, Status, Ticket

from .expressions import seconds_between
from .figures import hours
from .models import Late, LateTally, StandingTally
from .periods import midnight

STANDING, RESOLVED = "standing", "resolved"

# What is counted, status, priority, tickets, of them unassigned, answered, and seconds until these were answered.
Row = tuple[str, str, str, int, int, int, int]


def dashboard(tickets: QuerySet[Ticket] | None, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """The figures over all tickets outside the archive or, slower, over those of a queryset."""
    today = midnight(now.astimezone(zone).date(), zone)
    if tickets is None:
        return shown(counted(now, today))
    return shown(recounted(tickets.filter(archived_at=None), now, today))


def counted(now: datetime, today: datetime) -> Iterable[Row]:
    """From the tally, in one statement: whatever happens meanwhile, all figures are of the same moment."""
    resolved = Ticket.objects.filter(archived_at=None, resolved_at__gte=today).order_by()
    standing = (
        StandingTally.objects.filter(is_archived=False)
        .values("status", "priority", "is_unassigned")
        .annotate(
            what=Value(STANDING, CharField()),
            number=Sum("tickets"),
            had_answer=Sum("answered"),
            seconds=Sum("response_seconds"),
        )
        .values_list("what", "status", "priority", "number", "is_unassigned", "had_answer", "seconds")
    )
    late = LateTally.objects.filter(moment__lt=now).values("kind").annotate(number=Sum("tickets"))
    raised = standing.union(
        plain(late, F("kind")), plain(resolved_count(resolved), Value(RESOLVED, CharField())), all=True
    )
    for what, status, priority, number, is_unassigned, answered, seconds in raised:
        yield what, status, priority, number, number if is_unassigned else 0, answered, seconds


def resolved_count(resolved: QuerySet[Ticket]) -> QuerySet:
    # Grouped by a constant there is one row, or none.
    return resolved.annotate(one=Value(1)).values("one").annotate(number=Count("pk"))


def plain(rows: QuerySet, what: Any) -> QuerySet:
    """Rows that have a number only, in the shape of the others."""
    blank = {"a": Value("", CharField()), "b": Value("", CharField()), "c": Value(False), "d": Value(0), "e": Value(0)}
    return rows.annotate(what=what, **blank).values_list("what", "a", "b", "number", "c", "d", "e")


def recounted(tickets: QuerySet[Ticket], now: datetime, today: datetime) -> Iterable[Row]:
    """From the tickets themselves, for those who do not see all of them."""
    is_open = Q(status__in=ACTIVE_STATUSES)
    is_overdue = Q(due_date__lt=now) | Q(sla_deadline__lt=now)
    unanswered = Q(first_response_at=None) | Q(first_response_at__gt=F("first_response_deadline"))
    is_breached = Q(sla_deadline__lt=now) | (Q(first_response_deadline__lt=now) & unanswered)
    rows = (
        tickets.order_by()
        .values("status", "priority")
        .annotate(
            number=Count("pk"),
            unassigned=Count("pk", filter=Q(assignee=None)),
            had_answer=Count("first_response_at"),
            seconds=seconds_between("created_at", "first_response_at"),
            overdue=Count("pk", filter=is_open & is_overdue),
            breached=Count("pk", filter=is_open & is_breached),
            resolved=Count("pk", filter=Q(resolved_at__gte=today)),
        )
    )
    for row in rows:
        place = row["status"], row["priority"]
        yield (STANDING, *place, row["number"], row["unassigned"], row["had_answer"], row["seconds"] or 0)
        for what in (Late.OVERDUE, Late.BREACHED, RESOLVED):
            yield (str(what), *place, row[str(what)], 0, 0, 0)


def shown(rows: Iterable[Row]) -> dict[str, Any]:
    totals: Counter[str] = Counter()
    by_status, by_priority = Counter[str](), Counter[str]()
    unassigned = answered = seconds = 0
    for what, status, priority, number, free, had_answer, waited in rows:
        totals[what] += int(number)
        if what != STANDING:
            continue
        by_status[status] += int(number)
        by_priority[priority] += int(number)
        unassigned += int(free) if status in ACTIVE_STATUSES else 0
        answered += int(had_answer)
        seconds += int(waited)
    return {
        "total_tickets": totals[STANDING],
        "open_tickets": sum(by_status[status] for status in ACTIVE_STATUSES),
        "resolved_today": totals[RESOLVED],
        "avg_response_time": hours(seconds, answered),
        "unassigned_tickets": unassigned,
        "overdue_tickets": totals[Late.OVERDUE],
        "sla_breached": totals[Late.BREACHED],
        "by_status": {status: by_status[status] for status in Status.values},
        "by_priority": {priority: by_priority[priority] for priority in Priority.values},
    }
