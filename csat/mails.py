"""The mail that asks."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from outbox.services import queue_mail
from tickets.models import Ticket
from tickets.signals import ticket_mailed

from .links import link_for
from .models import Survey

RATINGS = {
    1: _("Very dissatisfied"),
    2: _("Dissatisfied"),
    3: _("Neither"),
    4: _("Satisfied"),
    5: _("Very satisfied"),
}


def send_survey(survey: Survey, ticket: Ticket, customer: User) -> None:
    """Leaves with the running transaction; once for a survey, however often it is tried."""
    with override(customer.language or get_language()):
        queue(survey, ticket, customer)


def queue(survey: Survey, ticket: Ticket, customer: User) -> None:
    words = {
        "subject": str(_("How did we do? Your request #%(number)s")) % {"number": ticket.ticket_number},
        "name": customer.name,
        "about": " ".join(ticket.subject.split()),
        "link": link_for(survey.pk),
        "ratings": RATINGS.items(),
        "days": settings.CSAT_DAYS,
    }
    text, html = (render_to_string(f"csat/mail/survey.{kind}", words) for kind in ("txt", "html"))
    mail = queue_mail(to=customer.email, subject=words["subject"], text=text, html=html, key=f"csat:{survey.pk}")
    ticket_mailed.send(Ticket, ticket=ticket, mail=mail, kind="survey", message=None)
