"""Who is kept informed about a ticket, as agents decide it; what customers decide themselves is in customers.py."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, override

from accounts.emails import OURS, checked_email, is_ours, matching_key
from accounts.models import User
from helpdesk.errors import Invalid
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction

from .customers import MAX_COPIES
from .locking import lock
from .mails import send_copied
from .models import Ticket, TicketCopy


@in_one_transaction
def inform(ticket: Ticket | UUID, *, email: str, actor: User) -> TicketCopy | None:
    """Let somebody read and answer; they are told by mail. None when they are informed already; raises Invalid."""
    locked = lock(ticket)
    address = checked_email(email)
    key = matching_key(address)
    if key == locked.customer.email_key:
        raise Invalid(email="This is the customer's own address.")
    if is_ours(key):
        raise Invalid(email=OURS)
    known = TicketCopy.objects.filter(ticket=locked)
    if known.filter(email_key=key).exists():
        return None
    if known.count() >= MAX_COPIES:
        raise Invalid(email=f"At most {MAX_COPIES} people can be kept informed.")
    copy = TicketCopy.objects.create(
        id=new_id(),
        ticket=locked,
        email=address,
        email_key=key,
        added_by=actor,
        by_staff=True,
        created_at=timezone.now(),
    )
    send_copied(locked, copy, actor)
    return copy


def welcome(ticket: Ticket, copies: Sequence[TicketCopy], *, sender: User | None) -> None:
    """Several people are informed from now on, of a ticket that is locked; they are told by mail."""
    TicketCopy.objects.bulk_create(copies)
    keys = [copy.email_key for copy in copies]
    people = {person.email_key: person for person in User.objects.filter(email_key__in=keys)}
    for copy in copies:
        person = people.get(copy.email_key)
        if is_ours(copy.email_key) or (person is not None and not person.is_active and person.merged_into_id is None):
            continue
        with override((person and person.language) or get_language() or settings.LANGUAGE_CODE):
            send_copied(ticket, copy, sender)


@in_one_transaction
def stop_informing(ticket: Ticket | UUID, *, copy: UUID) -> str | None:
    """Somebody reads no further: their address, or None when they did not anyway."""
    found = TicketCopy.objects.filter(ticket=lock(ticket), pk=copy).first()
    if found is None:
        return None
    found.delete()
    return found.email
