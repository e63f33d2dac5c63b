"""The plan that django-q works from, kept equal to what the apps ask for in code."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django_q.models import Schedule

from helpdesk.periodic import PeriodicWork, registry
from helpdesk.transactions import Lock, take

from .running import RUN


@transaction.atomic
def publish(now: datetime) -> None:
    """Add, change and remove schedules. Every worker does so when it starts, one after the other."""
    take(Lock.SCHEDULES)
    known = {schedule.name: schedule for schedule in Schedule.objects.filter(func=RUN)}
    kept = [put(known.get(work.name), work, now) for work in registry.values()]
    Schedule.objects.filter(func=RUN).exclude(pk__in=kept).delete()


def put(schedule: Schedule | None, work: PeriodicWork, now: datetime) -> int:
    schedule = schedule or Schedule(name=work.name, next_run=now)
    wanted = planned(work)
    if schedule.pk is None or any(getattr(schedule, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(schedule, name, value)
        schedule.next_run = min(schedule.next_run or now, now + timedelta(minutes=work.minutes))
        schedule.save()
    return schedule.pk


def planned(work: PeriodicWork) -> dict[str, Any]:
    return {
        "func": RUN,
        "args": repr(work.name),
        "kwargs": repr({"q_options": {"task_name": work.name}}),
        "intended_date_kwarg": "planned",
        "schedule_type": Schedule.MINUTES,
        "minutes": work.minutes,
        "repeats": -1,
    }
