"""The files behind pictures of people that are kept here."""

import re
from pathlib import Path

from django.core.files.storage import FileSystemStorage
from django.db import transaction

NAME = re.compile(r"[0-9a-f-]{36}\.webp")


def own_file(url: str | None) -> Path | None:
    """The file behind an avatar that is kept here; None for one that is elsewhere."""
    _, marker, name = (url or "").rpartition("/portal/avatars/")
    return file_named(name) if marker else None


def address_of(url: str | None) -> str:
    """The path of a picture that is kept here; pages ask nobody else for pictures."""
    _, marker, name = (url or "").rpartition("/portal/avatars/")
    return f"{marker}{name}" if marker and NAME.fullmatch(name) else ""


def file_named(name: str) -> Path | None:
    return Path(FileSystemStorage().path(f"avatars/{name}")) if NAME.fullmatch(name) else None


def discard(url: str | None) -> None:
    """Remove the file of a picture that nobody uses any more, when the running transaction commits."""
    file = own_file(url)
    if file is not None:
        transaction.on_commit(lambda: file.unlink(missing_ok=True), robust=True)
