"""Leaving a request that somebody else keeps one informed about, by a link in every mail about it.

Whoever is written to may have no account here, and may never have asked for it: the mailbox is all they need. Opening
the link changes nothing, and it works as long as they are informed.
"""

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction

from helpdesk.errors import Invalid

from .locking import lock
from .models import TicketCopy

SALT = "tickets.leaving"
TOO_LATE = "This link is no longer valid."


def link_for(copy: UUID) -> str:
    return f"{settings.BASE_URL}/requests/leave/{token_for(copy)}"


def token_for(copy: UUID) -> str:
    return signing.Signer(salt=SALT).sign(copy.hex)


def headers_for(link: str) -> dict[str, str]:
    """What lets a mail program show a button of its own, which posts to the link: RFC 2369 and RFC 8058."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def copy_by(token: str) -> TicketCopy | None:
    """Who is informed by this link; None when they are not any more. Raises Invalid."""
    try:
        key = UUID(signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        raise Invalid(TOO_LATE) from None
    return TicketCopy.objects.select_related("ticket").filter(pk=key).first()


def leave(token: str) -> None:
    """They are written to no more, and read no further; the second time nothing happens. Raises Invalid."""
    copy = copy_by(token)
    if copy is not None:
        with transaction.atomic():
            lock(copy.ticket_id)
            copy.delete()
