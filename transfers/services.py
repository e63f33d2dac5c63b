"""The verbs of imports: begin one, confirm a trial run, work on those that wait."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from helpdesk import bulk
from helpdesk.api.json import dumps
from helpdesk.errors import Conflict, Forbidden
from helpdesk.ids import new_id
from worker.services import hasten

from .applying import CREATED, FAILED, UNCHANGED, UPDATED, Outcome, Surroundings, apply, shown_changes
from .models import Chunk, FailedRow, Import, PlannedRow, State
from .waiting import Waiting, portions, rows_of

logger = logging.getLogger(__name__)

AT_ONCE = 1_000  # rows that are imported while the client waits
AT_ONCE_SECONDS = 10
TRIES = 4
# Renewed by every batch. A batch that takes longer is still done once: it has the row of its import locked.
LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 5
# Whoever waits for SQLite looks every tenth of a second whether it is free, and would never find it so between batches.
TURN, PAUSE = 0.4, 0.12  # seconds of work, and of rest
# PostgreSQL: connection lost, deadlock, no room, lock not available, shut down. Not: a statement that took too long.
NOT_OUR_FAULT = ("08", "40", "53", "55", "57P")
KNOWN_FOR = 5  # seconds that what is known of all companies is believed
REFUSED = "Only agents who see all tickets can import contacts and companies."
JOB = "transfers.jobs.import_rows"


class Overtaken(Exception):
    """The rows that were imported are not the ones that wait any more; the batch is to be repeated."""


def may_import(user: User) -> bool:
    """A file says who belongs to which company, and so who reads whose requests in the portal."""
    return user.sees_all_tickets


# --- Beginning ----------------------------------------------------------------------------------------


def import_now(kind: str, waiting: Waiting, *, actor: User) -> tuple[Import, list[Outcome]]:
    """Import while the caller waits, in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        record = Import.objects.create(
            kind=kind,
            owner=actor,
            columns=waiting.columns,
            rows_total=waiting.count,
            state=State.DONE,
            created_at=now,
            started_at=now,
            finished_at=now,
        )
        rows = waiting.rows()
        outcomes = again_when_overtaken(lambda: apply(kind, rows, Surroundings(actor)))
        note(record, outcomes)
        record.save()
    return record, outcomes


def preview(kind: str, waiting: Waiting, *, actor: User) -> list[Outcome]:
    """What an import would do; nothing is written."""
    with transaction.atomic():
        return apply(kind, waiting.rows(), Surroundings(actor, dry_run=True))


def begin(kind: str, waiting: Waiting, *, actor: User, dry_run: bool = False) -> Import:
    """Have the background worker import the rows."""
    with transaction.atomic():
        record = Import.objects.create(
            kind=kind, owner=actor, columns=waiting.columns, rows_total=waiting.count, dry_run=dry_run
        )
        for number, lines in enumerate(portions(waiting.lines())):
            Chunk.objects.create(of=record, number=number, rows=b"".join(lines).decode())
        hasten(JOB)
    return record


def confirm(record_id: UUID, *, actor: User) -> Import:
    """Turn a trial run into the import that it tried; once that has happened, nothing more.

    What has changed since the trial is compared anew. Raises Forbidden for another's, and Conflict when the rows are
    not there yet, or not any more.
    """
    with transaction.atomic():
        record = Import.objects.select_for_update(no_key=True).get(pk=record_id)
        if record.owner_id != actor.pk:
            raise Forbidden("Only whoever chose the file can have it imported.")
        if not record.dry_run:
            return record
        if record.state != State.DONE:
            raise Conflict("This trial run has not ended well, so there is nothing to import.")
        if not record.chunks.update(is_tried=False):
            raise Conflict("These rows are not kept any more. Please choose the file again.")
        record.planned_rows.all().delete()
        record.failed_rows.all().delete()
        record.dry_run, record.state = False, State.WAITING
        record.rows_done = record.created = record.updated = record.unchanged = record.failed = 0
        record.started_at = record.finished_at = None
        record.save()
        hasten(JOB)
    return record


def again_when_overtaken(attempt: Callable[[], list[Outcome]]) -> list[Outcome]:
    """Repeat what failed because somebody took an address or a username at the same moment."""
    for _ in range(TRIES - 1):
        try:
            with transaction.atomic():
                return attempt()
        except IntegrityError:
            continue
    with transaction.atomic():
        return attempt()


def note(record: Import, outcomes: Sequence[Outcome]) -> None:
    """Count the outcomes, and keep the rows that failed; of a dry run, what would become of each row."""
    counts = Counter(outcome.action for outcome in outcomes)
    record.rows_done += len(outcomes)
    record.created += counts[CREATED]
    record.updated += counts[UPDATED]
    record.unchanged += counts[UNCHANGED]
    record.failed += counts[FAILED]
    bulk.insert([
        FailedRow(
            of=record,
            number=outcome.row.number,
            reason=storable(outcome.reason) or "",
            values=dumps(outcome.row.values).decode(),
        )
        for outcome in outcomes
        if outcome.action == FAILED
    ])  # fmt: skip
    if record.dry_run:
        bulk.insert([
            PlannedRow(
                upload=record,
                number=outcome.row.number,
                action=outcome.action,
                error=storable(outcome.reason),
                changes=shown_changes(outcome),
            )
            for outcome in outcomes
        ])  # fmt: skip


def storable(reason: str | None) -> str | None:
    return reason and reason.replace("\x00", "�")


# --- Working ------------------------------------------------------------------------------------------


def work(*, seconds: float) -> int:
    """Go on with what waits, for so many seconds at most; returns how many batches were done.

    Any number of processes may do this, and stop anywhere: each batch is committed with its progress.
    """
    until = time.monotonic() + seconds
    done = 0
    seen: set[UUID] = set()
    # Asked anew after each: what was begun meanwhile found us at work, and nobody else will come for it soon.
    while time.monotonic() < until and (record_id := next_pending(timezone.now(), seen)):
        seen.add(record_id)
        done += go_on_with(record_id, until)
    return done


def hurry(record_id: UUID) -> None:
    """Do now what of an import can be done while somebody waits; the worker does the rest."""
    go_on_with(record_id, time.monotonic() + AT_ONCE_SECONDS)


def go_on_with(record_id: UUID, until: float) -> int:
    """Unless somebody else is at it; returns how many batches were done."""
    lease = take(record_id, timezone.now())
    if lease is None:
        return 0
    mine = Import.objects.filter(pk=record_id, lease=lease)
    try:
        return work_on(record_id, lease, until)
    except OperationalError as problem:
        logger.warning("The import %s had to wait: %s", record_id, problem)
        if is_contention(problem):  # others were in the way, not these rows
            mine.filter(attempts__gt=0).update(attempts=F("attempts") - 1)
        return 0
    except Exception:  # one that cannot go on must not keep the others from it; it is tried again
        logger.exception("The import %s was interrupted", record_id)
        return 0
    finally:
        mine.update(lease=None, leased_until=None)


def is_contention(problem: OperationalError) -> bool:
    """Whether the database was locked, busy or away."""
    state = getattr(problem.__cause__, "sqlstate", None)
    if connection.vendor == "sqlite":
        return "locked" in str(problem)
    return state is None or state.startswith(NOT_OUR_FAULT)


def next_pending(now: datetime, seen: set[UUID]) -> UUID | None:
    """The oldest import that waits, of those that were not seen yet."""
    return free(now).exclude(pk__in=seen).order_by("created_at", "id").values_list("pk", flat=True).first()


def free(now: datetime) -> Any:
    unleased = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    return Import.objects.filter(unleased, state__in=[State.WAITING, State.RUNNING])


def take(record_id: UUID, now: datetime) -> UUID | None:
    """Lease an import. Of several processes one gets it: the condition is part of the update."""
    lease = new_id()
    begun = free(now).filter(pk=record_id)
    if begun.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=State.FAILED, finished_at=now, error="The import was interrupted again and again at the same rows."
    ):
        return None
    taken = begun.update(lease=lease, leased_until=now + LEASE, attempts=F("attempts") + 1, state=State.RUNNING)
    Import.objects.filter(pk=record_id, lease=lease, started_at__isnull=True).update(started_at=now)
    return lease if taken else None


def work_on(record_id: UUID, lease: UUID, until: float) -> int:
    """Batch after batch, as long as the lease is ours; returns how many."""
    around = None
    done = failures = 0
    gave_way = known_at = time.monotonic()
    while time.monotonic() < until:
        if around is None or time.monotonic() - known_at >= KNOWN_FOR:
            around = Surroundings(Import.objects.select_related("owner").get(pk=record_id).owner)
            known_at = time.monotonic()
        try:
            more = next_batch(record_id, lease, around)
        except Overtaken:
            continue
        except (IntegrityError, OperationalError):
            # Somebody was faster, or we had to give way. What was known of companies may be what has changed.
            around = None
            failures += 1
            if failures == TRIES:
                raise
            continue
        failures = 0
        done += 1
        if not more:
            break
        if connection.vendor == "sqlite" and time.monotonic() - gave_way > TURN:
            time.sleep(PAUSE)
            gave_way = time.monotonic()
    return done


def next_batch(record_id: UUID, lease: UUID, around: Surroundings) -> bool:
    """Import one chunk and note the progress in the same transaction; False when nothing is left to do for us."""
    now = timezone.now()
    with transaction.atomic():
        plan_anew()
        record = Import.objects.select_for_update(no_key=True).filter(pk=record_id, lease=lease).first()
        if record is None:  # we were too slow, and somebody else goes on
            return False
        around.dry_run, around.actor = record.dry_run, record.owner  # as they are now
        chunk = record.chunks.filter(is_tried=False).first()
        if not around.actor.is_staff:
            end(record, now, "Whoever began this import has no account here any more.")
        elif not may_import(around.actor):
            end(record, now, REFUSED)
        elif chunk is None:
            end(record, now)
        else:
            note(record, apply(record.kind, rows_of(chunk.rows), around))
            require_unchanged(chunk)
            if record.dry_run:
                record.chunks.filter(pk=chunk.pk).update(is_tried=True)
            else:
                chunk.delete()
            record.attempts = 0
            record.leased_until = now + LEASE
            if record.rows_done >= record.rows_total:
                end(record, now)
        record.save()
        return record.state == State.RUNNING


def require_unchanged(chunk: Chunk) -> None:
    """Raise Overtaken when somebody in these rows was erased while they were imported: they would be back.

    Asked for last, as erasing locks people first and then the rows about them.
    """
    rows = Chunk.objects.select_for_update().filter(pk=chunk.pk).values_list("rows", flat=True).first()
    if rows != chunk.rows:
        raise Overtaken


def plan_anew() -> None:
    """Have PostgreSQL plan for the table as it is now.

    A plan it keeps from the first batches suits an empty table: it reads the whole of it for every later batch.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")


def end(record: Import, now: datetime, error: str | None = None) -> None:
    record.state = State.FAILED if error else State.DONE
    record.error = error
    record.finished_at = now
    record.lease = record.leased_until = None
