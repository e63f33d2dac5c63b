"""Holding the row of a ticket while it changes. Part of the verbs."""

from datetime import datetime
from uuid import UUID

from helpdesk.errors import NotFound

from .models import Ticket


def key_of(ticket: Ticket | UUID) -> UUID:
    return ticket.pk if isinstance(ticket, Ticket) else ticket


def lock(ticket: Ticket | UUID) -> Ticket:
    """The ticket as it is now, held against other writers until the transaction ends; raises NotFound."""
    # "No key": rows that merely refer to this ticket can be written meanwhile, or two links would deadlock.
    found = Ticket.objects.select_for_update(no_key=True).filter(pk=key_of(ticket)).first()
    if found is None:
        raise NotFound("This ticket does not exist.")
    return found


def touch(ticket: Ticket, now: datetime, *fields: str) -> None:
    """Save fields of a locked ticket, and that something happened to it."""
    ticket.updated_at = max(now, ticket.updated_at)
    ticket.save(update_fields=[*fields, "updated_at"])
