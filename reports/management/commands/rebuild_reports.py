"""`manage.py rebuild_reports`: counts all tickets afresh for the dashboard and reports."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from reports import tally


class Command(BaseCommand):
    help = "Set up the triggers that count tickets, and count all of them afresh. Changes wait meanwhile, reads do not."

    def handle(self, *args: Any, **options: Any) -> None:
        tally.rebuild()
        tally.fold(now=timezone.now())
        self.stdout.write("The figures of dashboard and reports are counted afresh.")
