"""The verbs of mail about tickets: rows of the outbox, written in the transaction that made them necessary."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import get_language

from accounts.emails import matching_key
from helpdesk.ids import new_id
from outbox.delivery import message_id
from outbox.models import OutgoingMail
from outbox.services import new_mail, queue_mails
from tickets.leaving import headers_for
from tickets.mailboxes import may_be_mailed
from tickets.models import Attachment, Reply, Ticket

from .models import KEY, Kind, Outcome, TicketMail
from .readers import Reader, own_reader, readers_of
from .still_read import objection
from .writing import Answer, Words, receipt_words, words_for

REMEMBERED = 50  # mails that are looked through for the one before
# A mail from a program, which no other program should answer: what keeps two of them from writing to each other.
FROM_A_PROGRAM = {"X-Auto-Response-Suppress": "All"}


def mail_reply(ticket: Ticket, reply: Reply) -> list[TicketMail]:
    """Tell everybody who follows a ticket what staff has answered, each in a mail of their own.

    However many there are, it takes the same number of statements.
    """
    readers = readers_of(ticket, but=reply.user)
    if not readers:
        return []
    answer = Answer(ticket, reply, list(Attachment.objects.for_customers().filter(reply=reply)))
    written = last_mails(ticket, readers)
    mails = []
    for reader in readers:
        language = language_for(reader, written)
        mails.append(prepared(ticket, reply, reader, words_for(answer, reader, language), language, written))
    return send(mails)


def mail_receipt(ticket: Ticket) -> TicketMail | None:
    """Tell whoever sent a request that it has arrived, unless they are answered already."""
    # As the rules have left it.
    current = Ticket.objects.select_related("customer").get(pk=ticket.pk)
    if (
        not may_be_mailed(current, current.customer)
        or TicketMail.objects.conversation().filter(ticket=current).exists()
    ):
        return None
    reader = own_reader(current.customer)
    language = reader.language or get_language() or settings.LANGUAGE_CODE
    words = receipt_words(current, reader, language)
    return send([prepared(current, None, reader, words, language, [])])[0]


def last_mails(ticket: Ticket, readers: list[Reader]) -> list[TicketMail]:
    """What these were written last, oldest first."""
    keys = [reader.email_key for reader in readers]
    mails = TicketMail.objects.conversation().filter(ticket=ticket, email_key__in=keys)
    return list(mails.order_by("-created_at", "-id")[:REMEMBERED])[::-1]


def language_for(reader: Reader, written: list[TicketMail]) -> str:
    """Their own; or that of the last mail, which was that of the page they sent the request from."""
    before = [mail.language for mail in written if mail.email_key == reader.email_key]
    return reader.language or (before[-1] if before else settings.LANGUAGE_CODE)


def prepared(
    ticket: Ticket, reply: Reply | None, reader: Reader, words: Words, language: str, written: list[TicketMail]
) -> tuple[TicketMail, OutgoingMail]:
    """A mail as it is remembered, and as it leaves; nothing is written yet."""
    key = new_id()
    before = [one for one in written if one.email_key == reader.email_key]
    beginning = message_id(ticket.pk)
    last = before[-1].message_id if before else beginning
    mail = TicketMail(
        id=key,
        ticket=ticket,
        reply=reply,
        kind=kind_of(reply, reader),
        email=reader.email,
        email_key=reader.email_key,
        message_id=message_id(key),
        in_reply_to=last,
        references=" ".join(dict.fromkeys([beginning, last])),
        language=language,
        created_at=timezone.now(),
        outcome=Outcome.WAITING,
    )
    leaving = new_mail(
        id=key,
        to=reader.email,
        subject=words.subject,
        text=words.text,
        html=words.html,
        headers=headers_of(mail, words) | (headers_for(reader.leave) if reader.leave else {}),
        key=mail.outbox_key,
    )
    mail.subject = leaving.subject
    return mail, leaving


def kind_of(reply: Reply | None, reader: Reader) -> Kind:
    if reply is None:
        return Kind.RECEIPT
    return Kind.ANSWER if reader.may_read else Kind.NOTICE


def send(mails: list[tuple[TicketMail, OutgoingMail]]) -> list[TicketMail]:
    remembered = TicketMail.objects.bulk_create(mail for mail, _ in mails)
    queue_mails([leaving for _, leaving in mails])
    return remembered


def headers_of(mail: TicketMail, words: Words) -> dict[str, str]:
    """All mails about one ticket are one conversation in a mailbox, and know what they follow."""
    return {
        "Message-ID": mail.message_id,
        "In-Reply-To": mail.in_reply_to or "",
        "References": mail.references or "",
        "From": words.sender,
        "Auto-Submitted": "auto-generated" if mail.reply_id else "auto-replied",
        **FROM_A_PROGRAM,
    }


def remember(ticket: Ticket, leaving: OutgoingMail, *, kind: str, message: UUID | None) -> None:
    """Write down what others mailed about a ticket, each under a key that no other mail has."""
    TicketMail.objects.create(
        id=leaving.pk,
        ticket_id=ticket.pk,
        kind=kind,
        message=message,
        email=leaving.to[0],
        email_key=matching_key(leaving.to[0]),
        subject=leaving.subject,
        message_id=leaving.headers.get("Message-ID") or message_id(leaving.pk),
        created_at=leaving.created_at,
        outcome=Outcome.WAITING,
    )


def objection_to_answer(mail: OutgoingMail) -> str:
    """Why what carries or announces an answer must not leave any more; empty if it may."""
    found = TicketMail.objects.select_related("reply__ticket").filter(pk=id_of(mail), reply__isnull=False).first()
    return objection(found.reply.ticket, found) if found and found.reply else ""


def note_outcome(mails: Sequence[OutgoingMail], outcome: str, *, error: str, now: datetime) -> None:
    """What became of mails that are about tickets, if they are."""
    # What is tried again is told again when that fails.
    again = outcome == Outcome.WAITING
    TicketMail.objects.filter(pk__in=[id_of(mail) for mail in mails]).update(
        outcome=outcome,
        error=error or None,
        settled_at=None if again else now,
        dismissed_at=None if again else F("dismissed_at"),
    )


def id_of(mail: OutgoingMail) -> UUID:
    """Under which a mail of the outbox is remembered; older versions told it by the key alone."""
    return UUID(mail.key.removeprefix(KEY)) if mail.key and mail.key.startswith(KEY) else mail.pk
