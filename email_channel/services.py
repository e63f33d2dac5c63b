"""The verbs of mail about tickets: rows of the outbox, written in the transaction that made them necessary."""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language

from helpdesk.ids import new_id
from outbox.delivery import message_id
from outbox.models import OutgoingMail
from outbox.services import new_mail, queue_mails
from tickets.leaving import headers_for
from tickets.mailboxes import may_be_mailed
from tickets.models import Attachment, Reply, Ticket

from .models import TicketMail
from .readers import Reader, own_reader, readers_of
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
    if not may_be_mailed(current, current.customer) or TicketMail.objects.filter(ticket=current).exists():
        return None
    reader = own_reader(current.customer)
    language = reader.language or get_language() or settings.LANGUAGE_CODE
    words = receipt_words(current, reader, language)
    return send([prepared(current, None, reader, words, language, [])])[0]


def last_mails(ticket: Ticket, readers: list[Reader]) -> list[TicketMail]:
    """What these were written last, oldest first."""
    mails = TicketMail.objects.filter(ticket=ticket, email_key__in=[reader.email_key for reader in readers])
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
    mail = TicketMail(
        id=key,
        ticket=ticket,
        reply=reply,
        email=reader.email,
        email_key=reader.email_key,
        message_id=message_id(key),
        language=language,
        created_at=timezone.now(),
    )
    before = [one for one in written if one.email_key == reader.email_key]
    return mail, new_mail(
        to=reader.email,
        subject=words.subject,
        text=words.text,
        html=words.html,
        headers=headers_of(mail, words, before) | (headers_for(reader.leave) if reader.leave else {}),
        key=mail.outbox_key,
    )


def send(mails: list[tuple[TicketMail, OutgoingMail]]) -> list[TicketMail]:
    remembered = TicketMail.objects.bulk_create(mail for mail, _ in mails)
    queue_mails([leaving for _, leaving in mails])
    return remembered


def headers_of(mail: TicketMail, words: Words, before: list[TicketMail]) -> dict[str, str]:
    """All mails about one ticket are one conversation in a mailbox, and know what they follow."""
    beginning = message_id(mail.ticket_id)
    last = before[-1].message_id if before else beginning
    return {
        "Message-ID": mail.message_id,
        "In-Reply-To": last,
        "References": " ".join(dict.fromkeys([beginning, last])),
        "From": words.sender,
        "Auto-Submitted": "auto-generated" if mail.reply_id else "auto-replied",
        **FROM_A_PROGRAM,
    }
