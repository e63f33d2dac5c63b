"""Promises about time, and the clock of each ticket that one applies to.

Changes go through sla.services and sla.clocks. What a ticket has waited for and when stands in its history; nothing
here repeats it.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now

from helpdesk.ids import new_id
from tickets.models import Priority, Ticket

from .querysets import ClockQuerySet

MAX_MINUTES = 365 * 24 * 60


class BusinessHours(models.Model):
    """When people work: intervals of a week in a time zone, but for its holidays."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC", help_text="A name of the IANA database.")
    schedule = models.JSONField(default=list)
    is_default = models.BooleanField(default=False)
    # Another value whenever schedule, zone or holidays are others: what tickets were measured by has a name.
    revision = models.UUIDField(default=new_id, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "business hours"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="business_hours_default"),
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A date on which business hours are closed, from midnight to midnight of their zone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business_hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="holidays", db_index=False)
    name = models.CharField(max_length=200)
    date = models.DateField()
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["date", "id"]
        constraints = [models.UniqueConstraint(fields=["business_hours", "date"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class FormerHours(models.Model):
    """Business hours as they were before a change: tickets that were done by then stay measured by them."""

    revision = models.UUIDField(primary_key=True)
    timezone = models.CharField(max_length=64)
    schedule = models.JSONField()
    holidays = models.JSONField()

    def __str__(self) -> str:
        return str(self.revision)


class SlaPolicy(models.Model):
    """What tickets of a priority are promised. Of several active ones for a priority the newest applies."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    priority = models.CharField(max_length=20, choices=Priority)
    first_response_time = models.PositiveIntegerField(help_text="Minutes until the first public answer.")
    resolution_time = models.PositiveIntegerField(help_text="Minutes until the ticket is resolved.")
    business_hours = models.ForeignKey(
        BusinessHours, null=True, blank=True, on_delete=models.PROTECT, related_name="policies"
    )
    escalation_email = models.CharField(max_length=254, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = "SLA policy"
        verbose_name_plural = "SLA policies"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="sla_policy_priority_known"),
            models.CheckConstraint(
                condition=Q(first_response_time__range=(1, MAX_MINUTES), resolution_time__range=(1, MAX_MINUTES)),
                name="sla_policy_minutes",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Clock(models.Model):
    """What a ticket was promised, and what has been said about it already.

    There is one as long as a policy applies; that of a ticket which is done keeps what it was measured by. The
    deadlines themselves are the ticket's.
    """

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="sla_clock")
    policy = models.ForeignKey(SlaPolicy, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    policy_name = models.CharField(max_length=200)
    business_hours = models.ForeignKey(
        BusinessHours, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    hours_revision = models.UUIDField(null=True)
    first_response_time = models.PositiveIntegerField()
    resolution_time = models.PositiveIntegerField()
    # When somebody has to look: the next warning or breach, as far as it is known.
    next_event_at = models.DateTimeField(null=True)
    # The last edition of the promises that concerns this ticket, and the one its deadlines come from. Whoever sets the
    # clock never writes the first: a change that is made meanwhile is not lost.
    marked = models.PositiveBigIntegerField(default=0)
    reckoned = models.PositiveBigIntegerField(default=0)
    # Each at most once in the life of a ticket.
    first_response_warned_at = models.DateTimeField(null=True)
    first_response_breached_at = models.DateTimeField(null=True)
    resolution_warned_at = models.DateTimeField(null=True)
    resolution_breached_at = models.DateTimeField(null=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_event_at"], name="clock_next_event", condition=Q(next_event_at__isnull=False)),
            models.Index(fields=["next_event_at"], name="clock_stale", condition=Q(marked__gt=F("reckoned"))),
        ]

    def __str__(self) -> str:
        return f"{self.policy_name} for {self.ticket_id}"

    @property
    def is_stale(self) -> bool:
        """Whether a policy or calendar has changed since the deadlines were worked out."""
        return self.marked > self.reckoned


class Edition(models.Model):
    """One row, and its number grows with every change of what is promised; changes are made one after the other."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class Change(models.Model):
    """Promises for a priority have changed: tickets written at that very moment may have missed it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    priority = models.CharField(max_length=20)
    edition = models.PositiveBigIntegerField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.priority} at {self.made_at}"


class Untold(models.Model):
    """Something that fell due together with much else, and is told in one mail with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    policy = models.ForeignKey(SlaPolicy, on_delete=models.CASCADE, related_name="untold")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    target = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    deadline = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.target} {self.kind} of {self.ticket_id}"
