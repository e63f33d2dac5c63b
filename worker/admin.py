"""Background work as admins see it: what failed, what was done, what is planned and what waits."""

from typing import Any

import django_q.admin  # noqa: F401 - registers pages of its own, which ours replace
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from unfold.decorators import display

from helpdesk.admin_pages import ReadOnlyPages, posted, shown
from helpdesk.admin_pages.posting import button

from .services import retry

UNITS = ((24 * 60, "day"), (60, "hour"), (1, "minute"))


@display(description="Job", ordering="name")
def job(row: Task | Schedule | OrmQ) -> str:
    return row.name() if isinstance(row, OrmQ) else row.name


@display(description="Began", ordering="started")
def began(task: Task) -> str:
    return shown(task.started)


@display(description="Ended", ordering="stopped")
def ended(task: Task) -> str:
    return shown(task.stopped)


@display(description="Took")
def took(task: Task) -> str:
    return f"{task.time_taken():.1f} s"


class JobPages(ReadOnlyPages):
    """Background work, one tab for each thing to ask about it."""

    list_before_template = "admin/worker/tabs.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tabs = [
            (reverse(f"admin:django_q_{model._meta.model_name}_changelist"), pages.title, model is self.model)
            for model, pages in PAGES.items()
        ]
        return super().changelist_view(request, {"tabs": tabs, **(extra_context or {})})


class FailedJobs(JobPages):
    title = "Failed"
    empty_icon = "task_alt"
    empty_title = "No job has failed"
    empty_text = "What goes wrong in the background is told here, and can be run again."
    list_display = (job, ended, took, "reason", "again")
    list_filter = ("name",)
    search_fields = ("name",)
    fields = (job, began, ended, took, "what_it_said")
    actions = ("run_again",)

    @display(description="Reason")
    def reason(self, task: Task) -> str:
        return str(task.result).split(" : Traceback")[0][:200]

    @display(description="What it said")
    def what_it_said(self, task: Task) -> str:
        return format_html('<pre style="white-space: pre-wrap; overflow-wrap: anywhere">{}</pre>', str(task.result))

    @display(description="")
    def again(self, task: Task) -> str:
        return button(self, "run_this_again", task)

    @posted("Run again", icon="replay")
    def run_this_again(self, request: HttpRequest, task: Task) -> None:
        self.run_again(request, Failure.objects.filter(pk=task.pk))

    @admin.action(description="Run again", permissions=["retry"])
    def run_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = retry(queryset)
        self.message_user(request, f"{count} {'job waits' if count == 1 else 'jobs wait'} to be run.", messages.SUCCESS)


class DoneJobs(JobPages):
    title = "Done"
    empty_icon = "hourglass_empty"
    empty_title = "No job has been done yet"
    empty_text = "Is a worker running? `manage.py run_worker` starts one; /readyz says whether it works."
    list_display = (job, ended, took, "outcome")
    list_filter = ("name",)
    fields = (job, began, ended, took, "outcome")

    @display(description="Outcome")
    def outcome(self, task: Task) -> str:
        return str(task.result)


class PlannedJobs(JobPages):
    title = "Planned"
    empty_icon = "schedule"
    empty_title = "Nothing is planned yet"
    empty_text = "The worker plans its jobs when it starts."
    list_display = (job, "interval", "upcoming", "went_well")
    fields = (job, "interval", "upcoming", "went_well")
    ordering = ("next_run", "name")

    @display(description="Every", ordering="minutes")
    def interval(self, schedule: Schedule) -> str:
        size, unit = next(unit for unit in UNITS if (schedule.minutes or 1) % unit[0] == 0)
        count = (schedule.minutes or 1) // size
        return unit if count == 1 else f"{count} {unit}s"

    @display(description="Next run", ordering="next_run")
    def upcoming(self, schedule: Schedule) -> str:
        return shown(schedule.next_run)

    @display(description="Last run went well", boolean=True)
    def went_well(self, schedule: Schedule) -> bool | None:
        return schedule.success()


class WaitingJobs(JobPages):
    title = "Waiting"
    empty_icon = "check_circle"
    empty_title = "No job waits"
    empty_text = "What is to be done is done at once, as long as a worker runs."
    list_display = (job, "since", "taken")
    fields = (job, "since", "taken")

    @display(description="Waits since")
    def since(self, waiting: OrmQ) -> str:
        return shown(waiting.task.get("started"))

    @display(description="Taken by a worker", boolean=True)
    def taken(self, waiting: OrmQ) -> bool:
        return waiting.lock is not None and waiting.lock > timezone.now()


PAGES: dict[Any, type[JobPages]] = {Failure: FailedJobs, Schedule: PlannedJobs, Success: DoneJobs}
if Conf.ORM:
    PAGES[OrmQ] = WaitingJobs
for model in (Failure, Schedule, Success, OrmQ):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
    if model in PAGES:
        admin.site.register(model, PAGES[model])
