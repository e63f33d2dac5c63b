"""Processes of their own that begin at once: each is forked from one that has loaded all of our code.

A Python that starts anew takes a second for that. The one forked from has neither threads nor connections.
"""

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

_forks: Any = get_context("forkserver")
_forks.set_forkserver_preload(["tests.loaded"])


class Forked:
    """A process that calls a function, with a group of its own; what it says is kept in a file."""

    def __init__(self, said: Path, call: Callable[..., Any], *args: Any) -> None:
        self.said = said
        self._process = _forks.Process(target=lead, args=(said, call, *args))
        self._process.start()
        self.pid: int = self._process.pid

    @property
    def goes_on(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        self._process.kill()

    def kill_all(self) -> None:
        """With what it has started, if it has not ended by itself."""
        if self.goes_on:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.join()

    def stopped(self) -> tuple[int, str]:
        """Its status and what it said, once it has ended."""
        self._process.join(20)
        assert not self.goes_on, self.said.read_text()
        return self._process.exitcode, self.said.read_text()


def lead(said: Path, call: Callable[..., Any], *args: Any) -> None:
    os.setpgid(0, 0)
    with said.open("wb") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    call(*args)


def begin_anew(module: str, *args: str) -> None:
    """Become a Python that has loaded nothing yet."""
    os.execv(sys.executable, [sys.executable, "-m", module, *args])
