"""The verbs of policies, business hours and holidays.

Each leaves the deadlines of the tickets concerned right or marked as wrong: the most urgent ones are set again in the
same transaction, the others by the worker.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from audit.services import record_change, record_creation, record_deletion, snapshot
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.transactions import in_one_transaction
from tickets.models import Priority

from .clocks import mark_stale, reckon_stale
from .models import MAX_MINUTES, BusinessHours, Change, Edition, FormerHours, Holiday, SlaPolicy
from .schedules import check_zone, checked_schedule

AT_ONCE = 500  # clocks set again before the change is answered
MAX_HOLIDAYS = 1000
# How long the write of a ticket may take: what began before a change is committed by then.
OVERLAP = timedelta(minutes=1)


# --- Policies -----------------------------------------------------------------------------------------


@in_one_transaction
def create_policy(*, actor: User | None, **values: Any) -> SlaPolicy:
    """Promise something to the tickets of a priority, those that are open included."""
    policy = SlaPolicy(id=new_id(), created_at=timezone.now())
    fill_policy(policy, values)
    hold_hours(policy)
    policy.save(force_insert=True)
    record_creation(policy, actor=actor)
    promises_changed({policy.priority} if policy.is_active else ())
    return policy


@in_one_transaction
def update_policy(policy: UUID, *, actor: User | None, **values: Any) -> SlaPolicy:
    locked = lock_policy(policy)
    before, priority, values_before = measures(locked), locked.priority, snapshot(locked)
    fill_policy(locked, values)
    hold_hours(locked)
    locked.save()
    record_change(locked, values_before, actor=actor)
    if measures(locked) != before:
        promises_changed({priority, locked.priority})
    return locked


@in_one_transaction
def delete_policy(policy: UUID, *, actor: User | None) -> None:
    """Take a promise back; tickets that are done keep what they were measured by."""
    locked = lock_policy(policy)
    record_deletion(locked, actor=actor)
    locked.delete()
    promises_changed({locked.priority} if locked.is_active else ())


def measures(policy: SlaPolicy) -> tuple[Any, ...] | None:
    """What deadlines follow from; nothing does from a policy that is switched off."""
    if not policy.is_active:
        return None
    return policy.priority, policy.first_response_time, policy.resolution_time, policy.business_hours_id


def lock_policy(policy: UUID) -> SlaPolicy:
    found = SlaPolicy.objects.select_for_update(no_key=True).filter(pk=policy).first()
    if found is None:
        raise NotFound("This SLA policy does not exist.")
    return found


def hold_hours(policy: SlaPolicy) -> None:
    """Let nobody change the calendar of a policy meanwhile, or they would not know whom it concerns."""
    if policy.business_hours_id:
        BusinessHours.objects.select_for_update(no_key=True).filter(pk=policy.business_hours_id).first()


def fill_policy(policy: SlaPolicy, values: dict[str, Any]) -> None:
    """Set attributes of a policy and check what comes out; raises Invalid."""
    for name, value in values.items():
        setattr(policy, name, value)
    policy.name = policy.name.strip()
    if policy.priority not in Priority.values:
        raise Invalid(priority=f"Must be one of: {', '.join(Priority.values)}.")
    for name in ("first_response_time", "resolution_time"):
        if not 1 <= getattr(policy, name) <= MAX_MINUTES:
            raise Invalid(**{name: f"Must be 1 to {MAX_MINUTES} minutes."})
    policy.escalation_email = checked_email(policy.escalation_email)
    if policy.business_hours_id and not BusinessHours.objects.filter(pk=policy.business_hours_id).exists():
        raise Invalid(business_hours_id="No business hours have this id.")


def checked_email(address: str | None) -> str | None:
    if not (address or "").strip():
        return None
    address = (address or "").strip()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(escalation_email="Must be an e-mail address.") from None
    return address


# --- Business hours -----------------------------------------------------------------------------------


@in_one_transaction
def create_hours(*, actor: User | None, **values: Any) -> BusinessHours:
    hours = save_hours(BusinessHours(id=new_id(), created_at=timezone.now()), values)
    record_creation(hours, actor=actor)
    return hours


@in_one_transaction
def update_hours(hours: UUID, *, actor: User | None, **values: Any) -> BusinessHours:
    locked = lock_hours(hours)
    former, values_before = as_they_are(locked), snapshot(locked)
    save_hours(locked, values)
    record_change(locked, values_before, actor=actor)
    if (locked.timezone, locked.schedule) != (former.timezone, former.schedule):
        calendar_changed(locked, former)
    return locked


@in_one_transaction
def delete_hours(hours: UUID, *, actor: User | None) -> None:
    """Drop business hours; raises Conflict while a policy counts in them."""
    locked = lock_hours(hours, to_delete=True)
    names = locked.policies.order_by("name").values_list("name", flat=True)[:3]
    if names:
        raise Conflict(f"These business hours are used by: {', '.join(names)}.")
    as_they_are(locked).save(force_insert=True)
    record_deletion(locked, actor=actor)
    locked.delete()


def lock_hours(hours: UUID, *, to_delete: bool = False) -> BusinessHours:
    # Without the key, tickets can be filed meanwhile.
    found = BusinessHours.objects.select_for_update(no_key=not to_delete).filter(pk=hours).first()
    if found is None:
        raise NotFound("These business hours do not exist.")
    return found


def save_hours(hours: BusinessHours, values: dict[str, Any]) -> BusinessHours:
    for name, value in values.items():
        setattr(hours, name, value)
    hours.name = hours.name.strip()
    hours.schedule = checked_schedule(hours.schedule)
    check_zone(hours.timezone)
    if hours.is_default:
        BusinessHours.objects.filter(is_default=True).exclude(pk=hours.pk).update(is_default=False)
    hours.save()
    return hours


@in_one_transaction
def add_holiday(hours: UUID, *, actor: User | None, name: str, date: date) -> Holiday:
    """Close on a date; raises Conflict when it is a holiday already."""
    locked = lock_hours(hours)
    if locked.holidays.count() >= MAX_HOLIDAYS:
        raise Invalid(date=f"At most {MAX_HOLIDAYS} holidays are allowed.")
    former = as_they_are(locked)
    holiday = Holiday(id=new_id(), business_hours=locked, name=name.strip(), date=date, created_at=timezone.now())
    try:
        with transaction.atomic():
            holiday.save(force_insert=True)
    except IntegrityError:
        raise Conflict("This date is a holiday already.") from None
    record_creation(holiday, actor=actor)
    calendar_changed(locked, former)
    return holiday


@in_one_transaction
def delete_holiday(holiday: UUID, *, actor: User | None) -> None:
    found = Holiday.objects.filter(pk=holiday).first()
    if found is None:
        raise NotFound("This holiday does not exist.")
    locked = lock_hours(found.business_hours_id)
    former = as_they_are(locked)
    if not Holiday.objects.filter(pk=holiday).delete()[0]:
        raise NotFound("This holiday does not exist.")
    record_deletion(found, actor=actor)
    calendar_changed(locked, former)


def as_they_are(hours: BusinessHours) -> FormerHours:
    """Locked business hours, to be kept if they change."""
    closed = hours.holidays.order_by("date").values_list("date", flat=True)
    return FormerHours(
        revision=hours.revision,
        timezone=hours.timezone,
        schedule=hours.schedule,
        holidays=[day.isoformat() for day in closed],
    )


def calendar_changed(hours: BusinessHours, former: FormerHours) -> None:
    former.save(force_insert=True)
    hours.revision = new_id()
    hours.save(update_fields=["revision"])
    promises_changed(set(hours.policies.filter(is_active=True).values_list("priority", flat=True)))


# --- What follows -------------------------------------------------------------------------------------


def promises_changed(priorities: Collection[str]) -> None:
    """Have the tickets of these priorities measured anew."""
    if not priorities:
        return
    now, edition = timezone.now(), next_edition()
    Change.objects.bulk_create(
        Change(priority=priority, edition=edition, made_at=now) for priority in sorted(priorities)
    )
    mark_stale(priorities, edition=edition)
    reckon_stale(now=now, limit=AT_ONCE)


def next_edition() -> int:
    """The number of this change; until it is committed nobody gets the one after."""
    Edition.objects.bulk_create([Edition(pk=1)], ignore_conflicts=True)
    Edition.objects.update(number=F("number") + 1)
    return Edition.objects.get().number


def recheck(*, now: datetime) -> None:
    """See to tickets that were being written at the moment of a change, and went by what was in force before it."""
    for change in Change.objects.filter(made_at__lt=now - OVERLAP).order_by("made_at"):
        settle(change)


@in_one_transaction
def settle(change: Change) -> None:
    mark_stale([change.priority], edition=change.edition, touched_since=change.made_at - OVERLAP)
    change.delete()
