"""The verbs of API keys."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.models import Action
from audit.services import record, record_creation
from helpdesk.api.permissions import SCOPES
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction

from .models import ApiKey, User

DEFAULT_SCOPES = ("tickets:read", "tickets:write", "users:read")
PREFIX_LENGTH = 12
MAX_NAME_LENGTH = 200
USE_PRECISION = timedelta(minutes=1)


def issue_api_key(
    *,
    owner: User,
    actor: User | None,
    name: str,
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
    granted: Iterable[str] = SCOPES,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is never to be had again; `granted` is what the caller may hand out.

    Without `scopes` the key gets the usual ones, as far as they are granted.
    """
    if not owner.is_staff:
        raise Invalid("An API key belongs to an active agent or admin.")
    name = name.strip()
    if not name or len(name) > MAX_NAME_LENGTH:
        raise Invalid(name=f"The name of a key has 1 to {MAX_NAME_LENGTH} characters.")
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(expires_at="Must lie in the future.")
    secret = f"hd_{secrets.token_hex(32)}"
    key = ApiKey(
        id=new_id(),
        name=name,
        key_hash=hash_of(secret),
        key_prefix=secret[:PREFIX_LENGTH],
        scopes=chosen_scopes(scopes, frozenset(granted)),
        owner=owner,
        expires_at=expires_at,
    )
    with transaction.atomic():
        key.save(force_insert=True)
        record_creation(key, actor=actor)
    return key, secret


def chosen_scopes(scopes: Iterable[str] | None, granted: frozenset[str]) -> list[str]:
    if scopes is None:
        usual = [scope for scope in DEFAULT_SCOPES if scope in granted]
        if not usual:
            raise Forbidden("Your own key has none of the usual scopes to hand on; name the scopes.")
        return usual
    wanted = list(dict.fromkeys(scopes))
    if not wanted:
        raise Invalid(scopes="Name at least one scope.")
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise Invalid(scopes=f"Unknown scope {unknown[0]!r:.80}; known are: {', '.join(SCOPES)}.")
    if missing := [scope for scope in wanted if scope not in granted]:
        raise Forbidden(f"You cannot hand on the scope {missing[0]}: your own key lacks it.")
    return wanted


@in_one_transaction
def revoke_api_key(key_id: UUID, *, actor: User | None) -> None:
    """Close a key for good; the next request with it is refused. Raises NotFound when it is closed already."""
    if not ApiKey.objects.filter(pk=key_id, is_active=True).update(is_active=False):
        raise NotFound("This API key does not exist or is revoked already.")
    record(ApiKey.objects.get(pk=key_id), Action.REVOKED, actor=actor)


def touch(key_id: UUID, now: datetime) -> None:
    """Note that a key was used: at most once a minute, whoever comes first."""
    unused = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_PRECISION)
    ApiKey.objects.filter(unused, pk=key_id).update(last_used_at=now)


def hash_of(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()
