"""What became of mails about a ticket, for whoever wants to know whether the customer was reached."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from outbox.models import OutgoingMail, State
from tickets.models import Ticket

from .models import TicketMail


@dataclass(frozen=True)
class Fact:
    email: str
    at: datetime
    state: str  # waiting, sent or failed
    error: str
    message_id: str


def mails_about(ticket: Ticket | UUID) -> dict[UUID | None, list[Fact]]:
    """By the reply that they carried, None for the receipt; oldest first. Two questions to the database."""
    mails = list(TicketMail.objects.filter(ticket=ticket) | TicketMail.objects.filter(reply__ticket=ticket))
    waiting = OutgoingMail.objects.filter(key__in=[mail.outbox_key for mail in mails]).exclude(state=State.SENT)
    unsent = {key: (state, error) for key, state, error in waiting.values_list("key", "state", "error")}
    found: dict[UUID | None, list[Fact]] = {}
    for mail in mails:
        state, error = unsent.get(mail.outbox_key, (State.SENT, ""))
        found.setdefault(mail.reply_id, []).append(Fact(mail.email, mail.created_at, state, error, mail.message_id))
    return found
