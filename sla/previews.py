"""What a policy would change for the tickets that are open now; nothing is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from helpdesk.errors import NotFound
from helpdesk.ids import new_id
from tickets.models import ACTIVE_STATUSES, Ticket

from .clocks import history_of, worked_out
from .models import SlaPolicy
from .reckoning import Targets
from .services import fill_policy
from .terms import Terms, calendars_of, in_force, of_policy

MAX_TICKETS = 5000
BATCH = 500


@dataclass
class Outlook:
    """How many open tickets a policy concerns, and what it would do to them."""

    tickets: int = 0
    checked: int = 0
    earlier: int = 0
    later: int = 0
    unchanged: int = 0
    # Of those not late now.
    would_breach: int = 0
    # Of those late now.
    would_recover: int = 0


def preview_policy(values: dict[str, Any], *, policy: UUID | None, now: datetime) -> Outlook:
    """What a new policy, or the change of one, would do; raises Invalid like saving it.

    At most 5,000 tickets are looked at, the newest ones.
    """
    planned = existing(policy) if policy else SlaPolicy(id=new_id(), created_at=now)
    before = planned.priority if policy and planned.is_active else None
    fill_policy(planned, values)
    force = in_force()
    coming = with_planned(force, planned, before)
    changed = {before, planned.priority} - {None}
    concerned = Ticket.objects.filter(status__in=ACTIVE_STATUSES, priority__in=changed, archived_at=None)
    outlook = Outlook(tickets=concerned.count())
    newest = list(concerned.order_by("-created_at", "-id").values_list("pk", flat=True)[:MAX_TICKETS])
    for begin in range(0, len(newest), BATCH):
        tickets = Ticket.objects.filter(pk__in=newest[begin : begin + BATCH])
        compare(outlook, tickets, force, coming, now)
    return outlook


def existing(policy: UUID) -> SlaPolicy:
    found = SlaPolicy.objects.filter(pk=policy).first()
    if found is None:
        raise NotFound("This SLA policy does not exist.")
    return found


def with_planned(force: dict[str, Terms], planned: SlaPolicy, before: str | None) -> dict[str, Terms]:
    """What would be in force with the planned policy."""
    coming = dict(force)
    if before and before in force and force[before].policy_id == planned.pk:
        successor = (
            SlaPolicy.objects.filter(is_active=True, priority=before)
            .exclude(pk=planned.pk)
            .order_by("-created_at", "-id")
        ).first()
        coming.pop(before)
        if successor:
            coming[before] = of_policy(successor)
    if planned.is_active:
        rivals = SlaPolicy.objects.filter(is_active=True, priority=planned.priority).exclude(pk=planned.pk)
        newer = max(((rival.created_at, rival.pk) for rival in rivals), default=None)
        if newer is None or newer < (planned.created_at, planned.pk):
            coming[planned.priority] = of_policy(planned)
    return coming


def compare(
    outlook: Outlook, tickets: Iterable[Ticket], force: dict[str, Terms], coming: dict[str, Terms], now: datetime
) -> None:
    found = list(tickets)
    steps = history_of([ticket.pk for ticket in found])
    calendars = calendars_of([*force.values(), *coming.values()])

    def targets(ticket: Ticket, among: dict[str, Terms]) -> Targets | None:
        terms = among.get(ticket.priority)
        if terms is None:
            return None
        return worked_out(ticket, terms, calendars[terms.revision], steps.get(ticket.pk, []))

    for ticket in found:
        old, new = targets(ticket, force), targets(ticket, coming)
        outlook.checked += 1
        setattr(outlook, moved(old, new), getattr(outlook, moved(old, new)) + 1)
        was, would = is_late(old, now), is_late(new, now)
        outlook.would_breach += would and not was
        outlook.would_recover += was and not would


def moved(old: Targets | None, new: Targets | None) -> str:
    """Where the resolution goes, or the first response where that stays; no deadline is later than any."""
    for name in ("resolution", "first_response"):
        before, after = (amount_of(targets, name) for targets in (old, new))
        if before != after:
            return "earlier" if after < before else "later"
    return "unchanged"


FAR = float("inf")


def amount_of(targets: Targets | None, name: str) -> tuple[float, float]:
    """Something that grows with the deadline, also for tickets that rest and have none."""
    if targets is None:
        return FAR, FAR
    target = getattr(targets, name)
    due = target.deadline
    return (due.timestamp() if due else FAR), target.amount.total_seconds() if due is None else 0.0


def is_late(targets: Targets | None, now: datetime) -> bool:
    return targets is not None and any(target.is_breached(now) for target in targets)
