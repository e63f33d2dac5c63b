"""Rules to begin with: each fills the builder, and nothing is saved before somebody has looked at it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    key: str
    icon: str
    text: str
    initial: dict[str, Any]


def condition(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, **({} if value is None else {"value": value})}


RECIPES = (
    Recipe(
        "urgent",
        "priority_high",
        "Technical tickets are urgent",
        {
            "name": "Technical tickets are urgent",
            "event": "ticket_creation:ticket_created",
            "conditions": [condition("category", "is", "technical")],
            "actions": [{"type": "set_priority", "value": "urgent"}],
        },
    ),
    Recipe(
        "reopen",
        "replay",
        "Reopen a ticket when the customer replies",
        {
            "name": "Reopen when the customer replies",
            "event": "ticket_update:customer_replied",
            "conditions": [condition("status", "in", ["resolved", "pending"])],
            "actions": [{"type": "set_status", "value": "open"}],
        },
    ),
    Recipe(
        "close",
        "hourglass_bottom",
        "Close what has been resolved for three days",
        {
            "name": "Close resolved tickets after three days",
            "event": "time_trigger:hourly",
            "conditions": [
                condition("status", "is", "resolved"),
                condition("hoursSinceStatusChanged", "greater_than", 72),
            ],
            "actions": [{"type": "set_status", "value": "closed"}],
        },
    ),
    Recipe(
        "remind",
        "notifications",
        "Remind the assignee of a ticket left alone for a day",
        {
            "name": "Remind the assignee after a day",
            "event": "time_trigger:every_5_minutes",
            "conditions": [
                condition("status", "is", "open"),
                condition("assigneeId", "is_not_empty"),
                condition("hoursSinceCustomerReply", "greater_than", 24),
            ],
            "actions": [
                {
                    "type": "send_email",
                    "value": {
                        "to": "assignee",
                        "subject": "#{{ticket.ticketNumber}} waits for you",
                        "body": "{{customer.name}} has been waiting for a day: {{ticket.subject}}",
                    },
                }
            ],
        },
    ),
)
