"""When tickets lead to mail. Each receiver is a guard and one call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from helpdesk.mentions import mentions, pattern_of
from outbox.models import OutgoingMail, State
from outbox.services import forget_mails
from tickets.models import Reply, Source, Ticket

from . import services
from .models import Outcome, TicketMail


def pass_on_reply(sender: Any, ticket: Ticket, reply: Reply, **kwargs: Any) -> None:
    """What staff answers in public reaches the customer; what is internal reaches nobody."""
    if settings.MAIL_REPLIES and reply.from_staff and not reply.is_internal:
        services.mail_reply(ticket, reply)


def confirm_receipt(sender: Any, ticket: Ticket, actor: User | None, created: bool, **kwargs: Any) -> None:
    """Requests that people send themselves are confirmed, not those that staff takes down for them."""
    by_themselves = ticket.source == Source.PORTAL and (actor is None or actor.pk == ticket.customer_id)
    if settings.MAIL_RECEIPTS and created and by_themselves:
        services.mail_receipt(ticket)


def remember_mail(
    sender: Any, ticket: Ticket, mail: OutgoingMail, kind: str, message: UUID | None, **kwargs: Any
) -> None:
    """What rules, surveys and invitations mail to somebody."""
    if mail.to:
        services.remember(ticket, mail, kind=kind, message=message)


def withhold(sender: Any, mail: OutgoingMail, **kwargs: Any) -> str:
    """What an answer says is for those who may read it when it leaves, which can be a day after it was written."""
    return services.objection_to_answer(mail)


def note_outcome(
    sender: Any, mails: Sequence[OutgoingMail], state: str | None, error: str, now: datetime, **kwargs: Any
) -> None:
    services.note_outcome(mails, state or Outcome.DROPPED, error=error, now=now)


def forget_ticket(sender: Any, ticket: Ticket, **kwargs: Any) -> None:
    """What is still to be mailed about a ticket goes with it, and with its messages wherever they came from."""
    # Of each kind by its own index.
    unsettled = TicketMail.objects.exclude(outcome=Outcome.SENT).order_by().values_list("pk")
    about, carrying = unsettled.filter(ticket=ticket, reply__isnull=True), unsettled.filter(reply__ticket=ticket)
    if gone := [key for (key,) in about.union(carrying, all=True)]:
        forget_mails(OutgoingMail.objects.filter(pk__in=gone).exclude(state=State.SENT))


def forget_customer(sender: Any, user: User, addresses: list[str], blank_messages: bool, **kwargs: Any) -> None:
    """What was mailed to them goes; what was mailed about them to others loses its subject, which may name them.

    What is still to be mailed about their tickets may quote them: it goes with their messages.
    """
    concerned = TicketMail.objects.filter(Q(ticket__customer=user) | Q(email_key__in=addresses)).values("pk")
    # Held before what is remembered of them, as by whoever sends them: neither waits for the other in turn.
    list(OutgoingMail.objects.filter(pk__in=concerned).order_by("pk").select_for_update().values_list("pk"))
    if blank_messages:
        about = TicketMail.objects.filter(ticket__customer=user).values("pk")
        forget_mails(OutgoingMail.objects.filter(pk__in=about).exclude(state=State.SENT))
    TicketMail.objects.filter(email_key__in=addresses).delete()
    TicketMail.objects.filter(ticket__customer=user).update(subject=None, error=None)
    pattern = pattern_of(addresses)
    for address in addresses:
        mails = TicketMail.objects.filter(subject__icontains=address).values_list("pk", "subject")
        named = [key for key, subject in mails if mentions(subject, pattern)]
        TicketMail.objects.filter(pk__in=named).update(subject=None)
