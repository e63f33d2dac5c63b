"""The JSON of custom field definitions."""

from custom_fields.models import CustomField
from helpdesk.api import fields
from helpdesk.api.serializers import Resource


class CustomFieldSerializer(Resource):
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
