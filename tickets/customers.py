"""What customers do with their requests themselves.

Whether they may see the ticket at all, their door has found out by `visible_to`; what only its customer may do is
checked here. Fields that agents must fill in before a ticket is closed are no customer's business.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.throttling import Limit, hit, network_of
from helpdesk.errors import Forbidden, TooManyAttempts
from helpdesk.transactions import in_one_transaction

from .attachments import Upload, attach_all
from .files import all_or_none
from .models import DONE_STATUSES, Reply, Source, Status, Ticket
from .services import add_reply, change, create_ticket, lock

# So many files of the largest size can be sent from an account in an hour; fewer while its mailbox is not proven.
UPLOADS, UPLOADS_UNPROVEN = 40, 10
# And so many in a day from all accounts of one network whose mailboxes are not proven: anybody can have many of them.
UPLOADS_FROM_NETWORK = 40
TOO_MANY_FILES = "You have sent very many files within an hour. Please send the others later."
FULL_NETWORK = (
    "Very many files were sent from your network today. Please confirm your email address, or send this without files."
)
HOUR, DAY = 60 * 60, 24 * 60 * 60  # seconds
KB = 1024  # bytes


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
    address: str = "",
) -> Ticket:
    """A request from the portal with its files, all of it or nothing; `asked` are the custom fields of the form.

    `address` is the network address of the client, for the throttle.
    """
    count_uploads(customer, uploads, address)
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
def write_back(
    ticket: Ticket, *, author: User, content: str, uploads: Sequence[Upload] = (), address: str = ""
) -> Reply:
    """A message of a customer, with files; it opens a ticket again that was done."""
    count_uploads(author, uploads, address)
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


def require_customer(ticket: Ticket, actor: User) -> None:
    if ticket.customer_id != actor.pk:
        raise Forbidden("Only the person who sent this request can do that.")


def count_uploads(user: User, uploads: Sequence[Upload], address: str) -> None:
    """Anybody can have an account, and every disk has an end; raises TooManyAttempts."""
    if not uploads:
        return
    largest, size = ceil(settings.ATTACHMENT_MAX_SIZE / KB), sum(ceil(upload.size / KB) for upload in uploads)
    is_proven = user.email_verified_at is not None
    own = Limit((UPLOADS if is_proven else UPLOADS_UNPROVEN) * largest, HOUR)
    with saying(TOO_MANY_FILES):
        hit("uploads by", str(user.pk), own, by=size)
    if address and not is_proven:
        with saying(FULL_NETWORK):
            hit("uploads from", network_of(address), Limit(UPLOADS_FROM_NETWORK * largest, DAY), by=size)


@contextmanager
def saying(sentence: str) -> Iterator[None]:
    """Too many attempts, in words that say of what."""
    try:
        yield
    except TooManyAttempts as problem:
        raise TooManyAttempts(problem.retry_after, sentence) from None
