"""Taking what an erased person said out of tickets, which stay with their number, history and times."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from accounts.models import User

from .files import discard
from .history import MERGED_INTO, merged_from
from .models import Action, Activity, Attachment, Note, Reply, Ticket
from .searching import refill

BLANK = "[Erased]"
TELLING = (Action.SUBJECT_CHANGED, Action.DESCRIPTION_CHANGED, Action.CUSTOM_FIELD_CHANGED, Action.ATTACHMENT_ADDED)


def blank_messages_of(user: User) -> None:
    """Subject, description and custom fields of their tickets, their replies and files, and what history tells.

    Where their tickets were merged into those of others, too.
    """
    own = list(Ticket.objects.filter(customer=user).order_by("pk").values_list("pk", flat=True))
    elsewhere = merged_onwards(own)
    replies = Reply.objects.filter(user=user)
    touched = {*own, *elsewhere, *replies.values_list("ticket_id", flat=True)}
    # One after the other: there is an index for each of the two ways alone.
    for files in (
        Attachment.objects.filter(ticket__in=[*own, *elsewhere], uploaded_by=user),
        Attachment.objects.filter(reply__user=user),
    ):
        discard(files.values_list("stored_name", flat=True))
        files.delete()
    replies.update(content=BLANK)
    if elsewhere:
        blank_beginnings(own, elsewhere)
    Activity.objects.filter(ticket__in=own, action__in=TELLING).update(old_value=None, new_value=None)
    Ticket.objects.filter(pk__in=own).update(subject=BLANK, description=BLANK, custom_fields={})
    refill(touched)


def merged_onwards(tickets: Iterable[UUID]) -> set[UUID]:
    """Where these were merged into, and where that went."""
    known, new = set(tickets), set(tickets)
    found: set[UUID] = set()
    while new:
        told = Activity.objects.filter(ticket__in=new, action=Action.MERGED).values_list("new_value", flat=True)
        numbers = [int(match[1]) for text in told if (match := MERGED_INTO.fullmatch(text or ""))]
        targets = set(Ticket.objects.filter(ticket_number__in=numbers).values_list("pk", flat=True))
        found |= targets
        new = targets - known
        known |= new
    return found


def blank_beginnings(own: list[UUID], elsewhere: set[UUID]) -> None:
    """What the notes there say of how these tickets began."""
    theirs = Q()
    for number in Ticket.objects.filter(pk__in=own).values_list("ticket_number", flat=True):
        theirs |= Q(content__startswith=f"{merged_from(number)} ")
    Note.objects.filter(theirs, ticket__in=elsewhere).update(content=BLANK)
