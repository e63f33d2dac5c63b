"""The words in which others ask for turns."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

SILENT_AFTER = timedelta(minutes=3)  # some job runs every minute


class TurnQuerySet(models.QuerySet):
    def free(self, now: datetime) -> Self:
        return self.filter(Q(held_until__isnull=True) | Q(held_until__lte=now))

    def not_done_since(self, moment: datetime) -> Self:
        """Jobs whose last success began before that."""
        return self.filter(Q(done_up_to__isnull=True) | Q(done_up_to__lt=moment))

    def show_life(self, now: datetime) -> bool:
        """Whether any worker did anything lately."""
        return self.filter(seen_at__gt=now - SILENT_AFTER).exists()
