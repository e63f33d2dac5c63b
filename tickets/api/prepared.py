"""Canned responses and ticket templates over HTTP."""

from django.http import HttpResponse
from rest_framework.request import Request

from helpdesk.api.filters import Contains, Equals
from helpdesk.api.paging import by_name
from helpdesk.api.views import ResourceViewSet
from tickets import prepared
from tickets.models import CannedResponse, TicketTemplate

from .serializers import CannedResponseSerializer, TicketTemplateSerializer


class CannedResponseViewSet(ResourceViewSet):
    """Prepared answers for agents."""

    scope = "tickets"
    queryset = CannedResponse.objects.all()
    serializer_class = CannedResponseSerializer
    filters = (
        Contains("q", "", "Words in title, content or shortcut.", paths=("title", "content", "shortcut")),
        Equals("category", "category", "Category; `null` for none."),
    )
    orders = (by_name("title"),)

    def create(self, request: Request) -> HttpResponse:
        """Prepare an answer."""
        return self.created(prepared.create_canned_response(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a prepared answer."""
        response = self.found(pk, lock=True)
        return self.shown(prepared.update_canned_response(response, actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a prepared answer."""
        prepared.delete_canned_response(self.found(pk), actor=request.user)
        return self.no_content()


class TicketTemplateViewSet(ResourceViewSet):
    """Prepared tickets."""

    scope = "tickets"
    queryset = TicketTemplate.objects.all()
    serializer_class = TicketTemplateSerializer
    orders = (by_name("name"),)

    def create(self, request: Request) -> HttpResponse:
        """Prepare a ticket."""
        return self.created(prepared.create_template(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a template."""
        template = self.found(pk, lock=True)
        return self.shown(prepared.update_template(template, actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a template."""
        prepared.delete_template(self.found(pk), actor=request.user)
        return self.no_content()
