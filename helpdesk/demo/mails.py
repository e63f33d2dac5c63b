"""What was mailed about the newest tickets of the demo, and what became of it. Nothing of it waits to be sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from csat.models import Survey
from email_channel.models import Kind, Outcome, TicketMail
from email_channel.readers import own_reader
from email_channel.services import headers_of
from email_channel.writing import Answer, about, words_for
from outbox.delivery import DELAYS, message_id
from outbox.models import OutgoingMail, State
from tickets.models import Reply, Source, Ticket

from .ids import id_at, milliseconds, moment_of

TICKETS = 300  # the newest ones, whose mails are remembered
LANGUAGE = "en"
DAY_LATER = timedelta(hours=23, minutes=31)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a mail never left: refused for good, at once; or tried in vain for a day."""

    error: str
    attempts: int = 1

    @property
    def takes(self) -> timedelta:
        return timedelta(seconds=4) if self.attempts == 1 else DAY_LATER


TROUBLES = (
    Trouble("The mail server refused the address: 550 5.1.1 <{email}>: Recipient address rejected: User unknown"),
    Trouble("The mail server refused the address: 552 5.2.2 <{email}>: Mailbox is full"),
    Trouble("TimeoutError: timed out", attempts=len(DELAYS) + 1),
)


def write_mails(end: int) -> None:
    """Receipts, answers and surveys, each to the customer alone; the last answers to some never arrived."""
    newest = Ticket.objects.order_by("-created_at", "-id").select_related("customer")[:TICKETS]
    tickets = {ticket.pk: ticket for ticket in newest}
    answers = Reply.objects.filter(ticket__in=tickets, from_staff=True, is_internal=False).select_related("user")
    replies = list(answers.order_by("created_at", "id"))
    surveys = Survey.objects.filter(ticket__in=tickets).order_by("sent_at", "id")
    failed = troubles(replies, tickets, moment_of(end))
    mails: list[TicketMail] = []
    written: dict[UUID, list[TicketMail]] = {}  # in one conversation, by ticket
    for ticket in sorted(tickets.values(), key=lambda one: one.pk):
        if ticket.source == Source.PORTAL and ticket.filed_by_id == ticket.customer_id:
            subject = f"{about(ticket)} [#{ticket.ticket_number}]"
            receipt = mail_of(ticket, Kind.RECEIPT, subject, ticket.created_at)
            written[ticket.pk] = [receipt]
            mails.append(in_reply(receipt, []))
    for reply in replies:
        ticket = tickets[reply.ticket_id]
        subject = f"Re: {about(ticket)} [#{ticket.ticket_number}]"
        mail = mail_of(ticket, Kind.ANSWER, subject, reply.created_at, reply=reply, trouble=failed.get(reply.pk))
        mails.append(in_reply(mail, written.setdefault(ticket.pk, [])))
        written[ticket.pk].append(mail)
    for survey in surveys:
        ticket = tickets[survey.ticket_id]
        subject = f"How did we do? Your request #{ticket.ticket_number}"
        mails.append(mail_of(ticket, Kind.SURVEY, subject, survey.sent_at))
    TicketMail.objects.bulk_create(mails)
    by_reply = {mail.reply_id: mail for mail in mails}
    OutgoingMail.objects.bulk_create(
        given_up(by_reply[reply.pk], reply, failed[reply.pk]) for reply in replies if reply.pk in failed
    )


def troubles(replies: list[Reply], tickets: dict[UUID, Ticket], end: datetime) -> dict[UUID, Trouble]:
    """Which answers never left, each to somebody else whose ticket waits for them.

    Whose address was refused was mailed nothing since; a mail server that was away takes the next mail.
    """
    last = {reply.ticket_id: reply for reply in replies}
    latest = {tickets[reply.ticket_id].customer_id: reply.pk for reply in replies}
    newest = {ticket.customer_id: ticket.pk for ticket in sorted(tickets.values(), key=lambda one: one.pk)}
    found: dict[UUID, Trouble] = {}
    hit: set[UUID] = set()
    for reply in sorted(last.values(), key=lambda one: (one.created_at, one.pk), reverse=True):
        ticket, trouble = tickets[reply.ticket_id], TROUBLES[len(found)]
        waits = ticket.resolved_at is None and ticket.unanswered_since is None and ticket.customer_id not in hit
        is_last = latest[ticket.customer_id] == reply.pk and newest[ticket.customer_id] == ticket.pk
        if waits and (is_last or trouble.attempts > 1) and reply.created_at + trouble.takes < end:
            found[reply.pk] = trouble
            hit.add(ticket.customer_id)
        if len(found) == len(TROUBLES):
            break
    return found


def mail_of(
    ticket: Ticket,
    kind: Kind,
    subject: str,
    moment: datetime,
    *,
    reply: Reply | None = None,
    trouble: Trouble | None = None,
) -> TicketMail:
    customer = ticket.customer
    source = Random(f"{ticket.pk} {kind} {moment}")
    key = UUID(id_at(milliseconds(moment), source, order=0xFFE))
    took = trouble.takes if trouble else timedelta(milliseconds=source.randrange(300, 2500))
    return TicketMail(
        id=key,
        ticket=ticket,
        reply=reply,
        kind=kind,
        email=customer.email,
        email_key=customer.email_key,
        subject=subject,
        message_id=message_id(key),
        language=LANGUAGE if kind != Kind.SURVEY else "",
        created_at=moment,
        outcome=Outcome.FAILED if trouble else Outcome.SENT,
        settled_at=moment + took,
        error=trouble.error.format(email=customer.email) if trouble else None,
    )


def in_reply(mail: TicketMail, before: list[TicketMail]) -> TicketMail:
    """As part of one conversation: see email_channel.services.prepared."""
    beginning = message_id(mail.ticket_id)
    mail.in_reply_to = before[-1].message_id if before else beginning
    mail.references = " ".join(dict.fromkeys([beginning, mail.in_reply_to]))
    return mail


def given_up(mail: TicketMail, reply: Reply, trouble: Trouble) -> OutgoingMail:
    """What the outbox still has of it, so that an admin can have it sent again."""
    words = words_for(Answer(mail.ticket, reply, []), own_reader(mail.ticket.customer), LANGUAGE)
    return OutgoingMail(
        id=mail.pk,
        key=mail.outbox_key,
        to=[mail.email],
        subject=words.subject,
        text=words.text,
        html=words.html,
        headers=headers_of(mail, words),
        state=State.FAILED,
        attempts=trouble.attempts,
        due_at=mail.created_at + trouble.takes,
        error=mail.error or "",
        created_at=mail.created_at,
    )
