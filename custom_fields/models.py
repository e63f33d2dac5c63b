"""Definitions of the extra fields an organisation adds to tickets, contacts and companies."""

from django.db import models
from django.utils import timezone

from helpdesk.ids import new_id


class EntityType(models.TextChoices):
    TICKET = "ticket"
    CONTACT = "contact"
    COMPANY = "company"


class FieldType(models.TextChoices):
    TEXT = "text"
    TEXTAREA = "textarea"
    NUMBER = "number"
    DECIMAL = "decimal"
    DROPDOWN = "dropdown"
    MULTISELECT = "multiselect"
    DATE = "date"
    CHECKBOX = "checkbox"


class CustomField(models.Model):
    """One definition; the values live in the `custom_fields` of each ticket, contact or company under `name`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    entity_type = models.CharField(max_length=20, choices=EntityType)
    name = models.CharField(max_length=64, help_text="Internal name: letters, digits and underscores.")
    label = models.CharField(max_length=200)
    field_type = models.CharField(max_length=20, choices=FieldType)
    options = models.JSONField(default=list, blank=True, help_text="The choices of a dropdown or multiselect.")
    is_required = models.BooleanField(default=False)
    required_on_close = models.BooleanField(default=False)
    customer_can_view = models.BooleanField(default=False)
    customer_can_edit = models.BooleanField(default=False)
    placeholder = models.CharField(max_length=200, null=True, blank=True)
    help_text = models.CharField(max_length=500, null=True, blank=True)
    default_value = models.JSONField(null=True, blank=True)
    position = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["position", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entity_type", "name"], name="custom_field_name_unique"),
            models.CheckConstraint(condition=models.Q(entity_type__in=EntityType.values), name="custom_field_entity"),
            models.CheckConstraint(condition=models.Q(field_type__in=FieldType.values), name="custom_field_type"),
        ]

    def __str__(self) -> str:
        return self.label
