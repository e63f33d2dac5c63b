"""The verbs of background work."""

from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django_q.models import Failure
from django_q.tasks import async_task

from .running import RUN


def hasten(job: str) -> None:
    """Have a periodic job run as soon as this transaction is committed, instead of at its next turn.

    That next turn comes all the same: what cannot be queued now is only done later.
    """
    transaction.on_commit(partial(async_task, RUN, job, q_options={"task_name": job}), robust=True)


@transaction.atomic
def retry(failures: Iterable[Failure]) -> int:
    """Queue what failed once more, each job once however often it failed; returns how many jobs."""
    jobs: dict[tuple[str, str], Failure] = {}
    for failure in failures:
        jobs[failure.name, repr(failure.args)] = failure
        failure.delete()
    for job in jobs.values():
        # The moment it was planned for has passed: whoever asks gets a run.
        options = {name: value for name, value in (job.kwargs or {}).items() if name != "planned"}
        async_task(job.func, *(job.args or ()), **options, q_options={"task_name": job.name})
    return len(jobs)
