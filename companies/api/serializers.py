"""The JSON of companies."""

from companies.models import Company
from helpdesk.api.serializers import Resource


class CompanySerializer(Resource):
    """A customer organisation."""

    example = {
        "id": "660e8400-e29b-41d4-a716-446655440001",
        "name": "Globex",
        "description": "Makes everything",
        "domains": ["globex.example"],
        "industry": "Manufacturing",
        "healthScore": "happy",
        "accountTier": "premium",
        "renewalDate": "2026-06-30T00:00:00.000Z",
        "customFields": {"region": "EU"},
        "notes": None,
        "sharesTickets": False,
        "createdAt": "2025-12-01T08:00:00.000Z",
        "updatedAt": "2025-12-02T08:00:00.000Z",
    }

    class Meta:
        model = Company
        fields = [
            "id",
            "name",
            "description",
            "domains",
            "industry",
            "health_score",
            "account_tier",
            "renewal_date",
            "custom_fields",
            "notes",
            "shares_tickets",
            "created_at",
            "updated_at",
        ]
