"""Customer organisations."""

from django.db import models
from django.utils import timezone

from helpdesk.ids import new_id


class HealthScore(models.TextChoices):
    HAPPY = "happy"
    NEUTRAL = "neutral"
    AT_RISK = "at_risk"


class AccountTier(models.TextChoices):
    FREE = "free"
    BASIC = "basic"
    PREMIUM = "premium"
    ENTERPRISE = "enterprise"


class Company(models.Model):
    """An organisation whose people write to us; contacts join it by their e-mail domain."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    domains = models.JSONField(default=list, blank=True, help_text="E-mail domains, lower case.")
    industry = models.CharField(max_length=100, null=True, blank=True)
    health_score = models.CharField(max_length=20, choices=HealthScore, default=HealthScore.NEUTRAL)
    account_tier = models.CharField(max_length=20, choices=AccountTier, default=AccountTier.FREE)
    renewal_date = models.DateTimeField(null=True, blank=True)
    custom_fields = models.JSONField(default=dict, blank=True)
    notes = models.TextField(null=True, blank=True)
    # Whether its people see each other's requests in the portal, once they have proven their address.
    shares_tickets = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "companies"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="company_created"),
            models.Index(fields=["name"], name="company_name"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(health_score__in=HealthScore.values), name="company_health"),
            models.CheckConstraint(condition=models.Q(account_tier__in=AccountTier.values), name="company_tier"),
        ]

    def __str__(self) -> str:
        return self.name
