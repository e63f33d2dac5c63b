"""Figures over HTTP."""

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from helpdesk.api.endpoints import ApiViewSet
from reports.dashboard import dashboard
from reports.periods import RANGES, chosen_period, zone_named
from reports.ranges import report
from tickets.models import Ticket

from .serializers import DashboardSerializer, ReportSerializer

DAY = {"type": "string", "format": "date"}
ZONE = OpenApiParameter(
    "timezone", str, description="Where days begin and end: a name such as Europe/Berlin; UTC without it."
)


class FiguresViewSet(ApiViewSet):
    """Figures over the tickets that the caller may see."""

    scope = "tickets"

    def visible(self) -> QuerySet[Ticket] | None:
        """The tickets that count, None for all."""
        return Ticket.objects.visible_to(self.request.user) if self.request.auth.limited else None


class DashboardViewSet(FiguresViewSet):
    """How things stand now."""

    answers = {"stats": DashboardSerializer}

    @extend_schema(parameters=[ZONE])
    def stats(self, request: Request) -> HttpResponse:
        """How things stand now.

        Exact at the moment of asking, over tickets outside the archive. Keys count all tickets, a signed-in agent those
        they may see.
        """
        found = dashboard(self.visible(), now=timezone.now(), zone=zone_named(request.GET.get("timezone")))
        return self.answer(DashboardSerializer(found).data)


class ReportViewSet(FiguresViewSet):
    """What happened within some days."""

    answers = {"report": ReportSerializer}

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "range", str, enum=list(RANGES), description="Days that end today, or on `to`; 30d by default."
            ),
            OpenApiParameter("from", DAY, description="The first day; instead of a range."),
            OpenApiParameter("to", DAY, description="The last day, which counts as a whole; today without it."),
            ZONE,
        ]
    )
    def report(self, request: Request) -> HttpResponse:
        """What happened within some days.

        Volume, distributions and first responses are about tickets filed in the period; resolution times, SLA and
        agents about tickets resolved in it; satisfaction about surveys answered in it. Archived tickets count, deleted
        ones do not.
        """
        period = chosen_period(request.GET, now=timezone.now())
        return self.answer(ReportSerializer(report(period, self.visible())).data)
