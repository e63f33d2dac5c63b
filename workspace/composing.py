"""What goes on around an answer before it is sent: drafts, prepared texts, and who else is at the ticket."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, Q, Value, When

from accounts.models import User
from helpdesk.api.text import check_text
from helpdesk.errors import Invalid
from helpdesk.ids import new_id
from tickets.answering import written_at
from tickets.models import CannedResponse, Note, Reply, Ticket
from tickets.placeholders import fill

from .models import Draft, Presence

MAX_CONTENT = 200_000  # characters, as in the API
GONE = timedelta(seconds=35)  # somebody who has not been heard of for so long has left
OFFERED = 50  # canned responses at a time


def text_in(text: str) -> str:
    """What was typed, with line ends as they are stored; raises Invalid."""
    content = text.replace("\r\n", "\n").strip()
    check_text(content, "The text")
    if len(content) > MAX_CONTENT:
        raise Invalid(content=f"At most {MAX_CONTENT:,} characters are allowed.")
    return content


def draft_of(user: User, ticket: Ticket) -> Draft | None:
    return Draft.objects.filter(user=user, ticket=ticket).first()


def drafts_on(tickets: Sequence[UUID], user: User) -> set[UUID]:
    """Those of some tickets on which somebody has begun to write."""
    return (
        set(Draft.objects.filter(user=user, ticket__in=tickets).values_list("ticket", flat=True)) if tickets else set()
    )


def keep_draft(
    user: User, ticket: Ticket, *, content: str, is_note: bool, seen: UUID | None, now: datetime
) -> Draft | None:
    """Remember what somebody has typed; nothing typed is nothing kept, nor is what has been sent meanwhile."""
    if not content.strip():
        forget_draft(user, ticket)
        return None
    text = content.replace("\r\n", "\n")[:MAX_CONTENT]
    check_text(text, "The text")
    if is_sent(user, ticket, text, seen=seen):
        return None
    try:
        draft, _ = Draft.objects.update_or_create(
            user=user,
            ticket=ticket,
            defaults={"content": text, "is_note": is_note, "updated_at": now},
            create_defaults={"id": new_id(), "content": text, "is_note": is_note, "updated_at": now, "seen": seen},
        )
    except IntegrityError:  # the ticket has gone
        return None
    return draft


def is_sent(user: User, ticket: Ticket, text: str, *, seen: UUID | None) -> bool:
    """Whether a text is what its writer has sent since: it was on its way when that went."""
    since = written_at(ticket.pk, seen) or ticket.created_at
    for model in (Reply, Note):
        own = model._default_manager.filter(ticket=ticket, user=user, created_at__gte=since)
        later = own.exclude(pk=seen) if seen else own
        last = later.order_by("-created_at", "-id").values_list("content", flat=True).first()
        if last == text.strip():
            return True
    return False


def forget_draft(user: User, ticket: Ticket) -> None:
    Draft.objects.filter(user=user, ticket=ticket).delete()


# --- Prepared texts -----------------------------------------------------------------------------------


def canned(ticket: Ticket, user: User, words: str = "") -> list[dict[str, Any]]:
    """Canned responses for a ticket, filled in; those whose shortcut begins with the words come first."""
    rows = CannedResponse.objects.all()
    words = words.strip().removeprefix("/")
    if words:
        rows = rows.filter(Q(shortcut__istartswith=words) | Q(title__icontains=words))
        fits = Case(When(shortcut__istartswith=words, then=Value(0)), default=Value(1))
        rows = rows.annotate(rank=fits).order_by("rank", "title", "id")
    else:
        rows = rows.order_by("title", "id")
    return [
        {
            "id": str(row.pk),
            "title": row.title,
            "shortcut": row.shortcut or "",
            "text": fill(row.content, ticket, agent=user),
        }
        for row in rows[:OFFERED]
    ]


def titles() -> list[tuple[UUID, str]]:
    return list(CannedResponse.objects.order_by("title", "id").values_list("pk", "title")[:OFFERED])


def canned_text(ticket: Ticket, user: User, pk: str) -> str:
    try:
        row = CannedResponse.objects.filter(pk=UUID(pk)).first()
    except ValueError:
        row = None
    if row is None:
        raise Invalid("Choose a canned response first.")
    return fill(row.content, ticket, agent=user)


# --- Who is here --------------------------------------------------------------------------------------


def be_present(user: User, ticket: Ticket, *, is_typing: bool, now: datetime) -> None:
    rows = Presence.objects.filter(user=user, ticket=ticket)
    if not rows.update(is_typing=is_typing, seen_at=now):
        try:
            with transaction.atomic():
                Presence.objects.create(user=user, ticket=ticket, is_typing=is_typing, seen_at=now)
        except IntegrityError:  # another window was quicker, or the ticket has gone
            rows.update(is_typing=is_typing, seen_at=now)


def leave(user: User, ticket: Ticket) -> None:
    Presence.objects.filter(user=user, ticket=ticket).delete()


def others_at(ticket: Ticket, user: User, *, now: datetime) -> list[dict[str, Any]]:
    rows = Presence.objects.filter(ticket=ticket, seen_at__gt=now - GONE).exclude(user=user)
    return [
        {"name": name, "typing": typing}
        for name, typing in rows.order_by("user__name").values_list("user__name", "is_typing")
    ]


def written_since(ticket: Ticket, seen: UUID | None) -> int:
    """How many messages followed one, as cheaply as a page asks every few seconds."""
    since = written_at(ticket.pk, seen) or ticket.created_at
    later = [model._default_manager.filter(ticket=ticket, created_at__gte=since) for model in (Reply, Note)]
    return sum((rows.exclude(pk=seen) if seen else rows).count() for rows in later)
