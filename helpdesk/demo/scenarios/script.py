"""The form in which scenarios are written."""

from dataclasses import dataclass

# Who speaks, and what it means for the ticket.
CUSTOMER = "customer"  # a message; re-opens what was waiting or done
ANSWER = "answer"  # a message of an agent, who goes on working
QUESTION = "question"  # a message of an agent, who now waits for the customer
SOLUTION = "solution"  # a message of an agent that resolves the ticket
NOTE = "note"  # a comment among staff

FIRST_LINE, BILLING, TECHNICAL, SHIPPING = "First line", "Billing", "Technical", "Shipping and returns"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of request: how it is put, and how the conversation goes.

    `{product}`, `{device}`, `{order}`, `{amount}` and `{serial}` are filled in for each ticket; `fields` names the
    custom fields that the ticket carries.
    """

    category: str
    group: str
    priority: str
    tags: tuple[str, ...]
    subjects: tuple[str, ...]
    opening: str
    talk: tuple[tuple[str, str], ...]
    fields: tuple[str, ...] = ("product",)
    left_to_rules: tuple[str, ...] = ()  # what it gets by rules ("priority", "group") as soon as there are some

    @property
    def first_answer(self) -> int:
        """The place of what staff says first."""
        return next(place for place, (kind, _) in enumerate(self.talk) if kind in (ANSWER, QUESTION, SOLUTION))

    @property
    def first_question(self) -> int | None:
        return next((place for place, (kind, _) in enumerate(self.talk) if kind == QUESTION), None)
