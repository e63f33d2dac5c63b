"""Every path below /api that is about tickets."""

from django.urls import path

from .attachments import AttachmentViewSet, TicketAttachmentViewSet
from .prepared import CannedResponseViewSet, TicketTemplateViewSet
from .time_entries import TicketTimeViewSet, TimeEntryViewSet
from .views import ActivityViewSet, NoteViewSet, ReplyViewSet, TicketViewSet

LIST = {"get": "list", "post": "create"}
ONE = {"get": "retrieve", "patch": "update", "delete": "destroy"}

urlpatterns = [
    path("tickets", TicketViewSet.as_view(LIST)),
    path("tickets/<id:pk>", TicketViewSet.as_view(ONE)),
    path("tickets/bulk", TicketViewSet.as_view({"post": "bulk"})),
    path("tickets/<id:pk>/restore", TicketViewSet.as_view({"post": "restore"})),
    path("tickets/<id:pk>/archive", TicketViewSet.as_view({"post": "archive"})),
    path("tickets/<id:pk>/assign", TicketViewSet.as_view({"post": "assign"})),
    path("tickets/<id:pk>/pick", TicketViewSet.as_view({"post": "pick"})),
    path("tickets/<id:pk>/merge", TicketViewSet.as_view({"post": "merge"})),
    path("tickets/<id:ticket_id>/replies", ReplyViewSet.as_view(LIST)),
    path("tickets/<id:ticket_id>/notes", NoteViewSet.as_view(LIST)),
    path("tickets/<id:ticket_id>/activities", ActivityViewSet.as_view({"get": "list"})),
    path("tickets/<id:ticket_id>/attachments", TicketAttachmentViewSet.as_view(LIST)),
    path("tickets/<id:ticket_id>/time-entries", TicketTimeViewSet.as_view(LIST)),
    path("attachments/<id:pk>", AttachmentViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("attachments/<id:pk>/content", AttachmentViewSet.as_view({"get": "content"}), name="attachment-content"),
    path("time-entries/<id:pk>", TimeEntryViewSet.as_view(ONE)),
    path("time-entries/<id:pk>/toggle", TimeEntryViewSet.as_view({"post": "toggle"})),
    path("canned-responses", CannedResponseViewSet.as_view(LIST)),
    path("canned-responses/<id:pk>", CannedResponseViewSet.as_view(ONE)),
    path("ticket-templates", TicketTemplateViewSet.as_view(LIST)),
    path("ticket-templates/<id:pk>", TicketTemplateViewSet.as_view(ONE)),
]
