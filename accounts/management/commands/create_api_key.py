"""`manage.py create_api_key --name N`: prints a new API key, and nothing else, on standard output."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.emails import matching_key
from accounts.keys import issue_api_key
from accounts.models import User
from helpdesk.api.permissions import SCOPES
from helpdesk.errors import HelpDeskError


class Command(BaseCommand):
    help = "Create an API key and print it on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="What the key is for.")
        parser.add_argument("--scopes", help=f"Comma-separated; all by default: {', '.join(SCOPES)}.")
        parser.add_argument("--owner", help="E-mail address of the owner; the first admin by default.")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["scopes"]
        scopes = [scope.strip() for scope in wanted.split(",") if scope.strip()] if wanted is not None else SCOPES
        try:
            owner = self.owner(options["owner"])
            _, secret = issue_api_key(owner=owner, actor=None, name=options["name"], scopes=scopes)
        except HelpDeskError as problem:
            raise CommandError(problem.sentence) from None
        self.stdout.write(secret)

    def owner(self, email: str | None) -> User:
        people = User.objects.staff().filter(email_key=matching_key(email)) if email else User.objects.admins()
        owner = people.order_by("created_at", "id").first()
        if owner is None:
            raise CommandError(f"No active agent or admin has the address {email}." if email else "There is no admin.")
        return owner
