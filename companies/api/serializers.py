"""The JSON of companies."""

from companies.models import Company
from helpdesk.api.serializers import Resource


class CompanySerializer(Resource):
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
            "created_at",
            "updated_at",
        ]
