"""`manage.py run_worker`: background work, until SIGTERM or SIGINT."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from helpdesk.health import pending_migrations
from worker.cluster import Cluster
from worker.schedules import publish


class Command(BaseCommand):
    help = "Do the background work: mail, deadlines, time rules, tidying up. Run as many as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, default=2, help="How many jobs may run side by side.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["processes"] < 1:
            raise CommandError("A worker needs one process at least.")
        if pending_migrations():
            raise CommandError("The database is behind the code: run `python manage.py migrate`.")
        autodiscover_modules("jobs")
        publish(timezone.now())
        Cluster(processes=options["processes"]).run()
