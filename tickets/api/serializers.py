"""The JSON of tickets and of what hangs below them."""

import orjson
from django.db.models import F

from helpdesk.api import fields
from helpdesk.api.serializers import Body, Resource
from helpdesk.api.sqltext import UuidText
from tickets.models import (
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
    assignee_id = fields.Id()


class PickSerializer(Body):
    agent_id = fields.Id()


class MergeSerializer(Body):
    ticket_ids = fields.IdList()


class BulkSerializer(Body):
    ids = fields.IdList()
    changes = TicketChangesSerializer()


class BulkOutcomeSerializer(Body):
    id = fields.Id()
    success = fields.Flag()
    error = fields.Text(allow_null=True)


class BulkResultSerializer(Body):
    updated = fields.Whole()
    failed = fields.Whole()
    results = BulkOutcomeSerializer(many=True)


class ReplySerializer(Resource):
    class Meta:
        model = Reply
        fields = ["id", "ticket_id", "user_id", "content", "is_internal", "created_at"]
        read_only_fields = ["ticket_id"]


class NoteSerializer(Resource):
    class Meta:
        model = Note
        fields = ["id", "ticket_id", "user_id", "content", "is_private", "created_at"]
        read_only_fields = ["ticket_id"]


class ActivitySerializer(Resource):
    class Meta:
        model = Activity
        fields = ["id", "ticket_id", "user_id", "action", "old_value", "new_value", "created_at"]


class AttachmentSerializer(Resource):
    file_url = fields.Computed(
        AttachmentUrl(UuidText(F("id"))), value=lambda attachment: f"/api/attachments/{attachment.pk}/content"
    )

    class Meta:
        model = Attachment
        fields = ["id", "ticket_id", "reply_id", "filename", "file_url", "file_size", "mime_type", "created_at"]


class TimeEntrySerializer(Resource):
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
    created_by = fields.Id(source="created_by_id", read_only=True)

    class Meta:
        model = CannedResponse
        fields = ["id", "title", "content", "shortcut", "category", "created_by", "created_at"]


class TicketTemplateSerializer(Resource):
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
