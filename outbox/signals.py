"""What the outbox asks and tells of its mails, those who know what they are about.

What became of them is told inside the transaction that settles it. A receiver that fails is logged and rolled back
alone: no mail may be sent a second time because somebody could not write down that it was sent.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.dispatch import Signal

from .models import OutgoingMail

logger = logging.getLogger(__name__)

# mail, of which a receiver says in a sentence why it must not leave any more, or nothing
mail_leaving = Signal()
# mails (list), state (of State, or None: dropped, nobody will send them), error (why it was given up), now
mails_settled = Signal()


def objection_to(mail: OutgoingMail) -> str:
    """Why nobody is to get this any more, of what was written a while ago; empty if nothing speaks against it."""
    said = [sentence for _, sentence in mail_leaving.send(OutgoingMail, mail=mail)]
    return next(filter(None, said), "")


def tell(mails: Sequence[OutgoingMail], state: str | None, *, now: datetime, error: str = "") -> None:
    """To be called in a transaction."""
    if not mails:
        return
    try:
        with transaction.atomic():
            mails_settled.send(OutgoingMail, mails=mails, state=state, error=error, now=now)
    except Exception:
        logger.exception("What became of a mail could not be written down")
