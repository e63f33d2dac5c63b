"""Surveys over HTTP."""

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from csat import services
from csat.models import Survey
from helpdesk.api.filters import Reference
from helpdesk.api.views import ResourceViewSet
from tickets.models import Ticket

from .serializers import SurveySerializer


class SurveyViewSet(ResourceViewSet):
    """What customers say about the help they got."""

    scope = "tickets"
    queryset = Survey.objects.all()
    serializer_class = SurveySerializer
    filters = (Reference("ticketId", "ticket_id", "Ticket; several with commas."),)

    def create(self, request: Request) -> HttpResponse:
        """Ask about a resolved ticket, or write down an answer.

        Without `rating` the customer gets a mail with a link; with one, what they said elsewhere is kept. There is one
        survey for each resolution of a ticket: a second one is refused with 409.
        """
        visible = Ticket.objects.visible_to(request.user) if self.is_limited() else None
        return self.created(services.request_survey(**self.parsed(), visible=visible, now=timezone.now()))
