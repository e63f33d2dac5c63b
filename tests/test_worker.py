"""The worker: who does what, when, and what happens when it is stopped or killed."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from helpdesk import periodic
from helpdesk.periodic import every
from tests.client import ApiClient
from tests.processes import Forked, begin_anew
from tests.worker_program import work
from worker import jobs, turns
from worker.models import Turn
from worker.running import RUN, run
from worker.schedules import publish
from worker.services import hasten
from worker.turns import LEASE, turn

committing = pytest.mark.django_db(transaction=True)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """No jobs but those of the test."""
    monkeypatch.setattr(periodic, "registry", {})
    for module in ("worker.running", "worker.schedules"):
        monkeypatch.setattr(f"{module}.registry", periodic.registry)
    return periodic.registry


@pytest.fixture
def done(registry: dict[str, Any]) -> list[str]:
    """What the job called `job` did."""
    done: list[str] = []

    def job() -> None:
        done.append("done")

    registry["job"] = periodic.PeriodicWork("job", 5, job)
    return done


# --- The plan -----------------------------------------------------------------------------------------


def test_apps_ask_for_periodic_work_in_code(registry: dict[str, Any], db: None) -> None:
    now = timezone.now()

    @every(minutes=5)
    def five() -> None: ...

    publish(now)
    [schedule] = Schedule.objects.all()
    assert (schedule.name, schedule.minutes) == (f"{__name__}.{five.__qualname__}", 5)
    Schedule.objects.update(next_run=now + timedelta(minutes=5))
    publish(now)
    assert Schedule.objects.get().next_run == now + timedelta(minutes=5), "what is planned stays planned"

    registry.clear()
    registry[schedule.name] = periodic.PeriodicWork(schedule.name, 1, five)
    publish(now)
    changed = Schedule.objects.get()
    assert (changed.minutes, changed.next_run) == (1, now + timedelta(minutes=1))

    registry.clear()
    theirs = Schedule.objects.create(func="somebody.elses", next_run=now)
    publish(now)
    assert list(Schedule.objects.all()) == [theirs]


@committing
def test_workers_that_start_at_once_plan_everything_once(at_once: Callable[..., list[Any]], done: list[str]) -> None:
    at_once(4, lambda _: publish(timezone.now()))
    assert Schedule.objects.count() == 1


def test_less_than_a_minute_is_refused() -> None:
    with pytest.raises(ValueError, match="every minute at most"):
        every(minutes=0)


# --- Turns --------------------------------------------------------------------------------------------


@committing
def test_a_job_never_runs_twice_at_a_time(at_once: Callable[..., list[Any]]) -> None:
    def attempt(_: int) -> bool:
        with turn("job") as mine:
            time.sleep(0.5)
            return mine

    assert sum(at_once(4, attempt)) == 1


def test_runs_that_piled_up_are_one(done: list[str], db: None) -> None:
    planned = [(timezone.now() - timedelta(minutes=minutes)).isoformat() for minutes in (15, 10, 5)]
    assert [run("job", planned=moment) for moment in planned] == [
        "Done.",
        *["Nothing to do: another run is at it, or was."] * 2,
    ]
    assert run("job", planned=timezone.now().isoformat()) == "Done."
    assert run("job") == "Done.", "who asks without a date gets a run"
    assert done == ["done"] * 3


def test_a_failure_is_no_run(registry: dict[str, Any], db: None) -> None:
    def fail() -> None:
        raise RuntimeError("No luck")

    registry["job"] = periodic.PeriodicWork("job", 5, fail)
    planned = timezone.now().isoformat()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="No luck"):
            run("job", planned=planned)
    assert Turn.objects.get().holder is None


def test_what_a_killed_process_held_is_free_after_half_a_minute(db: None) -> None:
    now = timezone.now()
    assert turns.take("job", now, due=None)
    assert not turns.take("job", now + LEASE - timedelta(seconds=1), due=None)
    assert turns.take("job", now + LEASE, due=None)


def test_a_job_can_be_wanted_at_once(db: None, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        hasten("job")
        assert not OrmQ.objects.exists()
    waiting = OrmQ.objects.get()
    assert (waiting.name(), waiting.func(), waiting.task["args"]) == ("job", RUN, ("job",))


@committing
def test_a_job_that_takes_long_keeps_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "RENEWED_EVERY", 0.05)
    monkeypatch.setattr(turns, "LEASE", timedelta(seconds=1))
    with turn("job"):
        time.sleep(1.2)
        assert not turns.take("job", timezone.now(), due=None)


def test_a_job_of_another_release_says_so(registry: dict[str, Any], db: None) -> None:
    with pytest.raises(LookupError, match="There is no job gone in this release"):
        run("gone")


def test_old_failures_are_forgotten(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT_OF_ONE_JOB", 2)
    now = timezone.now()
    for number, (name, days) in enumerate([("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 31)]):
        stopped = now - timedelta(days=days)
        Failure.objects.create(id=str(number), name=name, func="f", started=stopped, stopped=stopped, success=False)
    jobs.forget_old_failures()
    assert sorted(Failure.objects.values_list("pk", flat=True)) == ["0", "1", "3"]


@pytest.mark.parametrize(("minutes", "told"), [(2, "running"), (4, "silent")])
def test_readyz_tells_whether_a_worker_runs(anonymous: ApiClient, db: None, minutes: int, told: str) -> None:
    Turn.objects.create(job="job", seen_at=timezone.now() - timedelta(minutes=minutes))
    answer = anonymous.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (200, told)


# --- Processes ----------------------------------------------------------------------------------------


class Worker:
    """A worker in processes of its own."""

    def __init__(self, folder: Path, number: int, *redis: str) -> None:
        self.folder = folder
        database, said = str(connection.settings_dict["NAME"]), folder / f"worker {number}"
        if redis:
            self.process = Forked(said, begin_anew, "tests.worker_program", database, str(folder), *redis)
        else:
            self.process = Forked(said, work, database, folder)

    def diary(self) -> list[str]:
        diary = self.folder / "diary"
        return diary.read_text().splitlines() if diary.exists() else []


def until(holds: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError("This never came true")


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").exists() and ") Z " in Path(f"/proc/{process}/stat").read_text()


@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    started: list[Worker] = []

    def start(*redis: str) -> Worker:
        started.append(Worker(tmp_path, len(started), *redis))
        return started[-1]

    yield start
    for worker in started:
        worker.process.kill_all()


def test_sigterm_ends_a_worker_after_its_job(start_worker: Callable[[], Worker], tmp_path: Path) -> None:
    worker = start_worker()
    until(worker.diary)
    os.killpg(worker.process.pid, signal.SIGTERM)  # all of its processes at once, as some supervisors do
    time.sleep(0.5)
    assert worker.process.goes_on
    (tmp_path / "go").touch()
    code, said = worker.process.stopped()
    assert code == 0, said
    assert "The worker has stopped" in said
    assert worker.diary()[-1] == "ended"
    assert Success.objects.filter(name__endswith="linger").exists()
    assert Schedule.objects.filter(name="outbox.jobs.send_due_mail").exists()
    assert not Failure.objects.exists()


def test_a_job_of_a_killed_worker_is_done_by_the_next(start_worker: Callable[[], Worker], tmp_path: Path) -> None:
    killed = start_worker()
    [began] = until(killed.diary)
    killed.process.kill()
    until(lambda: is_gone(int(began.split()[-1])))

    Turn.objects.update(held_until=timezone.now())  # the time of its lease, and of the broker, passes
    OrmQ.objects.update(lock=timezone.now())
    (tmp_path / "go").touch()
    worker = start_worker()
    until(lambda: worker.diary()[-1] == "ended")
    until(lambda: not OrmQ.objects.exists())
    os.kill(worker.process.pid, signal.SIGINT)
    code, said = worker.process.stopped()
    assert code == 0, said
    assert len(worker.diary()) == 3
    assert not Failure.objects.exists()


@pytest.fixture
def redis_queue() -> Iterator[tuple[str, str]]:
    """The address of the Redis on this machine, and a queue that only this test uses."""
    redis = pytest.importorskip("redis")
    address, queue = "redis://127.0.0.1:6379/0", f"tests-{uuid4().hex}"
    server = redis.Redis.from_url(address, socket_connect_timeout=1)
    try:
        server.ping()
    except redis.exceptions.RedisError:
        pytest.skip("no Redis answers on 127.0.0.1:6379")
    yield address, queue
    if left := server.keys(f"django_q:{queue}:*"):
        server.delete(*left)
    server.close()


def test_jobs_can_wait_in_redis(
    start_worker: Callable[..., Worker], tmp_path: Path, redis_queue: tuple[str, str]
) -> None:
    (tmp_path / "go").touch()
    worker = start_worker(*redis_queue)
    until(lambda: Success.objects.filter(name__endswith="linger").exists())
    assert not OrmQ.objects.exists(), "not in the database"
    os.kill(worker.process.pid, signal.SIGTERM)
    code, said = worker.process.stopped()
    assert code == 0, said
    assert worker.diary()[-1] == "ended"
    assert not Failure.objects.exists()


def test_a_worker_waits_for_no_missing_migration(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk.management.commands.run_worker.pending_migrations", lambda: True)
    with pytest.raises(CommandError, match="behind the code"):
        call_command("run_worker")
