"""The words in which the rest of the house asks for people and keys."""

from datetime import datetime
from typing import Self

from django.db import models


class UserQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def staff(self) -> Self:
        """Active agents and admins: the people a ticket can be assigned to."""
        return self.filter(is_active=True, role__in=["agent", "admin"])

    def admins(self) -> Self:
        return self.filter(is_active=True, role="admin")

    def customers(self) -> Self:
        return self.filter(role="customer")


class ApiKeyQuerySet(models.QuerySet):
    def usable(self, now: datetime) -> Self:
        """Keys that open the API: active, not expired, and owned by somebody who still works here."""
        unexpired = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
        return self.filter(unexpired, is_active=True, owner__is_active=True, owner__role__in=["agent", "admin"])
