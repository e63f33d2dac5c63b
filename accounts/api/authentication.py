"""Who is calling: an API key in one of three headers, or a signed-in member of staff.

A key is looked up by its SHA-256 in one indexed query that also fetches its owner and leaves out keys that are
revoked, expired or owned by somebody inactive, so that all of these look and last the same.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import OperationalError, models
from django.db.models import ExpressionWrapper, F, Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from accounts.keys import touch
from accounts.models import ApiKey, User
from accounts.replays import ReplayStore
from accounts.two_factor import is_missing
from helpdesk.api.errors import MissingCredentials
from helpdesk.api.lookups import Lookup
from helpdesk.api.permissions import SCOPES
from helpdesk.api.reads import Param, Statement, compiled
from helpdesk.api.serializers import Column


def as_uuid(value: UUID | str) -> UUID:
    """SQLite hands out an id as 32 hex digits."""
    return value if isinstance(value, UUID) else UUID(value)


def as_list(value: list[str] | str) -> list[str]:
    """A JSON column arrives as text, or parsed when it came inside other JSON."""
    return orjson.loads(value) if isinstance(value, str) else value


logger = logging.getLogger(__name__)
# What is known of an owner without asking again, in the order of the model, which is how from_db takes them.
OWNER_FIELDS = ["id", "name", "role", "is_active"]
SCHEMES = ("apikey", "bearer")


@dataclass(frozen=True)
class KeyCredential:
    """A valid API key and its owner."""

    id: Any
    name: str
    scopes: frozenset[str]
    user: User
    secret: str
    limited: bool = False

    @cached_property
    def replays(self) -> ReplayStore:
        return ReplayStore(f"key:{self.id}", self.secret.encode())


@dataclass(frozen=True)
class SessionCredential:
    """A member of staff signed in to the admin pages: all scopes, within what they may see."""

    user: User
    secret: str
    scopes: frozenset[str] = frozenset(SCOPES)

    @property
    def limited(self) -> bool:
        return not self.user.is_admin

    @cached_property
    def replays(self) -> ReplayStore:
        session = sha256(self.secret.encode()).hexdigest()[:8]
        return ReplayStore(f"user:{self.user.pk}:{session}", self.secret.encode())


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: ApiKey …`, `Authorization: Bearer …` or `X-Api-Key: …`."""

    def authenticate(self, request: Request) -> tuple[User, KeyCredential] | None:
        offered = offered_key(request)
        if offered is None:
            return None
        credential = credential_from(key_statement().fetch_one(key_values(offered)), offered)
        return credential.user, credential

    @classmethod
    def lookup(cls, request: Request, admit: Callable[[], None]) -> Lookup | None:
        """The same question, left open to be asked together with another one."""
        offered = offered_key(request)
        if offered is None:
            return None

        def settle(row: dict[str, Any] | None) -> None:
            request.auth = credential_from(row, offered)
            request.user = request.auth.user
            admit()

        return Lookup(key_statement(), key_values(offered), settle)

    def authenticate_header(self, request: Request) -> str:
        return "ApiKey"


class StaffSessionAuthentication(SessionAuthentication):
    """The session of the admin pages, same origin only (CSRF); a customer's portal session opens nothing here."""

    def authenticate(self, request: Request) -> tuple[User, SessionCredential] | None:
        if settings.SESSION_COOKIE_NAME not in request._request.COOKIES:
            return None
        user = request._request.user
        if not isinstance(user, User) or not user.is_staff or is_missing(user):
            return None
        self.enforce_csrf(request)
        return user, SessionCredential(user, request._request.session.session_key or "")


def offered_key(request: Request) -> str | None:
    """The key in the request's headers, None without one; an Authorization of another kind counts as a bad key."""
    if header := request.META.get("HTTP_AUTHORIZATION"):
        scheme, _, key = header.partition(" ")
        return key.strip() if scheme.lower() in SCHEMES else ""
    return request.META.get("HTTP_X_API_KEY")


def key_values(key: str) -> dict[str, Any]:
    now = timezone.now()
    return {
        "hash": sha256(key.encode(errors="replace")).hexdigest(),
        "now": now,
        "minute_ago": now - timedelta(minutes=1),
    }


def credential_from(row: dict[str, Any] | None, key: str) -> KeyCredential:
    """The credential a row describes; without one the key opens nothing, for whatever reason."""
    if row is None:
        raise MissingCredentials
    owner = User.from_db("default", OWNER_FIELDS, [row["owner id"], row["owner name"], row["owner role"], True])
    if row["stale"]:
        note_use(row["id"])
    return KeyCredential(row["id"], row["name"], frozenset(row["scopes"]), owner, key)


def note_use(key_id: UUID) -> None:
    """Note that a key was used; a database too busy for that is no reason to refuse the request."""
    try:
        touch(key_id, timezone.now())
    except OperationalError:
        logger.warning("The use of API key %s could not be noted.", key_id)


def key_statement() -> Statement:
    return compiled.get("api key", compile_key_statement)


def compile_key_statement() -> Statement:
    moment: models.DateTimeField = models.DateTimeField()
    keys = ApiKey.objects.usable(Param("now", moment)).filter(key_hash=Param("hash", models.TextField())).order_by()
    unused = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Param("minute_ago", moment))
    return Statement(
        keys,
        [
            Column("id", F("pk"), as_uuid),
            Column("name", F("name"), None),
            Column("scopes", F("scopes"), as_list),
            Column("stale", ExpressionWrapper(unused, models.BooleanField()), None),
            Column("owner id", F("owner_id"), as_uuid),
            Column("owner name", F("owner__name"), None),
            Column("owner role", F("owner__role"), None),
        ],
    )
