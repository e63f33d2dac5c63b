"""`manage.py bootstrap`: makes an empty database usable and tells how to get in."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.keys import issue_api_key
from accounts.models import Role, User
from accounts.services import create_user
from helpdesk.api.permissions import SCOPES
from helpdesk.demo.visitors import let_in
from helpdesk.errors import HelpDeskError
from helpdesk.transactions import Lock, take

FILE_MAIL = "django.core.mail.backends.filebased.EmailBackend"


class Command(BaseCommand):
    help = "Create the first admin, the first API key and demo data, unless there is an admin already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default="admin@example.com", help="The first admin's address.")
        parser.add_argument("--no-demo", action="store_true", help="Leave the demo data out.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            first = self.first_start(options["email"], demo=not options["no_demo"])
        except HelpDeskError as problem:
            raise CommandError(f"The first admin could not be created: {problem.sentence}") from None
        if not first:
            self.box(addresses())

    @transaction.atomic
    def first_start(self, email: str, *, demo: bool) -> bool:
        """Set everything up, or nothing at all; False when there is an admin already.

        The secrets are printed before the commit: whoever is interrupted in between starts over with new ones,
        whereas secrets committed and not printed would be lost.
        """
        take(Lock.FIRST_START)
        if User.objects.filter(role=Role.ADMIN).exists():
            return False
        password = secrets.token_urlsafe(12)
        admin = create_user(actor=None, username="admin", email=email, name="Admin", role=Role.ADMIN, password=password)
        _, key = issue_api_key(owner=admin, actor=None, name="First key", scopes=SCOPES)
        visitors: list[tuple[str, str]] = []
        if demo:
            call_command("seed_demo", stdout=self.stderr)
            visitors = [(who, f"{address}  password: {word}") for who, address, word in let_in()]
        curl = f'curl -H "Authorization: ApiKey {key}" "{settings.BASE_URL}/api/tickets?limit=3"'
        credentials = [
            ("Admin", f"{email}  password: {password}"),
            ("API key", key),
            *visitors,
            ("", "All of this is shown this once. Keep it."),
        ]
        self.box([*addresses(), ("", ""), *credentials], "Try it:", curl)
        return True

    def box(self, lines: list[tuple[str, str]], *below: str) -> None:
        """A frame around the lines; what is to be copied stands below it, alone on its line."""
        texts = [f"{name:<10}{text}" if name or text else "" for name, text in lines]
        width = max(map(len, texts))
        framed = [f"│  {text:<{width}}  │" for text in texts]
        edge = "─" * (width + 4)
        self.stdout.write("\n".join(["", f"┌{edge}┐", *framed, f"└{edge}┘", *below, ""]))
        self.stdout.flush()


def addresses() -> list[tuple[str, str]]:
    pages = {"HelpDesk": "/admin/", "Portal": "/", "API docs": "/api/docs"}
    lines = [(name, f"{settings.BASE_URL}{path}") for name, path in pages.items()]
    if settings.EMAIL_BACKEND == FILE_MAIL:
        lines.append(("Mails", f"are written to {settings.EMAIL_FILE_PATH}"))
    return lines
