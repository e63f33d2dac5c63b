"""The words in which the rest of the house asks for people and keys."""

import re
from datetime import datetime
from typing import Self

from django.db import connection, models
from django.db.models.expressions import RawSQL

# PostgreSQL has an index on this very expression (migration 0006); SQLite reads the table.
WORDS = (
    """to_tsvector('simple'::regconfig, translate("accounts_user"."name"::text || ' ' || """
    """"accounts_user"."email_key"::text || ' ' || "accounts_user"."username"::text, '@.+-_', '     '))"""
)
MATCHES = f"{WORDS} @@ to_tsquery('simple', %s)"
MAX_WORDS = 8


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())[:MAX_WORDS]


def begins(word: str) -> models.Q | models.expressions.RawSQL:
    if connection.vendor == "postgresql":
        return RawSQL(MATCHES, [f"{word}:*"], output_field=models.BooleanField())  # noqa: S611 - words are a parameter
    return models.Q(name__icontains=word) | models.Q(email_key__icontains=word) | models.Q(username__icontains=word)


class UserQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def staff(self) -> Self:
        """Active agents and admins: the people a ticket can be assigned to."""
        return self.filter(is_active=True, role__in=["agent", "admin"])

    def admins(self) -> Self:
        return self.filter(is_active=True, role="admin")

    def matching(self, text: str) -> Self:
        """People in whose name, address or username a word begins like each of these."""
        return self.filter(*(begins(word) for word in words_of(text)))

    def customers(self) -> Self:
        return self.filter(role="customer")


class ApiKeyQuerySet(models.QuerySet):
    def usable(self, now: datetime) -> Self:
        """Keys that open the API: active, not expired, and owned by somebody who still works here."""
        unexpired = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
        return self.filter(unexpired, is_active=True, owner__is_active=True, owner__role__in=["agent", "admin"])
