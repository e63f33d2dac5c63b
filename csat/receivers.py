"""When tickets lead to surveys. A guard and one call."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from tickets.history import Changes
from tickets.models import Status, Ticket

from . import services
from .models import Survey


def ask_when_resolved(sender: Any, ticket: Ticket, created: bool, changes: Changes, **kwargs: Any) -> None:
    entered = created or "status" in changes
    if settings.CSAT_SURVEYS and entered and ticket.status == Status.RESOLVED:
        services.ask(ticket, now=timezone.now())


def follow_merge(sender: Any, kept: User, merged: User, **kwargs: Any) -> None:
    Survey.objects.filter(customer=merged).update(customer=kept)


def forget_customer(sender: Any, user: User, blank_messages: bool, **kwargs: Any) -> None:
    if blank_messages:
        Survey.objects.filter(customer=user).update(feedback=None)
