"""Tickets, told one after the other from their first message to where they stand today."""

from collections import deque
from dataclasses import dataclass
from random import Random

from automation.models import Trigger

from .cast import Cast, Rows
from .ids import dashed
from .rhythm import DAY, HOUR, MINUTE, awake, in_office_hours
from .rules import REST, WAIT
from .scenarios import SCENARIOS
from .scenarios.script import ANSWER, CUSTOMER, NOTE, QUESTION, SOLUTION, Scenario
from .standing import PRIORITIES, Standing

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


class Story(Standing):
    """What happens to one ticket."""

    def run(self) -> None:
        random = self.random
        due = self.created + random.randrange(1, 15) * DAY if random.random() < 0.12 else None
        try:
            self.file()
            self.take()
            self.converse()
            self.close()
        except Today:
            self.be_left_alone()
        self.settle(due)

    def stay_unseen(self) -> None:
        """It came by mail, and nobody has looked at it yet."""
        self.source, self.steps_left = "email", 0

    # --- What happens ------------------------------------------------------------------------------

    def file(self) -> None:
        if self.source != "email" and "group" not in self.left_to_rules:
            self.group = self.team.id
        if self.related and self.is_child:
            self.parent = self.related[0]
        self.log("created", self.filed_by)
        self.obey(Trigger.TICKET_CREATED)
        if self.group and self.assignee is None and self.team.assigns_at_once:
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
            self.assign(None if self.team.assigns_at_once else boss)
        if self.random.random() < 0.06:
            before = PRIORITIES.index(self.priority)
            after = PRIORITIES[before + 1 if before < 3 else 2]
            self.set_priority(after, boss)
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
        """An agent does, or the rule that closes what has been left alone."""
        by_hand = in_office_hours(self.now + self.random.randrange(3, 10) * DAY, self.random)
        by_rule = self.cast.rules.next_pass(Trigger.DAILY, self.turned + REST * HOUR)
        if by_rule is not None and by_rule < by_hand:
            self.reach(by_rule)
            self.obey(Trigger.DAILY)
        else:
            self.reach(by_hand)
            self.set_status("closed")
        if self.is_archived:
            self.pass_days(60)
            self.archived = self.now
            self.change("archived", self.cast.lead.id)

    def say(self, kind: str, text: str) -> None:
        if kind == CUSTOMER:
            self.wait(9)
            self.reply(self.customer, text)
            self.asked, self.reminded = self.now, None
            told = [Trigger.REPLIED, Trigger.CUSTOMER_REPLIED]
            if self.status in ("pending", "resolved"):
                self.turn("open", self.customer)
            else:
                told.insert(0, Trigger.TICKET_UPDATED)
            self.obey(Trigger.CUSTOMER_REPLIED, told)
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

    # --- How time passes ---------------------------------------------------------------------------

    def step(self) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise Today

    def work(self, hours: float) -> None:
        """Until staff goes on, in some hours of the office; for what is urgent somebody is on call."""
        at_work = awake if self.priority == "urgent" else in_office_hours
        self.reach(at_work(self.now + self.some(hours), self.random))

    def wait(self, hours: float) -> None:
        """Until the customer answers."""
        self.reach(awake(self.now + self.some(hours), self.random))

    def pass_days(self, days: int) -> None:
        self.reach(in_office_hours(self.now + days * DAY, self.random))

    def some(self, hours: float) -> int:
        return MINUTE + int(self.random.expovariate(1) * hours * HOUR)

    def reach(self, moment: int) -> None:
        self.be_watched(min(moment, self.end))
        if moment >= self.end:
            raise Today
        self.now = moment

    def be_left_alone(self) -> None:
        """Nobody comes back to it until today, but for rules."""
        self.be_watched(self.end)
        closed = self.cast.rules.next_pass(Trigger.DAILY, max(self.turned + REST * HOUR, self.now))
        if self.status == "resolved" and closed is not None and closed < self.end:
            self.now = closed
            self.obey(Trigger.DAILY)

    def be_watched(self, until: int) -> None:
        """Meanwhile a rule may notice that the customer waits for an answer."""
        if self.status != "open" or self.reminded is not None:
            return
        noticed = self.cast.rules.next_pass(Trigger.HOURLY, max(self.asked + WAIT * HOUR, self.now))
        if noticed is not None and noticed < until:
            self.now = noticed
            self.obey(Trigger.HOURLY)
            self.reminded = noticed
