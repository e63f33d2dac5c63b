"""The databases and servers of a run."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import psycopg

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("BENCH_SERVER", "postgres://postgres@127.0.0.1:5432")
TARGETS = {
    "product": "helpdesk.wsgi:application",
    "floor": "benchmarks.floor:naive",
    "tuned": "benchmarks.floor:tuned",
}


def environment(url: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "benchmark", "HELPDESK_HTTPS": "false", "DEBUG": "false"}


def prepare(tickets: int) -> str:
    """The URL of a database with so many tickets, loaded unless it is there already."""
    name = f"helpdesk_bench_{tickets}"
    url = f"{SERVER}/{name}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            admin.execute(f'CREATE DATABASE "{name}"')
    manage(url, "migrate", "--verbosity", "0")
    with psycopg.connect(url) as database:
        (present,) = database.execute("SELECT count(*) FROM tickets_ticket").fetchone() or (0,)
    if present < tickets:
        manage(url, "bootstrap", "--no-demo")
        manage(url, "seed_demo", "--tickets", str(tickets))
    return url


def manage(url: str, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(url), check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


class Server:
    """One granian with one worker and one thread, alive within the `with` block."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind, self.url = kind, url
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def __enter__(self) -> Self:
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--no-ws"]
        options += ["--workers", "1", "--blocking-threads", "1", "--log-level", "error"]
        command = [sys.executable, "-m", "granian", *options, TARGETS[self.kind]]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(self.url))
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"The server for {self.kind} did not start.")

    def __exit__(self, *problem: object) -> None:
        self.process.terminate()
        self.process.wait(30)

    def peak_memory(self) -> int:
        """The largest resident size of any of its processes so far, in KiB."""
        parents = {self.process.pid}
        family = set(parents)
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) in parents:
                family.add(int(status.parent.name))
        return max(peak(pid) for pid in family)


def peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
