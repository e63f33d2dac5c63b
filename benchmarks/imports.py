"""What imports cost: contacts from a CSV file through API and worker on both databases, while somebody files tickets.

    .venv/bin/python -m benchmarks.imports --rows 10000,100000 [--write]

The time runs from sending the file until its import is done. Others must get in between: the longest that filing a
ticket took meanwhile stands beside it, and the largest memory that any process of the server or worker ever had.
"""

import argparse
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import psycopg

from .client import Client
from .report import DOCUMENT
from .scenarios import BODY
from .servers import ROOT, SERVER, environment, peak

NAME = "helpdesk_bench_imports"
MARKS = ("<!-- imports: written by `make bench` -->", "<!-- /imports -->")
SECONDS = 60  # that the largest file may take
MEMORY = 60_000  # KiB that it may need more than the smallest: its bytes, and pages of SQLite; rows would be far more
PAUSE = 0.2  # seconds between two tickets
LINE = b'Person Number %d,person%d.r%d@example%d.com,+49 30 %07d,"vip, eu"\r\n'


@dataclass
class Figures:
    database: str
    rows: int
    seconds: float
    waits: list[float]
    memory: int  # KiB at the peak

    def row(self) -> str:
        return (
            f"| {self.database} | {self.rows:,} | {self.seconds:.1f} | {self.rows / self.seconds:,.0f} "
            f"| {sorted(self.waits)[len(self.waits) // 2] * 1e3:,.0f} | {max(self.waits) * 1e3:,.0f} "
            f"| {self.memory / 1024:,.0f} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.imports", description=__doc__)
    parser.add_argument("--rows", default="10000,100000")
    parser.add_argument("--databases", default="SQLite,PostgreSQL")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sizes = sorted({int(text) for text in options.rows.split(",")})
    found = [figures for database in options.databases.split(",") for figures in measure(database, sizes)]
    head = [
        "| Database | Contacts | Seconds | A second | A ticket meanwhile (ms) | … at most | Memory (MiB) |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    table = "\n".join([*head, *(one.row() for one in found)])
    passed = judge(found, sizes)
    print(table)
    if options.write:
        text = re.compile(re.escape(MARKS[0]) + ".*?" + re.escape(MARKS[1]), re.DOTALL)
        DOCUMENT.write_text(text.sub(lambda _: f"{MARKS[0]}\n\n{table}\n\n{MARKS[1]}", DOCUMENT.read_text()))
    return 0 if passed else 1


def judge(found: list[Figures], sizes: list[int]) -> bool:
    slow = [one for one in found if one.seconds > SECONDS]
    small = {one.database: one.memory for one in found if one.rows == sizes[0]}
    hungry = [one for one in found if one.memory - small[one.database] > MEMORY]
    for one in slow:
        print(f"FAIL  {one.rows:,} on {one.database} took {one.seconds:.1f} s (at most {SECONDS})")
    for one in hungry:
        more = one.memory - small[one.database]
        print(f"FAIL  {one.rows:,} on {one.database} needed {more:,} KiB more than {sizes[0]:,}")
    return not slow and not hungry


def measure(database: str, sizes: list[int]) -> Iterator[Figures]:
    """Each size on a server and a worker of its own, one after the other in the same database."""
    with TemporaryDirectory() as folder, emptied(database, folder) as url:
        variables = {**environment(url), "HELPDESK_DATA_DIR": folder, "HELPDESK_HTTPS": "false"}
        manage(variables, "migrate", "--verbosity", "0")
        manage(variables, "bootstrap", "--no-demo")
        key = manage(variables, "create_api_key", "--name", "Benchmark").strip()
        for size in sizes:
            with served(variables) as (process, port):
                seconds, waits = imported(Client(port, key), Client(port, key), size)
                yield Figures(database, size, seconds, waits, max(peak(pid) for pid in family(process.pid)))


@contextmanager
def emptied(database: str, folder: str) -> Iterator[str]:
    if database == "SQLite":
        yield f"sqlite:///{folder}/helpdesk.sqlite3"
        return
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}"')
        try:
            yield f"{SERVER}/{NAME}"
        finally:
            admin.execute(f'DROP DATABASE "{NAME}" WITH (FORCE)')


def manage(variables: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def served(variables: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`manage.py serve`: what runs on one machine in earnest, with a worker that is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            time.sleep(0.2)
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                continue
        time.sleep(5)  # what the worker does when it starts
        yield process, port
    finally:
        process.terminate()
        process.wait(60)


def imported(client: Client, other: Client, size: int) -> tuple[float, list[float]]:
    """Seconds until a file of new contacts is imported, and those that each ticket took meanwhile."""
    run = int(time.time())
    lines = (LINE % (n, n, run, n % 500, n) for n in range(size))
    file = b"name,email,phone,tags\r\n" + b"".join(lines)
    head = (
        f"POST /api/contacts/import?background=true HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\n"
        f"Authorization: ApiKey {client.key}\r\nContent-Type: text/csv\r\nContent-Length: {len(file)}\r\n\r\n"
    )
    customer = {"username": f"asker{run}", "email": f"asker{run}@example.com", "name": "Asker"}
    asker = orjson.loads(client.send(client.request("POST", "/api/users", orjson.dumps(customer)))[1])["id"]
    ticket = other.request("POST", "/api/tickets", orjson.dumps({**BODY, "customerId": asker}))
    over = threading.Event()
    waits: list[float] = []

    def file_tickets() -> None:
        while not over.wait(PAUSE):
            begin = time.perf_counter()
            other.send(ticket)
            waits.append(time.perf_counter() - begin)

    writer = threading.Thread(target=file_tickets)
    begin = time.perf_counter()
    writer.start()
    try:
        record = orjson.loads(client.send(head.encode() + file)[1])
        question = client.request("GET", f"/api/imports/{record['id']}")
        while record["state"] in ("waiting", "running"):
            time.sleep(0.1)
            record = orjson.loads(client.send(question)[1])
        seconds = time.perf_counter() - begin
    finally:
        over.set()
        writer.join()
    if (record["state"], record["created"]) != ("done", size):
        raise SystemExit(f"The import went wrong: {record}")
    return seconds, waits


def family(ancestor: int) -> set[int]:
    """A process and all that it and its children started."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {ancestor}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


if __name__ == "__main__":
    sys.exit(main())
