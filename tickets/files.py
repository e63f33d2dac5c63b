"""Files on disk behind attachments.

A file is written before its row and removed after its row is gone, so a crash leaves a file too many rather than
an attachment without one. What is to be removed is first written down as a `DiscardedFile` in the transaction
that drops the row; the next sweep takes care of whatever a crash left behind.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.db import transaction

from helpdesk.ids import new_id

from .models import Attachment, DiscardedFile, Ticket

SWEEP = 500  # files a sweep removes at most


def storage() -> FileSystemStorage:
    return FileSystemStorage()


def store(content: IO[bytes]) -> str:
    """Write a copy of a file under a name that says nothing about it; returns the name.

    A copy: an upload that is moved away could not be stored again when its transaction has to be repeated.
    """
    content.seek(0)
    return storage().save(f"attachments/{new_id()}", File(content))


def remove(stored_name: str) -> None:
    storage().delete(stored_name)


def path_of(attachment: Attachment) -> Path:
    return Path(storage().path(attachment.stored_name))


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
