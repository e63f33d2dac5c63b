"""The JSON of custom field definitions."""

from custom_fields.models import CustomField
from helpdesk.api import fields
from helpdesk.api.serializers import Resource


class CustomFieldSerializer(Resource):
    """The definition of an extra field."""

    example = {
        "id": "760e8400-e29b-41d4-a716-446655440001",
        "entityType": "ticket",
        "name": "plan",
        "label": "Plan",
        "fieldType": "dropdown",
        "options": ["basic", "pro"],
        "isRequired": False,
        "requiredOnClose": False,
        "customerCanView": True,
        "customerCanEdit": False,
        "placeholder": None,
        "helpText": "The plan the customer is on.",
        "defaultValue": "basic",
        "position": 1,
        "isActive": True,
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    default_value = fields.AnyJson(required=False, allow_null=True)
    options = fields.TextList(required=False, allow_null=True)

    class Meta:
        model = CustomField
        fields = [
            "id",
            "entity_type",
            "name",
            "label",
            "field_type",
            "options",
            "is_required",
            "required_on_close",
            "customer_can_view",
            "customer_can_edit",
            "placeholder",
            "help_text",
            "default_value",
            "position",
            "is_active",
            "created_at",
        ]
