"""What `include` can add to tickets. People, groups and companies look as they do at their own address."""

from accounts.api.serializers import AgentGroupSerializer, UserSerializer
from companies.api.serializers import CompanySerializer
from helpdesk.api.includes import Include

from .serializers import ActivitySerializer, AttachmentSerializer, NoteSerializer, ReplySerializer

OLDEST_FIRST = ("created_at", "id")

TICKET_INCLUDES = (
    Include("customer", UserSerializer, by="customerId", path="id", scope="users"),
    Include("assignee", UserSerializer, by="assigneeId", path="id", scope="users"),
    Include("group", AgentGroupSerializer, by="groupId", path="id", scope="users"),
    Include("company", CompanySerializer, by="customerId", path="contacts__id", scope="users"),
    Include("replies", ReplySerializer, by="id", path="ticket_id", many=True, order=OLDEST_FIRST),
    Include("notes", NoteSerializer, by="id", path="ticket_id", many=True, order=OLDEST_FIRST),
    Include("activities", ActivitySerializer, by="id", path="ticket_id", many=True, order=OLDEST_FIRST),
    Include("attachments", AttachmentSerializer, by="id", path="ticket_id", many=True, order=OLDEST_FIRST),
)
LIST_INCLUDES = ("customer", "assignee", "group", "company")
