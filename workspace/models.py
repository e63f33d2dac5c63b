"""What the pages of agents remember. Tickets know nothing of it."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from helpdesk.ids import new_id
from tickets.models import Ticket


class SavedView(models.Model):
    """A queue with its filters under a name: the query string of its address."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name


class Draft(models.Model):
    """What somebody has begun to write on a ticket."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    content = models.TextField()
    is_note = models.BooleanField(default=False)
    # The last message that had been read when it was begun, none when there was none.
    seen = models.UUIDField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "ticket"], name="draft_once")]

    def __str__(self) -> str:
        return self.content[:60]


class Presence(models.Model):
    """Who looks at a ticket: said again every few seconds, and stale soon after."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    is_typing = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="presence_seen")]
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.ticket_id}"


class Preferences(models.Model):
    """How somebody likes their pages; nobody needs to have a row."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    shortcuts = models.BooleanField(default=True)
    checklist = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"of {self.user_id}"
