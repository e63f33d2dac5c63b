"""The words in which others ask for clocks."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F


class ClockQuerySet(models.QuerySet):
    def stale(self) -> Self:
        """What a change of policies or calendars has left behind, the soonest first."""
        return self.filter(marked__gt=F("reckoned")).order_by(F("next_event_at").asc(nulls_last=True), "ticket_id")

    def due(self, now: datetime) -> Self:
        """Where something may have fallen due, the longest waiting first."""
        return self.filter(next_event_at__lt=now).order_by("next_event_at")
