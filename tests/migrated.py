"""Of all processes of all runs, one migrates: the others copy its database, as long as not a line has changed.

Migrating takes some seven seconds. What is missing in a copy is migrated as ever.
"""

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
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


class SqliteFile:
    """The migrated database as a file in pytest's cache."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / f"{version()}.sqlite3"

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self.file.with_name("lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def is_there(self) -> bool:
        return self.file.exists()

    def offer(self, patch: pytest.MonkeyPatch) -> None:
        """New databases begin as a copy."""
        creation: Any = type(connection.creation)
        create = creation._create_test_db

        def created(*args: Any, **options: Any) -> str:
            name: str = create(*args, **options)
            with suppress(FileNotFoundError):  # somebody has just tidied up
                shutil.copyfile(self.file, name)
            return name

        patch.setattr(creation, "_create_test_db", created)

    def keep(self) -> None:
        """Whole or not at all: a run may be killed in the middle."""
        connection.ensure_connection()
        own = self.file.with_suffix(f".{Path(connection.settings_dict['NAME']).parent.name}")
        with closing(sqlite3.connect(own)) as copy:
            connection.connection.backup(copy)
        for older in self.file.parent.glob("*.sqlite3"):
            older.unlink(missing_ok=True)
        own.replace(self.file)


class PostgresTemplate:
    """The migrated database as a template on the same server."""

    PREFIX = "helpdesk_tests_migrated_"

    def __init__(self) -> None:
        self.name = f"{self.PREFIX}{version()}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [self.PREFIX])  # until the connection ends
            yield

    def kept(self) -> list[str]:
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.PREFIX])
            return [name for (name,) in cursor.fetchall()]

    def is_there(self) -> bool:
        return self.name in self.kept()

    def offer(self, patch: pytest.MonkeyPatch) -> None:
        patch.setitem(connection.settings_dict["TEST"], "TEMPLATE", self.name)

    def keep(self) -> None:
        """Under its name when it is whole. Nobody may be connected to what is copied."""
        migrated, half = connection.settings_dict["NAME"], f"half_{self.name}"
        connection.close()
        with connection._nodb_cursor() as cursor:
            for older in self.kept():
                cursor.execute(f'DROP DATABASE IF EXISTS "{older}"')
            cursor.execute(f'DROP DATABASE IF EXISTS "{half}"')
            cursor.execute(f'CREATE DATABASE "{half}" TEMPLATE "{migrated}"')
            cursor.execute(f'ALTER DATABASE "{half}" RENAME TO "{self.name}"')


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, request: pytest.FixtureRequest, django_db_blocker: Any
) -> Iterator[Any]:
    """Before the database is made: from what there is, or alone, so that there is something for the next."""
    cache = getattr(request.config, "cache", None)
    kept = PostgresTemplate() if connection.vendor == "postgresql" else cache and SqliteFile(cache.mkdir("migrated"))
    with pytest.MonkeyPatch.context() as patch, ExitStack() as turn:
        with django_db_blocker.unblock():
            if kept:
                turn.enter_context(kept.alone())
                if kept.is_there():
                    kept.offer(patch)
                    kept = None
        yield kept, turn


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_modify_db_settings: Any, django_db_blocker: Any) -> None:
    """After it was made."""
    kept, turn = django_db_modify_db_settings
    with turn, django_db_blocker.unblock():
        if kept:
            kept.keep()
