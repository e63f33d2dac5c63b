"""Whether a mail about a ticket may still reach its reader: somebody may have been taken off since it was written."""

from accounts.models import User
from tickets.models import Ticket

from .models import Kind, TicketMail
from .readers import readers_of


def objection(ticket: Ticket, mail: TicketMail) -> str:
    """A sentence; empty if its reader may read it still. Whom rules write to is their own affair.

    After a merge it is the readers of the kept ticket who count: that is where the message is read.
    """
    if mail.kind == Kind.RULE:
        return ""
    if mail.reply is not None and mail.reply.is_internal:
        return "This message is internal now, so nobody is written to about it."
    if mail.email_key in merged_addresses(ticket):
        return ""
    reader = next((one for one in readers_of(ticket) if one.email_key == mail.email_key), None)
    if reader is None or (mail.kind in (None, Kind.ANSWER) and not reader.may_read):
        return f"Nobody reads this ticket at {mail.email} any more. Answer again to write to its readers."
    return ""


def merged_addresses(ticket: Ticket) -> list[str]:
    """Under which its customer was another contact, until both turned out to be one person."""
    return list(User.objects.filter(merged_into=ticket.customer_id).values_list("email_key", flat=True))
