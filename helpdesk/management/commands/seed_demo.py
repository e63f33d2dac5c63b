"""`manage.py seed_demo [--tickets N]`: writes the demo data set."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from helpdesk.demo.seeding import day_begin, is_seeded, seed


class Command(BaseCommand):
    help = "Write people, companies and tickets to look at; the same each time. Changes nothing when they are there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tickets", type=int, default=100, help="How many tickets; 100 by default.")

    def handle(self, *args: Any, **options: Any) -> None:
        count = options["tickets"]
        if count < 1:
            raise CommandError("--tickets must be at least 1.")
        if is_seeded():
            self.stdout.write("The demo data is there already; nothing was changed.")
            return
        seed(count, day_begin(timezone.now()), self.bar(count))
        self.stdout.write(f"Wrote demo data with {count:,} tickets.")

    def bar(self, count: int) -> Any:
        """A progress bar on a terminal, nothing elsewhere."""

        def show(done: int) -> None:
            if sys.stderr.isatty():
                filled = "█" * (40 * done // count)
                self.stderr.write(f"\r{filled:<40} {done:,}/{count:,}", ending="\n" if done == count else "")

        return show
