"""Who changed which setting, person or company, and when: written once, never changed, by no means deleted."""

from django.db import models
from django.utils import timezone

from helpdesk.ids import new_id


class Action(models.TextChoices):
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    REVOKED = "revoked"
    PASSWORD_SET = "password_set", "Password set"
    INVITED = "invited", "Mailed a link to set a password"
    TWO_FACTOR_ON = "two_factor_on", "Two-factor login switched on"
    TWO_FACTOR_OFF = "two_factor_off", "Two-factor login switched off"
    TWO_FACTOR_RESET = "two_factor_reset", "Two-factor login reset"
    RECOVERY_CODES = "recovery_codes", "Recovery codes renewed"
    MERGED = "merged"
    ERASED = "erased"


class Kind(models.TextChoices):
    """What is recorded, by the label of its model."""

    PERSON = "accounts.user", "Person"
    COMPANY = "companies.company", "Company"
    API_KEY = "accounts.apikey", "API key"
    AGENT_GROUP = "accounts.agentgroup", "Agent group"
    GROUP_MEMBER = "accounts.groupmember", "Group member"
    AUTOMATION_RULE = "automation.automationrule", "Automation rule"
    CUSTOM_FIELD = "custom_fields.customfield", "Custom field"
    SLA_POLICY = "sla.slapolicy", "SLA policy"
    BUSINESS_HOURS = "sla.businesshours", "Business hours"
    HOLIDAY = "sla.holiday", "Holiday"
    TICKET = "tickets.ticket", "Ticket"
    CANNED_RESPONSE = "tickets.cannedresponse", "Canned response"
    TICKET_TEMPLATE = "tickets.tickettemplate", "Ticket template"
    CATEGORY = "knowledge_base.category", "Knowledge base category"
    FOLDER = "knowledge_base.folder", "Knowledge base folder"
    ARTICLE = "knowledge_base.article", "Article"
    SHARED_VIEW = "workspace.savedview", "Shared view"


class Entry(models.Model):
    """One change of one thing. Names are those of that moment: what they belonged to may be gone.

    Nothing but the erasure of a person (`audit.services.forget_person`) ever touches an entry again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    actor_id = models.UUIDField(null=True, help_text="Who did it; empty: the system, or somebody at the terminal.")
    actor_name = models.CharField(max_length=200, blank=True, default="")
    action = models.CharField(max_length=20, choices=Action)
    kind = models.CharField(max_length=50, choices=Kind)
    subject_id = models.UUIDField()
    subject_name = models.CharField(max_length=300, blank=True, default="")
    changes = models.JSONField(default=dict, help_text="By field: the value before and the value after.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="audit_created"),
            models.Index(fields=["kind", "created_at", "id"], name="audit_kind"),
            models.Index(fields=["actor_id", "created_at", "id"], name="audit_actor"),
            models.Index(fields=["subject_id", "created_at", "id"], name="audit_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject_name}: {self.get_action_display()}"
