"""The verbs of surveys.

Whoever adds one holds the lock of its ticket, and the database keeps a second one for the same resolution out.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from helpdesk.errors import Conflict, Forbidden, Invalid
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction
from tickets.models import Status, Ticket
from tickets.rules import among
from tickets.services import lock

from .links import TOO_LATE, survey_of
from .mails import send_survey
from .models import MAX_FEEDBACK, Survey
from .signals import survey_answered


@in_one_transaction
def ask(ticket: Ticket, *, now: datetime) -> Survey | None:
    """Ask the customer about a locked ticket that has just been resolved, unless they were asked already."""
    # What stands in the database counts: a rule may have opened the ticket again.
    current = Ticket.objects.select_related("customer").get(pk=ticket.pk)
    if current.status != Status.RESOLVED or current.resolved_at is None or not may_be_asked(current.customer):
        return None
    if survey_about(current) is not None:
        return None
    survey = new_survey(current, now=now)
    survey.sent_at = now
    survey.save(force_insert=True)
    send_survey(survey, current, current.customer)
    return survey


def may_be_asked(customer: User) -> bool:
    """Whether a mail may go out by itself: not to the mailbox of somebody else, named by who signed up with it."""
    return customer.is_active and (customer.email_verified_at is not None or not customer.has_usable_password())


@in_one_transaction
def request_survey(
    *,
    ticket_id: UUID,
    now: datetime,
    rating: int | None = None,
    feedback: str | None = None,
    visible: QuerySet[Ticket] | None = None,
) -> Survey:
    """Ask about a resolved ticket or, with a rating, write down what the customer has said on another way.

    Raises Conflict when the customer was asked, or has answered, already. `visible` are the tickets the caller may
    refer to, all of them unless given.
    """
    if not among(visible).filter(pk=ticket_id).exists():
        raise Invalid(ticket_id="No ticket has this id.")
    ticket = lock(ticket_id)
    resolution(ticket)
    survey = survey_about(ticket)
    if rating is None:
        if feedback is not None:
            raise Invalid(rating="Feedback needs a rating.")
        return send_first(ticket, survey, now=now)
    if survey is None:
        survey = new_survey(ticket, now=now)
        survey.save(force_insert=True)
    elif survey.rating is not None:
        raise Conflict("The customer has answered about this resolution already.")
    fill_in(survey, rating=checked_rating(rating), feedback=checked_feedback(feedback), now=now)
    return survey


@in_one_transaction
def rate(ticket: Ticket | UUID, *, customer: User, rating: int | None, feedback: str | None, now: datetime) -> Survey:
    """What a customer says who is signed in, about their own ticket; raises Invalid. Saying it again replaces it."""
    checked, text = checked_rating(rating), checked_feedback(feedback)
    locked = lock(ticket)
    if locked.customer_id != customer.pk:
        raise Forbidden("Only the person who sent this request can do that.")
    resolution(locked)
    survey = survey_about(locked)
    if survey is None:
        survey = new_survey(locked, now=now)
        survey.save(force_insert=True)
    fill_in(survey, rating=checked, feedback=text, now=now)
    return survey


def answer(token: str, *, rating: int | None, feedback: str | None, now: datetime) -> Survey:
    """What a customer says through the mailed link; raises Invalid. Saying it again replaces what was said."""
    key, rating, text = survey_of(token), checked_rating(rating), checked_feedback(feedback)
    return write_answer(key, rating=rating, feedback=text, now=now)


@in_one_transaction
def write_answer(key: UUID, *, rating: int, feedback: str | None, now: datetime) -> Survey:
    survey = Survey.objects.answerable().select_for_update(no_key=True, of=("self",)).filter(pk=key).first()
    if survey is None:
        raise Invalid(TOO_LATE)
    fill_in(survey, rating=rating, feedback=feedback, now=now)
    return survey


def find(token: str) -> Survey:
    """The survey behind a mailed link, with its ticket; raises Invalid."""
    survey = Survey.objects.answerable().select_related("ticket").filter(pk=survey_of(token)).first()
    if survey is None:
        raise Invalid(TOO_LATE)
    return survey


# --- What the verbs are made of -----------------------------------------------------------------------


def resolution(ticket: Ticket) -> datetime:
    """What tells one resolution of a ticket from the next; raises Invalid when it is not resolved."""
    if ticket.resolved_at is None:
        raise Invalid(ticket_id="Only a ticket that is resolved can be asked about.")
    return ticket.resolved_at


def survey_about(ticket: Ticket) -> Survey | None:
    """The survey about the resolution in which a locked ticket is now."""
    return Survey.objects.filter(ticket=ticket, resolved_at=resolution(ticket)).first()


def new_survey(ticket: Ticket, *, now: datetime) -> Survey:
    return Survey(
        id=new_id(),
        ticket=ticket,
        resolved_at=resolution(ticket),
        customer_id=ticket.customer_id,
        agent_id=ticket.assignee_id,
        created_at=now,
    )


def send_first(ticket: Ticket, survey: Survey | None, *, now: datetime) -> Survey:
    if survey is not None:
        raise Conflict("The customer has been asked about this resolution already.")
    customer = User.objects.get(pk=ticket.customer_id)
    if not customer.is_active:
        raise Invalid(ticket_id="The customer of this ticket is not active.")
    survey = new_survey(ticket, now=now)
    survey.sent_at = now
    survey.save(force_insert=True)
    send_survey(survey, ticket, customer)
    return survey


def checked_rating(rating: int | None) -> int:
    if rating is None or not 1 <= rating <= 5:
        raise Invalid(rating="Choose a rating from 1 to 5.")
    return rating


def checked_feedback(feedback: str | None) -> str | None:
    text = (feedback or "").strip()
    if len(text) > MAX_FEEDBACK:
        raise Invalid(feedback=f"At most {MAX_FEEDBACK} characters are allowed.")
    return text or None


def fill_in(survey: Survey, *, rating: int, feedback: str | None, now: datetime) -> None:
    first = survey.rating is None
    survey.rating, survey.feedback, survey.responded_at = rating, feedback, now
    survey.save(update_fields=["rating", "feedback", "responded_at"])
    survey_answered.send(Survey, survey=survey, first=first)
