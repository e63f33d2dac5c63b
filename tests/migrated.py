"""On SQLite the database that an earlier run has migrated is copied, as long as not a line of the project has changed.

Migrating takes every process of every run some seconds; what is missing in a copy is migrated as ever.
"""

import shutil
import sqlite3
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import django
import pytest
from django.db import connection

PROJECT = Path(__file__).resolve().parent.parent


def version() -> str:
    """Of all that decides what migrations make: they call our code, and that of what is installed."""
    found = sha256(f"{django.__version__} {sqlite3.sqlite_version}".encode())
    found.update((PROJECT / "requirements.txt").read_bytes())
    folders = sorted(path.parent for path in PROJECT.glob("*/__init__.py") if path.parent.name != "tests")
    for file in (file for folder in folders for file in sorted(folder.rglob("*.py"))):
        found.update(f"\0{file.relative_to(PROJECT)}\0".encode())
        found.update(file.read_bytes())
    return found.hexdigest()[:20]


class Kept:
    """Where the migrated database lies between runs."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / f"{version()}.sqlite3"
        self.is_there = self.file.exists()

    def offer(self, patch: pytest.MonkeyPatch) -> None:
        """New databases begin as a copy."""
        creation: Any = type(connection.creation)
        create = creation._create_test_db

        def created(*args: Any, **options: Any) -> str:
            name: str = create(*args, **options)
            with suppress(FileNotFoundError):  # a run with another version has just tidied up
                shutil.copyfile(self.file, name)
            return name

        patch.setattr(creation, "_create_test_db", created)

    def keep(self) -> None:
        """Whole or not at all: two processes may be about it at once."""
        connection.ensure_connection()
        own = self.file.with_suffix(f".{Path(connection.settings_dict['NAME']).parent.name}")
        with closing(sqlite3.connect(own)) as copy:
            connection.connection.backup(copy)
        for older in self.file.parent.glob("*.sqlite3"):
            older.unlink(missing_ok=True)
        own.replace(self.file)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, request: pytest.FixtureRequest
) -> Any:
    """Before the database is made."""
    with pytest.MonkeyPatch.context() as patch:
        kept = None
        if connection.vendor == "sqlite" and getattr(request.config, "cache", None):
            kept = Kept(request.config.cache.mkdir("migrated"))
            if kept.is_there:
                kept.offer(patch)
        yield kept


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_modify_db_settings: Kept | None, django_db_blocker: Any) -> None:
    """After it was made."""
    if django_db_modify_db_settings and not django_db_modify_db_settings.is_there:
        with django_db_blocker.unblock():
            django_db_modify_db_settings.keep()
