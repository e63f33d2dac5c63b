"""What mails about tickets say: text and HTML of one meaning.

What people write in tickets is text everywhere in this product, so it is in a mail: nothing of it is markup, and only
web addresses become links.
"""

import logging
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr, parseaddr
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.template.defaultfilters import filesizeformat, linebreaksbr
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from tickets.models import Attachment, Reply, Ticket

from .readers import Reader

MAX_LINKED = 20_000  # characters in which links are looked for
MAX_SUBJECT = 150
MAX_ENCODED = 75  # letters of one encoded word in a header: RFC 2047

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Words:
    sender: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Answer:
    """What is the same for all its readers."""

    ticket: Ticket
    reply: Reply
    files: list[Attachment]

    @cached_property
    def html(self) -> SafeString:
        return html_of(self.reply.content)


def words_for(answer: Answer, reader: Reader, language: str) -> Words:
    """An answer, or that there is one, whichever this reader may read.

    No answer is lost because its mail cannot be laid out: then it goes as it was typed.
    """
    try:
        return (reply_words if reader.may_read else notice_words)(answer, reader, language)
    except Exception:
        logger.exception("A mail about request #%s could not be laid out", answer.ticket.ticket_number)
        return plain_words(answer, reader)


def reply_words(answer: Answer, reader: Reader, language: str) -> Words:
    """An answer, with the names of its files, which are fetched from the portal."""
    ticket, reply = answer.ticket, answer.reply
    with override(language):
        own = {
            "title": _("%(name)s has answered") % {"name": reply.user.name},
            "author": reply.user.name,
            "content": reply.content,
            "content_html": answer.html,
            "files": [
                (one.filename, filesizeformat(one.file_size), link(ticket, f"/files/{one.pk}")) for one in answer.files
            ],
        }
        subject = f"Re: {about(ticket)} [#{ticket.ticket_number}]"
        return rendered("reply", ticket, reader, subject, own, sender=sender(reply.user.name))


def notice_words(answer: Answer, reader: Reader, language: str) -> Words:
    """That there is an answer, without a word of it or of what it is about."""
    ticket = answer.ticket
    with override(language):
        title = _("There is an answer to request #%(number)s") % {"number": ticket.ticket_number}
        return rendered("notice", ticket, reader, f"{title} [#{ticket.ticket_number}]", {"title": title})


def plain_words(answer: Answer, reader: Reader) -> Words:
    """The same without anything that could go wrong."""
    lines = [answer.reply.content] if reader.may_read else []
    lines += [way_in(answer.ticket, reader), reader.leave]
    subject = f"[#{answer.ticket.ticket_number}]"
    return Words(settings.DEFAULT_FROM_EMAIL, subject, "\n\n".join(filter(None, lines)), "")


def receipt_words(ticket: Ticket, reader: Reader, language: str) -> Words:
    """That a request has arrived, and by when to expect an answer."""
    with override(language), timezone.override(zone_of(reader.time_zone)):
        due = ticket.first_response_deadline
        own = {"title": _("We have your request"), "expected": moment(due) if due and due > timezone.now() else ""}
        return rendered("receipt", ticket, reader, f"{about(ticket)} [#{ticket.ticket_number}]", own)


def rendered(
    template: str, ticket: Ticket, reader: Reader, subject: str, own: dict[str, Any], *, sender: str = ""
) -> Words:
    words = {
        "subject": own["title"],
        "reader": reader,
        "number": ticket.ticket_number,
        "about": about(ticket),
        "link": way_in(ticket, reader),
        "needs_account": not reader.has_account,
        **own,
    }
    text, html = (render_to_string(f"email_channel/mail/{template}.{kind}", words) for kind in ("txt", "html"))
    return Words(sender or settings.DEFAULT_FROM_EMAIL, subject, text, html)


def sender(name: str) -> str:
    """Who wrote, by the address of the house."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    shown = " ".join(f"{name} ({settings.BRAND_NAME})".split())
    if not shown.isascii():
        shown = " ".join(Header(shown, "utf-8", MAX_ENCODED, "From").encode().split())
    return formataddr((shown, address))


def about(ticket: Ticket) -> str:
    line = " ".join(ticket.subject.split())
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1]}…"


def way_in(ticket: Ticket, reader: Reader) -> str:
    """Straight to the request; for whoever has no account, by way of getting one."""
    if reader.is_staff:
        return f"{settings.BASE_URL}/admin/tickets/{ticket.ticket_number}/"
    if reader.has_account:
        return link(ticket)
    return f"{settings.BASE_URL}/portal/sign-up?{urlencode({'next': f'/requests/{ticket.ticket_number}'})}"


def link(ticket: Ticket, rest: str = "") -> str:
    return f"{settings.BASE_URL}/requests/{ticket.ticket_number}{rest}"


def html_of(text: str) -> SafeString:
    if len(text) > MAX_LINKED:
        return linebreaksbr(conditional_escape(text))
    return linebreaksbr(mark_safe(urlize(text, nofollow=True, autoescape=True)))  # noqa: S308 - escaped by urlize


def moment(at: Any) -> str:
    return f"{date_format(localtime(at), 'DATETIME_FORMAT')} ({date_format(localtime(at), 'T')})"


def zone_of(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
