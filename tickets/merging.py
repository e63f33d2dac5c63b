"""Merging tickets, and changing many at once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from helpdesk.errors import HelpDeskError, Invalid
from helpdesk.remembering import remembering
from helpdesk.transactions import in_one_transaction

from .history import merged_from, merged_into, record
from .linking import link
from .merge_plans import plan_merge, settle_copies
from .models import Action, Attachment, Note, Reply, Status, Ticket, TicketLink, TimeEntry
from .rules import among
from .searching import refill
from .services import add_note, change, lock, lock_relations, touch, update_ticket
from .unanswered import recount

MAX_MERGED = 100
MAX_BULK = 1000

Verb = Callable[[UUID], object]


@in_one_transaction
def merge_tickets(
    target: Ticket | UUID,
    *,
    source_ids: list[UUID],
    actor: User | None,
    visible: QuerySet | None = None,
    keep_informed: bool = False,
) -> Ticket:
    """Move the conversation, files and time of the sources into the target; the sources are closed with a link.

    What the target's customer must not read becomes internal, and who could not read what moves is kept informed no
    longer: see merge_plans.py. With `keep_informed` everybody joins instead, and all read everything. A note keeps each
    source's description for staff.
    `visible` is the queryset of tickets the caller may merge, all of them unless given.
    """
    target_id = target.pk if isinstance(target, Ticket) else target
    sources = checked_sources(target_id, source_ids, visible)
    # Locked in one order everywhere, so that two merges wait for each other instead of failing.
    locked = {key: lock(key) for key in sorted([target_id, *sources])}
    now = timezone.now()
    kept = locked[target_id]
    plan = plan_merge(kept, source_ids=sources)
    internal = {one.pk for one in plan.internal(keep_informed=keep_informed)}
    settle_copies(plan, keep_informed=keep_informed, added_by=actor, now=now)
    # Only what its customer reads has answered them.
    read = [ticket.first_response_at for key, ticket in locked.items() if key not in internal]
    kept.first_response_at = min(filter(None, read), default=None)
    for key in sources:
        source = locked[key]
        move(source, kept, hiding=key in internal)
        record(kept, Action.MERGED, actor=actor, now=now, new=f"#{source.ticket_number}")
        record(source, Action.MERGED, actor=actor, now=now, new=merged_into(kept.ticket_number))
        if not TicketLink.objects.filter(ticket=kept, linked=source).exists():
            link(kept, [source.pk], actor=actor, now=now)
        change(source, {"status": Status.CLOSED}, actor=actor, now=now, complete=False)
    touch(kept, now, "first_response_at")
    refill(locked)
    recount(Ticket.objects.filter(pk=kept.pk), Reply.objects.all())
    if actor is not None and actor.is_staff:
        for source in [*plan.moved, *plan.hidden]:
            add_note(kept, user_id=actor.pk, content=beginning_of(source))
    return kept


def checked_sources(target_id: UUID, source_ids: list[UUID], visible: QuerySet | None) -> list[UUID]:
    sources = sorted(set(source_ids))
    if not sources:
        raise Invalid(ticket_ids="Name at least one ticket to merge.")
    if len(sources) > MAX_MERGED:
        raise Invalid(ticket_ids=f"At most {MAX_MERGED} tickets can be merged at once.")
    if target_id in sources:
        raise Invalid(ticket_ids="A ticket cannot be merged into itself.")
    if among(visible).filter(pk__in=sources).count() != len(sources):
        raise Invalid(ticket_ids="Every id must be that of an existing ticket.")
    return sources


def move(source: Ticket, kept: Ticket, *, hiding: bool) -> None:
    internal = {"is_internal": True} if hiding else {}
    Reply.objects.filter(ticket=source).update(ticket=kept, **internal)
    Attachment.objects.filter(ticket=source).update(ticket=kept, **internal)
    Note.objects.filter(ticket=source).update(ticket=kept)
    TimeEntry.objects.filter(ticket=source).update(ticket=kept)


def beginning_of(source: Ticket) -> str:
    """What a merged ticket was about, as a note: its own page is closed now.

    Who sent it stands there and not here, so that it is found when they are to be forgotten.
    """
    opening = merged_from(source.ticket_number)
    return f"{opening} “{source.subject}”, sent on {source.created_at:%Y-%m-%d}:\n\n{source.description}"


@in_one_transaction
def update_many(
    ids: list[UUID], *, changes: dict[str, Any], actor: User | None, visible: QuerySet
) -> list[dict[str, Any]]:
    """The same change for up to 1,000 tickets in one transaction; says for each what became of it.

    `visible` is the queryset of tickets the caller may see; others count as not found. A ticket that refuses the
    change keeps its old values and does not keep the others from theirs.
    """
    check_number(ids)
    known = set(visible.filter(pk__in=ids).values_list("pk", flat=True))
    lock_relations(known, changes)
    return one_by_one(ids, known, lambda key: update_ticket(key, actor=actor, visible=visible, **changes))


@in_one_transaction
def for_each(ids: list[UUID], verb: Verb, *, visible: QuerySet) -> list[dict[str, Any]]:
    """One verb for up to 1,000 tickets in one transaction; says for each what became of it, as update_many does."""
    check_number(ids)
    return one_by_one(ids, set(visible.filter(pk__in=ids).values_list("pk", flat=True)), verb)


def check_number(ids: list[UUID]) -> None:
    if not ids:
        raise Invalid(ids="Name at least one ticket.")
    if len(ids) > MAX_BULK:
        raise Invalid(ids=f"At most {MAX_BULK} tickets can be changed at once.")


def one_by_one(ids: list[UUID], known: set[UUID], verb: Verb) -> list[dict[str, Any]]:
    outcome: dict[UUID, dict[str, Any]] = {}
    # All of them before the first one asks for a turn in its group, as those do who change a single one: whoever waits
    # for a turn may hold the next ticket.
    list(Ticket.objects.filter(pk__in=known).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    with remembering():
        for key in sorted(set(ids)):
            outcome[key] = attempted(key, verb) if key in known else refused(key, "Not found.")
    return [outcome[key] for key in dict.fromkeys(ids)]


def attempted(key: UUID, verb: Verb) -> dict[str, Any]:
    try:
        with transaction.atomic():
            verb(key)
    except HelpDeskError as problem:
        return refused(key, problem.sentence)
    return {"id": str(key), "success": True, "error": None}


def refused(key: UUID, sentence: str) -> dict[str, Any]:
    return {"id": str(key), "success": False, "error": sentence}
