"""Whether a mail about a ticket may still reach its reader: somebody may have been taken off since it was written."""

from accounts.models import User
from tickets.models import Ticket

from .models import Kind, TicketMail
from .readers import Reader, readers_of


def objection(ticket: Ticket, mail: TicketMail) -> str:
    """A sentence; empty if its reader may read it still. Whom rules write to is their own affair.

    After a merge it is the readers of the kept ticket who count: that is where the message is read.
    """
    if mail.kind == Kind.RULE:
        return ""
    if mail.reply is not None and mail.reply.is_internal:
        return "This message is internal now, so nobody is written to about it."
    reader = reader_at(mail.email_key, ticket)
    if reader is None or (mail.kind in (None, Kind.ANSWER) and not reader.may_read):
        return f"Nobody reads this ticket at {mail.email} any more. Answer again to write to its readers."
    return ""


def reader_at(email_key: str, ticket: Ticket) -> Reader | None:
    """Whoever is written to there; or elsewhere, since two contacts turned out to be one person."""
    readers = {one.email_key: one for one in readers_of(ticket)}
    if email_key in readers:
        return readers[email_key]
    present = User.objects.filter(merged__email_key=email_key).values_list("email_key", flat=True)
    return next((readers[key] for key in present if key in readers), None)
