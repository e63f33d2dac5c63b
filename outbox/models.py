"""Mails on their way out."""

from django.db import models
from django.utils import timezone

from helpdesk.ids import new_id

from .querysets import OutgoingMailQuerySet


class State(models.TextChoices):
    WAITING = "waiting"
    FAILED = "failed"
    SENT = "sent"


class OutgoingMail(models.Model):
    """A mail that waits to be sent, or was given up.

    When it is sent its content goes: mails hold links that open accounts. A row with a key stays for a while, empty,
    so that nothing is mailed twice under one key.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=200, unique=True, null=True, editable=False)
    to = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True, default="")
    headers = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # The next attempt is made at this moment. Whoever makes one moves it on first: that is their lease.
    due_at = models.DateTimeField(default=timezone.now)
    lease = models.UUIDField(null=True, editable=False)
    error = models.TextField(blank=True, default="", help_text="Why the last attempt failed.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = "outgoing mail"
        verbose_name_plural = "outgoing mail"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["due_at", "id"], name="mail_due", condition=models.Q(state=State.WAITING)),
            models.Index(fields=["state", "created_at"], name="mail_state"),
        ]
        constraints = [models.CheckConstraint(condition=models.Q(state__in=State.values), name="mail_state_known")]

    def __str__(self) -> str:
        return self.subject or str(self.pk)
