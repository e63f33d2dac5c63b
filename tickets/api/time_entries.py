"""Time tracking over HTTP."""

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from helpdesk.api.views import ResourceViewSet
from tickets.models import Ticket, TimeEntry
from tickets.time_tracking import delete_entry, log_time, toggle_timer, update_entry

from .serializers import TimeEntrySerializer
from .views import TicketChildViewSet


class TimeEntryChangesSerializer(TimeEntrySerializer):
    class Meta(TimeEntrySerializer.Meta):
        read_only_fields = [*TimeEntrySerializer.Meta.read_only_fields, "user_id", "timer_running"]


class TicketTimeViewSet(TicketChildViewSet):
    """Time spent on a ticket."""

    queryset = TimeEntry.objects.all()
    serializer_class = TimeEntrySerializer

    def create(self, request: Request, ticket_id: str) -> HttpResponse:
        """Log time, or start a timer."""
        return self.created(log_time(self.ticket_key(), actor=request.user, **self.in_own_name(self.parsed())))


class TimeEntryViewSet(ResourceViewSet):
    """One time entry."""

    scope = "tickets"
    queryset = TimeEntry.objects.all()
    serializer_class = TimeEntrySerializer
    bodies = {"update": TimeEntryChangesSerializer, "toggle": None}

    def limited_rows(self, rows: QuerySet) -> QuerySet:
        return rows.filter(ticket__in=Ticket.objects.visible_to(self.request.user))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Correct a time entry."""
        return self.shown(update_entry(self.key(pk), actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a time entry."""
        delete_entry(self.key(pk), actor=request.user)
        return self.no_content()

    def toggle(self, request: Request, pk: str) -> HttpResponse:
        """Start the timer, or stop it and add the time it measured."""
        return self.shown(toggle_timer(self.key(pk), actor=request.user).pk)
