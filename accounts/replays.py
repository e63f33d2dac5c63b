"""Idempotency-Key: a retry of a POST gets the answer of the first one, byte for byte.

The claim on a key is a row committed before the work starts, so that a second request meanwhile is told to wait.
The answer is written to it in the transaction of the work itself: either both are there or neither. A claim whose
process died can be taken over when its lease ends; the one that was taken over cannot finish any more.
Answers are encrypted with the caller's own credential, which is not in the database, since one may hold a new key.
"""

import base64
from dataclasses import dataclass
from datetime import timedelta
from hmac import digest
from uuid import UUID

from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from helpdesk.api.errors import KeyReused
from helpdesk.errors import Conflict
from helpdesk.ids import new_id

from .models import ReplayRecord

LEASE = timedelta(minutes=2)
KEPT = timedelta(hours=24)
PURGE_EVERY = 50  # about one request in so many tidies up
PURGED_AT_ONCE = 500
BUSY = "A request with this Idempotency-Key is still running. Please try again."


@dataclass(frozen=True)
class Stored:
    """An answer given before."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Claim:
    """The right to answer one request."""

    record_id: UUID
    token: UUID
    cipher: Fernet

    def finish(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Keep the answer; raises Conflict when another request took the claim over meanwhile."""
        mine = ReplayRecord.objects.filter(pk=self.record_id, claim=self.token, status__isnull=True)
        if not mine.update(status=status, headers=headers, body=self.cipher.encrypt(body)):
            raise Conflict(BUSY)

    def release(self) -> None:
        ReplayRecord.objects.filter(pk=self.record_id, claim=self.token, status__isnull=True).delete()


class ReplayStore:
    """The answers kept for one caller."""

    def __init__(self, caller: str, secret: bytes) -> None:
        self.caller = caller
        self.secret = secret
        self.cipher = Fernet(base64.urlsafe_b64encode(digest(secret, b"helpdesk replay", "sha256")))

    def begin(self, target: str, key: str, body: bytes) -> Claim | Stored:
        """Claim the key, or find the answer; call it outside of any transaction.

        Raises Conflict while the first request is running, KeyReused when its body was another.
        """
        now = timezone.now()
        claim = Claim(new_id(), new_id(), self.cipher)
        # Keyed with the credential: a plain hash of a body that holds a password could be guessed from.
        fingerprint = digest(self.secret, body, "sha256").hex()
        same = {"caller": self.caller, "target": target, "key": key}
        # What is past its day, or was left by a process that died, makes room.
        abandoned = Q(created_at__lt=now - KEPT) | Q(status__isnull=True, locked_until__lt=now)
        ReplayRecord.objects.filter(abandoned, **same).delete()
        try:
            with transaction.atomic():
                ReplayRecord.objects.create(
                    id=claim.record_id,
                    claim=claim.token,
                    fingerprint=fingerprint,
                    locked_until=now + LEASE,
                    created_at=now,
                    **same,
                )
        except IntegrityError:
            return self.earlier(same, fingerprint)
        if claim.record_id.int % PURGE_EVERY == 0:
            purge(PURGED_AT_ONCE)
        return claim

    def earlier(self, same: dict[str, str], fingerprint: str) -> Stored:
        record = ReplayRecord.objects.filter(**same).first()
        if record is None:
            raise Conflict(BUSY)
        if record.fingerprint != fingerprint:
            raise KeyReused
        if record.status is None or record.body is None:
            raise Conflict(BUSY)
        return Stored(record.status, record.headers, self.cipher.decrypt(bytes(record.body)))


def purge(most: int) -> int:
    """Drop some of the answers that are past their day; returns how many."""
    old = ReplayRecord.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("created_at").values("pk")[:most]
    return ReplayRecord.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
