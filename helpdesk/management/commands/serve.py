"""`manage.py serve`: web server and worker together on one machine; where one of them ends, so does the other."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

GRACE = 30  # seconds for running requests and jobs to end
PR_SET_PDEATHSIG = 1

Parts = dict[str, subprocess.Popen[bytes]]


class Command(BaseCommand):
    help = "Start the web server and the worker, and stop both on SIGTERM, SIGINT, or when one of them ends."
    requires_system_checks = []  # both parts check

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        asked_to_stop: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: asked_to_stop.append(number))
        parts = {
            "web server": start(web_server(options["host"], options["port"])),
            "worker": start(worker()),
        }
        while not asked_to_stop and not ended(parts):
            time.sleep(0.2)
        lost = [] if asked_to_stop else ended(parts)
        stop(parts)
        if lost:
            raise CommandError(f"The {lost[0]} has ended by itself; the rest was stopped. What it said is above.")


def web_server(host: str, port: int) -> list[str]:
    """One process with many threads: as much as SQLite and one machine need."""
    served = ["--interface", "wsgi", "--no-ws", "--host", host, "--port", str(port)]
    size = ["--workers", "1", "--blocking-threads", "32", "--workers-kill-timeout", "10"]
    return [sys.executable, "-m", "helpdesk.web_server", *served, *size, "helpdesk.wsgi:application"]


def worker() -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_worker"]


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """In a group of its own: Ctrl-C reaches us alone, since a web server that is told twice stops badly."""
    return subprocess.Popen(command, cwd=settings.BASE_DIR, process_group=0, preexec_fn=stop_with_parent)  # noqa: S603


def stop_with_parent() -> None:
    """Linux ends a part when we are killed and cannot do so ourselves; elsewhere it goes on alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def ended(parts: Parts) -> list[str]:
    return [name for name, process in parts.items() if process.poll() is not None]


def stop(parts: Parts) -> None:
    """Ask all parts to finish what they do, and end what does not."""
    for process in parts.values():
        process.terminate()
    until = time.monotonic() + GRACE
    for process in parts.values():
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what a part that was killed has left running
