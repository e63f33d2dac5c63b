"""`manage.py seed_demo [--tickets N]`: writes the demo data set."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from helpdesk.demo.seeding import hour_begin, seed

WIDTH = 40  # characters of the progress bar


class Command(BaseCommand):
    help = (
        "Write people, companies, tickets and conversations to look at; the same each time. Nobody of them can sign "
        "in. Changes nothing when they are there already."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tickets", type=int, default=100, help="How many tickets; 100 by default.")

    def handle(self, *args: Any, **options: Any) -> None:
        count = options["tickets"]
        if count < 1:
            raise CommandError("--tickets must be at least 1.")
        if seed(count, hour_begin(timezone.now()), lambda done: self.show(done, count)):
            self.stdout.write(f"Wrote demo data with {count:,} tickets.")
        else:
            self.stdout.write("The demo data is there already; nothing was changed.")

    def show(self, done: int, count: int) -> None:
        """A progress bar on a terminal, nothing elsewhere."""
        if self.stderr.isatty():
            bar = "█" * (WIDTH * done // count)
            line = f"\r{bar:░<{WIDTH}} {done:,}/{count:,}"
            self.stderr.write(line, style_func=str, ending="\n" if done == count else "")
            self.stderr.flush()
