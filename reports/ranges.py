"""What happened within some days. Definitions: docs/reports.md.

Two sets of tickets take part: those filed in the period, and those resolved in it. Each is read along the index of its
moment, grouped by the database and put together here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from accounts.models import AgentGroup, User
from csat.models import Survey
from tickets.models import Priority, Ticket, TimeEntry

from .expressions import Quarter, seconds_between
from .figures import hours, mean, percent
from .periods import Period

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST = 50  # categories, and tags: the most frequent ones
UNNAMED = "Uncategorized"
SATISFIED = 4  # a rating from here on is a good one
IN_TIME = Q(resolved_at__lte=F("sla_deadline"))
WORK = {
    "number": Count("pk"),
    "seconds": seconds_between("created_at", "resolved_at"),
    "promised": Count("sla_deadline"),
    "in_time": Count("pk", filter=IN_TIME),
}
OPINION = {"answers": Count("pk"), "points": Sum("rating"), "good": Count("pk", filter=Q(rating__gte=SATISFIED))}
TAGS_IN = {
    "postgresql": (
        "SELECT tag, COUNT(*) FROM ({}) AS filed, jsonb_array_elements_text(filed.tags) AS tag GROUP BY tag "
        'ORDER BY 2 DESC, tag COLLATE "C" LIMIT %s'
    ),
    "sqlite": (
        "SELECT tag.value, COUNT(*) FROM ({}) AS filed, json_each(filed.tags) AS tag GROUP BY tag.value "
        "ORDER BY 2 DESC, tag.value LIMIT %s"
    ),
}


@dataclass
class Work:
    """What was resolved: how many tickets, how long they took, and how many of those with a deadline made it."""

    tickets: int = 0
    seconds: int = 0
    promised: int = 0
    kept: int = 0

    def add(self, tickets: int, seconds: int | None, promised: int = 0, kept: int = 0) -> None:
        self.tickets += tickets
        self.seconds += int(seconds or 0)
        self.promised += promised
        self.kept += kept

    @property
    def time(self) -> float | None:
        return hours(self.seconds, self.tickets)


@dataclass
class Opinion:
    """What customers said."""

    answers: int = 0
    points: int = 0
    satisfied: int = 0

    def add(self, answers: int, points: int | None, satisfied: int) -> None:
        self.answers += answers
        self.points += int(points or 0)
        self.satisfied += satisfied


@dataclass
class Person:
    work: Work = field(default_factory=Work)
    opinion: Opinion = field(default_factory=Opinion)
    minutes: int = 0


class Report:
    """The figures of a period over some tickets; with none given, over all."""

    def __init__(self, period: Period, tickets: QuerySet[Ticket] | None = None) -> None:
        self.period, self.is_limited = period, tickets is not None
        self.tickets = (Ticket.objects.all() if tickets is None else tickets).order_by()

    # --- What is counted ---------------------------------------------------------------------------

    def filed(self, period: Period) -> QuerySet[Ticket]:
        return self.tickets.filter(created_at__gte=period.begin, created_at__lt=period.end)

    def resolved(self, period: Period) -> QuerySet[Ticket]:
        return self.tickets.filter(resolved_at__gte=period.begin, resolved_at__lt=period.end)

    def surveys(self, period: Period) -> QuerySet[Survey]:
        answered = Survey.objects.answered().filter(responded_at__gte=period.begin, responded_at__lt=period.end)
        return self.seen(answered).order_by()

    def time_entries(self, period: Period) -> QuerySet[TimeEntry]:
        entries = TimeEntry.objects.filter(created_at__gte=period.begin, created_at__lt=period.end)
        return self.seen(entries).order_by()

    def seen(self, rows: QuerySet) -> QuerySet:
        """Of rows about tickets, those about tickets that take part."""
        return rows.filter(ticket__in=self.tickets.values("pk")) if self.is_limited else rows

    # --- The answer --------------------------------------------------------------------------------

    def figures(self) -> dict[str, Any]:
        period = self.period
        filed_at = self.counts_by_quarter(self.filed(period), "created_at")
        resolved_at = self.counts_by_quarter(self.resolved(period), "resolved_at")
        categories, priorities, groups = self.distributions()
        people, group_work, priority_work = self.work()
        self.hear(people)
        time_logged = self.log(people)
        return {
            "period": {"from_": period.first, "to": period.last, "timezone": period.zone.key},
            "summary": {**self.summary(period), "previous": self.summary(period.previous)},
            "ticket_volume": self.volume(filed_at, resolved_at),
            "resolution_time": self.by_weekday(resolved_at),
            "category_distribution": most(categories),
            "priority_distribution": [{"name": name, "value": priorities[name]} for name in Priority.values],
            "agent_performance": self.performance(people),
            "by_group": self.by_group(groups, group_work),
            "by_tag": self.by_tag(),
            "backlog": self.backlog(filed_at, resolved_at),
            "sla_by_priority": [
                {
                    "name": name,
                    "value": percent(priority_work[name].kept, priority_work[name].promised),
                    "promised": priority_work[name].promised,
                    "kept": priority_work[name].kept,
                }
                for name in Priority.values
            ],
            "time_logged": time_logged,
        }

    def summary(self, period: Period) -> dict[str, Any]:
        filed = self.filed(period).aggregate(
            tickets=Count("pk"),
            answered=Count("first_response_at"),
            seconds=seconds_between("created_at", "first_response_at"),
        )
        work, opinion = Work(), Opinion()
        for row in self.resolved(period).values("status").annotate(**WORK).values_list(*WORK):
            work.add(*row)
        for row in self.surveys(period).values("rating").annotate(**OPINION).values_list(*OPINION):
            opinion.add(*row)
        return {
            "total_tickets": filed["tickets"],
            "resolved_tickets": work.tickets,
            "avg_resolution_time": work.time,
            "avg_first_response_time": hours(int(filed["seconds"] or 0), filed["answered"]),
            "satisfaction": mean(opinion.points, opinion.answers),
            "satisfied_percent": percent(opinion.satisfied, opinion.answers),
            "survey_answers": opinion.answers,
            "sla_compliance": percent(work.kept, work.promised),
        }

    def counts_by_quarter(self, tickets: QuerySet[Ticket], moment: str) -> list[tuple[date, int, int]]:
        """By quarters of an hour: the day, how many tickets, and the seconds they took to be resolved."""
        rows = (
            tickets.annotate(quarter=Quarter(moment))
            .values("quarter")
            .annotate(number=Count("pk"), seconds=seconds_between("created_at", "resolved_at"))
            .values_list("quarter", "number", "seconds")
        )
        return [(self.period.day_of(quarter * 900), number, int(seconds or 0)) for quarter, number, seconds in rows]

    def volume(self, filed: Sequence[Any], resolved: Sequence[Any]) -> list[dict[str, Any]]:
        new, done = self.by_step(filed), self.by_step(resolved)
        return [
            {"name": step.name, "date": step.first, "tickets": new[place], "resolved": done[place]}
            for place, step in enumerate(self.period.steps)
        ]

    def by_step(self, counts: Iterable[tuple[date, int, int]]) -> Counter[int]:
        found: Counter[int] = Counter()
        for day, number, _ in counts:
            found[self.period.step_of(day)] += number
        return found

    def by_weekday(self, resolved: Iterable[tuple[date, int, int]]) -> list[dict[str, Any]]:
        work = [Work() for _ in WEEKDAYS]
        for day, number, seconds in resolved:
            work[day.weekday()].add(number, seconds)
        return [{"name": name, "time": work[place].time} for place, name in enumerate(WEEKDAYS)]

    def backlog(self, filed: Sequence[Any], resolved: Sequence[Any]) -> list[dict[str, Any]]:
        """Backwards from now: what is unresolved, with what was resolved since, without what was filed since."""
        end = self.period.end
        standing = self.tickets.filter(resolved_at=None).count()
        standing += self.tickets.filter(resolved_at__gte=end).count() - self.tickets.filter(created_at__gte=end).count()
        new, done = self.by_step(filed), self.by_step(resolved)
        points = []
        for place, step in reversed(list(enumerate(self.period.steps))):
            points.append({"name": step.name, "date": step.first, "open": standing})
            standing += done[place] - new[place]
        return points[::-1]

    def distributions(self) -> tuple[Counter[str], Counter[str], Counter[UUID | None]]:
        """What was filed, by category, priority and group."""
        categories, priorities, groups = Counter[str](), Counter[str](), Counter[UUID | None]()
        rows = self.filed(self.period).values_list("category", "priority", "group_id").annotate(number=Count("pk"))
        for category, priority, group, number in rows:
            categories[category or UNNAMED] += number
            priorities[priority] += number
            groups[group] += number
        return categories, priorities, groups

    def work(self) -> tuple[dict[UUID, Person], dict[UUID | None, Work], dict[str, Work]]:
        """What was resolved, by assignee, group and priority."""
        people: dict[UUID, Person] = {}
        groups: dict[UUID | None, Work] = {}
        priorities = {name: Work() for name in Priority.values}
        keys = ("assignee_id", "group_id", "priority")
        for assignee, group, priority, *row in (
            self.resolved(self.period).values(*keys).annotate(**WORK).values_list(*keys, *WORK)
        ):
            if assignee is not None:
                people.setdefault(assignee, Person()).work.add(*row)
            groups.setdefault(group, Work()).add(*row)
            priorities[priority].add(*row)
        return people, groups, priorities

    def hear(self, people: dict[UUID, Person]) -> None:
        """What customers said about each agent."""
        rows = self.surveys(self.period).values("agent_id").annotate(**OPINION).values_list("agent_id", *OPINION)
        for agent, *row in rows:
            if agent is not None:
                people.setdefault(agent, Person()).opinion.add(*row)

    def log(self, people: dict[UUID, Person]) -> dict[str, Any]:
        """Time that was logged, in all and by each agent."""
        total = billable = 0
        rows = self.time_entries(self.period).values_list("user_id", "billable").annotate(minutes=Sum("time_spent"))
        for user, is_billable, minutes in rows:
            total += minutes
            billable += minutes if is_billable else 0
            people.setdefault(user, Person()).minutes += minutes
        return {"hours": round(total / 60, 1), "billable_hours": round(billable / 60, 1)}

    def performance(self, people: dict[UUID, Person]) -> list[dict[str, Any]]:
        names = dict(User.objects.filter(pk__in=people).order_by().values_list("pk", "name"))
        found = [
            {
                "id": key,
                "name": names[key],
                "resolved": person.work.tickets,
                "avg_resolution_time": person.work.time,
                "satisfaction": mean(person.opinion.points, person.opinion.answers),
                "survey_answers": person.opinion.answers,
                "time_logged": round(person.minutes / 60, 1),
            }
            for key, person in people.items()
            if key in names
        ]
        return sorted(found, key=lambda row: (-row["resolved"], row["name"], row["id"]))

    def by_group(self, filed: Counter[UUID | None], work: dict[UUID | None, Work]) -> list[dict[str, Any]]:
        keys = {*filed, *work}
        names = dict(AgentGroup.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name"))
        found = []
        for key in keys:
            done = work.get(key, Work())
            figures = {"tickets": filed[key], "resolved": done.tickets, "avg_resolution_time": done.time}
            found.append({"id": key, "name": names[key] if key else None, **figures})
        return sorted(found, key=lambda row: (-row["tickets"], row["name"] or "", str(row["id"])))

    def by_tag(self) -> list[dict[str, Any]]:
        sql, params = self.filed(self.period).values("tags").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(TAGS_IN[connection.vendor].format(sql), [*params, MOST])
            return [{"name": name, "value": number} for name, number in cursor.fetchall()]


def most(counts: Counter[str]) -> list[dict[str, Any]]:
    """The most frequent ones, then by name."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"name": name, "value": number} for name, number in ranked[:MOST]]


def report(period: Period, tickets: QuerySet[Ticket] | None) -> dict[str, Any]:
    return Report(period, tickets).figures()
