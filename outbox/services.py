"""The verbs of the outbox.

A mail is written down in the transaction it belongs to, so that it leaves if that commits, and only then. A thread
of this process tries at once; whatever it leaves behind, the worker sends.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import BoundedSemaphore
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from helpdesk.ids import new_id
from helpdesk.json_values import spellings
from helpdesk.mentions import mentions, pattern_of

from .delivery import deliver
from .models import OutgoingMail, State
from .signals import tell

KEYS_KEPT = timedelta(days=90)  # how long a key is remembered after its mail was sent
FAILURES_KEPT = timedelta(days=30)
IN_A_ROW = 100  # mails the thread may have before it; the worker takes what comes on top

postman = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox")
bag = BoundedSemaphore(IN_A_ROW)


def queue_mail(
    *,
    to: str | Sequence[str],
    subject: str,
    text: str,
    html: str | None = None,
    headers: Mapping[str, str] | None = None,
    key: str | None = None,
) -> OutgoingMail:
    """Have a mail sent after the running transaction, if it commits; the words are those of `new_mail`."""
    mail = new_mail(to=to, subject=subject, text=text, html=html, headers=headers, key=key)
    queue_mails([mail])
    return mail


def new_mail(
    *,
    to: str | Sequence[str],
    subject: str,
    text: str,
    html: str | None = None,
    headers: Mapping[str, str] | None = None,
    key: str | None = None,
    id: UUID | None = None,
) -> OutgoingMail:
    """A mail that is not queued yet; its id is that of whoever remembers it, or one of its own.

    A key makes sure that it leaves once: while it is remembered, further mails under it are dropped. A mail to nobody
    goes the same way, and nowhere: what it takes tells nothing about who exists.
    """
    return OutgoingMail(
        id=id or new_id(),
        key=key,
        to=[to] if isinstance(to, str) else list(to),
        subject=" ".join(subject.split()),  # a header has one line
        text=text,
        html=html or "",
        headers=dict(headers or {}),
    )


def queue_mails(mails: Sequence[OutgoingMail]) -> None:
    """Have mails sent after the running transaction, if it commits; any number of them by one statement."""
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=any(mail.key is not None for mail in mails))
    for mail in mails:
        transaction.on_commit(partial(hand_over, mail.pk), robust=True)


def hand_over(mail_id: UUID) -> None:
    """To a thread of its own: nobody waits for a mail server, or can tell by waiting who gets a mail."""
    if not settings.MAIL_IN_BACKGROUND:
        deliver(mail_id)
    elif bag.acquire(blocking=False):
        postman.submit(carry, mail_id)


def carry(mail_id: UUID) -> None:
    try:
        deliver(mail_id)
    finally:
        bag.release()
        connection.close()


@transaction.atomic
def retry(mails: Iterable[UUID], *, now: datetime) -> int:
    """Try mails that were given up for another day, beginning now; returns how many."""
    given_up = OutgoingMail.objects.failed().filter(pk__in=list(mails))
    chosen = list(given_up.order_by("pk").select_for_update().only("pk", "key"))
    revived = OutgoingMail.objects.failed().filter(pk__in=[mail.pk for mail in chosen])
    count = revived.update(state=State.WAITING, attempts=0, lease=None, due_at=now)
    tell(chosen, State.WAITING, now=now)
    for mail in chosen:
        transaction.on_commit(partial(hand_over, mail.pk), robust=True)
    return count


def forget_old(now: datetime) -> int:
    """Drop keys that nobody will use again, and failures that nobody retried; returns how many."""
    old = OutgoingMail.objects.filter(state=State.SENT, created_at__lt=now - KEYS_KEPT)
    given_up = OutgoingMail.objects.failed().filter(created_at__lt=now - FAILURES_KEPT)
    return old.delete()[0] + given_up.delete()[0]


def forget_address(address: str) -> int:
    """Drop mails to an address, or that mention it, whether they wait or were given up; returns how many."""
    mentioned = Q()
    for column in ("recipients", "lines", "subject", "text", "html", "error", "key"):
        for spelling in spellings(address):
            mentioned |= Q(**{f"{column}__icontains": spelling})
    as_text = {"recipients": Cast("to", TextField()), "lines": Cast("headers", TextField())}
    pattern = pattern_of([address])
    found = [
        mail.pk
        for mail in OutgoingMail.objects.alias(**as_text).filter(mentioned)
        if mentions([mail.to, mail.headers, mail.subject, mail.text, mail.html, mail.error, mail.key], pattern)
    ]
    return forget_mails(OutgoingMail.objects.filter(pk__in=found))


def forget_mails(mails: QuerySet[OutgoingMail]) -> int:
    """Drop mails, whether they wait or were given up, and say so of those that have not left; returns how many."""
    with transaction.atomic():
        # Held before anything is said of them, as by whoever sends them: what has left by then is not told as dropped.
        found = list(mails.order_by("pk").select_for_update().only("pk", "key", "state"))
        tell([mail for mail in found if mail.state != State.SENT], None, now=timezone.now())
        return OutgoingMail.objects.filter(pk__in=[mail.pk for mail in found]).delete()[0]
