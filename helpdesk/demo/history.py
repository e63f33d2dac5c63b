"""Tickets, told one after the other from their first message to where they stand today.

What a story leaves behind is what tickets.services would have written had it all happened through the API.
"""

from collections import deque
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any

import orjson

from sla.reckoning import Step

from .desk import DEVICES, PRODUCTS, ROOT_CAUSES
from .ids import dashed, id_at, moment_of, text_of
from .people import Colleague, Customers
from .rhythm import DAY, HOUR, MINUTE, awake, in_office_hours
from .satisfaction import survey
from .scenarios import SCENARIOS
from .scenarios.script import ANSWER, CUSTOMER, NOTE, QUESTION, SOLUTION, Scenario
from .service_levels import Measured, Promise, measure
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

SOURCES = ("portal", "portal", "portal", "portal", "email", "email", "email", "email", "api")
PRIORITIES = ("low", "medium", "high", "urgent")
# Hours until staff looks at a new ticket, and until it writes again, on average.
PATIENCE = {"low": 30, "medium": 14, "high": 5, "urgent": 1}
AGAIN = (
    "It happened again this morning, exactly as before.",
    "I was too quick: it still does not work on my colleague's computer.",
    "One more question: do I have to do this every time?",
)
STILL_ON_IT = (
    "Thank you for telling me. I look into it at once.",
    "Sorry for that. Let me check it together with a colleague.",
)
SETTLED = (
    "Now it should hold: I have changed it for your whole team. Thank you for your patience.",
    "That was the rest of it. Please write again should anything be left.",
)
NO_ANSWER = "As I have not heard from you, I assume that it works, and close this. An answer opens it again."
WORK = (None, "Phone call", "Analysis", "Call with the carrier", "Remote session")


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


class Today(Exception):
    """A story has reached the present: what would come next has not happened yet."""


@dataclass(slots=True)
class Turns:
    """Makes something rare happen by turns: once in `every` times, after the first half of them.

    Left to chance, a small demo would have none of it on some days. Who cannot do it leaves the turn to the next.
    """

    every: int
    asked: int = 0
    done: int = 0

    def come(self) -> bool:
        self.asked += 1
        return (self.asked + self.every // 2) // self.every > self.done


class Teller:
    """Tells stories; remembers some recent tickets, since some belong together."""

    def __init__(self, cast: Cast, rows: Rows, end: int, random: Random) -> None:
        self.cast, self.rows, self.end, self.random = cast, rows, end, random
        self.recent: dict[Scenario, deque[tuple[str, int]]] = {scenario: deque(maxlen=5) for scenario in SCENARIOS}
        self.children, self.links, self.archived = Turns(32), Turns(32), Turns(20)

    def tell(self, number: int, created: int, *, newest: bool = False) -> None:
        scenario = self.random.choice(SCENARIOS)
        story = Story(self.cast, self.rows, self.end, self.random, scenario, number, created)
        if self.recent[scenario]:
            story.related = self.random.choice(self.recent[scenario])
            story.is_child = self.children.come()
            story.is_linked = self.links.come() and not story.is_child
        story.is_archived = self.archived.come()
        if newest:
            story.stay_unseen()
        story.run()
        self.children.done += story.parent is not None
        self.links.done += story.linked
        self.archived.done += story.archived is not None
        if story.parent is None:
            self.recent[scenario].append((story.id, number))


class Story:
    """One ticket and what happens to it."""

    def __init__(
        self, cast: Cast, rows: Rows, end: int, random: Random, scenario: Scenario, number: int, created: int
    ) -> None:
        self.cast, self.rows, self.end, self.random, self.scenario = cast, rows, end, random, scenario
        self.number, self.created = number, created
        self.now = self.updated = created
        self.order = 0  # of what happens within the same millisecond
        self.id = id_at(created, random)
        self.customer, self.customer_name = cast.customers.someone(created, random)
        self.team = cast.teams[scenario.group]
        self.agent = random.choice(self.team.agents)
        self.source = random.choice(SOURCES)
        self.status = "open"
        self.priority = scenario.priority if random.random() < 0.75 else random.choice(PRIORITIES)
        self.assignee: Colleague | None = None
        self.group: str | None = None
        self.related: tuple[str, int] | None = None  # another ticket of this kind: id and number
        self.is_child = self.is_linked = self.is_archived = False  # what becomes of it, if time allows
        self.parent: str | None = None
        self.linked = False
        self.first_response: int | None = None
        self.resolved: int | None = None
        self.archived: int | None = None
        self.turns: list[Step] = []  # of the status
        self.words: dict[str, Any] = {
            "product": random.choice(PRODUCTS),
            "device": random.choice(DEVICES),
            "order": f"A-{random.randrange(10_000, 100_000)}",
            "serial": f"HX-{random.randrange(10, 100)}-{random.randrange(10_000, 100_000)}",
            "amount": f"{random.randrange(9, 900)}.{random.randrange(100):02d} EUR",
        }
        self.fields = {name: self.words[name.removesuffix("_number")] for name in scenario.fields}
        self.patience = PATIENCE[self.priority]
        # Some get stuck, and the longer ago, the fewer of them still are.
        age = (end - created) // DAY
        stuck = 0.25 if age < 30 else 0.05 if age < 120 else 0.005
        self.steps_left = random.randrange(len(scenario.talk) + 1) if random.random() < stuck else 1000

    def run(self) -> None:
        random = self.random
        due = self.created + random.randrange(1, 15) * DAY if random.random() < 0.12 else None
        try:
            self.file()
            self.take()
            self.converse()
            self.close()
        except Today:
            pass
        words, measured = self.words, self.measured()
        self.rows.tickets.append((
            self.id, self.number, random.choice(self.scenario.subjects).format_map(words),
            self.scenario.opening.format_map(words), self.status, self.priority, self.scenario.category, self.customer,
            self.assignee.id if self.assignee else None, self.group, self.parent,
            orjson.dumps(self.scenario.tags).decode(), orjson.dumps(self.fields).decode(), self.source, self.filed_by,
            moment_or_none(measured.sla_deadline), moment_or_none(measured.first_response_deadline),
            moment_or_none(self.first_response), moment_or_none(self.resolved), moment_or_none(due),
            moment_or_none(self.archived), text_of(self.created), text_of(self.updated),
        ))  # fmt: skip

    def stay_unseen(self) -> None:
        """It came by mail, and nobody has looked at it yet."""
        self.source, self.steps_left = "email", 0

    @property
    def filed_by(self) -> str | None:
        """Mail comes in without anybody being signed in."""
        return {"portal": self.customer, "api": self.cast.integration.id}.get(self.source)

    def measured(self) -> Measured:
        """How the promises to the customer stand; what was broken shows in the history."""
        promise = self.cast.promises.get(self.priority)
        if promise is None:
            return Measured()
        found = measure(
            promise, ticket=self.id, created=self.created, status=self.status, steps=self.turns,
            first_response=self.first_response, end=self.end,
        )  # fmt: skip
        if found.clock:
            self.rows.clocks.append(found.clock)
        for name, noticed in found.breaches.items():
            key = id_at(noticed, Random(self.id + name))
            words = name.replace("_", " ")
            self.rows.activities.append((key, self.id, None, "sla_breached", None, words, text_of(noticed)))
            self.updated = max(self.updated, noticed)
        return found

    # --- What happens ------------------------------------------------------------------------------

    def file(self) -> None:
        sorted_already = self.source != "email"
        if sorted_already:
            self.group = self.team.id
        if self.related and self.is_child:
            self.parent = self.related[0]
        self.log("created", self.filed_by)
        if sorted_already and self.team.assigns_at_once:
            self.assign(None)

    def take(self) -> None:
        """Somebody looks at it, sorts it in, and takes it or hands it out."""
        self.step()
        self.work(self.patience)
        boss = self.cast.lead.id if self.random.random() < 0.3 else self.agent.id
        if self.group is None:
            self.group = self.team.id
            self.change("group_changed", boss, None, dashed(self.team.id))
        if self.assignee is None:
            self.assign(boss)
        if self.random.random() < 0.06:
            before = PRIORITIES.index(self.priority)
            after = PRIORITIES[before + 1 if before < 3 else 2]
            self.change("priority_changed", boss, self.priority, after)
            self.priority = after
        self.work(0.3)
        self.set_status("in_progress")
        if self.related and self.is_linked:
            self.link(*self.related)

    def converse(self) -> None:
        for kind, text in self.scenario.talk:
            self.step()
            if kind == CUSTOMER and self.status == "pending" and self.random.random() < 0.06:
                self.give_up()
                return
            self.say(kind, text)
        while self.random.random() < 0.06:
            self.step()
            self.say(CUSTOMER, self.random.choice(AGAIN))
            self.say(ANSWER, self.random.choice(STILL_ON_IT))
            self.say(SOLUTION, self.random.choice(SETTLED))

    def give_up(self) -> None:
        self.pass_days(14)
        self.say(SOLUTION, NO_ANSWER)

    def close(self) -> None:
        self.pass_days(self.random.randrange(3, 10))
        self.set_status("closed")
        if self.is_archived:
            self.pass_days(60)
            self.archived = self.now
            self.change("archived", self.cast.lead.id)

    def say(self, kind: str, text: str) -> None:
        if kind == CUSTOMER:
            self.wait(9)
            self.reply(self.customer, text)
            if self.status in ("pending", "resolved"):
                self.set_status("open", by=self.customer)
            return
        self.work(self.patience / 3)
        if self.status == "open":
            self.set_status("in_progress")
        if kind == NOTE:
            self.note(text)
            return
        if self.first_response is None:
            self.first_response = self.now
            text = f"Hello {self.customer_name},\n\n{text}\n\nBest regards\n{self.agent.first_name}"
        self.reply(self.agent.id, text)
        if kind == QUESTION:
            self.set_status("pending")
        elif kind == SOLUTION:
            self.log_time()
            self.find_cause()
            self.set_status("resolved")

    # --- What it leaves behind ---------------------------------------------------------------------

    def reply(self, author: str, text: str, *, internal: bool = False) -> None:
        key = self.next_id()
        content = text.format_map(self.words)
        self.rows.replies.append(
            (key, self.id, author, content, int(internal), int(author != self.customer), text_of(self.now))
        )
        self.change("replied", author, None, dashed(key))

    def note(self, text: str) -> None:
        """Some agents write notes, some internal replies."""
        if self.random.random() < 0.25:
            self.reply(self.agent.id, text, internal=True)
            return
        key = self.next_id()
        self.rows.notes.append((key, self.id, self.agent.id, text.format_map(self.words), 1, text_of(self.now)))
        self.change("note_added", self.agent.id, None, dashed(key))

    def assign(self, by: str | None) -> None:
        self.assignee = self.agent
        self.change("assigned", by, None, self.agent.shown_id)

    def set_status(self, status: str, by: str | None = None) -> None:
        done = status in ("resolved", "closed")
        self.resolved = (self.resolved or self.now) if done else None
        self.change("status_changed", by or self.agent.id, self.status, status)
        self.turns.append(Step(moment_of(self.now), self.status, status))
        self.status = status
        if status == "resolved":
            self.ask()

    def ask(self) -> None:
        """The customer is asked how satisfied they are."""
        agent = self.assignee.id if self.assignee else None
        if found := survey(self.id, self.customer, agent, self.resolved or self.now, self.end):
            self.rows.surveys.append(found)

    def find_cause(self) -> None:
        if self.random.random() < 0.4 and "root_cause" not in self.fields:
            cause = self.random.choice(ROOT_CAUSES)
            self.fields["root_cause"] = cause
            self.change("custom_field_changed", self.agent.id, None, f"root_cause: {cause}")

    def log_time(self) -> None:
        if self.random.random() < 0.2:
            spent, billable = self.random.randrange(5, 95, 5), int(self.random.random() < 0.3)
            entry = (self.next_id(), self.id, self.agent.id, spent, self.random.choice(WORK), billable)
            self.rows.time_entries.append((*entry, text_of(self.now)))
            self.log("time_logged", self.agent.id, None, f"{spent} min")

    def link(self, other: str, number: int) -> None:
        """Both ends show it."""
        self.linked = True
        for near, far in ((self.id, other), (other, self.id)):
            self.rows.links.append((self.next_id(), near, far))
        self.change("linked", self.agent.id, None, f"#{number}")
        self.log("linked", self.agent.id, None, f"#{self.number}", ticket=other)

    def change(self, action: str, by: str | None, old: str | None = None, new: str | None = None) -> None:
        self.updated = self.now
        self.log(action, by, old, new)

    def log(
        self, action: str, by: str | None, old: str | None = None, new: str | None = None, ticket: str | None = None
    ) -> None:
        self.rows.activities.append((self.next_id(), ticket or self.id, by, action, old, new, text_of(self.now)))

    def next_id(self) -> str:
        self.order += 1
        return id_at(self.now, self.random, self.order)

    # --- How time passes ---------------------------------------------------------------------------

    def step(self) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise Today

    def work(self, hours: float) -> None:
        """Until staff goes on, in some hours of the office."""
        self.reach(in_office_hours(self.now + self.some(hours), self.random))

    def wait(self, hours: float) -> None:
        """Until the customer answers."""
        self.reach(awake(self.now + self.some(hours), self.random))

    def pass_days(self, days: int) -> None:
        self.reach(in_office_hours(self.now + days * DAY, self.random))

    def some(self, hours: float) -> int:
        return MINUTE + int(self.random.expovariate(1) * hours * HOUR)

    def reach(self, moment: int) -> None:
        if moment >= self.end:
            raise Today
        self.now = moment


def moment_or_none(moment: int | None) -> str | None:
    return None if moment is None else text_of(moment)
