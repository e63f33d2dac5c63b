"""Who was mailed about a ticket or one of its messages, when, and whether it left."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from email_channel.facts import MOST, Fact, mails_about, mails_of_message
from email_channel.models import Kind
from tickets.mailboxes import may_be_mailed
from tickets.models import Note, Reply, Ticket

from .pages import carried, page
from .ticket_pages import ticket_of

# What a mail says, for whoever did not read it.
SAYS = {
    Kind.ANSWER: "The answer",
    Kind.NOTICE: "That there is an answer, without its words",
    Kind.RECEIPT: "That the request has arrived",
    Kind.RULE: "What a rule writes",
    Kind.SURVEY: "A question how satisfied they are",
    Kind.INVITATION: "That they are kept informed",
}


@require_GET
def mails(request: HttpRequest, number: int) -> HttpResponse:
    """Those about one message, which the page of the ticket takes from here, or the latest ones of the ticket."""
    ticket = ticket_of(request, number, "customer")
    message = message_in(request, ticket)
    found = mails_about(ticket) if message is None else mails_of_message(ticket, message_id(message))
    context = {
        "title": f"Mails about #{number}",
        "ticket": ticket,
        "message": message,
        "key": message and message_id(message),
        "mails": [told(fact) for fact in found],
        "is_cut": len(found) == MOST,
        "nobody": "" if found else why_nobody(ticket, message),
        "query": carried(request),
    }
    return page(request, "mails.html", context)


def message_in(request: HttpRequest, ticket: Ticket) -> Reply | Note | Ticket | None:
    """What somebody wrote there, the ticket itself as its first message; raises Http404 for what is elsewhere."""
    text = request.GET.get("message")
    if text is None:
        return None
    try:
        key = UUID(text)
    except ValueError:
        raise Http404 from None
    if key == ticket.pk:
        return ticket
    for model in (Reply, Note):
        found = model._default_manager.filter(ticket=ticket, pk=key).select_related("user").first()
        if found is not None:
            return found
    raise Http404


def message_id(message: Reply | Note | Ticket) -> UUID:
    return message.pk


def told(fact: Fact) -> dict[str, Any]:
    mail = fact.mail
    kind = mail.kind or (Kind.ANSWER if mail.reply_id else Kind.RECEIPT)
    return {
        "fact": fact,
        "mail": mail,
        "says": SAYS[Kind(kind)],
    }


def why_nobody(ticket: Ticket, message: Reply | Note | Ticket | None) -> str:
    """What there is to know of an answer that was mailed to nobody."""
    if not isinstance(message, Reply) or message.is_internal or not message.from_staff:
        return ""
    if not settings.MAIL_REPLIES:
        return "Answers are not mailed here."
    if not may_be_mailed(ticket, ticket.customer):
        return "The customer reads it in the portal: their address is not confirmed, or they are switched off."
    return ""
