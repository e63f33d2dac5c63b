"""Tickets over HTTP."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from helpdesk.api.filters import Filter
from helpdesk.api.paging import oldest_first
from helpdesk.api.views import ResourceViewSet, Rows
from tickets import services
from tickets.merging import merge_tickets, update_many
from tickets.models import Activity, Note, Reply, Ticket
from tickets.rules import lock_hierarchy

from .filters import TICKET_FILTERS, TICKET_ORDERS, filters_for
from .includes import LIST_INCLUDES, TICKET_INCLUDES
from .serializers import (
    ActivitySerializer,
    AssignmentSerializer,
    BulkResultSerializer,
    BulkSerializer,
    MergeSerializer,
    NewTicketSerializer,
    NoteSerializer,
    PickSerializer,
    ReplySerializer,
    TicketChangesSerializer,
    TicketSerializer,
)


class TicketViewSet(ResourceViewSet):
    """Customer support requests."""

    scope = "tickets"
    queryset = Ticket.objects.all()
    serializer_class = TicketSerializer
    filters = TICKET_FILTERS
    orders = TICKET_ORDERS
    includes = TICKET_INCLUDES
    list_includes = LIST_INCLUDES
    bodies = {
        "create": NewTicketSerializer,
        "update": TicketChangesSerializer,
        "restore": None,
        "archive": None,
        "assign": AssignmentSerializer,
        "pick": PickSerializer,
        "merge": MergeSerializer,
        "bulk": BulkSerializer,
    }
    answers = {"bulk": BulkResultSerializer}

    def list(self, request: Request, **parents: str) -> HttpResponseBase:
        was_known = self.is_caller_known()
        answer = super().list(request, **parents)
        # Who asked is known now: words are looked for once more, and only where they may be.
        is_final = was_known or "q" not in request.GET or self.filters_for_caller() is TICKET_FILTERS
        return answer if is_final else super().list(request, **parents)

    def filters_for_caller(self) -> Sequence[Filter]:
        return filters_for(self.request.auth.scopes) if self.is_caller_known() else TICKET_FILTERS

    def create(self, request: Request) -> HttpResponse:
        """File a ticket."""
        return self.created(services.create_ticket(actor=request.user, **self.parsed(), **self.sight()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a ticket."""
        return self.shown(services.update_ticket(self.key(pk), actor=request.user, **self.parsed(), **self.sight()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a ticket for good."""
        services.delete_ticket(self.key(pk), actor=request.user)
        return self.no_content()

    def sight(self) -> dict[str, QuerySet]:
        """What a verb needs to know where the caller does not see every ticket."""
        return {"visible": self.visible()} if self.is_limited() else {}

    def withhold(self, rows: Rows) -> None:
        """Links lead only to tickets that the caller sees; sent back as they were shown, the others stay."""
        linked = [orjson.loads(orjson.dumps(row["linkedTicketIds"])) for row in rows]
        if not any(linked):
            return
        seen = self.visible().filter(pk__in={key for keys in linked for key in keys}).values_list("pk", flat=True)
        known = set(map(str, seen))
        for row, keys in zip(rows, linked, strict=True):
            row["linkedTicketIds"] = [key for key in keys if key in known]

    def check_precondition(self) -> None:
        # If-Match locks the ticket; what changes relations between tickets holds those first, as everywhere.
        asked = self.request.data if isinstance(self.request.data, dict) else {}
        if self.request.method == "DELETE" or not asked.keys().isdisjoint(("parentTicketId", "linkedTicketIds")):
            lock_hierarchy()
        super().check_precondition()

    def restore(self, request: Request, pk: str) -> HttpResponse:
        """Bring a closed or archived ticket back to work."""
        return self.shown(services.restore_ticket(self.key(pk), actor=request.user).pk)

    def archive(self, request: Request, pk: str) -> HttpResponse:
        """Take a ticket out of the lists."""
        return self.shown(services.archive_ticket(self.key(pk), actor=request.user).pk)

    def assign(self, request: Request, pk: str) -> HttpResponse:
        """Assign a ticket to an agent."""
        return self.shown(services.assign_ticket(self.key(pk), actor=request.user, **self.parsed()).pk)

    def pick(self, request: Request, pk: str) -> HttpResponse:
        """Let an agent take an unassigned ticket."""
        return self.shown(services.pick_ticket(self.key(pk), **self.in_own_name(self.parsed(), "agent_id")).pk)

    def merge(self, request: Request, pk: str) -> HttpResponse:
        """Merge other tickets into this one."""
        asked = self.parsed()
        sources, informed = asked["ticket_ids"], asked.get("keep_informed", False)
        merged = merge_tickets(
            self.key(pk), source_ids=sources, actor=request.user, visible=self.visible(), keep_informed=informed
        )
        return self.shown(merged.pk)

    def bulk(self, request: Request) -> HttpResponse:
        """Make the same change to many tickets."""
        asked = self.parsed()
        results = update_many(actor=request.user, visible=self.visible(), **asked)
        done = sum(result["success"] for result in results)
        return self.answer({"updated": done, "failed": len(results) - done, "results": results})


class TicketChildViewSet(ResourceViewSet):
    """What hangs below a ticket: seen by whoever sees the ticket."""

    scope = "tickets"
    orders = (oldest_first(),)
    parents = {"ticket_id": Ticket}

    def limited_rows(self, rows: QuerySet) -> QuerySet:
        return rows.filter(ticket__in=Ticket.objects.visible_to(self.request.user))

    def ticket_key(self) -> UUID:
        """The id of the ticket in the URL, if the caller may see it."""
        return self.parent_key("ticket_id")


class ReplyViewSet(TicketChildViewSet):
    """The conversation of a ticket."""

    queryset = Reply.objects.all()
    serializer_class = ReplySerializer

    def create(self, request: Request, ticket_id: str) -> HttpResponse:
        """Add a message by an agent or a customer."""
        return self.created(services.add_reply(self.ticket_key(), **self.in_own_name(self.parsed())))


class NoteViewSet(TicketChildViewSet):
    """Comments among staff."""

    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    def create(self, request: Request, ticket_id: str) -> HttpResponse:
        """Add a note."""
        return self.created(services.add_note(self.ticket_key(), **self.in_own_name(self.parsed())))


class ActivityViewSet(TicketChildViewSet):
    """The history of a ticket."""

    queryset = Activity.objects.all()
    serializer_class = ActivitySerializer
