"""The JSON of policies, business hours and what they come to."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from helpdesk.api import fields
from helpdesk.api.serializers import Body, Resource
from sla.models import BusinessHours, Holiday, SlaPolicy


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "day": {"type": "integer", "minimum": 0, "maximum": 6, "description": "0 is Sunday."},
                "startTime": {"type": "string", "examples": ["09:00"]},
                "endTime": {
                    "type": "string",
                    "examples": ["17:00"],
                    "description": "At most 24:00; no later than startTime means on the next day.",
                },
            },
            "required": ["day", "startTime", "endTime"],
        },
    }
)
class Schedule(fields.JsonList):
    """The intervals of a week."""


class SlaPolicySerializer(Resource):
    """What tickets of a priority are promised; times in minutes."""

    example = {
        "id": "c60e8400-e29b-41d4-a716-446655440001",
        "name": "Urgent",
        "description": "Outages and everything that stops a customer's work",
        "priority": "urgent",
        "firstResponseTime": 30,
        "resolutionTime": 240,
        "businessHoursId": "c70e8400-e29b-41d4-a716-446655440001",
        "escalationEmail": "duty@example.com",
        "isActive": True,
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    class Meta:
        model = SlaPolicy
        fields = [
            "id",
            "name",
            "description",
            "priority",
            "first_response_time",
            "resolution_time",
            "business_hours_id",
            "escalation_email",
            "is_active",
            "created_at",
        ]


class SlaPolicyChangesSerializer(SlaPolicySerializer):
    """What would be changed about a policy."""

    class Meta(SlaPolicySerializer.Meta):
        extra_kwargs = {
            name: {"required": False} for name in ("name", "priority", "first_response_time", "resolution_time")
        }


class OutlookSerializer(Body):
    """How many open tickets a policy concerns, and what it would do to those that were looked at."""

    example = {
        "tickets": 312,
        "checked": 312,
        "earlier": 290,
        "later": 0,
        "unchanged": 22,
        "wouldBreach": 17,
        "wouldRecover": 0,
    }

    tickets = fields.Whole(help_text="Open tickets of the priorities concerned.")
    checked = fields.Whole(help_text="How many of them were looked at, the newest ones; at most 5,000.")
    earlier = fields.Whole()
    later = fields.Whole()
    unchanged = fields.Whole()
    would_breach = fields.Whole(help_text="Not late now, and late at once.")
    would_recover = fields.Whole(help_text="Late now, and no longer.")


class BusinessHoursSerializer(Resource):
    """When people work."""

    example = {
        "id": "c70e8400-e29b-41d4-a716-446655440001",
        "name": "Office",
        "timezone": "Europe/Berlin",
        "schedule": [
            {"day": 1, "startTime": "09:00", "endTime": "12:30"},
            {"day": 1, "startTime": "13:30", "endTime": "17:00"},
            {"day": 5, "startTime": "22:00", "endTime": "06:00"},
        ],
        "isDefault": True,
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    schedule = Schedule()

    class Meta:
        model = BusinessHours
        fields = ["id", "name", "timezone", "schedule", "is_default", "created_at"]


class HolidaySerializer(Resource):
    """A date on which business hours are closed."""

    example = {
        "id": "c80e8400-e29b-41d4-a716-446655440001",
        "businessHoursId": "c70e8400-e29b-41d4-a716-446655440001",
        "name": "Christmas",
        "date": "2025-12-25",
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    class Meta:
        model = Holiday
        fields = ["id", "business_hours_id", "name", "date", "created_at"]
        read_only_fields = ["business_hours_id"]


# --- What a ticket's deadlines come from --------------------------------------------------------------


class PolicyReferenceSerializer(Body):
    id = fields.Id(allow_null=True)
    name = fields.Text()


class HoursReferenceSerializer(Body):
    id = fields.Id()
    name = fields.Text()
    timezone = fields.Text()


class SegmentSerializer(Body):
    """What the clock did for a while."""

    from_ = fields.Moment()
    to = fields.Moment()
    kind = fields.Choice(["running", "paused", "closed_hours"])
    minutes = serializers.FloatField()


class TargetSerializer(Body):
    """One promise: where its time went, and what is left."""

    target_minutes = fields.Whole(allow_null=True)
    deadline = fields.Moment(allow_null=True)
    elapsed_minutes = serializers.FloatField(allow_null=True)
    remaining_minutes = serializers.FloatField(allow_null=True)
    state = fields.Choice(["running", "paused", "met", "breached", "none"])
    met_at = fields.Moment(allow_null=True)
    segments = SegmentSerializer(many=True)
    has_earlier_segments = fields.Flag(help_text="Whether there were more segments before those shown.")


class ExplanationSerializer(Body):
    """How the deadlines of a ticket come about."""

    example = {
        "ticketId": "550e8400-e29b-41d4-a716-446655440000",
        "priority": "urgent",
        "status": "open",
        "policy": {"id": "c60e8400-e29b-41d4-a716-446655440001", "name": "Urgent"},
        "businessHours": {
            "id": "c70e8400-e29b-41d4-a716-446655440001",
            "name": "Office",
            "timezone": "Europe/Berlin",
        },
        "firstResponse": {
            "targetMinutes": 30,
            "deadline": "2025-12-18T08:30:00.000Z",
            "elapsedMinutes": 15.0,
            "remainingMinutes": 15.0,
            "state": "met",
            "metAt": "2025-12-18T08:15:00.000Z",
            "segments": [
                {
                    "from": "2025-12-18T05:21:07.214Z",
                    "to": "2025-12-18T08:00:00.000Z",
                    "kind": "closed_hours",
                    "minutes": 158.88,
                },
                {
                    "from": "2025-12-18T08:00:00.000Z",
                    "to": "2025-12-18T08:15:00.000Z",
                    "kind": "running",
                    "minutes": 15.0,
                },
            ],
            "hasEarlierSegments": False,
        },
        "resolution": {
            "targetMinutes": 240,
            "deadline": "2025-12-18T13:00:00.000Z",
            "elapsedMinutes": 60.0,
            "remainingMinutes": 180.0,
            "state": "running",
            "metAt": None,
            "segments": [
                {
                    "from": "2025-12-18T05:21:07.214Z",
                    "to": "2025-12-18T08:00:00.000Z",
                    "kind": "closed_hours",
                    "minutes": 158.88,
                },
                {
                    "from": "2025-12-18T08:00:00.000Z",
                    "to": "2025-12-18T09:00:00.000Z",
                    "kind": "running",
                    "minutes": 60.0,
                },
            ],
            "hasEarlierSegments": False,
        },
    }

    ticket_id = fields.Id()
    priority = fields.Text()
    status = fields.Text()
    policy = PolicyReferenceSerializer(allow_null=True)
    business_hours = HoursReferenceSerializer(allow_null=True)
    first_response = TargetSerializer()
    resolution = TargetSerializer()
