"""What the background worker does again and again.

An app says so in its `jobs.py`:

    @every(minutes=5)
    def watch_deadlines() -> None: ...

A job is idempotent and may stop anywhere: it is run again when its worker is killed. It never runs twice at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass

Job = Callable[[], object]


@dataclass(frozen=True)
class PeriodicWork:
    name: str  # where the job is: "sla.jobs.watch_deadlines"
    minutes: int
    job: Job


registry: dict[str, PeriodicWork] = {}


def every(*, minutes: int) -> Callable[[Job], Job]:
    """Have the worker run this function of a `jobs.py` every so many minutes."""
    if minutes < 1:
        raise ValueError("Work can be repeated every minute at most.")

    def register(job: Job) -> Job:
        name = f"{job.__module__}.{job.__qualname__}"
        registry[name] = PeriodicWork(name, minutes, job)
        return job

    return register
