"""The processes of a worker: django-q's, made to stop, and to die, together.

django-q puts a process of its own between the one that is signalled and those that work, and lets them live on, and
take jobs, when it is killed. Here the process that was started is the guard itself, and its children leave with it.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from multiprocessing import Process, active_children
from threading import Thread
from typing import Any
from uuid import uuid4

from django.db import connections
from django_q.cluster import Sentinel, get_mp_context
from django_q.scheduler import scheduler
from django_q.worker import worker

logger = logging.getLogger(__name__)

LOOKS_EVERY = 1.0  # seconds, whether its parent is still there


class Flag:
    """What django-q uses of an event. Raising one in a signal handler cannot block, as multiprocessing's may."""

    def __init__(self) -> None:
        self.raised = False

    def set(self) -> None:
        self.raised = True

    def is_set(self) -> bool:
        return self.raised

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return self.raised


class Cluster(Sentinel):
    """Takes jobs from the broker, hands them to its processes, and replaces those that die."""

    def __init__(self, *, processes: int) -> None:
        super().__init__(Flag(), Flag(), uuid4(), start=False)
        self.pool_size = processes

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; then finish what has begun."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        check_connections()
        try:
            scheduler(broker=self.broker)  # what became due while nobody worked
            logger.info("The worker is ready: %d processes, guarded by %d", self.pool_size, os.getpid())
            self.start()
        finally:
            for child in active_children():  # none, unless we fail
                child.kill()
        logger.info("The worker has stopped")

    def ask_to_stop(self, number: int, frame: object) -> None:
        self.stop_event.set()

    def spawn_process(self, target: Callable[..., None], *args: Any) -> Process:
        process = get_mp_context().Process(target=live_with, args=(os.getpid(), target, *args), daemon=True)
        process.terminate = process.kill  # django-q's way to end a job that hangs; they do not listen to SIGTERM
        if target is worker:
            process.timer = args[2]
            self.pool.append(process)
        process.start()
        return process


def live_with(parent: int, target: Callable[..., None], *args: Any) -> None:
    """The life of a child: it finishes its job when all are signalled at once, and dies when its parent does."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    Thread(target=die_with, args=(parent,), daemon=True).start()
    target(*args)


def die_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOKS_EVERY)
    os._exit(1)


def check_connections() -> None:
    """Connections are tried before they are used again: the database may be restarted while we wait for work."""
    for alias in connections:
        connections[alias].settings_dict["CONN_HEALTH_CHECKS"] = True
