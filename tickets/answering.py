"""Answers that are written while the conversation goes on.

Whoever writes an answer says up to which message they have read. When somebody else was faster nothing is sent: the
writer sees what was added, and may send the same text once that is read.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from accounts.models import User
from helpdesk.errors import Conflict
from helpdesk.transactions import in_one_transaction

from .attachments import Upload, attach_all
from .files import all_or_none
from .models import Note, Reply, Ticket
from .services import add_note, add_reply, lock, update_ticket

Message = Reply | Note


class NewerMessages(Conflict):
    """Somebody has written meanwhile; `messages` are theirs, oldest first."""

    sentence = "A newer message has arrived. Your text was not sent and is kept."

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__()
        self.messages = messages


@in_one_transaction
@all_or_none()
def answer(
    ticket: Ticket | UUID,
    *,
    actor: User,
    content: str,
    seen: UUID | None,
    status: str | None = None,
    uploads: Sequence[Upload] = (),
) -> Reply:
    """Send a public reply with its files, and give the ticket a status if one is named; all of it or nothing.

    `seen` is the id of the last message the writer has read, None when there was none; raises NewerMessages when
    others followed. Who has read those as well sends it again with the last one of them.
    """
    locked = lock(ticket)
    if newer := messages_after(locked.pk, seen):
        raise NewerMessages(newer)
    reply = add_reply(locked, user_id=actor.pk, content=content, uploads=uploads)
    if status is not None:
        update_ticket(locked, actor=actor, status=status)
    return reply


@in_one_transaction
@all_or_none()
def write_note(ticket: Ticket | UUID, *, actor: User, content: str, uploads: Sequence[Upload] = ()) -> Note:
    """Leave a note among staff, with files of the ticket. It may cross with anything."""
    note = add_note(ticket, user_id=actor.pk, content=content)
    attach_all(note.ticket, uploads, actor=actor, reply_id=None)
    return note


def messages_after(ticket_id: UUID, seen: UUID | None) -> list[Message]:
    """What people wrote on a ticket after a message; everything, when the ticket has no such message (any more)."""
    since = written_at(ticket_id, seen)
    found: list[Message] = []
    for model in (Reply, Note):
        rows = model._default_manager.filter(ticket=ticket_id).select_related("user").order_by("created_at", "id")
        found += rows if since is None else rows.filter(created_at__gte=since)
    return sorted(
        (row for row in found if since is None or seen is None or (row.created_at, row.pk) > (since, seen)),
        key=lambda row: (row.created_at, row.pk),
    )


def written_at(ticket_id: UUID, message: UUID | None) -> datetime | None:
    if message is None:
        return None
    for model in (Reply, Note):
        rows = model._default_manager.filter(ticket=ticket_id, pk=message)
        if (found := rows.values_list("created_at", flat=True).first()) is not None:
            return found
    return None


def last_message(ticket_id: UUID) -> UUID | None:
    """The id of what was written last, as `seen` takes it."""
    last = [
        row
        for model in (Reply, Note)
        for row in model._default_manager.filter(ticket=ticket_id)
        .order_by("-created_at", "-id")
        .values_list("created_at", "pk")[:1]
    ]
    return max(last)[1] if last else None
