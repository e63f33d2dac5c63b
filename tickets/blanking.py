"""Taking what an erased person said out of tickets, which stay with their number, history and times."""

from accounts.models import User

from .files import discard
from .models import Action, Activity, Attachment, Reply, Ticket
from .searching import refill

BLANK = "[Erased]"
TELLING = (Action.SUBJECT_CHANGED, Action.DESCRIPTION_CHANGED, Action.CUSTOM_FIELD_CHANGED, Action.ATTACHMENT_ADDED)


def blank_messages_of(user: User) -> None:
    """Subject, description and custom fields of their tickets, their replies and files, and what history tells."""
    own = list(Ticket.objects.filter(customer=user).order_by("pk").values_list("pk", flat=True))
    replies = Reply.objects.filter(user=user)
    touched = {*own, *replies.values_list("ticket_id", flat=True)}
    # One after the other: there is an index for each of the two ways alone.
    for files in (
        Attachment.objects.filter(ticket__in=own, uploaded_by=user),
        Attachment.objects.filter(reply__user=user),
    ):
        discard(files.values_list("stored_name", flat=True))
        files.delete()
    replies.update(content=BLANK)
    Activity.objects.filter(ticket__in=own, action__in=TELLING).update(old_value=None, new_value=None)
    Ticket.objects.filter(pk__in=own).update(subject=BLANK, description=BLANK, custom_fields={})
    refill(touched)
