"""Figures from the tickets themselves, for whoever does not see all of them.

Those filed, and those resolved, are read once each, along the index of that moment, grouped as finely as needed by the
database and put together here.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from tickets.models import Ticket

from .expressions import Ahead, Day, seconds_between
from .flow_sql import IS_TAG, TAG, tags
from .models import Flow
from .periods import Period
from .sums import Flows, Sums

BORN = date(1970, 1, 1)
# Nothing is asked for that is not in the index of the moment: see the model.
FIRST_ANSWER = {
    "tickets": Count("*"),
    "seconds": seconds_between("created_at", "first_response_at"),
    "answered": Count("first_response_at"),
}
WORK = {
    "tickets": Count("*"),
    "seconds": seconds_between("created_at", "resolved_at"),
    "promised": Count("sla_deadline"),
    "kept": Count("resolved_at", filter=Q(resolved_at__lte=F("sla_deadline"))),
}


@dataclass
class Recounted:
    """What flowed, over some tickets."""

    tickets: QuerySet[Ticket]

    def flows(self, period: Period) -> Flows:
        return self.between(period.begin, period.end, period.ahead)

    def between(self, begin: datetime, end: datetime, ahead: Ahead) -> Flows:
        found = Flows()
        self.add_filed(found, filed_in(self.tickets, begin, end), ahead)
        self.add_resolved(found, resolved_in(self.tickets, begin, end), ahead)
        return found

    def totals(self, period: Period) -> tuple[Sums, Sums]:
        """What was filed, and what was resolved."""
        first = filed_in(self.tickets, period.begin, period.end).aggregate(**FIRST_ANSWER)
        work = resolved_in(self.tickets, period.begin, period.end).aggregate(**WORK)
        first["seconds"], work["seconds"] = int(first["seconds"] or 0), int(work["seconds"] or 0)
        return Sums(**first), Sums(**work)

    def standing(self, end: datetime) -> int:
        """What was filed by then and not resolved: what is not, with what was since, without what was filed since."""
        later = self.tickets.filter(resolved_at__gte=end).count() - self.tickets.filter(created_at__gte=end).count()
        return self.tickets.filter(resolved_at=None).count() + later

    def add_filed(self, found: Flows, filed: QuerySet[Ticket], ahead: Ahead) -> None:
        rows = filed.values_list(Day("created_at", ahead), "category", "priority", "group_id").annotate(**FIRST_ANSWER)
        for number, category, priority, group, count, seconds, answered in rows:
            sums = Sums(count, int(seconds or 0), answered)
            found.add(Flow.FILED, BORN + timedelta(days=number), sums)
            found.add(Flow.FILED_CATEGORY, category or "", sums)
            found.add(Flow.FILED_PRIORITY, priority, sums)
            found.add(Flow.FILED_GROUP, group, sums)
        sql, params = filed.values("tags").query.sql_with_params()
        with connection.cursor() as cursor:
            tagged = f"SELECT {TAG}, COUNT(*) FROM ({sql}) AS filed, {tags('filed')} WHERE {IS_TAG} GROUP BY 1"  # noqa: S608
            cursor.execute(tagged, params)
            for tag, count in cursor.fetchall():
                found.add(Flow.FILED_TAG, tag, Sums(count))

    def add_resolved(self, found: Flows, resolved: QuerySet[Ticket], ahead: Ahead) -> None:
        rows = resolved.values_list(Day("resolved_at", ahead), "assignee_id", "priority", "group_id").annotate(**WORK)
        for number, agent, priority, group, count, seconds, promised, kept in rows:
            sums = Sums(count, int(seconds or 0), 0, promised, kept)
            found.add(Flow.RESOLVED, BORN + timedelta(days=number), sums)
            found.add(Flow.RESOLVED_AGENT, agent, sums)
            found.add(Flow.RESOLVED_PRIORITY, priority, sums)
            found.add(Flow.RESOLVED_GROUP, group, sums)


def filed_in(tickets: QuerySet[Ticket], begin: datetime, end: datetime) -> QuerySet[Ticket]:
    return tickets.filter(created_at__gte=begin, created_at__lt=end)


def resolved_in(tickets: QuerySet[Ticket], begin: datetime, end: datetime) -> QuerySet[Ticket]:
    return tickets.filter(resolved_at__gte=begin, resolved_at__lt=end)
