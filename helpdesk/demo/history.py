"""Tickets with their conversations and histories, one after the other, without end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from .scenarios import AGENT, NOTE, SCENARIOS, Scenario

SOURCES = ("portal", "email", "email", "api")
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Cast:
    """Who takes part: ids of people and groups."""

    customers: list[UUID]
    agents: list[UUID]
    groups: list[UUID]


@dataclass
class Story:
    """A ticket and all rows that hang below it, as values in the order of the FIELDS."""

    ticket: tuple[Any, ...]
    replies: list[tuple[Any, ...]] = field(default_factory=list)
    notes: list[tuple[Any, ...]] = field(default_factory=list)
    activities: list[tuple[Any, ...]] = field(default_factory=list)
    time_entries: list[tuple[Any, ...]] = field(default_factory=list)


TICKET_FIELDS = [
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
    "tags",
    "custom_fields",
    "source",
    "filed_by_id",
    "first_response_at",
    "resolved_at",
    "due_date",
    "archived_at",
    "created_at",
    "updated_at",
]
REPLY_FIELDS = ["id", "ticket_id", "user_id", "content", "is_internal", "created_at"]
NOTE_FIELDS = ["id", "ticket_id", "user_id", "content", "is_private", "created_at"]
ACTIVITY_FIELDS = ["id", "ticket_id", "user_id", "action", "old_value", "new_value", "created_at"]
TIME_FIELDS = ["id", "ticket_id", "user_id", "time_spent", "note", "billable", "created_at"]


def time_ordered_id(moment: datetime, random: Random) -> UUID:
    """A UUID version 7 of that moment, its random part from the given source: the same each time."""
    milliseconds = int(moment.timestamp() * 1000)
    bits = random.getrandbits(74)
    high, low = bits >> 62, bits & (2**62 - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def stories(count: int, cast: Cast, numbers: Iterator[int], now: datetime, random: Random) -> Iterator[Story]:
    """`count` tickets spread over the year before `now`, oldest first."""
    step = YEAR / count
    for index in range(count):
        created = now - YEAR + index * step + random.random() * step
        yield Teller(cast, now, random).tell(
            next(numbers), created.replace(microsecond=created.microsecond // 1000 * 1000)
        )


class Teller:
    """Tells one ticket from its first message to where it stands now."""

    def __init__(self, cast: Cast, now: datetime, random: Random) -> None:
        self.cast, self.now, self.random = cast, now, random

    def tell(self, number: int, created: datetime) -> Story:
        random = self.random
        scenario = random.choice(SCENARIOS)
        words = {"product": random.choice(("Beacon", "Harbor Desk", "Lumen 2")), "order": f"A-{10_000 + random.randrange(90_000)}",
                 "amount": f"{random.randrange(9, 900)}.{random.randrange(100):02d} EUR"}  # fmt: skip
        self.ticket_id = time_ordered_id(created, random)
        self.customer, self.agent = random.choice(self.cast.customers), random.choice(self.cast.agents)
        self.moment = created
        self.story = Story(())
        self.log("created", self.customer)
        status = self.end_of(scenario, created)
        taken = status != "open" or random.random() < 0.4
        if taken:
            self.pass_time(0.02, 0.5)
            self.log("assigned", self.agent, None, str(self.agent))
        first_response = self.converse(scenario, words, whole=status in ("resolved", "closed")) if taken else None
        resolved = self.set_status(status)
        archived = self.moment if status == "closed" and random.random() < 0.03 else None
        due = created + timedelta(days=random.randrange(1, 10)) if random.random() < 0.2 else None
        source = random.choice(SOURCES)
        self.story.ticket = (
            self.ticket_id, number, random.choice(scenario.subjects).format(**words), scenario.description.format(**words),
            status, self.priority(scenario), scenario.category, self.customer, self.agent if taken else None,
            random.choice(self.cast.groups) if random.random() < 0.7 else None, list(scenario.tags),
            {"product": words["product"], "order_number": words["order"]}, source,
            self.customer if source == "portal" else None, first_response, resolved, due, archived, created, self.moment,
        )  # fmt: skip
        return self.story

    def end_of(self, scenario: Scenario, created: datetime) -> str:
        """Where the ticket stands: the older, the likelier done."""
        age = (self.now - created) / timedelta(days=1)
        if self.random.random() < min(0.97, age / 20):
            return "closed" if age > 14 or self.random.random() < 0.3 else "resolved"
        return self.random.choice(("open", "open", "open", "pending", "in_progress"))

    def converse(self, scenario: Scenario, words: dict[str, str], *, whole: bool) -> datetime | None:
        """The messages, all of them or a first part; returns when staff answered first."""
        first_response = None
        upto = len(scenario.talk) if whole else self.random.randrange(len(scenario.talk) + 1)
        for role, text in scenario.talk[:upto]:
            self.pass_time(0.05, 9)
            message_id = time_ordered_id(self.moment, self.random)
            author = self.customer if role not in (AGENT, NOTE) else self.agent
            message = (message_id, self.ticket_id, author, text.format(**words) if role != NOTE else text)
            if role == NOTE:
                self.story.notes.append((*message, True, self.moment))
                self.log("note_added", author, None, str(message_id))
                continue
            self.story.replies.append((*message, False, self.moment))
            self.log("replied", author, None, str(message_id))
            if role == AGENT and first_response is None:
                first_response = self.moment
        if self.story.replies and self.random.random() < 0.15:
            spent = self.random.randrange(5, 90)
            self.story.time_entries.append(
                (time_ordered_id(self.moment, self.random), self.ticket_id, self.agent, spent, None, False, self.moment)
            )
            self.log("time_logged", self.agent, None, f"{spent} min")
        return first_response

    def set_status(self, status: str) -> datetime | None:
        """Move to the final status; returns when the ticket was resolved."""
        steps = {"open": [], "closed": ["resolved", "closed"]}.get(status, [status])
        before, resolved = "open", None
        for step in steps:
            self.pass_time(0.05, 20)
            self.log("status_changed", self.agent, before, step)
            resolved = resolved or (self.moment if step in ("resolved", "closed") else None)
            before = step
        return resolved

    def priority(self, scenario: Scenario) -> str:
        return scenario.priority if self.random.random() < 0.7 else self.random.choice(("low", "medium", "high"))

    def pass_time(self, least: float, most: float) -> None:
        """Let some hours pass, never beyond now."""
        later = self.moment + timedelta(seconds=int(self.random.uniform(least, most) * 3600))
        self.moment = min(later, self.now)

    def log(self, action: str, user: UUID, old: str | None = None, new: str | None = None) -> None:
        row = (time_ordered_id(self.moment, self.random), self.ticket_id, user, action, old, new, self.moment)
        self.story.activities.append(row)
