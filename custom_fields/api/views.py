"""Custom field definitions over HTTP."""

from django.http import HttpResponse
from rest_framework.request import Request

from custom_fields import services
from custom_fields.models import CustomField, EntityType
from helpdesk.api.filters import OneOf
from helpdesk.api.paging import by_name
from helpdesk.api.views import ResourceViewSet

from .serializers import CustomFieldSerializer


class CustomFieldViewSet(ResourceViewSet):
    """Extra fields of tickets, contacts and companies."""

    scope = "tickets"
    admin = "writes"
    queryset = CustomField.objects.all()
    serializer_class = CustomFieldSerializer
    orders = (by_name("position", "name"),)
    filters = (OneOf("entityType", "entity_type", "Entity type.", allowed=tuple(EntityType.values)),)

    def create(self, request: Request) -> HttpResponse:
        """Define a field."""
        return self.created(services.create_field(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a definition."""
        return self.shown(services.update_field(self.key(pk), actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a definition; values that were entered stay."""
        services.delete_field(self.key(pk), actor=request.user)
        return self.no_content()
