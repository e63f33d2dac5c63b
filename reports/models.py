"""The tally: how many tickets stand where, kept as rows that add up to the figures of the dashboard.

Triggers of the database append rows in the transaction that changes a ticket (reports/triggers.py); nobody updates a
row, so no two requests ever wait for each other here. The worker folds many rows into few. The sum over all rows is
exact at any moment, folded or not.
"""

from django.db import models


class Late(models.TextChoices):
    """In which way an open ticket can be late."""

    OVERDUE = "overdue"
    BREACHED = "breached"


class StandingTally(models.Model):
    """How many tickets stand where, and how long those that were answered had waited."""

    status = models.CharField(max_length=20)
    priority = models.CharField(max_length=20)
    is_archived = models.BooleanField()
    is_unassigned = models.BooleanField()
    tickets = models.BigIntegerField()
    answered = models.BigIntegerField()
    response_seconds = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.tickets:+} {self.status}"


class LateTally(models.Model):
    """From which moment on how many open tickets are late."""

    kind = models.CharField(max_length=10, choices=Late)
    moment = models.DateTimeField()
    tickets = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["moment"], name="late_tally_moment")]

    def __str__(self) -> str:
        return f"{self.tickets:+} {self.kind} from {self.moment}"
