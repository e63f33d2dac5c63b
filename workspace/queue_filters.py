"""Filters that queues have beyond those of the API: whose tickets, and what they wait for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.utils import timezone

from companies.models import Company
from helpdesk.api.filters import Condition, Filter, Switch
from helpdesk.api.reads import Param
from helpdesk.api.text import check_text
from helpdesk.errors import Invalid
from tickets.expressions import next_due
from tickets.models import WORK

ALIKE = 20  # companies whose names differ in their case alone
# From when until when the next promise falls due, from now on; no beginning: it has passed.
SPANS: dict[str, tuple[timedelta | None, timedelta]] = {
    "overdue": (None, timedelta(0)),
    "hour": (timedelta(0), timedelta(hours=1)),
    "day": (timedelta(0), timedelta(hours=24)),
}


@dataclass(frozen=True)
class Due(Filter):
    """Open tickets by when the next thing promised for them is due, as the views of the queue say it."""

    def condition(self, text: str) -> Condition | None:
        if text in ("", "all"):
            return None
        if text not in SPANS:
            raise Invalid(f"{self.name} must be one of: {', '.join(SPANS)}.")
        begin, end = SPANS[text]
        now = timezone.now()
        values: dict[str, datetime] = {"due_before": now + end} | ({} if begin is None else {"due_since": now + begin})

        def build() -> Q:
            due = WORK & Q(LessThan(next_due(), Param("due_before", models.DateTimeField())))
            return (
                due & Q(GreaterThanOrEqual(next_due(), Param("due_since", models.DateTimeField())))
                if begin is not None
                else due
            )

        return Condition((self.name, text), build, values)


@dataclass(frozen=True)
class CompanyNamed(Filter):
    """Tickets of customers of a company, called as people type it: its name is looked up first, and may have commas."""

    def condition(self, text: str) -> Condition | None:
        if text in ("", "all"):
            return None
        check_text(text, "The company")
        names = list(
            Company.objects.filter(name__iexact=text).order_by().values_list("name", flat=True).distinct()[:ALIKE]
        )
        return self.any_of(names or [text])


def needs_reply() -> Q:
    """Open, and either nobody has answered at all or the customer wrote last."""
    return WORK & (Q(first_response_at__isnull=True) | Q(unanswered_since__isnull=False))


QUEUE_FILTERS = (
    Due("due", "", "When the next promise falls due."),
    Switch("needsReply", "", "Whether it waits for an answer of ours.", on=needs_reply, off=lambda: ~needs_reply()),
)
