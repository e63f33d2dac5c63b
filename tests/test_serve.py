"""Web server and worker as one command: they end together, and loudly when nobody asked them to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import execute_from_command_line

from helpdesk.management.commands import serve
from tests.processes import Forked
from tests.test_worker import is_gone, until

ROOT = Path(__file__).resolve().parent.parent
STAND_IN = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"


def with_stand_ins(folder: Path) -> None:
    """`serve`, whose parts write down who they are and live until they are told to stop."""
    for part in ("web_server", "worker"):
        command = [sys.executable, "-c", STAND_IN, str(folder / part)]
        setattr(serve, part, lambda *_, command=command: command)
    execute_from_command_line(["manage.py", "serve"])


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Forked]:
    process = Forked(tmp_path / "said", with_stand_ins, tmp_path)
    yield process
    process.kill_all()


@pytest.fixture
def parts(serving: Forked, tmp_path: Path) -> dict[str, int]:
    """The processes of both parts, which run."""
    files = {part: tmp_path / part for part in ("web_server", "worker")}
    until(lambda: all(file.exists() and file.read_text() for file in files.values()))
    return {part: int(file.read_text()) for part, file in files.items()}


def test_one_signal_stops_both(serving: Forked, parts: dict[str, int]) -> None:
    os.kill(serving.pid, signal.SIGINT)
    assert serving.stopped() == (0, "")
    assert all(is_gone(process) for process in parts.values())


def test_when_one_ends_the_other_is_stopped_and_that_is_said(serving: Forked, parts: dict[str, int]) -> None:
    os.kill(parts["worker"], signal.SIGKILL)
    status, complaints = serving.stopped()
    assert status == 1
    assert "The worker has ended by itself" in complaints
    assert all(is_gone(process) for process in parts.values())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_nothing_is_left_when_it_is_killed(serving: Forked, parts: dict[str, int]) -> None:
    serving.kill()
    until(lambda: all(is_gone(process) for process in parts.values()))


CHILD = """
import os, signal, sys
from helpdesk.web_server import let_children_end
signal.signal(signal.SIGTERM, lambda *_: None)
let_children_end()
ready, tell = os.pipe()
child = os.fork()
if not child:
    os.write(tell, b".")
    signal.pause()
os.read(ready, 1)
os.kill(child, signal.SIGTERM)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGTERM)
"""


def test_a_process_of_the_web_server_can_be_stopped_before_it_is_ready() -> None:
    assert subprocess.run([sys.executable, "-c", CHILD], cwd=ROOT, timeout=10, check=False).returncode == 0
