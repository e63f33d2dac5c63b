"""Who takes part in the stories of the demo, and what these leave behind."""

from dataclasses import dataclass, field, fields

from .people import Colleague, Customers
from .rules import Rules
from .service_levels import Promise
from .writers import Row

TICKET_COLUMNS = (
    "id", "ticket_number", "subject", "description", "status", "priority", "category", "customer_id", "assignee_id",
    "group_id", "parent_ticket_id", "tags", "custom_fields", "source", "filed_by_id", "sla_deadline",
    "first_response_deadline", "first_response_at", "resolved_at", "due_date", "archived_at", "created_at",
    "updated_at",
)  # fmt: skip
REPLY_COLUMNS = ("id", "ticket_id", "user_id", "content", "is_internal", "from_staff", "created_at")
NOTE_COLUMNS = ("id", "ticket_id", "user_id", "content", "is_private", "created_at")
ACTIVITY_COLUMNS = ("id", "ticket_id", "user_id", "action", "old_value", "new_value", "created_at")
TIME_COLUMNS = ("id", "ticket_id", "user_id", "time_spent", "note", "billable", "created_at")
LINK_COLUMNS = ("id", "ticket_id", "linked_id")


@dataclass(frozen=True, slots=True)
class Team:
    """A group with its agents."""

    id: str
    agents: tuple[Colleague, ...]
    assigns_at_once: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part."""

    customers: Customers
    teams: dict[str, Team]
    lead: Colleague  # hands out work
    integration: Colleague  # whose API key other programs use
    promises: dict[str, Promise]  # by priority
    rules: Rules


@dataclass(slots=True)
class Rows:
    """What some stories left behind, in the order of the columns above."""

    tickets: list[Row] = field(default_factory=list)
    replies: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)
    activities: list[Row] = field(default_factory=list)
    time_entries: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    clocks: list[Row] = field(default_factory=list)
    surveys: list[Row] = field(default_factory=list)

    def clear(self) -> None:
        for part in fields(self):
            getattr(self, part.name).clear()
