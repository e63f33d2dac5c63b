"""Attachments over HTTP: listed and uploaded below their ticket, downloaded and deleted by their own id."""

import base64
import binascii
from io import BytesIO
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from helpdesk.api import fields
from helpdesk.api.json import JsonParser
from helpdesk.api.serializers import Body, parse
from helpdesk.api.views import ResourceViewSet
from helpdesk.errors import Invalid, NotFound
from tickets.attachments import attach_file, delete_attachment
from tickets.files import path_of
from tickets.models import Attachment, Ticket

from .serializers import AttachmentSerializer
from .views import TicketChildViewSet


class UploadSerializer(Body):
    """An upload as JSON; as multipart, `file` replaces the first three."""

    example = {"filename": "notes.txt", "content": "aGVsbG8=", "mimeType": "text/plain", "replyId": None}

    filename = fields.Text(max_length=1000)
    content = fields.Text(max_length=None, allow_blank=True, help_text="The file in base64.")
    mime_type = fields.Text(max_length=255, required=False)
    reply_id = fields.Id(required=False, allow_null=True)


class FormSerializer(Body):
    file = serializers.FileField(allow_empty_file=True)
    reply_id = fields.Id(required=False, allow_null=True)


class TicketAttachmentViewSet(TicketChildViewSet):
    """Files of a ticket."""

    queryset = Attachment.objects.all()
    serializer_class = AttachmentSerializer
    parser_classes = [JsonParser, MultiPartParser]
    bodies = {"create": UploadSerializer}

    def create(self, request: Request, ticket_id: str) -> HttpResponse:
        """Attach a file, as JSON with base64 or as multipart form data."""
        return self.created(attach_file(self.ticket_key(), actor=request.user, **self.upload(request)))

    def upload(self, request: Request) -> dict[str, Any]:
        """What the verb takes, whichever way the file was sent."""
        if not (request.content_type or "").startswith("multipart/"):
            return decoded(self.parsed())
        form = parse(FormSerializer, request.data)
        file = form.pop("file")
        return {**form, "filename": file.name, "content": file, "size": file.size, "mime_type": file.content_type}


class AttachmentViewSet(ResourceViewSet):
    """One file."""

    scope = "tickets"
    queryset = Attachment.objects.all()
    serializer_class = AttachmentSerializer

    answers = {"content": bytes}

    def limited_rows(self, rows: QuerySet) -> QuerySet:
        return rows.filter(ticket__in=Ticket.objects.visible_to(self.request.user))

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete an attachment and its file."""
        delete_attachment(self.found(pk), actor=request.user)
        return self.no_content()

    def content(self, request: Request, pk: str) -> FileResponse:
        """Download the file: always as an attachment, never shown in place."""
        attachment = self.found(pk)
        try:
            file = path_of(attachment).open("rb")
        except FileNotFoundError:
            raise NotFound("The file of this attachment is missing.") from None
        response = FileResponse(
            file, as_attachment=True, filename=attachment.filename, content_type=attachment.mime_type
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response


def decoded(upload: dict[str, Any]) -> dict[str, Any]:
    try:
        content = base64.b64decode(upload["content"], validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(content="Must be base64.") from None
    return {**upload, "content": BytesIO(content), "size": len(content)}
