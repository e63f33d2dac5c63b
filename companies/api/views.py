"""Companies over HTTP."""

from django.http import HttpResponse
from rest_framework.request import Request

from companies import services
from companies.models import AccountTier, Company, HealthScore
from helpdesk.api.filters import Contains, Equals, OneOf
from helpdesk.api.paging import by_name, newest_first, oldest_first
from helpdesk.api.views import ResourceViewSet

from .serializers import CompanySerializer


class CompanyViewSet(ResourceViewSet):
    """Customer organisations."""

    scope = "users"
    queryset = Company.objects.all()
    serializer_class = CompanySerializer
    orders = (newest_first(), oldest_first(), by_name("name"))
    filters = (
        Contains("q", "", "Words in the name.", paths=("name",)),
        OneOf("healthScore", "health_score", "Customer health.", allowed=tuple(HealthScore.values)),
        OneOf("accountTier", "account_tier", "Account tier.", allowed=tuple(AccountTier.values)),
        Equals("industry", "industry", "Industry; `null` for none."),
    )

    def create(self, request: Request) -> HttpResponse:
        """Add a company."""
        return self.created(
            services.create_company(actor=request.user, may_share=self.sees_all_tickets(), **self.parsed())
        )

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a company."""
        return self.shown(
            services.update_company(
                self.key(pk), actor=request.user, may_share=self.sees_all_tickets(), **self.parsed()
            ).pk
        )

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a company; its contacts stay."""
        services.delete_company(self.key(pk), actor=request.user)
        return self.no_content()
