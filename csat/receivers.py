"""When tickets lead to surveys. A guard and one call."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from tickets.history import Changes
from tickets.models import Status, Ticket

from . import services


def ask_when_resolved(sender: Any, ticket: Ticket, created: bool, changes: Changes, **kwargs: Any) -> None:
    entered = created or "status" in changes
    if settings.CSAT_SURVEYS and entered and ticket.status == Status.RESOLVED:
        services.ask(ticket, now=timezone.now())
