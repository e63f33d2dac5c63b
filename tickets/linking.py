"""Links between tickets: always both directions, and told in the history of both ends. Part of the verbs."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from helpdesk.ids import new_id

from . import rules
from .history import Changes, activity
from .models import Action, Activity, Ticket, TicketLink


def replace_links(
    ticket: Ticket,
    linked_ids: list[UUID],
    *,
    actor: User | UUID | None,
    now: datetime,
    visible: QuerySet[Ticket] | None,
) -> Changes:
    """Make these the links of the ticket, in both directions; returns what changed.

    Links to what the actor does not see stay as they are.
    """
    wanted = set(rules.check_links(ticket.pk, linked_ids, visible))
    links = TicketLink.objects.filter(ticket=ticket, linked__in=rules.among(visible))
    present = set(links.values_list("linked_id", flat=True))
    if gone := sorted(present - wanted):
        unlink(ticket, gone, actor=actor, now=now)
    if added := sorted(wanted - present):
        link(ticket, added, actor=actor, now=now)
    return {"linked_ticket_ids": (sorted(present), sorted(wanted))} if wanted != present else {}


def link(ticket: Ticket, others: list[UUID], *, actor: User | UUID | None, now: datetime) -> None:
    """Link to existing tickets; both ends show it: in their links, in their history, and as changed."""
    pairs = sorted({pair for other in others for pair in ((ticket.pk, other), (other, ticket.pk))})
    # In one order everywhere, and without complaint about what is there already: two callers may link at once.
    TicketLink.objects.bulk_create(
        [TicketLink(id=new_id(), ticket_id=near, linked_id=far) for near, far in pairs], ignore_conflicts=True
    )
    record_links(ticket, others, actor=actor, now=now, key="new")


def unlink(ticket: Ticket, others: list[UUID], *, actor: User | UUID | None, now: datetime) -> None:
    both = Q(ticket=ticket, linked__in=others) | Q(ticket__in=others, linked=ticket)
    # Locked in the order in which links are written, so that two callers wait instead of failing.
    rows = TicketLink.objects.select_for_update().filter(both).order_by("ticket_id", "linked_id")
    TicketLink.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).delete()
    record_links(ticket, others, actor=actor, now=now, key="old")


def record_links(ticket: Ticket, others: list[UUID], *, actor: User | UUID | None, now: datetime, key: str) -> None:
    numbers = dict(Ticket.objects.filter(pk__in=others).values_list("pk", "ticket_number"))
    for other, number in sorted(numbers.items()):
        near = activity(ticket, Action.LINKED, actor=actor, now=now, **{key: f"#{number}"})
        far = activity(other, Action.LINKED, actor=actor, now=now, **{key: f"#{ticket.ticket_number}"})
        Activity.objects.bulk_create([near, far])
    Ticket.objects.filter(pk__in=others, updated_at__lt=now).update(updated_at=now)
