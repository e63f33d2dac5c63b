"""`python -m tests.worker_program DATABASE FOLDER [REDIS QUEUE]`: a worker on the database of a test, with a job that
lingers; its jobs wait in that database, or in a queue of Redis.
"""

import os
import sys
import time
from pathlib import Path
from unittest.mock import patch

import django
from django.conf import settings
from django.core.management import call_command

from helpdesk.periodic import every


def work(database: str, folder: Path) -> None:
    settings.DATABASES["default"]["NAME"] = database

    @every(minutes=1)
    def linger() -> None:
        """Says when it begins and ends, and waits for a file called `go` in between."""
        with (folder / "diary").open("a") as diary:
            diary.write(f"began in {os.getpid()}\n")
        while not (folder / "go").exists():
            time.sleep(0.05)
        with (folder / "diary").open("a") as diary:
            diary.write("ended\n")

    with patch("worker.cluster.LOOKS_EVERY", 0.1):
        call_command("run_worker", processes=1)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    del settings.Q_CLUSTER["orm"]
    settings.Q_CLUSTER |= {"redis": sys.argv[3], "name": sys.argv[4]}
    django.setup()
    work(sys.argv[1], Path(sys.argv[2]))
