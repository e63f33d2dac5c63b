"""Filling prepared text: `{{customer.name}}` and its like, in canned responses and in what rules write."""

import re
from collections.abc import Callable

from accounts.models import User

from .models import Ticket

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z.]{1,50})\s*\}\}")

Value = Callable[[Ticket, User | None], object]
VALUES: dict[str, Value] = {
    "ticket.id": lambda ticket, _: ticket.pk,
    "ticket.ticketNumber": lambda ticket, _: ticket.ticket_number,
    "ticket.subject": lambda ticket, _: ticket.subject,
    "ticket.status": lambda ticket, _: ticket.get_status_display(),
    "ticket.priority": lambda ticket, _: ticket.get_priority_display(),
    "ticket.category": lambda ticket, _: ticket.category,
    "customer.name": lambda ticket, _: ticket.customer.name,
    "customer.email": lambda ticket, _: ticket.customer.email,
    "customer.phone": lambda ticket, _: ticket.customer.phone,
    "company.name": lambda ticket, _: ticket.customer.company and ticket.customer.company.name,
    "agent.name": lambda _, agent: agent and agent.name,
    "agent.email": lambda _, agent: agent and agent.email,
}


def fill(text: str, ticket: Ticket, *, agent: User | None) -> str:
    """The text with every known placeholder replaced; what has no value becomes nothing, what is unknown stays.

    Values go in once and are not filled again: a customer's name may spell a placeholder.
    """

    def value(found: re.Match[str]) -> str:
        read = VALUES.get(found[1])
        if read is None:
            return found[0]
        content = read(ticket, agent)
        return "" if content is None else str(content)

    return PLACEHOLDER.sub(value, text)
