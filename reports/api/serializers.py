"""The JSON of dashboard and reports, and what each figure means."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from helpdesk.api import fields
from helpdesk.api.serializers import Body


class Hours(serializers.FloatField):
    """Hours with one decimal, null where there is nothing to measure."""

    def __init__(self, help_text: str = "Hours, one decimal.") -> None:
        super().__init__(allow_null=True, help_text=help_text)


class Figure(serializers.FloatField):
    def __init__(self, help_text: str) -> None:
        super().__init__(allow_null=True, help_text=help_text)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
class Counts(fields.JsonObject):
    """Numbers by name; the names are values, and stay as they are."""


class DashboardSerializer(Body):
    """How things stand now, over tickets outside the archive."""

    example = {
        "totalTickets": 1240,
        "openTickets": 87,
        "resolvedToday": 14,
        "avgResponseTime": 3.4,
        "unassignedTickets": 9,
        "overdueTickets": 6,
        "slaBreached": 4,
        "byStatus": {"open": 41, "pending": 18, "in_progress": 28, "resolved": 203, "closed": 950},
        "byPriority": {"low": 310, "medium": 640, "high": 220, "urgent": 70},
    }

    total_tickets = fields.Whole(help_text="Tickets outside the archive.")
    open_tickets = fields.Whole(help_text="Of them open, pending or in progress.")
    resolved_today = fields.Whole(help_text="Resolved or closed since midnight, and not opened again.")
    avg_response_time = Hours("Hours from filing to the first public answer by staff, over all that were answered.")
    unassigned_tickets = fields.Whole(help_text="Open tickets without an assignee.")
    overdue_tickets = fields.Whole(help_text="Open tickets past their due date or their SLA deadline.")
    sla_breached = fields.Whole(
        help_text="Open tickets past their SLA deadline, or whose first response came late or is late."
    )
    by_status = Counts(help_text="totalTickets by each status.")
    by_priority = Counts(help_text="totalTickets by each priority.")


class PeriodSerializer(Body):
    """The days a report covers, the last one included."""

    from_ = fields.Day()
    to = fields.Day()
    timezone = fields.Text()


class FiguresSerializer(Body):
    """The figures of a period in short."""

    total_tickets = fields.Whole(help_text="Tickets filed in the period, archived ones included.")
    resolved_tickets = fields.Whole(help_text="Tickets resolved in the period, and not opened again.")
    avg_resolution_time = Hours("Hours from filing to resolution, over tickets resolved in the period.")
    avg_first_response_time = Hours(
        "Hours from filing to the first public answer by staff, over tickets filed in the period that have one."
    )
    satisfaction = Figure("Average rating, 1 to 5, of surveys answered in the period.")
    satisfied_percent = Figure("Percentage of these ratings that are 4 or 5.")
    survey_answers = fields.Whole(help_text="Surveys answered in the period.")
    sla_compliance = Figure("Percentage in time of the tickets resolved in the period that had an SLA deadline.")


class SummarySerializer(FiguresSerializer):
    """The figures of a period in short, beside those of as many days before it."""

    previous = FiguresSerializer(help_text="The same for as many days before.")


class VolumeSerializer(Body):
    """Tickets filed and resolved on a day, in a week, or in a month."""

    name = fields.Text(help_text="A label, such as Dec 18.")
    date = fields.Day(help_text="Its first day.")
    tickets = fields.Whole(help_text="Filed.")
    resolved = fields.Whole()


class BacklogSerializer(Body):
    """Tickets that were unresolved at the end of a day, week or month."""

    name = fields.Text()
    date = fields.Day(help_text="Its first day.")
    open = fields.Whole(help_text="Filed before its end, and not resolved by then as far as we know today.")


class WeekdaySerializer(Body):
    name = fields.Choice(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    time = Hours("Average hours until resolution of tickets resolved on this weekday.")


class ShareSerializer(Body):
    name = fields.Text()
    value = fields.Whole(help_text="Tickets filed in the period.")


class AgentSerializer(Body):
    """What an agent has done in the period."""

    id = fields.Id()
    name = fields.Text()
    resolved = fields.Whole(help_text="Tickets resolved in the period that are assigned to them.")
    avg_resolution_time = Hours()
    satisfaction = Figure("Average rating of answered surveys about tickets they had when these were resolved.")
    survey_answers = fields.Whole()
    time_logged = serializers.FloatField(help_text="Hours, one decimal.")


class GroupFiguresSerializer(Body):
    """What has come to a group, and what was resolved; id and name are null for tickets without a group."""

    id = fields.Id(allow_null=True)
    name = fields.Text(allow_null=True)
    tickets = fields.Whole(help_text="Filed in the period.")
    resolved = fields.Whole()
    avg_resolution_time = Hours()


class ComplianceSerializer(Body):
    """How many deadlines of a priority were kept."""

    name = fields.Choice(["low", "medium", "high", "urgent"])
    value = Figure("Percentage.")
    promised = fields.Whole(help_text="Tickets resolved in the period that had an SLA deadline.")
    kept = fields.Whole(help_text="Of them those resolved by then.")


class TimeLoggedSerializer(Body):
    hours = serializers.FloatField(help_text="Of time entries made in the period.")
    billable_hours = serializers.FloatField()


class ReportSerializer(Body):
    """What happened within some days."""

    example = {
        "period": {"from": "2025-12-12", "to": "2025-12-18", "timezone": "UTC"},
        "summary": {
            "totalTickets": 84,
            "resolvedTickets": 79,
            "avgResolutionTime": 26.4,
            "avgFirstResponseTime": 3.1,
            "satisfaction": 4.4,
            "satisfiedPercent": 88.2,
            "surveyAnswers": 34,
            "slaCompliance": 93.7,
            "previous": {
                "totalTickets": 91,
                "resolvedTickets": 88,
                "avgResolutionTime": 27.9,
                "avgFirstResponseTime": 3.6,
                "satisfaction": 4.3,
                "satisfiedPercent": 85.0,
                "surveyAnswers": 40,
                "slaCompliance": 91.2,
            },
        },
        "ticketVolume": [{"name": "Dec 12", "date": "2025-12-12", "tickets": 15, "resolved": 13}],
        "resolutionTime": [{"name": "Mon", "time": 31.0}, {"name": "Sun", "time": None}],
        "categoryDistribution": [{"name": "billing", "value": 31}],
        "priorityDistribution": [{"name": "low", "value": 20}],
        "agentPerformance": [
            {
                "id": "770e8400-e29b-41d4-a716-446655440002",
                "name": "Gus Agent",
                "resolved": 23,
                "avgResolutionTime": 22.7,
                "satisfaction": 4.6,
                "surveyAnswers": 9,
                "timeLogged": 7.5,
            }
        ],
        "byGroup": [
            {
                "id": "880e8400-e29b-41d4-a716-446655440003",
                "name": "Billing",
                "tickets": 31,
                "resolved": 30,
                "avgResolutionTime": 19.2,
            }
        ],
        "byTag": [{"name": "invoice", "value": 17}],
        "backlog": [{"name": "Dec 12", "date": "2025-12-12", "open": 44}],
        "slaByPriority": [{"name": "low", "value": 96.0, "promised": 25, "kept": 24}],
        "timeLogged": {"hours": 41.5, "billableHours": 12.0},
    }

    period = PeriodSerializer()
    summary = SummarySerializer()
    ticket_volume = VolumeSerializer(many=True, help_text="By days up to 92 of them, by weeks up to a year, by months.")
    resolution_time = WeekdaySerializer(many=True)
    category_distribution = ShareSerializer(many=True, help_text="The 50 most frequent categories.")
    priority_distribution = ShareSerializer(many=True)
    agent_performance = AgentSerializer(many=True)
    by_group = GroupFiguresSerializer(many=True)
    by_tag = ShareSerializer(many=True, help_text="The 50 most frequent tags.")
    backlog = BacklogSerializer(many=True)
    sla_by_priority = ComplianceSerializer(many=True)
    time_logged = TimeLoggedSerializer()
