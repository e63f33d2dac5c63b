"""What agents do about a mail that never arrived: send it again, or say that they know.

The ticket is held meanwhile, so that of two agents the second decides on what the first one left; a worker that
sends it, or gives it up, holds the row of the outbox.
"""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from helpdesk.errors import Conflict, NotFound
from helpdesk.transactions import in_one_transaction
from outbox.models import State
from outbox.services import retry
from tickets.copies import lock_for
from tickets.history import record
from tickets.locking import touch
from tickets.models import Action, Note, Reply, Ticket

from .facts import ids, with_outcomes
from .models import Outcome, TicketMail
from .still_read import objection


@in_one_transaction
def send_again(ticket: Ticket | UUID, *, mail: UUID, actor: User, visible: QuerySet[Ticket]) -> TicketMail:
    """Try a mail that was given up for another day, beginning now.

    Raises NotFound, and Conflict when somebody was faster, its text is not kept any more, or who was to read it may
    not any more.
    """
    locked = lock_for(ticket, actor, visible)
    (fact,) = with_outcomes([mail_of(locked, mail)])
    if fact.row is None or fact.row.state == State.SENT:
        raise Conflict("The text of this mail is not kept any more, so it cannot be sent again.")
    if sentence := objection(locked, fact.mail):
        raise Conflict(sentence)
    now = timezone.now()
    if not retry([fact.row.pk], now=now):
        raise Conflict("This mail is being sent again already.")
    record(locked, Action.MAIL_SENT_AGAIN, actor=actor, now=now, new=str(fact.mail.pk))
    touch(locked, now)
    return fact.mail


@in_one_transaction
def dismiss(ticket: Ticket | UUID, *, mail: UUID, actor: User, visible: QuerySet[Ticket]) -> TicketMail:
    """Point at it no longer; what became of it is still known. Raises NotFound, and Conflict when it may yet arrive."""
    locked = lock_for(ticket, actor, visible)
    found = mail_of(locked, mail)
    now = timezone.now()
    lost = TicketMail.objects.filter(pk=found.pk, outcome__in=(Outcome.FAILED, Outcome.DROPPED))
    if lost.filter(dismissed_at=None).update(dismissed_at=now):
        record(locked, Action.MAIL_DISMISSED, actor=actor, now=now, new=str(found.pk))
        touch(locked, now)
    elif not lost.exists():
        raise Conflict("This mail is being sent, and may still arrive.")
    return found


def mail_of(ticket: Ticket, key: UUID) -> TicketMail:
    messages = [*ids(Reply, ticket), *ids(Note, ticket)]
    found = TicketMail.objects.about(ticket.pk, messages).filter(pk=key).select_related("reply").first()
    if found is None:
        raise NotFound("This mail is not about this ticket.")
    return found
