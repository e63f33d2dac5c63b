"""The verbs of attachments."""

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import Role, User
from helpdesk.errors import Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction

from .files import all_or_none, discard, keep, store
from .history import record
from .locking import lock, touch
from .models import Action, Attachment, Reply, Ticket

UNSAFE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069/\\]")
MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")


@dataclass(frozen=True)
class Upload:
    """A file that goes with an answer; size in bytes."""

    filename: str
    content: IO[bytes]
    size: int
    mime_type: str | None = None


@in_one_transaction
@all_or_none()
def attach_file(
    ticket: Ticket | UUID,
    *,
    actor: User | None,
    filename: str,
    content: IO[bytes],
    size: int,
    mime_type: str | None = None,
    reply_id: UUID | None = None,
) -> Attachment:
    """Keep a file with a ticket, or with one of its replies; raises Invalid over the size limit (in bytes)."""
    if size > settings.ATTACHMENT_MAX_SIZE:
        raise Invalid(file=f"Files can have {settings.ATTACHMENT_MAX_SIZE // 2**20} MB at most.")
    stored_name = store(content)
    locked = lock(ticket)
    is_internal = is_for_staff(locked, reply_id, actor)
    now = timezone.now()
    name = safe_name(filename)
    attachment = Attachment.objects.create(
        id=new_id(),
        ticket=locked,
        reply_id=reply_id,
        filename=name,
        stored_name=stored_name,
        file_size=size,
        mime_type=known_type(mime_type, name),
        uploaded_by=actor,
        is_internal=is_internal,
        created_at=now,
    )
    record(locked, Action.ATTACHMENT_ADDED, actor=actor, now=now, new=name)
    touch(locked, now)
    keep(stored_name)
    return attachment


@in_one_transaction
@all_or_none()
def attach_all(ticket: Ticket, uploads: Sequence[Upload], *, actor: User, reply_id: UUID | None) -> None:
    for upload in uploads:
        attach_file(ticket, actor=actor, reply_id=reply_id, **vars(upload))


def is_for_staff(ticket: Ticket, reply_id: UUID | None, actor: User | None) -> bool:
    """A file is for those who read its reply; one without is for customers when it is from one of them."""
    if reply_id is None:
        return actor is None or actor.role != Role.CUSTOMER
    is_internal = Reply.objects.filter(pk=reply_id, ticket=ticket).values_list("is_internal", flat=True).first()
    if is_internal is None:
        raise Invalid(reply_id="No reply of this ticket has this id.")
    return is_internal


@in_one_transaction
def delete_attachment(attachment: Attachment, *, actor: User | None) -> None:
    """Remove an attachment and its file; raises NotFound when somebody else has."""
    locked = lock(attachment.ticket_id)
    if not Attachment.objects.filter(pk=attachment.pk).exists():
        raise NotFound("This attachment does not exist.")
    now = timezone.now()
    discard([attachment.stored_name])
    record(locked, Action.ATTACHMENT_ADDED, actor=actor, now=now, old=attachment.filename)
    attachment.delete()
    touch(locked, now)


def safe_name(filename: str) -> str:
    """A file name to show and to offer: the last part of a path, without control or direction characters."""
    name = UNSAFE_IN_NAMES.sub("", re.split(r"[/\\]", filename)[-1]).strip(" .")
    if len(name) > 255:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: 254 - len(ending)]}{dot}{ending}" if dot and len(ending) < 20 else name[:255]
    return name or "file"


def known_type(offered: str | None, filename: str) -> str:
    """The MIME type to store: the one given if it is one at all, or what the name suggests."""
    if offered and MIME_TYPE.fullmatch(plain := offered.partition(";")[0].strip().lower()):
        return plain
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"
