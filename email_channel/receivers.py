"""When tickets lead to mail. Each receiver is a guard and one call."""

from typing import Any

from django.conf import settings

from accounts.models import User
from tickets.models import Reply, Source, Ticket

from . import services
from .models import TicketMail


def pass_on_reply(sender: Any, ticket: Ticket, reply: Reply, **kwargs: Any) -> None:
    """What staff answers in public reaches the customer; what is internal reaches nobody."""
    if settings.MAIL_REPLIES and reply.from_staff and not reply.is_internal:
        services.mail_reply(ticket, reply)


def confirm_receipt(sender: Any, ticket: Ticket, actor: User | None, created: bool, **kwargs: Any) -> None:
    """Requests that people send themselves are confirmed, not those that staff takes down for them."""
    by_themselves = ticket.source == Source.PORTAL and (actor is None or actor.pk == ticket.customer_id)
    if settings.MAIL_RECEIPTS and created and by_themselves:
        services.mail_receipt(ticket)


def forget_customer(sender: Any, user: User, addresses: list[str], **kwargs: Any) -> None:
    TicketMail.objects.filter(email_key__in=addresses).delete()
