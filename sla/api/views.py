"""Service levels over HTTP."""

from typing import Any

from django.db import models
from django.db.models import F
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from helpdesk.api.endpoints import ApiViewSet
from helpdesk.api.filters import OneOf
from helpdesk.api.paging import Key, Order, by_name
from helpdesk.api.serializers import parse
from helpdesk.api.views import ResourceViewSet
from sla import services
from sla.explaining import explain
from sla.models import BusinessHours, Holiday, SlaPolicy
from sla.previews import preview_policy
from tickets.models import Priority, Ticket

from .serializers import (
    BusinessHoursSerializer,
    ExplanationSerializer,
    HolidaySerializer,
    OutlookSerializer,
    SlaPolicyChangesSerializer,
    SlaPolicySerializer,
)


class SlaPolicyViewSet(ResourceViewSet):
    """What tickets are promised."""

    scope = "tickets"
    admin = "writes"
    queryset = SlaPolicy.objects.all()
    serializer_class = SlaPolicySerializer
    orders = (by_name("name"),)
    filters = (OneOf("priority", "priority", "Priority; several with commas.", allowed=tuple(Priority.values)),)

    def create(self, request: Request) -> HttpResponse:
        """Promise something to the tickets of a priority."""
        return self.created(services.create_policy(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a policy; the deadlines of open tickets follow."""
        return self.shown(services.update_policy(self.key(pk), actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a policy; open tickets lose its deadlines."""
        services.delete_policy(self.key(pk), actor=request.user)
        return self.no_content()


class PolicyPreviewViewSet(ApiViewSet):
    """What a policy would do, without saving it."""

    scope = "tickets"
    admin = "always"
    read_actions = ("new", "changed")
    atomic = False  # it only reads, and must not keep writers waiting
    bodies = {"new": SlaPolicySerializer, "changed": SlaPolicyChangesSerializer}
    answers = {"new": OutlookSerializer, "changed": OutlookSerializer}

    def new(self, request: Request) -> HttpResponse:
        """Try a new policy on the open tickets, without saving it."""
        return self.outlook(self.parsed())

    def changed(self, request: Request, pk: str) -> HttpResponse:
        """Try the change of a policy on the open tickets, without saving it."""
        values = parse(SlaPolicyChangesSerializer, request.data, partial=True)
        return self.outlook(values, pk)

    def outlook(self, values: dict[str, Any], pk: str | None = None) -> HttpResponse:
        found = preview_policy(values, policy=pk, now=timezone.now())
        return self.answer(OutlookSerializer(found).data)


class BusinessHoursViewSet(ResourceViewSet):
    """When people work."""

    scope = "tickets"
    admin = "writes"
    queryset = BusinessHours.objects.all()
    serializer_class = BusinessHoursSerializer
    orders = (by_name("name"),)

    def create(self, request: Request) -> HttpResponse:
        """Define business hours."""
        return self.created(services.create_hours(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change business hours; the deadlines of open tickets follow."""
        return self.shown(services.update_hours(self.key(pk), actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete business hours that no policy uses."""
        services.delete_hours(self.key(pk), actor=request.user)
        return self.no_content()


class HolidayViewSet(ResourceViewSet):
    """When business hours are closed."""

    scope = "tickets"
    admin = "writes"
    queryset = Holiday.objects.all()
    serializer_class = HolidaySerializer
    orders = (Order("date", (Key(F("date"), models.DateField()),)),)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a holiday; the deadlines of open tickets follow."""
        services.delete_holiday(self.key(pk), actor=request.user)
        return self.no_content()


class HolidaysOfHoursViewSet(HolidayViewSet):
    """The holidays of business hours."""

    parents = {"business_hours_id": BusinessHours}

    def create(self, request: Request, business_hours_id: str) -> HttpResponse:
        """Close on a date; the deadlines of open tickets follow."""
        hours = self.parent_key("business_hours_id")
        return self.created(services.add_holiday(hours, actor=request.user, **self.parsed()))


class TicketSlaViewSet(ResourceViewSet):
    """How the deadlines of a ticket come about."""

    scope = "tickets"
    queryset = Ticket.objects.all()
    answers = {"explain": ExplanationSerializer}

    def explain(self, request: Request, pk: str) -> HttpResponse:
        """Explain the deadlines of a ticket."""
        return self.answer(ExplanationSerializer(explain(self.found(pk), now=timezone.now())).data)
