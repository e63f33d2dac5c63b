"""What happened within some days. Definitions: docs/reports.md.

Two sets of tickets take part: those filed in the period, and those resolved in it. Each is read once, along the index
of its moment that holds all that is asked of it, grouped as finely as needed by the database and put together here.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet, Sum

from accounts.models import AgentGroup, User
from csat.models import Survey
from tickets.models import Priority, Ticket, TimeEntry

from .expressions import Day, seconds_between
from .figures import hours, mean, percent
from .periods import Period

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST = 50  # categories, and tags: the most frequent ones
UNNAMED = "Uncategorized"
SATISFIED = 4  # a rating from here on is a good one
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


BORN = date(1970, 1, 1)


class Filed(NamedTuple):
    """Tickets filed on one day that are alike."""

    day: date
    category: str | None
    priority: str
    group: UUID | None
    tickets: int
    answered: int
    seconds: int  # until they were answered


class Done(NamedTuple):
    """Tickets resolved on one day that are alike; `promised` had a deadline, and `kept` made it."""

    day: date
    agent: UUID | None
    priority: str
    group: UUID | None
    tickets: int
    seconds: int
    promised: int
    kept: int


Row = TypeVar("Row", Filed, Done, Filed | Done)
Key = TypeVar("Key", bound=Hashable)

# Nothing is asked for that is not in the index of the moment: see the model.
FIRST_ANSWER = {
    "tickets": Count("*"),
    "answered": Count("first_response_at"),
    "seconds": seconds_between("created_at", "first_response_at"),
}
WORK = {
    "tickets": Count("*"),
    "seconds": seconds_between("created_at", "resolved_at"),
    "promised": Count("sla_deadline"),
    "kept": Count("resolved_at", filter=Q(resolved_at__lte=F("sla_deadline"))),
}


@dataclass
class Work:
    """What was resolved: how many tickets, how long they took, and how many of those with a deadline made it."""

    tickets: int = 0
    seconds: int = 0
    promised: int = 0
    kept: int = 0

    def add(self, done: Done) -> None:
        self.tickets += done.tickets
        self.seconds += done.seconds
        self.promised += done.promised
        self.kept += done.kept

    def joined(self, other: "Work") -> "Work":
        return Work(
            self.tickets + other.tickets,
            self.seconds + other.seconds,
            self.promised + other.promised,
            self.kept + other.kept,
        )

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
        filed, done = self.all_filed(), self.all_done()
        people, opinion = self.heard(period)
        for one in done:
            if one.agent is not None:
                people.setdefault(one.agent, Person()).work.add(one)
        time_logged = self.log(people)
        by_priority = worked(done, lambda one: one.priority)
        return {
            "period": {"from_": period.first, "to": period.last, "timezone": period.zone.key},
            "summary": {
                **in_short(filed, done, opinion),
                "previous": self.before(period.previous),
            },
            "ticket_volume": self.volume(filed, done),
            "resolution_time": by_weekday(done),
            "category_distribution": most(shares(filed, lambda one: one.category or UNNAMED)),
            "priority_distribution": by_name(shares(filed, lambda one: one.priority)),
            "agent_performance": performance(people),
            "by_group": by_group(shares(filed, lambda one: one.group), worked(done, lambda one: one.group)),
            "by_tag": self.by_tag(),
            "backlog": self.backlog(filed, done),
            "sla_by_priority": [compliance(name, by_priority.get(name, Work())) for name in Priority.values],
            "time_logged": time_logged,
        }

    def all_filed(self) -> list[Filed]:
        day = Day("created_at", self.period.ahead)
        rows = self.filed(self.period).values_list(day, "category", "priority", "group_id").annotate(**FIRST_ANSWER)
        return [
            Filed(BORN + timedelta(days=number), category, priority, group, tickets, answered, int(seconds or 0))
            for number, category, priority, group, tickets, answered, seconds in rows
        ]

    def all_done(self) -> list[Done]:
        day = Day("resolved_at", self.period.ahead)
        rows = self.resolved(self.period).values_list(day, "assignee_id", "priority", "group_id").annotate(**WORK)
        return [
            Done(BORN + timedelta(days=number), agent, priority, group, tickets, int(seconds or 0), promised, kept)
            for number, agent, priority, group, tickets, seconds, promised, kept in rows
        ]

    def before(self, period: Period) -> dict[str, Any]:
        """The summary of another period, for which nothing else is asked."""
        first = self.filed(period).aggregate(**FIRST_ANSWER)
        work = self.resolved(period).aggregate(**WORK)
        _, opinion = self.heard(period)
        filed = Filed(period.first, None, "", None, first["tickets"], first["answered"], int(first["seconds"] or 0))
        done = Done(
            period.first, None, "", None, work["tickets"], int(work["seconds"] or 0), work["promised"], work["kept"]
        )
        return in_short([filed], [done], opinion)

    def volume(self, filed: Sequence[Filed], done: Sequence[Done]) -> list[dict[str, Any]]:
        new, old = self.by_step(filed), self.by_step(done)
        return [
            {"name": step.name, "date": step.first, "tickets": new[place], "resolved": old[place]}
            for place, step in enumerate(self.period.steps)
        ]

    def by_step(self, rows: Iterable[Filed | Done]) -> Counter[int]:
        found: Counter[int] = Counter()
        for day, number in shares(rows, lambda one: one.day).items():
            found[self.period.step_of(day)] += number
        return found

    def backlog(self, filed: Sequence[Filed], done: Sequence[Done]) -> list[dict[str, Any]]:
        """Backwards from now: what is unresolved, with what was resolved since, without what was filed since."""
        end = self.period.end
        standing = self.tickets.filter(resolved_at=None).count()
        standing += self.tickets.filter(resolved_at__gte=end).count() - self.tickets.filter(created_at__gte=end).count()
        new, old = self.by_step(filed), self.by_step(done)
        points = []
        for place, step in reversed(list(enumerate(self.period.steps))):
            points.append({"name": step.name, "date": step.first, "open": standing})
            standing += old[place] - new[place]
        return points[::-1]

    def heard(self, period: Period) -> tuple[dict[UUID, Person], Opinion]:
        """What customers said about each agent, and in all."""
        people: dict[UUID, Person] = {}
        total = Opinion()
        rows = self.surveys(period).values("agent_id").annotate(**OPINION).values_list("agent_id", *OPINION)
        for agent, *row in rows:
            total.add(*row)
            if agent is not None:
                people.setdefault(agent, Person()).opinion.add(*row)
        return people, total

    def log(self, people: dict[UUID, Person]) -> dict[str, Any]:
        """Time that was logged, in all and by each agent."""
        total = billable = 0
        rows = self.time_entries(self.period).values_list("user_id", "billable").annotate(minutes=Sum("time_spent"))
        for user, is_billable, minutes in rows:
            total += minutes
            billable += minutes if is_billable else 0
            people.setdefault(user, Person()).minutes += minutes
        return {"hours": round(total / 60, 1), "billable_hours": round(billable / 60, 1)}

    def by_tag(self) -> list[dict[str, Any]]:
        sql, params = self.filed(self.period).values("tags").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(TAGS_IN[connection.vendor].format(sql), [*params, MOST])
            return [{"name": name, "value": number} for name, number in cursor.fetchall()]


# --- What the rows say ----------------------------------------------------------------------------------


def in_short(filed: Iterable[Filed], done: Iterable[Done], opinion: Opinion) -> dict[str, Any]:
    tickets = answered = seconds = 0
    for one in filed:
        tickets += one.tickets
        answered += one.answered
        seconds += one.seconds
    work = Work()
    for row in done:
        work.add(row)
    return {
        "total_tickets": tickets,
        "resolved_tickets": work.tickets,
        "avg_resolution_time": work.time,
        "avg_first_response_time": hours(seconds, answered),
        "satisfaction": mean(opinion.points, opinion.answers),
        "satisfied_percent": percent(opinion.satisfied, opinion.answers),
        "survey_answers": opinion.answers,
        "sla_compliance": percent(work.kept, work.promised),
    }


def shares(rows: Iterable[Row], key: Callable[[Row], Key]) -> Counter[Key]:
    """How many tickets there are of each kind."""
    found: Counter[Key] = Counter()
    for one in rows:
        found[key(one)] += one.tickets
    return found


def worked(done: Iterable[Done], key: Callable[[Done], Key]) -> dict[Key, Work]:
    """What was resolved of each kind."""
    found: dict[Key, Work] = {}
    for one in done:
        found.setdefault(key(one), Work()).add(one)
    return found


def by_weekday(done: Iterable[Done]) -> list[dict[str, Any]]:
    found = worked(done, lambda one: one.day.weekday())
    return [{"name": name, "time": found.get(place, Work()).time} for place, name in enumerate(WEEKDAYS)]


def by_name(counts: Counter[str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": counts[name]} for name in Priority.values]


def compliance(name: str, work: Work) -> dict[str, Any]:
    value = percent(work.kept, work.promised)
    return {"name": name, "value": value, "promised": work.promised, "kept": work.kept}


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


def by_group(filed: Counter[UUID | None], work: dict[UUID | None, Work]) -> list[dict[str, Any]]:
    keys = {*filed, *work}
    names = dict(AgentGroup.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name"))
    found: dict[UUID | None, tuple[int, Work]] = {}
    for key in keys:
        # The tickets of a group that was deleted a moment ago have none.
        left = key if key in names else None
        number, together = found.get(left, (0, Work()))
        found[left] = number + filed[key], together.joined(work.get(key, Work()))
    rows = [
        {
            "id": key,
            "name": names[key] if key else None,
            "tickets": number,
            "resolved": done.tickets,
            "avg_resolution_time": done.time,
        }
        for key, (number, done) in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["tickets"], row["name"] or "", str(row["id"])))


def most(counts: Counter[str]) -> list[dict[str, Any]]:
    """The most frequent ones, then by name."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"name": name, "value": number} for name, number in ranked[:MOST]]


def report(period: Period, tickets: QuerySet[Ticket] | None) -> dict[str, Any]:
    with room_for_groups():
        return Report(period, tickets).figures()


@contextmanager
def room_for_groups() -> Iterator[None]:
    """Let PostgreSQL gather groups in memory.

    It cannot know that hundreds of thousands of moments are thirty days. Expecting as many groups, it would sort all
    rows on disk, and compile what is run a few times.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)")
        yield
