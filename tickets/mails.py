"""Mails about tickets that customers cause themselves."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User
from outbox.models import OutgoingMail
from outbox.services import queue_mail

from .leaving import headers_for, link_for
from .models import HeldRequest, Ticket, TicketCopy
from .signals import ticket_mailed


def send_copied(ticket: Ticket, copy: TicketCopy, sender: User | None) -> None:
    """Tells somebody that they may read a request. What it is about is said to whoever proves the address."""
    words = {
        "subject": _("You can follow request #%(number)s") % {"number": ticket.ticket_number},
        "number": ticket.ticket_number,
        # An address is proven; the name of a customer could be an advertisement.
        "sender": name_of(sender),
        "link": f"{settings.BASE_URL}/requests/{ticket.ticket_number}",
        "email": copy.email,
        "leave": (leave := link_for(copy.pk)),
    }
    mail = queue(copy.email, "copied", words, key=f"copied:{copy.pk}", headers=headers_for(leave))
    ticket_mailed.send(Ticket, ticket=ticket, mail=mail, kind="invitation", message=None)


def name_of(sender: User | None) -> str:
    if sender is None:
        return settings.BRAND_NAME
    return sender.name if sender.is_staff else sender.email


def send_held(held: HeldRequest, link: str, *, reachable: bool) -> None:
    """Asks a guest to prove the address; nothing of what was typed is repeated, or this would carry anybody's words."""
    words = {"subject": _("Please confirm your request"), "link": link}
    queue([held.email] if reachable else [], "held", words, key=f"held:{held.pk}")


def queue(
    to: str | list[str], template: str, words: dict[str, Any], *, key: str, headers: dict[str, str] | None = None
) -> OutgoingMail:
    text, html = (render_to_string(f"tickets/mail/{template}.{kind}", words) for kind in ("txt", "html"))
    return queue_mail(to=to, subject=str(words["subject"]), text=text, html=html, headers=headers, key=key)
