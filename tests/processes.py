"""Programs under test as processes of their own, which begin at once: each is forked from one that has loaded all.

A Python that starts anew takes a second to load Django and our code. Python's fork server does it once for a run of
tests, in `tests.loaded`; it has neither threads nor connections, which a fork of the tests themselves would share.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import chdir, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

_forks: Any = get_context("forkserver")
_forks.set_forkserver_preload(["tests.loaded"])


class Forked:
    """A process that calls a function of a module; what it says is kept in a file.

    What it starts is in one group with it, so that signals reach all of them, as Ctrl-C does.
    """

    def __init__(self, said: Path, call: Callable[..., Any], *args: Any) -> None:
        self.said = said
        self._process = _forks.Process(target=lead, args=(said, call, *args))
        with chdir(ROOT):  # where the fork server finds `tests.loaded`, wherever pytest was started
            self._process.start()
        self.pid: int = self._process.pid

    @property
    def goes_on(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """Alone: what it has started has to notice."""
        self._process.kill()

    def kill_all(self) -> None:
        """With what it has started, if it has not ended by itself."""
        if self.goes_on:
            with suppress(ProcessLookupError):  # it ends at this moment, or has not become a group yet
                os.killpg(self.pid, signal.SIGKILL)
            self.kill()
        self._process.join()

    def stopped(self) -> tuple[int, str]:
        """Its status and what it said, once it has ended."""
        self._process.join(20)
        assert not self.goes_on, self.said.read_text()
        return self._process.exitcode, self.said.read_text()


def lead(said: Path, call: Callable[..., Any], *args: Any) -> None:
    """What the new process does first: it leads a group of its own, and writes what it says into a file."""
    os.setpgid(0, 0)
    with said.open("wb") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    call(*args)


def begin_anew(module: str, *args: str) -> None:
    """Become a Python that has loaded nothing yet."""
    os.execv(sys.executable, [sys.executable, "-m", module, *args])
