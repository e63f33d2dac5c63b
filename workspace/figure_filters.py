"""Filters of queues that bars and figures of the home page lead to: the tickets they are about."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q

from csat.models import Survey
from helpdesk.api.filters import Compared, OneOf, Switch
from helpdesk.api.reads import Param

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Weekday(OneOf):
    """Moments on one day of the week, as the site counts days."""

    allowed: tuple[str, ...] = WEEKDAYS

    def parse(self, text: str) -> Any:
        return WEEKDAYS.index(super().parse(text)) + 1

    def param_field(self) -> models.Field:
        return models.IntegerField()


@dataclass(frozen=True)
class RatedSince(Compared):
    """Tickets about which a survey was answered since an instant."""

    def match(self, param: Param) -> Q:
        return Q(pk__in=Survey.objects.answered().filter(responded_at__gte=param).order_by().values("ticket"))


FIGURE_FILTERS = (
    Compared("resolvedAfter", "resolved_at__gte", "Resolved since this instant."),
    Compared("resolvedBefore", "resolved_at__lt", "Resolved before this instant."),
    Weekday("resolvedOn", "resolved_at__iso_week_day", "Resolved on this day of the week."),
    Switch(
        "answered",
        "",
        "Whether there has been a first response.",
        on=lambda: Q(first_response_at__isnull=False),
        off=lambda: Q(first_response_at__isnull=True),
    ),
    Switch(
        "promised",
        "",
        "Whether a resolution was promised.",
        on=lambda: Q(sla_deadline__isnull=False),
        off=lambda: Q(sla_deadline__isnull=True),
    ),
    RatedSince("ratedSince", "", "Rated by the customer since this instant."),
)
