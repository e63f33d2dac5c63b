"""What customers do with their requests themselves.

Whether they may see the ticket at all, their door has found out by `visible_to`; what only its customer may do is
checked here. Fields that agents must fill in before a ticket is closed are no customer's business.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.account_settings import UNPROVEN
from accounts.emails import OURS, checked_email, is_ours, matching_key
from accounts.models import User
from accounts.throttling import Limit, hit
from helpdesk.errors import Forbidden, Invalid
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction

from .attachments import Upload, attach_all
from .files import all_or_none
from .mails import send_copied
from .models import DONE_STATUSES, Reply, Source, Status, Ticket, TicketCopy
from .services import add_reply, change, create_ticket, lock

MAX_COPIES = 10
COPIES_ADDED = Limit(30, 60 * 60)


@in_one_transaction
@all_or_none()
def file_request(
    *,
    customer: User,
    subject: str,
    description: str,
    custom_fields: dict[str, Any],
    asked: Collection[str],
    uploads: Sequence[Upload] = (),
) -> Ticket:
    """A request from the portal with its files, all of it or nothing; `asked` are the custom fields of the form."""
    ticket = create_ticket(
        actor=customer,
        customer_id=customer.pk,
        subject=subject,
        description=description,
        custom_fields=custom_fields,
        asked=asked,
        source=Source.PORTAL,
    )
    attach_all(ticket, uploads, actor=customer, reply_id=None)
    return ticket


@in_one_transaction
def write_back(ticket: Ticket, *, author: User, content: str, uploads: Sequence[Upload] = ()) -> Reply:
    """A message of a customer, with files; it opens a ticket again that was done."""
    return add_reply(ticket, user_id=author.pk, content=content, uploads=uploads)


@in_one_transaction
def mark_solved(ticket: Ticket, *, actor: User) -> Ticket:
    """The customer needs no more help."""
    locked = lock(ticket)
    require_customer(locked, actor)
    if locked.status not in DONE_STATUSES:
        change(locked, {"status": Status.RESOLVED}, actor=actor, now=timezone.now(), complete=False)
    return locked


@in_one_transaction
def reopen(ticket: Ticket, *, actor: User) -> Ticket:
    """The customer needs more help after all."""
    locked = lock(ticket)
    require_customer(locked, actor)
    if locked.status in DONE_STATUSES:
        change(locked, {"status": Status.OPEN, "archived_at": None}, actor=actor, now=timezone.now())
    return locked


@in_one_transaction
def keep_informed(ticket: Ticket, *, email: str, actor: User) -> TicketCopy | None:
    """Let somebody else read and answer; they are told by mail. None when they are informed already.

    Whoever has not proven their own address cannot have us write to others; raises Forbidden, Invalid and
    TooManyAttempts.
    """
    locked = lock(ticket)
    require_customer(locked, actor)
    if actor.email_verified_at is None:
        raise Forbidden(UNPROVEN)
    address = checked_email(email)
    key = matching_key(address)
    if key == actor.email_key:
        raise Invalid(email="This is your own address.")
    if is_ours(key):
        raise Invalid(email=OURS)
    if TicketCopy.objects.filter(ticket=locked, email_key=key).exists():
        return None
    if TicketCopy.objects.filter(ticket=locked).count() >= MAX_COPIES:
        raise Invalid(email=f"At most {MAX_COPIES} people can be kept informed.")
    hit("copies by", str(actor.pk), COPIES_ADDED)
    copy = TicketCopy.objects.create(
        id=new_id(), ticket=locked, email=address, email_key=key, added_by=actor, created_at=timezone.now()
    )
    send_copied(locked, copy, actor)
    return copy


@in_one_transaction
def stop_informing(ticket: Ticket, *, copy: UUID, actor: User) -> bool:
    """Somebody reads no further; False when they did not anyway."""
    locked = lock(ticket)
    require_customer(locked, actor)
    return TicketCopy.objects.filter(ticket=locked, pk=copy).delete()[0] > 0


def require_customer(ticket: Ticket, actor: User) -> None:
    if ticket.customer_id != actor.pk:
        raise Forbidden("Only the person who sent this request can do that.")
