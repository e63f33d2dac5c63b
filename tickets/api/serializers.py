"""The JSON of tickets and of what hangs below them."""

from typing import Any

import orjson
from django.db.models import F

from helpdesk.api import fields
from helpdesk.api.serializers import Body, Resource
from helpdesk.api.sqltext import UuidText
from tickets.models import (
    Action,
    Activity,
    Attachment,
    CannedResponse,
    Note,
    Reply,
    Ticket,
    TicketTemplate,
    TimeEntry,
)

from .expressions import AttachmentUrl, LinkedIds


class TicketSerializer(Resource):
    """A customer's request."""

    example = {
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "ticketNumber": 267213,
        "subject": "Cannot access my account",
        "description": "I'm unable to log into my account...",
        "status": "open",
        "priority": "high",
        "category": "technical",
        "customerId": "f9eee371-33d1-4d71-8e58-f57a59198725",
        "assigneeId": None,
        "groupId": None,
        "parentTicketId": None,
        "linkedTicketIds": [],
        "tags": ["login", "urgent"],
        "customFields": {"plan": "pro"},
        "source": "portal",
        "slaDeadline": "2025-12-19T05:21:07.214Z",
        "firstResponseDeadline": None,
        "firstResponseAt": None,
        "resolvedAt": None,
        "dueDate": None,
        "archivedAt": None,
        "createdAt": "2025-12-18T05:21:07.214Z",
        "updatedAt": "2025-12-18T05:21:07.277Z",
    }

    linked_ticket_ids = fields.Computed(
        LinkedIds(F("id")),
        value=lambda ticket: [str(key) for key in sorted(ticket.links.values_list("linked_id", flat=True))],
        load=orjson.Fragment,
        schema={"type": "array", "items": {"type": "string", "format": "uuid"}},
    )

    class Meta:
        model = Ticket
        fields = [
            "id",
            "ticket_number",
            "subject",
            "description",
            "status",
            "priority",
            "category",
            "customer_id",
            "assignee_id",
            "group_id",
            "parent_ticket_id",
            "linked_ticket_ids",
            "tags",
            "custom_fields",
            "source",
            "sla_deadline",
            "first_response_deadline",
            "first_response_at",
            "resolved_at",
            "due_date",
            "archived_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = [
            "ticket_number",
            "sla_deadline",
            "first_response_deadline",
            "first_response_at",
            "resolved_at",
            "archived_at",
        ]


class NewTicketSerializer(TicketSerializer):
    """What a client may say when it files a ticket."""

    linked_ticket_ids = fields.IdList(required=False)


class TicketChangesSerializer(NewTicketSerializer):
    """What a client may change later: all but who asked, and through which channel."""

    class Meta(TicketSerializer.Meta):
        read_only_fields = [*TicketSerializer.Meta.read_only_fields, "customer_id", "source"]
        extra_kwargs = {"subject": {"required": False}, "description": {"required": False}}


class AssignmentSerializer(Body):
    """Who gets the ticket."""

    example = {"assigneeId": "397f8871-6bd4-4df4-ad6f-0fef197e8547"}

    assignee_id = fields.Id()


class PickSerializer(Body):
    """Who takes the ticket."""

    example = {"agentId": "397f8871-6bd4-4df4-ad6f-0fef197e8547"}

    agent_id = fields.Id()


class MergeSerializer(Body):
    """What is merged into the ticket."""

    example = {"ticketIds": ["660e8400-e29b-41d4-a716-446655440001"]}

    ticket_ids = fields.IdList()
    keep_informed = fields.Flag(required=False)


class BulkSerializer(Body):
    """The same changes for many tickets, at most 1,000."""

    example = {
        "ids": ["550e8400-e29b-41d4-a716-446655440000", "660e8400-e29b-41d4-a716-446655440001"],
        "changes": {"status": "pending"},
    }

    ids = fields.IdList()
    changes = TicketChangesSerializer()


class BulkOutcomeSerializer(Body):
    """What became of one ticket."""

    example = {"id": "550e8400-e29b-41d4-a716-446655440000", "success": True, "error": None}

    id = fields.Id()
    success = fields.Flag()
    error = fields.Text(allow_null=True)


class BulkResultSerializer(Body):
    """What became of each ticket, in the order of the request."""

    example = {
        "updated": 1,
        "failed": 1,
        "results": [
            {"id": "550e8400-e29b-41d4-a716-446655440000", "success": True, "error": None},
            {"id": "660e8400-e29b-41d4-a716-446655440001", "success": False, "error": "Not found."},
        ],
    }

    updated = fields.Whole()
    failed = fields.Whole()
    results = BulkOutcomeSerializer(many=True)


class ReplySerializer(Resource):
    """A message in the conversation."""

    example = {
        "id": "770e8400-e29b-41d4-a716-446655440002",
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "userId": "397f8871-6bd4-4df4-ad6f-0fef197e8547",
        "content": "Thank you for contacting support. I'm looking into this issue.",
        "isInternal": False,
        "createdAt": "2025-12-18T06:15:00.000Z",
    }

    class Meta:
        model = Reply
        fields = ["id", "ticket_id", "user_id", "content", "is_internal", "created_at"]
        read_only_fields = ["ticket_id"]


class NoteSerializer(Resource):
    """A comment among staff."""

    example = {
        "id": "760e8400-e29b-41d4-a716-446655440001",
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "userId": "397f8871-6bd4-4df4-ad6f-0fef197e8547",
        "content": "Called the customer back.",
        "isPrivate": True,
        "createdAt": "2025-12-18T06:20:00.000Z",
    }

    class Meta:
        model = Note
        fields = ["id", "ticket_id", "user_id", "content", "is_private", "created_at"]
        read_only_fields = ["ticket_id"]


def hide_who_is_informed(activities: list[dict[str, Any]]) -> None:
    """Whoever may not read people learns that somebody is kept informed, but not at which address."""
    for activity in activities:
        if activity["action"] == Action.INFORMED:
            activity["oldValue"] = activity["newValue"] = None


class ActivitySerializer(Resource):
    """One line of a ticket's history."""

    without_people = staticmethod(hide_who_is_informed)

    example = {
        "id": "990e8400-e29b-41d4-a716-446655440004",
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "userId": "397f8871-6bd4-4df4-ad6f-0fef197e8547",
        "action": "status_changed",
        "oldValue": "open",
        "newValue": "in_progress",
        "createdAt": "2025-12-18T06:30:00.000Z",
    }

    class Meta:
        model = Activity
        fields = ["id", "ticket_id", "user_id", "action", "old_value", "new_value", "created_at"]


class AttachmentSerializer(Resource):
    """A file."""

    example = {
        "id": "860e8400-e29b-41d4-a716-446655440001",
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "replyId": None,
        "filename": "screenshot.png",
        "fileUrl": "/api/attachments/860e8400-e29b-41d4-a716-446655440001/content",
        "fileSize": 48213,
        "mimeType": "image/png",
        "createdAt": "2025-12-18T06:15:00.000Z",
    }

    file_url = fields.Computed(
        AttachmentUrl(UuidText(F("id"))), value=lambda attachment: f"/api/attachments/{attachment.pk}/content"
    )

    class Meta:
        model = Attachment
        fields = ["id", "ticket_id", "reply_id", "filename", "file_url", "file_size", "mime_type", "created_at"]


class TimeEntrySerializer(Resource):
    """Time spent on a ticket, in minutes."""

    example = {
        "id": "960e8400-e29b-41d4-a716-446655440001",
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "userId": "397f8871-6bd4-4df4-ad6f-0fef197e8547",
        "timeSpent": 25,
        "note": "Phone call",
        "billable": True,
        "timerRunning": False,
        "timerStartedAt": None,
        "createdAt": "2025-12-18T06:40:00.000Z",
    }

    class Meta:
        model = TimeEntry
        fields = [
            "id",
            "ticket_id",
            "user_id",
            "time_spent",
            "note",
            "billable",
            "timer_running",
            "timer_started_at",
            "created_at",
        ]
        read_only_fields = ["ticket_id", "timer_started_at"]


class CannedResponseSerializer(Resource):
    """A prepared answer."""

    example = {
        "id": "160e8400-e29b-41d4-a716-446655440001",
        "title": "Password reset",
        "content": "Hello {{customer.name}}, your ticket {{ticket.ticketNumber}} ...",
        "shortcut": "reset",
        "category": "accounts",
        "createdBy": "397f8871-6bd4-4df4-ad6f-0fef197e8547",
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    created_by = fields.Id(source="created_by_id", read_only=True)

    class Meta:
        model = CannedResponse
        fields = ["id", "title", "content", "shortcut", "category", "created_by", "created_at"]


class TicketTemplateSerializer(Resource):
    """A prepared ticket."""

    example = {
        "id": "260e8400-e29b-41d4-a716-446655440001",
        "name": "New colleague",
        "description": "For people who join us",
        "subject": "Equipment for a new colleague",
        "content": "Laptop, badge, accounts",
        "status": "open",
        "priority": "medium",
        "category": "it",
        "tags": ["onboarding"],
        "groupId": None,
        "isActive": True,
        "createdBy": "397f8871-6bd4-4df4-ad6f-0fef197e8547",
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    created_by = fields.Id(source="created_by_id", read_only=True)

    class Meta:
        model = TicketTemplate
        fields = [
            "id",
            "name",
            "description",
            "subject",
            "content",
            "status",
            "priority",
            "category",
            "tags",
            "group_id",
            "is_active",
            "created_by",
            "created_at",
        ]
