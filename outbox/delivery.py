"""Sending: each mail by one process at a time, again after a crash, and for about a day."""

import logging
import time
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from helpdesk.ids import new_id

from .models import OutgoingMail, State
from .signals import objection_to, tell

logger = logging.getLogger(__name__)

# Longer than any mail server may take (EMAIL_TIMEOUT holds for each step of the conversation): a mail whose process
# died in the middle is taken up again after this time, and may then arrive twice.
LEASE = timedelta(minutes=5)
# How long to wait after the first, the second … failure: about a day in all.
DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, 480, 480)]
# What leaves within this time is as its writer meant it; later somebody may have been taken off, or come to be wrong.
FRESH = timedelta(minutes=1)
AT_ONCE = 50


def send_due(*, seconds: float = 45) -> int:
    """Send what is due, for so many seconds at most; returns how many mails were tried."""
    until = time.monotonic() + seconds
    tried = 0
    while due := list(OutgoingMail.objects.due(timezone.now()).values_list("pk", flat=True)[:AT_ONCE]):
        for mail_id in due:
            if time.monotonic() >= until:
                return tried
            tried += deliver(mail_id)
    return tried


def deliver(mail_id: UUID) -> bool:
    """Send a mail unless somebody else does; False when there was nothing to do. Raises nothing.

    Nothing, because what the mail is about is committed: no request may fail of it any more.
    """
    try:
        mail = take(mail_id, timezone.now())
        if mail is None:
            return False
        try:
            objection = objection_to(mail) if timezone.now() - mail.created_at > FRESH else ""
            if mail.to and not objection:
                message_of(mail).send()
        except Exception as error:  # mail backends raise whatever they like
            logger.exception("A mail could not be sent")
            put_off(mail, error, timezone.now())
        else:
            if objection:
                withdraw(mail, objection, timezone.now())
            else:
                settle(mail, timezone.now())
    except Exception:
        logger.exception("A mail could not be taken from or put back into the outbox")
        return False
    return True


def take(mail_id: UUID, now: datetime) -> OutgoingMail | None:
    """Lease a mail that is due. Of several at the same moment one gets it: the condition is part of the update."""
    lease = new_id()
    mail = OutgoingMail.objects.due(now).filter(pk=mail_id).first()
    if mail is None:
        return None
    unchanged = OutgoingMail.objects.waiting().filter(pk=mail_id, due_at=mail.due_at, lease=mail.lease)
    mail.attempts += 1
    if not unchanged.update(lease=lease, due_at=now + LEASE, attempts=mail.attempts):
        return None
    mail.lease = lease
    return mail


@transaction.atomic
def settle(mail: OutgoingMail, now: datetime) -> None:
    """Sent: its content goes, and with it the row, unless its key has to be remembered."""
    mine = OutgoingMail.objects.filter(pk=mail.pk, lease=mail.lease)
    if mail.key is None:
        settled = mine.delete()[0]
    else:
        settled = mine.update(state=State.SENT, to=[], subject="", text="", html="", headers={}, error="", lease=None)
    if settled:
        tell([mail], State.SENT, now=now)


@transaction.atomic
def withdraw(mail: OutgoingMail, objection: str, now: datetime) -> None:
    """Not sent, and never again."""
    if OutgoingMail.objects.filter(pk=mail.pk, lease=mail.lease).delete()[0]:
        tell([mail], None, now=now, error=objection)


@transaction.atomic
def put_off(mail: OutgoingMail, error: Exception, now: datetime) -> None:
    """Not sent: again later, or never when it would be pointless or a day has passed."""
    mine = OutgoingMail.objects.filter(pk=mail.pk, lease=mail.lease)
    reason = in_words(error)[:2000]
    if not is_final(error) and mail.attempts <= len(DELAYS):
        mine.update(due_at=now + DELAYS[mail.attempts - 1], error=reason, lease=None)
    elif mine.update(state=State.FAILED, error=reason, lease=None):
        tell([mail], State.FAILED, now=now, error=reason)


def is_final(error: Exception) -> bool:
    """Whether another attempt would fail alike: nobody accepts it, or it is no mail at all."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, ValueError | TypeError)


def in_words(error: Exception) -> str:
    """Why a mail did not leave, as the mail server has said it if it has."""
    if isinstance(error, SMTPRecipientsRefused):
        said = dict.fromkeys(f"{code} {readable(text)}" for code, text in error.recipients.values())
        return f"The mail server refused the address: {'; '.join(said)}"
    if isinstance(error, SMTPResponseException):
        return f"The mail server refused the mail: {error.smtp_code} {readable(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def readable(text: bytes | str) -> str:
    return " ".join((text.decode(errors="replace") if isinstance(text, bytes) else text).replace("\x00", "").split())


def message_of(mail: OutgoingMail) -> EmailMultiAlternatives:
    """The mail with an identity of its own, by which a mailbox recognises what arrives twice."""
    headers = {"Message-ID": message_id(mail.pk), **mail.headers}
    message = EmailMultiAlternatives(mail.subject, mail.text, to=mail.to, headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def message_id(key: UUID) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{key}@{domain}>"
