"""Since when customers wait for an answer to what they wrote.

A ticket keeps the moment of the first public message of a customer that came after the last public answer by staff.
It is what the queue of new replies is read from, and gone when the ticket is done. A new ticket has no replies yet:
that it waits for its first answer is what `first_response_at` tells.
"""

from datetime import datetime

from django.db.models import Exists, Min, OuterRef, QuerySet, Subquery

from .models import Ticket


def after_reply(ticket: Ticket, *, from_staff: bool, now: datetime) -> datetime | None:
    """What a public reply leaves behind: an answer settles it, and of several messages the first one counts."""
    return None if from_staff else ticket.unanswered_since or now


def recount(tickets: QuerySet, replies: QuerySet) -> int:
    """Find out anew, from the conversations, for the open ones of these tickets; returns how many these are."""
    public = replies.filter(is_internal=False).order_by()
    answers = public.filter(ticket=OuterRef("ticket"), created_at__gte=OuterRef("created_at"))
    unanswered = public.filter(~Exists(answers.filter(from_staff=True)), from_staff=False)
    first = unanswered.filter(ticket=OuterRef("pk")).values("ticket").annotate(first=Min("created_at")).values("first")
    return tickets.filter(resolved_at__isnull=True).order_by().update(unanswered_since=Subquery(first))
