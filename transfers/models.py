"""Imports: what was uploaded, how far it got, and which rows could not be imported."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from helpdesk.ids import new_id


class Kind(models.TextChoices):
    CONTACTS = "contacts"
    COMPANIES = "companies"


class State(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Import(models.Model):
    """One upload. Rows that are still to be done wait in its chunks, so a crash loses and doubles nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    columns = models.JSONField(default=list, help_text="The header of the file, as it was written.")
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, null=True, help_text="Why the whole import failed.")
    # Which process works on it, and until when nobody else may.
    lease = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    # How often it was begun since the last progress.
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="import_created"),
            models.Index(
                fields=["created_at"], name="import_pending", condition=models.Q(state__in=["waiting", "running"])
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="import_kind_known"),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="import_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.created_at:%Y-%m-%d %H:%M}"


class Chunk(models.Model):
    """Some rows that are still to be imported, one JSON document a line; deleted in the transaction that does so.

    A trial run keeps what it has looked at for a while: when it is confirmed, these rows are imported.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    rows = models.TextField()
    is_tried = models.BooleanField(default=False)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="import_chunk_once")]

    def __str__(self) -> str:
        return f"{self.of_id} {self.number}"


class FailedRow(models.Model):
    """A row that could not be imported, and why."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="failed_rows", db_index=False)
    number = models.PositiveIntegerField(help_text="As people count rows: in a file the header is row 1.")
    reason = models.TextField()
    values = models.TextField(help_text="The row by column, as JSON.")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="import_failed_row_once")]

    def __str__(self) -> str:
        return f"Row {self.number}: {self.reason}"


class PlannedRow(models.Model):
    """What a dry run in the background would do with a row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="planned_rows", db_index=False)
    number = models.PositiveIntegerField(help_text="As people count rows: in a file the header is row 1.")
    action = models.CharField(max_length=20)
    error = models.TextField(null=True)
    changes = models.JSONField(default=dict, help_text="By attribute, from what to what.")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="import_planned_row_once")]

    def __str__(self) -> str:
        return f"Row {self.number}: {self.action}"
