"""The words in which others ask for mails."""

from datetime import datetime
from typing import Self

from django.db import models


class OutgoingMailQuerySet(models.QuerySet):
    def waiting(self) -> Self:
        return self.filter(state="waiting")

    def failed(self) -> Self:
        return self.filter(state="failed")

    def due(self, now: datetime) -> Self:
        """What is to be sent and not being sent by anybody, the longest waiting first."""
        return self.waiting().filter(due_at__lte=now).order_by("due_at", "id")
