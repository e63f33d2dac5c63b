"""What imports remember of people is dropped: at once when somebody asks, and when its time is over."""

import time
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from helpdesk.errors import Conflict, Forbidden

from .models import Chunk, FailedRow, Import, PlannedRow, State

KEPT = timedelta(days=30)
UNCONFIRMED = timedelta(days=1)  # for which the rows of a trial run are kept
MOST = 500  # imports of one run
SLICE = 2_000  # rows of one transaction
PAUSE = 0.12  # seconds between two of them where writers wait for each other
SECONDS = 200  # of one run
PATIENCE = 3  # seconds for which somebody waits; the worker does the rest

WAITING = Chunk.objects.filter(of=OuterRef("pk"))
FAILED = FailedRow.objects.filter(of=OuterRef("pk"))
PLANNED = PlannedRow.objects.filter(upload=OuterRef("pk"))


def discard(record_id: UUID, *, actor: User) -> None:
    """Drop a trial run's rows, which nobody is to import; its counts stay. Raises Forbidden and Conflict."""
    with transaction.atomic():
        record = Import.objects.select_for_update(no_key=True).get(pk=record_id)
        if record.owner_id != actor.pk and not actor.is_admin:
            raise Forbidden("Only whoever chose the file, or an admin, can discard it.")
        if not record.dry_run:
            raise Conflict("This file has been imported already.")
        if record.state not in (State.DONE, State.FAILED):
            raise Conflict("This trial run has not ended yet.")
        record.chunks.all().delete()
    drop_rows_of(record.pk, time.monotonic() + PATIENCE)


def forget_unconfirmed(now: datetime) -> int:
    """Drop what trial runs that nobody confirmed and imports that failed say of rows; returns how many of them."""
    until = time.monotonic() + SECONDS
    over = Q(Q(dry_run=True) | Q(state=State.FAILED), finished_at__lt=now - UNCONFIRMED)
    old = Import.objects.filter(over, Exists(WAITING))
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:MOST])
    done = sum(drop_waiting(record_id, over) for record_id in ids)
    # Whose rows do not wait any more cannot be confirmed any more.
    left = Import.objects.filter(~Exists(WAITING), Exists(FAILED) | Exists(PLANNED), dry_run=True, finished_at__lt=now)
    for record_id in list(left.order_by("pk").values_list("pk", flat=True)[:MOST]):
        if not drop_rows_of(record_id, until):
            break
    return done


def drop_waiting(record_id: UUID, over: Q) -> bool:
    """All rows of one import in one transaction, so that nobody confirms a part of them; False when it goes on."""
    with transaction.atomic():
        record = Import.objects.select_for_update(no_key=True).filter(over, pk=record_id).first()
        if record is not None:
            record.chunks.all().delete()
    return record is not None


def forget_old(now: datetime) -> int:
    """Drop imports that ended long ago, with what they remember of rows; returns how many."""
    until = time.monotonic() + SECONDS
    old = Import.objects.filter(finished_at__lt=now - KEPT).order_by("created_at").values_list("pk", flat=True)
    done = 0
    for record_id in list(old[:MOST]):
        if not drop_rows_of(record_id, until):
            break
        Chunk.objects.filter(of=record_id).delete()
        done += Import.objects.filter(pk=record_id).delete()[0]
    return done


def drop_rows_of(record_id: UUID, until: float) -> bool:
    """What is remembered of the rows of one import; False when time was over before all was gone."""
    return dropped(FailedRow.objects.filter(of=record_id), until) and dropped(
        PlannedRow.objects.filter(upload=record_id), until
    )


def dropped(rows: QuerySet, until: float) -> bool:
    """Slice by slice, since other writers wait meanwhile."""
    while True:
        ids = list(rows.order_by().values_list("pk", flat=True)[:SLICE])
        rows.model._default_manager.filter(pk__in=ids).delete()
        if len(ids) < SLICE:
            return True
        if time.monotonic() > until:
            return False
        if connection.vendor == "sqlite":
            time.sleep(PAUSE)
