"""What a process of the worker does when a job is due."""

from datetime import datetime

from helpdesk.periodic import registry

from .turns import turn

RUN = "worker.running.run"


def run(job: str, planned: str | None = None) -> str:
    """Run a periodic job; what is returned is shown in the admin.

    Nothing is done twice when runs have piled up: one that began after the moment a run was planned for stands for it.
    Raises what the job raises, and LookupError for a job of another release.
    """
    if job not in registry:
        raise LookupError(f"There is no job {job} in this release.")
    with turn(job, due=datetime.fromisoformat(planned) if planned else None) as mine:
        if not mine:
            return "Nothing to do: another run is at it, or was."
        outcome = registry[job].job()
    return "Done." if outcome is None else f"Done: {outcome}"
