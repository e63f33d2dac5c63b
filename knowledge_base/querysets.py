"""The words in which the rest of the house asks for articles."""

from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import User


class ArticleQuerySet(models.QuerySet):
    def published(self) -> Self:
        return self.filter(status="published")

    def visible_to(self, user: User | None) -> Self:
        """What this person may read: staff everything, others what is published; `None` is a guest.

        An article without a folder is for everybody, as in a folder for all.
        """
        if user is not None and not user.is_active:
            return self.none()
        if user is not None and user.is_staff:
            return self
        open_to = ["all", "logged_in"] if user else ["all"]
        return self.published().filter(Q(folder__isnull=True) | Q(folder__visibility__in=open_to))
