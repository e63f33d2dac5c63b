"""The words in which others ask for mails about tickets."""

from collections.abc import Collection
from datetime import datetime
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q


class TicketMailQuerySet(models.QuerySet):
    def conversation(self) -> Self:
        """Answers and receipts, which are one conversation in the mailbox of their reader."""
        return self.filter(Q(kind__isnull=True) | Q(kind__in=("answer", "notice", "receipt")))

    def about(self, ticket: UUID, messages: Collection[UUID]) -> Self:
        """What carried these messages or was caused by them, and what its ticket led to besides."""
        return self.filter(
            Q(reply__in=messages) | Q(message__in=[*messages, ticket]) | Q(ticket=ticket, reply__isnull=True)
        )

    def undelivered(self, *, since: datetime) -> Self:
        """What will never arrive, unless somebody said that they know, and what has waited for so long."""
        return self.filter(
            Q(outcome__in=("failed", "dropped"), dismissed_at=None) | Q(outcome="waiting", created_at__lt=since),
        )
