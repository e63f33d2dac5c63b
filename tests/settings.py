"""The settings under which the suite runs: those of the product, on throw-away data and with a fast password hasher.

Only DATABASE_URL is taken from the environment; a developer's .env and HELPDESK_* variables change no result.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from unittest.mock import patch

import environ

# Each process (each xdist worker too) has data of its own, so several runs never meet.
_process = os.getpid()
_folder = tempfile.mkdtemp(prefix=f"helpdesk-tests-{_process}-")


@atexit.register
def _clean_up() -> None:
    """Remove our folder, and those of runs that were killed."""
    if os.getpid() != _process:  # a forked child
        return
    for folder in Path(tempfile.gettempdir()).glob("helpdesk-tests-*-*"):
        owner = folder.name.split("-")[2]
        if folder == Path(_folder) or not (owner.isdigit() and _runs(int(owner))):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


_OWN = ("DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "CACHE_URL", "EMAIL_URL")
for _name in [name for name in os.environ if name.startswith("HELPDESK_") or name in _OWN]:
    del os.environ[_name]
os.environ |= {"SECRET_KEY": "known-to-everybody", "HELPDESK_HTTPS": "false", "HELPDESK_DATA_DIR": _folder}

with patch.object(environ.Env, "read_env"):
    from helpdesk.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MAIL_IN_BACKGROUND = False
VIEWS_WRITTEN_AFTER = 0
# Assets are looked for when one is asked for, not listed anew by each of thousands of clients.
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

_database = DATABASES["default"]  # noqa: F405
if _database["ENGINE"].endswith("sqlite3"):
    # A file, not memory: the threads of a test share it, each with a connection and locks of its own.
    _database["TEST"] = {"NAME": f"{_folder}/tests.sqlite3"}
    _database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
else:
    # Nothing here has to survive a power cut.
    _database["OPTIONS"] = {**_database.get("OPTIONS", {}), "options": "-c synchronous_commit=off"}
