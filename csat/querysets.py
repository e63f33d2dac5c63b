"""The words in which others ask for surveys."""

from typing import Self

from django.db import models

from accounts.models import User
from tickets.models import Ticket


class SurveyQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """The surveys about tickets that this person may see."""
        return self.filter(ticket__in=Ticket.objects.visible_to(user).values("pk"))

    def answerable(self) -> Self:
        """Those whose mailed link still leads somewhere: to nobody who has been erased."""
        return self.filter(customer__erased_at__isnull=True)

    def answered(self) -> Self:
        return self.filter(rating__isnull=False)
