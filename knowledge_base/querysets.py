"""The words in which the rest of the house asks for articles."""

from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import User


class ArticleQuerySet(models.QuerySet):
    def published(self) -> Self:
        return self.filter(status="published")

    def open_to(self, audience: str) -> Self:
        """What may be read by people of a visibility: staff (`agents`) everything, others what is published for them.

        An article without a folder is for everybody, as in a folder for all.
        """
        if audience == "agents":
            return self
        open_to = ["all"] if audience == "all" else ["all", "logged_in"]
        return self.published().filter(Q(folder__isnull=True) | Q(folder__visibility__in=open_to))

    def visible_to(self, user: User | None) -> Self:
        """What this person may read; `None` is a guest."""
        if user is None:
            return self.open_to("all")
        if not user.is_active:
            return self.none()
        return self.open_to("agents" if user.is_staff else "logged_in")
