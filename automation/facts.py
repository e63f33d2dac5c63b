"""What is known about a ticket at one moment; what takes a query is asked when a condition wants to know."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from accounts.models import User
from companies.models import Company
from tickets.models import Ticket


@dataclass
class Facts:
    ticket: Ticket
    now: datetime
    derived: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def customer(self) -> User:
        return self.ticket.customer

    @cached_property
    def company(self) -> Company | None:
        return self.customer.company
