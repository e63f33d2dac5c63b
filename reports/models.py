"""The tally: what tickets count as, kept as rows that add up to the figures of the dashboard and of reports.

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


class Flow(models.TextChoices):
    """What flows in and out, and by what it is counted: see docs/reports.md."""

    # By quarters of an hour: no clock on earth changes, and no day begins, within one.
    FILED = "filed"
    RESOLVED = "resolved"
    # By days (UTC) and a name; the id of who or what has one.
    FILED_CATEGORY = "filed_category"
    FILED_GROUP = "filed_group"
    FILED_PRIORITY = "filed_priority"
    FILED_TAG = "filed_tag"
    RESOLVED_AGENT = "resolved_agent"
    RESOLVED_GROUP = "resolved_group"
    RESOLVED_PRIORITY = "resolved_priority"


class FlowFigures(models.Model):
    """How many tickets were filed, or resolved, in a stretch of time, and what is known of them."""

    flow = models.CharField(max_length=20, choices=Flow)
    since = models.BigIntegerField(help_text="When the stretch begins, in seconds since 1970.")
    name = models.TextField()
    tickets = models.BigIntegerField()
    seconds = models.BigIntegerField(help_text="Until they were answered or resolved.")
    answered = models.BigIntegerField()
    promised = models.BigIntegerField(help_text="Had a deadline.")
    kept = models.BigIntegerField(help_text="Made it.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.tickets:+} {self.flow} {self.name}"


class FlowChange(FlowFigures):
    """What was added or taken away lately. Without an index, so that writers pay little."""


class FlowTally(FlowFigures):
    """What changes were folded into."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "since", "name"], name="flow_tally_once")]
