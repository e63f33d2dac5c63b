"""What tickets do when something they refer to goes or changes."""

from typing import Any

from django.utils import timezone

from accounts.models import AgentGroup, User
from audit.services import ERASED

from .blanking import blank_messages_of
from .history import activity
from .models import Action, Activity, Attachment, HeldRequest, Note, Reply, Ticket, TicketCopy, TimeEntry
from .searching import rename_customer

BATCH = 1000


def leave_group(sender: Any, group: AgentGroup, actor: User | None, **kwargs: Any) -> None:
    """A group is deleted: its tickets lose it, visibly in their history and for whoever asks what changed."""
    now = timezone.now()
    while ids := list(Ticket.objects.filter(group=group).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        Ticket.objects.filter(pk__in=ids).update(group=None, updated_at=now)
        lines = (activity(key, Action.GROUP_CHANGED, actor=actor, now=now, old=group.pk) for key in ids)
        Activity.objects.bulk_create(lines)


def follow_customer(sender: Any, user: User, created: bool, changes: dict[str, Any], **kwargs: Any) -> None:
    """Somebody has another name or address: their tickets are found by it."""
    if not created and not changes.keys().isdisjoint(("name", "email")):
        rename_customer(user)


def follow_merge(sender: Any, kept: User, merged: User, **kwargs: Any) -> None:
    """Two contacts become one: tickets, what was said, files and history are the kept one's.

    Who filed a ticket stays as it was: an account whose mailbox is not proven must not see more by a merge.
    """
    now = timezone.now()
    Ticket.objects.filter(customer=merged).update(customer=kept, updated_at=now)
    for model in (Reply, Note, TimeEntry):
        model._default_manager.filter(user=merged).update(user=kept)
    # By way of the tickets, since there are indexes for these alone.
    theirs = Ticket.objects.filter(customer=kept).values("pk")
    Activity.objects.filter(ticket__in=theirs, user=merged).update(user=kept)
    Attachment.objects.filter(ticket__in=theirs, uploaded_by=merged).update(uploaded_by=kept)
    TicketCopy.objects.filter(ticket__in=theirs, added_by=merged).update(added_by=kept)
    informed = TicketCopy.objects.filter(email_key=kept.email_key).values("ticket")
    copies = TicketCopy.objects.filter(email_key=merged.email_key)
    copies.exclude(ticket__in=informed).update(email=kept.email, email_key=kept.email_key)
    copies.delete()
    rename_customer(kept)


def forget_customer(sender: Any, user: User, addresses: list[str], blank_messages: bool, **kwargs: Any) -> None:
    """Somebody is erased: their tickets are not found by their name any more, and may lose what they said.

    They are kept informed of no ticket, and what they asked for without an account is not held any longer.
    """
    # Whoever is at one of them has written by then whatever is to be forgotten.
    theirs = Ticket.objects.filter(customer=user).order_by("pk").select_for_update(no_key=True)
    list(theirs.values_list("pk", flat=True))
    TicketCopy.objects.filter(email_key__in=addresses).delete()
    told = Activity.objects.filter(action=Action.INFORMED)
    told.filter(old_value__in=addresses).update(old_value=ERASED)
    told.filter(new_value__in=addresses).update(new_value=ERASED)
    for address in addresses:
        HeldRequest.objects.filter(email__iexact=address).delete()
    if blank_messages:
        blank_messages_of(user)
    rename_customer(user)
