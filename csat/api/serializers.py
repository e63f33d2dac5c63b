"""The JSON of surveys."""

from csat.models import MAX_FEEDBACK, Survey
from helpdesk.api import fields
from helpdesk.api.serializers import Resource


class SurveySerializer(Resource):
    """What a customer was asked, and said, about one resolution of a ticket."""

    example = {
        "id": "d90e8400-e29b-41d4-a716-446655440001",
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "customerId": "660e8400-e29b-41d4-a716-446655440001",
        "agentId": "770e8400-e29b-41d4-a716-446655440002",
        "rating": 5,
        "feedback": "Quick and friendly",
        "sentAt": "2025-12-18T15:00:00.000Z",
        "respondedAt": "2025-12-18T16:12:40.112Z",
    }

    rating = fields.Whole(
        min_value=1,
        max_value=5,
        required=False,
        allow_null=True,
        help_text="1 (very dissatisfied) to 5 (very satisfied).",
    )
    feedback = fields.Text(max_length=MAX_FEEDBACK, required=False, allow_null=True, allow_blank=True)

    class Meta:
        model = Survey
        fields = ["id", "ticket_id", "customer_id", "agent_id", "rating", "feedback", "sent_at", "responded_at"]
        read_only_fields = ["customer_id", "agent_id", "sent_at", "responded_at"]
