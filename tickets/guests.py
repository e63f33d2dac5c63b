"""Requests of people without an account.

What a guest writes is held until the link that is mailed to the address is opened: until then there is no ticket, no
contact, and no mail but that one, which repeats nothing of what was typed.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction

from accounts.emails import checked_email, matching_key
from accounts.guests import contact_of
from accounts.models import User
from accounts.throttling import Limit, hit, network_of
from helpdesk.errors import Forbidden, Invalid
from helpdesk.ids import new_id

from .mails import send_held
from .models import HeldRequest, Source, Ticket
from .services import create_ticket

SALT = "tickets.held"
LIFETIME = timedelta(days=3)
TOO_LATE = "This link is no longer valid."
BY_ADDRESS = Limit(20, 60 * 60)
BY_MAILBOX = Limit(3, 60 * 60)


def hold_request(
    *, name: str, email: str, subject: str, description: str, custom_fields: dict[str, Any], address: str
) -> HeldRequest:
    """Keep a request and ask the mailbox for it; `address` is the network address. Raises TooManyAttempts, Invalid.

    Nobody learns whether the address is known here.
    """
    if not settings.GUEST_TICKETS:
        raise Forbidden("Please sign in to send a request.")
    checked = checked_email(email)
    hit("guest request from", network_of(address), BY_ADDRESS)
    hit("guest request of", matching_key(checked), BY_MAILBOX)
    with transaction.atomic():
        held = HeldRequest.objects.create(
            id=new_id(), name=name, email=checked, subject=subject, description=description, custom_fields=custom_fields
        )
        turned_off = User.objects.filter(
            email_key=matching_key(checked), is_active=False, merged_into__isnull=True
        ).exists()
        send_held(held, link_for(held.pk), reachable=not turned_off)
    return held


def file_held(token: str) -> Ticket:
    """The mailbox is theirs: file the request. Opening the link again leads to the same ticket; raises Invalid."""
    key = held_by(token)
    with transaction.atomic():
        held = HeldRequest.objects.select_for_update(no_key=True, of=("self",)).filter(pk=key).first()
        if held is None:
            raise Invalid(TOO_LATE)
        if held.ticket is not None:
            return held.ticket
        customer = contact_of(held.email, name=held.name)
        ticket = create_ticket(
            actor=None,
            customer_id=customer.pk,
            subject=held.subject,
            description=held.description,
            custom_fields=held.custom_fields,
            asked=(),
            source=Source.PORTAL,
        )
        held.ticket = ticket
        held.name = held.email = held.subject = held.description = ""
        held.custom_fields = {}
        held.save()
    return ticket


def forget_held(now: datetime) -> int:
    """Drop what nobody has confirmed in time, and what is a ticket by now; returns how many."""
    return HeldRequest.objects.filter(created_at__lt=now - LIFETIME).delete()[0]


def link_for(held: UUID) -> str:
    return f"{settings.BASE_URL}/requests/confirm/{signing.dumps(str(held), salt=SALT)}"


def held_by(token: str) -> UUID:
    try:
        return UUID(signing.loads(token, salt=SALT, max_age=LIFETIME))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        raise Invalid(TOO_LATE) from None
