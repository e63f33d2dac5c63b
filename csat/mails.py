"""The mail that asks."""

from django.conf import settings
from django.template.loader import render_to_string

from accounts.models import User
from outbox.services import queue_mail
from tickets.models import Ticket

from .links import link_for
from .models import Survey

RATINGS = {1: "Very dissatisfied", 2: "Dissatisfied", 3: "Neither", 4: "Satisfied", 5: "Very satisfied"}


def send_survey(survey: Survey, ticket: Ticket, customer: User) -> None:
    """Leaves with the running transaction; once for a survey, however often it is tried."""
    words = {
        "subject": f"How did we do? Your request #{ticket.ticket_number}",
        "name": customer.name,
        "about": " ".join(ticket.subject.split()),
        "link": link_for(survey.pk),
        "ratings": RATINGS.items(),
        "days": settings.CSAT_DAYS,
    }
    text, html = (render_to_string(f"csat/mail/survey.{kind}", words) for kind in ("txt", "html"))
    queue_mail(to=customer.email, subject=words["subject"], text=text, html=html, key=f"csat:{survey.pk}")
