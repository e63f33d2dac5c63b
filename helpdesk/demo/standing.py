"""A ticket of the demo as it stands at a moment, with all that its story leaves behind.

What is left behind is what tickets.services would have written had it all happened through the API.
"""

from collections.abc import Callable, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any
from typing import cast as as_type
from uuid import UUID

import orjson

from automation.actions import RuleAction
from automation.conditions import Known, judge
from automation.engine import texts
from automation.facts import Facts
from automation.models import Trigger
from sla.reckoning import Step
from tickets.models import Ticket

from .cast import Cast, Rows
from .desk import DEVICES, PRODUCTS, ROOT_CAUSES
from .ids import dashed, id_at, moment_of, text_of
from .people import Colleague
from .rhythm import DAY
from .rules import Event
from .satisfaction import survey
from .scenarios.script import Scenario
from .service_levels import Measured, measure

SOURCES = ("portal", "portal", "portal", "portal", "email", "email", "email", "email", "api")
PRIORITIES = ("low", "medium", "high", "urgent")
# Hours until staff looks at a new ticket, and until it writes again, on average.
PATIENCE = {"low": 22, "medium": 9, "high": 4, "urgent": 1}
WORK = (None, "Phone call", "Analysis", "Call with the carrier", "Remote session")


class Standing:
    """One ticket."""

    def __init__(
        self, cast: Cast, rows: Rows, end: int, random: Random, scenario: Scenario, number: int, created: int
    ) -> None:
        self.cast, self.rows, self.end, self.random, self.scenario = cast, rows, end, random, scenario
        self.number, self.created = number, created
        self.now = self.updated = created
        self.order = 0  # of what happens within the same millisecond
        self.id = id_at(created, random)
        self.customer, self.customer_name, self.tier = cast.customers.someone(created, random)
        self.team = cast.teams[scenario.group]
        self.agent = random.choice(self.team.agents)
        self.source = random.choice(SOURCES)
        self.status = "open"
        self.left_to_rules = scenario.left_to_rules if cast.rules.asked(Trigger.TICKET_CREATED, created) else ()
        self.priority = "medium" if "priority" in self.left_to_rules else about(scenario.priority, random)
        self.tags = list(scenario.tags)
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
        self.asked = self.turned = created  # when the customer wrote last, and the status changed
        self.reminded: int | None = None  # when a rule has noticed that the customer waits
        self.words: dict[str, Any] = {
            "product": random.choice(PRODUCTS),
            "device": random.choice(DEVICES),
            "order": f"A-{random.randrange(10_000, 100_000)}",
            "serial": f"HX-{random.randrange(10, 100)}-{random.randrange(10_000, 100_000)}",
            "amount": f"{random.randrange(9, 900)}.{random.randrange(100):02d} EUR",
        }
        self.fields = {name: self.words[name.removesuffix("_number")] for name in scenario.fields}
        self.subject = random.choice(scenario.subjects).format_map(self.words)
        self.description = scenario.opening.format_map(self.words)
        self.steps_left = self.steps_until_today()

    def steps_until_today(self) -> int:
        """Some get stuck, and the longer ago, the fewer of them still are: answered, and then waiting for the customer."""
        age, all_steps = (self.end - self.created) // DAY, len(self.scenario.talk) + 1
        stuck = 0.35 if age < 15 else 0.15 if age < 30 else 0.03 if age < 90 else 0.002
        if self.random.random() >= stuck:
            return 1000
        if age < 4:
            return self.random.randrange(all_steps)
        asked, answered = self.scenario.first_question, self.scenario.first_answer + 2
        if asked is not None and (age >= 12 or self.random.random() < 0.7):
            return asked + 2  # it is the customer who does not write
        return self.random.randrange(answered, all_steps) if age < 12 and answered < all_steps else 1000

    def settle(self, due: int | None) -> None:
        """Its row, once all has been told."""
        if self.reminded is not None:
            self.cast.rules.remember(Trigger.HOURLY, self.id, self.reminded)
        measured = self.measured()
        self.rows.tickets.append((
            self.id, self.number, self.subject, self.description, self.status, self.priority, self.scenario.category,
            self.customer, self.assignee.id if self.assignee else None, self.group, self.parent,
            orjson.dumps(self.tags).decode(), orjson.dumps(self.fields).decode(), self.source, self.filed_by,
            moment_or_none(measured.sla_deadline), moment_or_none(measured.first_response_deadline),
            moment_or_none(self.first_response), moment_or_none(self.resolved), moment_or_none(due),
            moment_or_none(self.archived), text_of(self.created), text_of(self.updated),
        ))  # fmt: skip

    @property
    def patience(self) -> int:
        return PATIENCE[self.priority]

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

    def set_status(self, status: str) -> None:
        self.turn(status, self.agent.id)

    def turn(self, status: str, by: str | None) -> None:
        done = status in ("resolved", "closed")
        self.resolved = (self.resolved or self.now) if done else None
        self.change("status_changed", by, self.status, status)
        self.turns.append(Step(moment_of(self.now), self.status, status))
        self.status, self.turned, self.reminded = status, self.now, None
        if status == "resolved":
            self.ask()

    def ask(self) -> None:
        """The customer is asked how satisfied they are."""
        agent = self.assignee.id if self.assignee else None
        if found := survey(self.id, self.customer, agent, self.resolved or self.now, self.end):
            self.rows.surveys.append(found)

    def set_priority(self, priority: str, by: str | None) -> None:
        self.change("priority_changed", by, self.priority, priority)
        self.priority = priority

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

    # --- What rules do to it -----------------------------------------------------------------------

    def obey(self, trigger: Trigger, told: Sequence[str] = ()) -> None:
        """Let the rules for an event act, one after the other, as automation.engine does."""
        rules = self.cast.rules.asked(trigger, self.now)
        if not rules:
            return
        key = self.next_id()
        known = self.facts()
        passed, asked = [], []
        acted: dict[str, Any] = {}
        executed = []
        for place, rule in enumerate(rules):
            digits, matched = judge(rule.conditions, rule.match, known)
            passed.append(digits)
            if matched:
                acted[str(place)] = {"effects": [self.act(action) for action in rule.actions]}
                self.log("automation_executed", None, None, rule.name)
                executed.append((self.next_id(), rule))
                asked.append(known.values)
                known = self.facts()
        facts = [texts(values) for values in (*asked, known.values)]
        results = {"facts": facts, "passed": passed, "acted": acted}
        names = ",".join(told or [trigger])
        self.cast.rules.keep(Event(key, self.id, names, self.now, results, rules, tuple(executed)))

    def facts(self) -> Known:
        """What rules may ask about it, as it stands."""
        company = SimpleNamespace(account_tier=self.tier) if self.tier else None
        ticket = SimpleNamespace(
            subject=self.subject,
            description=self.description,
            status=self.status,
            priority=self.priority,
            created_at=moment_of(self.created),
            customer=SimpleNamespace(company=company),
        )
        derived = {"customer_replied": moment_of(self.asked), "status_changed": moment_of(self.turned)}
        return Known(Facts(as_type(Ticket, ticket), moment_of(self.now), derived))

    def act(self, action: RuleAction) -> dict[str, Any]:
        """One action of a rule, and its effect as it is kept."""
        return ACTIONS[action.name](self, action.value)

    def be_given_priority(self, priority: str) -> dict[str, Any]:
        if (before := self.priority) == priority:
            return {}
        self.set_priority(priority, None)
        return {"priority": [before, priority]}

    def be_given_group(self, group: UUID) -> dict[str, Any]:
        """Which is that of its team: rules of the demo sort as its agents do."""
        if self.group is not None:
            return {}
        self.group = group.hex
        self.change("group_changed", None, None, dashed(self.group))
        if self.assignee is None and self.team.assigns_at_once:
            self.assign(None)
        return {"groupId": [None, dashed(self.group)]}

    def be_tagged(self, tags: Sequence[str]) -> dict[str, Any]:
        before = list(self.tags)
        self.tags += [tag for tag in tags if tag not in before]
        if self.tags == before:
            return {}
        self.change("tags_changed", None, ", ".join(before) or None, ", ".join(self.tags))
        return {"tags": [before, list(self.tags)]}

    def be_noted(self, value: dict[str, Any]) -> dict[str, Any]:
        key, author = self.next_id(), self.assignee or self.cast.lead
        self.rows.notes.append((key, self.id, author.id, value["content"], 1, text_of(self.now)))
        self.change("note_added", None, None, dashed(key))
        return {"noteId": dashed(key)}

    def be_turned(self, status: str) -> dict[str, Any]:
        before = self.status
        self.turn(status, None)
        return {"status": [before, status]}


# What rules of the demo do.
ACTIONS: dict[str, Callable[[Standing, Any], dict[str, Any]]] = {
    "set_priority": Standing.be_given_priority,
    "set_group": Standing.be_given_group,
    "add_tag": Standing.be_tagged,
    "add_note": Standing.be_noted,
    "set_status": Standing.be_turned,
}


def about(priority: str, random: Random) -> str:
    """The usual priority of a request, or one beside it."""
    if random.random() < 0.75:
        return priority
    place = PRIORITIES.index(priority) + random.choice((-1, 1))
    return PRIORITIES[min(max(place, 0), len(PRIORITIES) - 1)]


def moment_or_none(moment: int | None) -> str | None:
    return None if moment is None else text_of(moment)
