"""Who is kept informed about a ticket, as its customer or staff decide it."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, override

from accounts.account_settings import UNPROVEN
from accounts.emails import OURS, checked_email, is_ours, matching_key
from accounts.models import User
from accounts.throttling import Limit, hit
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction

from .customers import require_customer
from .history import record
from .locking import lock, touch
from .mails import send_copied
from .models import Action, Ticket, TicketCopy

MAX_COPIES = 10
COPIES_ADDED = Limit(30, 60 * 60)
COPIES_TO_MAILBOX = Limit(10, 60 * 60)  # whichever customers ask for it, and however often they take it back


@in_one_transaction
def inform(
    ticket: Ticket | UUID, *, email: str, actor: User, visible: QuerySet[Ticket] | None = None
) -> TicketCopy | None:
    """Let somebody read and answer; they are told by mail. None when they are informed already.

    Staff decide it for the tickets they see (`visible`), a customer for their own. Customers who have not proven their
    own address cannot have us write to others; raises NotFound, Forbidden, Invalid and TooManyAttempts.
    """
    locked = lock_for(ticket, actor, visible)
    if not actor.is_staff and actor.email_verified_at is None:
        raise Forbidden(UNPROVEN)
    address = checked_email(email)
    key = matching_key(address)
    if key == locked.customer.email_key:
        raise Invalid(email="This is the customer's own address." if actor.is_staff else "This is your own address.")
    if is_ours(key):
        raise Invalid(email=OURS)
    known = TicketCopy.objects.filter(ticket=locked)
    if known.filter(email_key=key).exists():
        return None
    if known.count() >= MAX_COPIES:
        raise Invalid(email=f"At most {MAX_COPIES} people can be kept informed.")
    if not actor.is_staff:
        hit("copies by", str(actor.pk), COPIES_ADDED)
        hit("copies to", key, COPIES_TO_MAILBOX)
    now = timezone.now()
    copy = TicketCopy.objects.create(
        id=new_id(),
        ticket=locked,
        email=address,
        email_key=key,
        added_by=actor,
        by_staff=actor.is_staff,
        created_at=now,
    )
    record(locked, Action.INFORMED, actor=actor, now=now, new=key)
    touch(locked, now)
    send_copied(locked, copy, actor)
    return copy


@in_one_transaction
def stop_informing(
    ticket: Ticket | UUID, *, copy: UUID, actor: User, visible: QuerySet[Ticket] | None = None
) -> str | None:
    """Somebody reads no further: their address, or None when they did not anyway; raises NotFound and Forbidden."""
    locked = lock_for(ticket, actor, visible)
    found = TicketCopy.objects.filter(ticket=locked, pk=copy).first()
    if found is None:
        return None
    now = timezone.now()
    found.delete()
    record(locked, Action.INFORMED, actor=actor, now=now, old=found.email_key)
    touch(locked, now)
    return found.email


def lock_for(ticket: Ticket | UUID, actor: User, visible: QuerySet[Ticket] | None) -> Ticket:
    """The ticket, held, if it is one whose readers somebody decides on."""
    locked = lock(ticket)
    if not actor.is_staff:
        require_customer(locked, actor)
    elif visible is not None and not visible.filter(pk=locked.pk).exists():
        raise NotFound("This ticket does not exist.")
    return locked


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
