"""One process at a time: a job is leased, and the lease renewed for as long as the job takes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from uuid import UUID

from django.db import connection
from django.utils import timezone

from helpdesk.ids import new_id

from .models import Turn

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RENEWED_EVERY = 8  # seconds; clocks of several machines may differ by what is left of the lease


@contextmanager
def turn(job: str, *, due: datetime | None = None) -> Iterator[bool]:
    """Whether it is our turn: nobody else is at the job, and no run that began after `due` has done it already.

    What ends with an exception is not done.
    """
    started = timezone.now()
    holder = take(job, started, due=due)
    if holder is None:
        yield False
        return
    over = Event()
    keeper = Thread(target=keep, args=(job, holder, over), daemon=True)
    keeper.start()
    done = False
    try:
        yield True
        done = True
    finally:
        over.set()
        keeper.join()
        mine = Turn.objects.filter(job=job, holder=holder)
        result = {"done_up_to": started} if done else {}
        mine.update(holder=None, held_until=None, seen_at=timezone.now(), **result)


def take(job: str, now: datetime, *, due: datetime | None) -> UUID | None:
    """Lease a job. Of several at the same moment one gets it: the conditions are part of the update."""
    Turn.objects.bulk_create([Turn(job=job)], ignore_conflicts=True)
    mine = Turn.objects.filter(job=job).free(now)
    if due is not None:
        mine = mine.not_done_since(due)
    holder = new_id()
    return holder if mine.update(holder=holder, held_until=now + LEASE, seen_at=now) else None


def keep(job: str, holder: UUID, over: Event) -> None:
    """Renew the lease until the job is over."""
    try:
        while not over.wait(RENEWED_EVERY):
            renew(job, holder, timezone.now())
    finally:
        connection.close()


def renew(job: str, holder: UUID, now: datetime) -> None:
    try:
        if not Turn.objects.filter(job=job, holder=holder).update(held_until=now + LEASE, seen_at=now):
            logger.warning("%s took longer than its lease and may be running twice", job)
    except Exception:
        logger.exception("The lease of %s could not be renewed", job)
