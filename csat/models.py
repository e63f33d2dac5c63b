"""What customers say about the help they got."""

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import User
from helpdesk.ids import new_id
from tickets.models import Ticket

from .querysets import SurveyQuerySet

MAX_FEEDBACK = 5_000  # characters


class Survey(models.Model):
    """A question about one resolution of a ticket, and its answer. What is resolved again is asked about again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="surveys", db_index=False)
    # Which resolution is meant: the ticket's resolvedAt at that time.
    resolved_at = models.DateTimeField(editable=False)
    customer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Who had the ticket when it was resolved; what is said counts for them.
    agent = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    feedback = models.TextField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    responded_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = "CSAT survey"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="survey_created"),
            # Holds all that reports ask of what was answered within some days.
            models.Index(
                fields=["responded_at", "agent", "rating"],
                name="survey_answered",
                condition=Q(responded_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "resolved_at"], name="survey_once_per_resolution"),
            models.CheckConstraint(condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="survey_rating"),
            models.CheckConstraint(
                condition=Q(rating__isnull=True, responded_at__isnull=True)
                | Q(rating__isnull=False, responded_at__isnull=False),
                name="survey_answered_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rating or '?'} for {self.ticket_id}"
