"""What became of mails about a ticket, for whoever wants to know whether the customer was reached.

What has left or was given up is remembered with the mail for good. The outbox knows how it goes with what waits, and
for some weeks (see outbox.services) can send again what was given up (see undelivered.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from outbox.models import OutgoingMail, State
from tickets.models import Note, Reply, Ticket

from .models import KEY, Kind, Outcome, TicketMail

LATE = timedelta(minutes=15)  # what has not left by then is told without being asked for
MOST = 200
MESSAGES = 5_000  # of a ticket, whose mails are looked for


@dataclass(frozen=True)
class Fact:
    """A mail and its outcome, empty when that is not known any more; `row` is what the outbox still has of it."""

    mail: TicketMail
    outcome: str
    error: str
    row: OutgoingMail | None

    @property
    def is_being_sent(self) -> bool:
        return self.row is not None and self.row.lease is not None

    @property
    def attempts(self) -> int:
        """Those that failed."""
        return self.row.attempts - self.is_being_sent if self.row else 0

    @property
    def can_be_sent_again(self) -> bool:
        return self.row is not None and self.row.state == State.FAILED

    @property
    def can_be_dismissed(self) -> bool:
        return self.mail.outcome in (Outcome.FAILED, Outcome.DROPPED) and self.mail.dismissed_at is None


def mails_of_message(ticket: Ticket, message: UUID) -> list[Fact]:
    """Those that carried one message or were caused by it, oldest first; the first message is named by its ticket."""
    mails = TicketMail.objects.filter(message=message)
    if message == ticket.pk:
        mails |= TicketMail.objects.filter(ticket=ticket, reply__isnull=True, message__isnull=True).conversation()
    else:
        mails |= TicketMail.objects.filter(reply=message)
    return with_outcomes(mails.order_by("created_at", "id")[:MOST])


def mails_about(ticket: Ticket) -> list[Fact]:
    """The latest ones of a ticket and of the messages that stand there now, newest first."""
    messages = [*ids(Reply, ticket), *ids(Note, ticket)]
    mails = TicketMail.objects.about(ticket.pk, messages)
    return with_outcomes(mails.order_by("-created_at", "-id")[:MOST])


def ids(model: type[Reply | Note], ticket: Ticket) -> Iterable[UUID]:
    latest = model._default_manager.filter(ticket=ticket).order_by("-created_at", "-id")
    return latest.values_list("pk", flat=True)[:MESSAGES]


def message_of(mail: TicketMail) -> UUID | None:
    """The message it belongs to, the first one by its ticket; None where something else led to it."""
    if mail.reply_id or mail.message:
        return mail.reply_id or mail.message
    return mail.ticket_id if mail.kind in (None, Kind.RECEIPT) else None


def undelivered(ticket: Ticket, messages: Iterable[UUID], *, now: datetime) -> list[Fact]:
    """What never reached its reader, or waits too long, oldest first; one question, and few rows if any."""
    mails = TicketMail.objects.about(ticket.pk, list(messages)).undelivered(since=now - LATE)
    return with_outcomes(mails.order_by("created_at", "id")[:MOST])


def with_outcomes(mails: Iterable[TicketMail]) -> list[Fact]:
    found = list(mails)
    unsettled = [mail for mail in found if mail.outcome != Outcome.SENT]
    rows: dict[str | UUID, OutgoingMail] = {}
    if unsettled:
        # By their key alone as well: those of older versions had an id of their own.
        by_key = OutgoingMail.objects.filter(key__in=[mail.outbox_key for mail in unsettled])
        by_id = OutgoingMail.objects.filter(pk__in=[mail.pk for mail in unsettled])
        asked = (by_key | by_id).defer("to", "subject", "text", "html", "headers")
        rows = {row.key if row.key and row.key.startswith(KEY) else row.pk: row for row in asked}
    return [fact(mail, rows.get(mail.outbox_key) or rows.get(mail.pk)) for mail in found]


def fact(mail: TicketMail, row: OutgoingMail | None) -> Fact:
    """The outbox is right about what it still has."""
    if row is None:
        known = "" if mail.outcome == Outcome.WAITING else mail.outcome or ""
        return Fact(mail, known, mail.error or "", None)
    if row.state == State.SENT:
        return Fact(mail, Outcome.SENT, "", None)
    return Fact(mail, row.state, row.error, row)
