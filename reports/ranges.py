"""What happened within some days. Definitions: docs/reports.md."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet, Sum

from accounts.models import AgentGroup, User
from csat.models import Survey
from tickets.models import Priority, Ticket, TimeEntry

from .figures import mean, percent
from .models import Flow
from .periods import Period
from .recounting import Recounted
from .sums import Sums, together
from .tallied import Tallied
from .tally import fold_before_a_report

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST = 50  # categories, and tags: the most frequent ones
UNNAMED = "Uncategorized"
SATISFIED = 4  # a rating from here on is a good one
ByDay = Mapping[date, Sums]
# Nothing is asked for that is not in the index of the answers: see the model.
OPINION = {"answers": Count("*"), "points": Sum("rating"), "good": Count("rating", filter=Q(rating__gte=SATISFIED))}


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
    work: Sums = field(default_factory=Sums)
    opinion: Opinion = field(default_factory=Opinion)
    minutes: int = 0


class Report:
    """The figures of a period over some tickets; with none given, over all."""

    def __init__(self, period: Period, tickets: QuerySet[Ticket] | None = None) -> None:
        self.period, self.is_limited = period, tickets is not None
        self.tickets = (Ticket.objects.all() if tickets is None else tickets).order_by()
        self.source = Tallied() if tickets is None else Recounted(self.tickets)

    def figures(self) -> dict[str, Any]:
        period = self.period
        flows = self.source.flows(period)
        filed, done = flows.by(Flow.FILED), flows.by(Flow.RESOLVED)
        by_priority = flows.by(Flow.FILED_PRIORITY)
        people, opinion, previous = self.heard()
        for agent, work in flows.by(Flow.RESOLVED_AGENT).items():
            if agent is not None:
                people.setdefault(agent, Person()).work.add(work)
        time_logged = self.log(people)
        filed_before, done_before = self.source.totals(period.previous)
        return {
            "period": {"from_": period.first, "to": period.last, "timezone": period.zone.key},
            "summary": {
                **in_short(together(filed.values()), together(done.values()), opinion),
                "previous": in_short(filed_before, done_before, previous),
            },
            "ticket_volume": self.volume(filed, done),
            "resolution_time": by_weekday(done),
            "category_distribution": most(named(flows.by(Flow.FILED_CATEGORY))),
            "priority_distribution": [
                {"name": name, "value": by_priority.get(name, Sums()).tickets} for name in Priority.values
            ],
            "first_responses": [{"name": name, "time": by_priority.get(name, Sums()).wait} for name in Priority.values],
            "agent_performance": performance(people),
            "by_group": by_group(flows.by(Flow.FILED_GROUP), flows.by(Flow.RESOLVED_GROUP)),
            "by_tag": most(flows.by(Flow.FILED_TAG)),
            "backlog": self.backlog(filed, done),
            "sla_by_priority": compliance(flows.by(Flow.RESOLVED_PRIORITY)),
            "time_logged": time_logged,
        }

    def surveys(self, begin: datetime, end: datetime) -> QuerySet[Survey]:
        answered = Survey.objects.answered().filter(responded_at__gte=begin, responded_at__lt=end)
        return self.seen(answered).order_by()

    def time_entries(self, period: Period) -> QuerySet[TimeEntry]:
        entries = TimeEntry.objects.filter(created_at__gte=period.begin, created_at__lt=period.end)
        return self.seen(entries).order_by()

    def seen(self, rows: QuerySet) -> QuerySet:
        """Of rows about tickets, those about tickets that take part."""
        return rows.filter(ticket__in=self.tickets.values("pk")) if self.is_limited else rows

    def volume(self, filed: ByDay, done: ByDay) -> list[dict[str, Any]]:
        new, old = self.by_step(filed), self.by_step(done)
        return [
            {"name": step.name, "date": step.first, "tickets": new[place], "resolved": old[place]}
            for place, step in enumerate(self.period.steps)
        ]

    def by_step(self, days: ByDay) -> Counter[int]:
        found: Counter[int] = Counter()
        for day, sums in days.items():
            found[self.period.step_of(day)] += sums.tickets
        return found

    def backlog(self, filed: ByDay, done: ByDay) -> list[dict[str, Any]]:
        """Backwards from the end: what was unresolved then, with what was resolved, without what was filed before."""
        standing = self.source.standing(self.period.end)
        new, old = self.by_step(filed), self.by_step(done)
        points = []
        for place, step in reversed(list(enumerate(self.period.steps))):
            points.append({"name": step.name, "date": step.first, "open": standing})
            standing += old[place] - new[place]
        return points[::-1]

    def heard(self) -> tuple[dict[UUID, Person], Opinion, Opinion]:
        """What customers said about each agent, in all, and in the period before.

        Both periods in one question: which tickets somebody sees is worked out for each.
        """
        people: dict[UUID, Person] = {}
        total, before = Opinion(), Opinion()
        is_before = ExpressionWrapper(Q(responded_at__lt=self.period.begin), BooleanField())
        rows = self.surveys(self.period.previous.begin, self.period.end).values_list("agent_id", is_before)
        for agent, was_before, *row in rows.annotate(**OPINION):
            (before if was_before else total).add(*row)
            if agent is not None and not was_before:
                people.setdefault(agent, Person()).opinion.add(*row)
        return people, total, before

    def log(self, people: dict[UUID, Person]) -> dict[str, Any]:
        """Time that was logged, in all and by each agent."""
        total = billable = 0
        rows = self.time_entries(self.period).values_list("user_id", "billable").annotate(minutes=Sum("time_spent"))
        for user, is_billable, minutes in rows:
            total += minutes
            billable += minutes if is_billable else 0
            people.setdefault(user, Person()).minutes += minutes
        return {"hours": round(total / 60, 1), "billable_hours": round(billable / 60, 1)}


# --- What the sums say ----------------------------------------------------------------------------------


def in_short(filed: Sums, done: Sums, opinion: Opinion) -> dict[str, Any]:
    return {
        "total_tickets": filed.tickets,
        "resolved_tickets": done.tickets,
        "avg_resolution_time": done.time,
        "avg_first_response_time": filed.wait,
        "satisfaction": mean(opinion.points, opinion.answers),
        "satisfied_percent": percent(opinion.satisfied, opinion.answers),
        "survey_answers": opinion.answers,
        "sla_compliance": percent(done.kept, done.promised),
    }


def by_weekday(done: ByDay) -> list[dict[str, Any]]:
    found = [Sums() for _ in WEEKDAYS]
    for day, sums in done.items():
        found[day.weekday()].add(sums)
    return [{"name": name, "time": sums.time} for name, sums in zip(WEEKDAYS, found, strict=True)]


def compliance(done: Mapping[str, Sums]) -> list[dict[str, Any]]:
    rows = [(name, done.get(name, Sums())) for name in Priority.values]
    return [
        {"name": name, "value": percent(sums.kept, sums.promised), "promised": sums.promised, "kept": sums.kept}
        for name, sums in rows
    ]


def performance(people: dict[UUID, Person]) -> list[dict[str, Any]]:
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


def by_group(filed: Mapping[UUID | None, Sums], done: Mapping[UUID | None, Sums]) -> list[dict[str, Any]]:
    keys = {*filed, *done}
    names = dict(AgentGroup.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name"))
    found: dict[UUID | None, tuple[Sums, Sums]] = {}
    for key in keys:
        # The tickets of a group that was deleted a moment ago have none.
        new, old = found.setdefault(key if key in names else None, (Sums(), Sums()))
        new.add(filed.get(key, Sums()))
        old.add(done.get(key, Sums()))
    rows = [
        {
            "id": key,
            "name": names[key] if key else None,
            "tickets": new.tickets,
            "resolved": old.tickets,
            "avg_resolution_time": old.time,
        }
        for key, (new, old) in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["tickets"], row["name"] or "", str(row["id"])))


def named(filed: Mapping[str, Sums]) -> dict[str, Sums]:
    """Categories; what has none, or is called as if it had none, is one."""
    found: dict[str, Sums] = {}
    for name, sums in filed.items():
        found.setdefault(name or UNNAMED, Sums()).add(sums)
    return found


def most(filed: Mapping[str, Sums]) -> list[dict[str, Any]]:
    """The most frequent ones, then by name."""
    ranked = sorted(filed.items(), key=lambda item: (-item[1].tickets, item[0]))
    return [{"name": name, "value": sums.tickets} for name, sums in ranked[:MOST]]


def report(period: Period, tickets: QuerySet[Ticket] | None) -> dict[str, Any]:
    if tickets is None:
        fold_before_a_report()
    with at_one_moment():
        return Report(period, tickets).figures()


@contextmanager
def at_one_moment() -> Iterator[None]:
    """Let PostgreSQL read all figures as of one moment, so that they fit each other, and gather groups in memory.

    It cannot know that hundreds of thousands of moments are thirty days. Expecting as many groups, it would sort all
    rows on disk, and compile what is run a few times.
    """
    if connection.vendor != "postgresql":
        yield
        return
    is_ours = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_ours:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)")
        yield
