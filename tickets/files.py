"""Files on disk behind attachments.

A file is written before its row and removed after its row is gone, so a crash leaves a file too many rather than
an attachment without one. What is to be removed is first written down as a `DiscardedFile` in the transaction
that drops the row. What arrives is marked on disk before it is written, where no rollback takes the mark away, and
until its transaction has committed. The next sweeps take care of whatever a crash left behind, or a transaction that
failed after its verb was done.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.db import transaction

from helpdesk.ids import new_id

from .models import Attachment, DiscardedFile, Ticket

SWEEP = 500  # files a sweep removes at most
STORED = "attachments"
ARRIVING = "arriving"  # holds an empty file of the same name for each that may never get its row
LONGEST = timedelta(days=1)  # that a transaction can take

arrived: ContextVar[list[str] | None] = ContextVar("arrived", default=None)


def storage() -> FileSystemStorage:
    return FileSystemStorage()


def store(content: IO[bytes]) -> str:
    """Write a copy of a file under a name that says nothing about it; returns the name. See keep().

    A copy: an upload that is moved away could not be stored again when its transaction has to be repeated.
    """
    content.seek(0)
    name = f"{STORED}/{new_id()}"
    mark = mark_of(name)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    if (others := arrived.get()) is not None:
        others.append(name)
    return storage().save(name, File(content))


def keep(stored_name: str) -> None:
    """A stored file has its row: it stays when, and only when, the running transaction commits."""
    transaction.on_commit(partial(mark_of(stored_name).unlink, missing_ok=True), robust=True)


@contextmanager
def all_or_none() -> Iterator[None]:
    """What is stored inside goes again at once when something inside fails.

    Inside of a transaction, never around one: a commit that seems to have failed may have worked. Whatever fails later
    is found by remove_abandoned().
    """
    mine: list[str] = []
    outer = arrived.get()
    token = arrived.set(mine)
    try:
        yield
    except BaseException:
        for name in mine:
            remove(name)
        raise
    else:
        if outer is not None:
            outer += mine
    finally:
        arrived.reset(token)


def remove(stored_name: str) -> None:
    storage().delete(stored_name)
    mark_of(stored_name).unlink(missing_ok=True)


def path_of(attachment: Attachment) -> Path:
    return Path(storage().path(attachment.stored_name))


def mark_of(stored_name: str) -> Path:
    return Path(storage().path(f"{ARRIVING}/{Path(stored_name).name}"))


def discard(stored_names: Iterable[str]) -> None:
    """Let go of files when, and only when, the running transaction commits."""
    names = list(stored_names)
    if names:
        DiscardedFile.objects.bulk_create((DiscardedFile(stored_name=name) for name in names), ignore_conflicts=True)
        transaction.on_commit(sweep, robust=True)


def discard_files_of(ticket: Ticket) -> None:
    discard(Attachment.objects.filter(ticket=ticket).values_list("stored_name", flat=True))


def sweep() -> int:
    """Remove files that were let go of; returns how many. Safe to run twice and to interrupt."""
    names = list(DiscardedFile.objects.values_list("stored_name", flat=True)[:SWEEP])
    for name in names:
        remove(name)
    DiscardedFile.objects.filter(stored_name__in=names).delete()
    return len(names)


def remove_abandoned(now: datetime) -> int:
    """Remove files that never got their row; returns how many. Safe to run twice and to interrupt."""
    marked, removed = marked_before(now - LONGEST), 0
    for start in range(0, len(marked), SWEEP):
        names = marked[start : start + SWEEP]
        kept = set(Attachment.objects.filter(stored_name__in=names).values_list("stored_name", flat=True))
        for name in kept:  # which a crash kept from being told
            mark_of(name).unlink(missing_ok=True)
        for name in set(names) - kept:
            remove(name)
            removed += 1
    return removed


def marked_before(moment: datetime) -> list[str]:
    folder = Path(storage().path(ARRIVING))
    if not folder.is_dir():
        return []
    found = []
    for mark in folder.iterdir():
        try:
            if mark.stat().st_mtime < moment.timestamp():
                found.append(f"{STORED}/{mark.name}")
        except FileNotFoundError:  # it was kept, or removed, meanwhile
            continue
    return found
