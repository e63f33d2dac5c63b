"""Who is at which job."""

from django.db import models

from .querysets import TurnQuerySet


class Turn(models.Model):
    """One row for each periodic job: the process that is at it, and how far it is done.

    A lease rather than a lock of the database: it holds on SQLite and behind connection poolers too, and what a
    killed process held is free again after half a minute.
    """

    job = models.CharField(max_length=100, primary_key=True)
    holder = models.UUIDField(null=True)
    held_until = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="When a process last took, kept or finished this job.")
    done_up_to = models.DateTimeField(null=True, help_text="When the last run that went well had begun.")

    objects = models.Manager.from_queryset(TurnQuerySet)()

    def __str__(self) -> str:
        return self.job
