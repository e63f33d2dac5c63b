"""The rules of the demo, and what they have done over the last weeks, as automation.engine would have written it."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from automation.models import AutomationRule, Evaluation, Execution, RuleRevision, RuleType, TimeMatch, Trigger
from automation.rule_book import CompiledRule, compile_rule, new_stamp, stored_roster
from helpdesk.api.json import dumps

from .ids import dashed, id_at, moment_of
from .rhythm import DAY, HOUR, MINUTE
from .scenarios.script import BILLING, TECHNICAL

IN_FORCE = 28 * DAY  # since when: runs are kept for thirty days
KEPT = 500  # events that are explained, of the newest tickets
LATE = 2 * MINUTE  # after the full hour the worker has come round
STEP = 10  # between the places of rules
WAIT, REST = 72, 168  # hours

Json = dict[str, Any]


def asks(name: str, operator: str, value: Any) -> Json:
    return {"field": name, "operator": operator, "value": value}


def does(kind: str, value: Any) -> Json:
    return {"type": kind, "value": value}


def drafts(groups: Mapping[str, str]) -> list[AutomationRule]:
    """The rules in their order; none of them writes to anybody outside."""
    return [
        AutomationRule(
            name="Outages and fraud are urgent",
            description="What keeps a whole company from working, or smells of fraud, goes to Technical at once.",
            rule_type=RuleType.TICKET_CREATION,
            trigger=Trigger.TICKET_CREATED,
            condition_match="any",
            conditions=[
                asks("subject", "contains", "is down"),
                asks("subject", "contains", "unreachable"),
                asks("description", "contains", "nobody in our company"),
                asks("description", "contains", "bank details"),
            ],
            actions=[does("set_priority", "urgent"), does("set_group", groups[TECHNICAL])],
        ),
        AutomationRule(
            name="Refunds and invoices go to Billing",
            description="Who in Billing gets them is decided by the group: whoever has the least to do.",
            rule_type=RuleType.TICKET_CREATION,
            trigger=Trigger.TICKET_CREATED,
            condition_match="any",
            conditions=[
                asks("subject", "contains", "refund"),
                asks("subject", "contains", "invoice"),
                asks("description", "contains", "refund"),
                asks("description", "contains", "the invoice"),
            ],
            actions=[does("set_group", groups[BILLING])],
        ),
        AutomationRule(
            name="Key accounts come first",
            description="Companies of the tier enterprise were promised quick answers.",
            rule_type=RuleType.TICKET_CREATION,
            trigger=Trigger.TICKET_CREATED,
            conditions=[asks("company.accountTier", "is", "enterprise"), asks("priority", "less_than", "high")],
            actions=[does("set_priority", "high"), does("add_tag", "key account")],
        ),
        AutomationRule(
            name="Long conversations move up",
            description="Who still has to write after four days has waited long enough.",
            rule_type=RuleType.TICKET_UPDATE,
            trigger=Trigger.CUSTOMER_REPLIED,
            conditions=[asks("hoursSinceCreated", "greater_than", 96), asks("priority", "less_than", "high")],
            actions=[does("set_priority", "high")],
        ),
        AutomationRule(
            name="Remind of customers who wait for three days",
            description="Writes a note and marks the ticket; the view “Waiting too long” shows them.",
            rule_type=RuleType.TIME_TRIGGER,
            trigger=Trigger.HOURLY,
            conditions=[asks("status", "is", "open"), asks("hoursSinceCustomerReply", "greater_than", WAIT)],
            actions=[
                does("add_note", "Nobody has answered for three days. Who can do it today?"),
                does("add_tag", "waiting"),
            ],
        ),
        AutomationRule(
            name="Close what has been resolved for a week",
            description="An answer of the customer opens it again.",
            rule_type=RuleType.TIME_TRIGGER,
            trigger=Trigger.DAILY,
            conditions=[asks("status", "is", "resolved"), asks("hoursSinceStatusChanged", "greater_than", REST)],
            actions=[does("set_status", "closed")],
        ),
    ]


@dataclass(frozen=True, slots=True)
class Event:
    """What rules made of one event of a ticket; moments in milliseconds."""

    id: str
    ticket: str
    triggers: str
    moment: int
    results: Json
    asked: tuple[CompiledRule, ...]
    executed: tuple[tuple[str, CompiledRule], ...]  # under which id


@dataclass(slots=True)
class Rules:
    """The rules that are in force since a moment, by trigger, and what they have done so far."""

    since: int
    by_trigger: Mapping[str, tuple[CompiledRule, ...]] = field(default_factory=dict)
    counts: Counter[UUID] = field(default_factory=Counter)
    last: dict[UUID, int] = field(default_factory=dict)
    kept: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    matches: list[TimeMatch] = field(default_factory=list)

    def asked(self, trigger: str, moment: int) -> tuple[CompiledRule, ...]:
        return self.by_trigger.get(trigger, ()) if moment >= self.since else ()

    def next_pass(self, trigger: str, moment: int) -> int | None:
        """When a time rule first comes round after a moment; None where there is none."""
        if trigger not in self.by_trigger:
            return None
        period = PERIODS[trigger]
        return (max(moment, self.since) // period + 1) * period + LATE

    def keep(self, event: Event) -> None:
        for _, rule in event.executed:
            self.counts[rule.id] += 1
            self.last[rule.id] = max(event.moment, self.last.get(rule.id, 0))
        self.kept.append(event)

    def remember(self, trigger: str, ticket: str, moment: int) -> None:
        """A ticket that still is in the condition of a time rule, which has acted at that moment."""
        (rule,) = self.by_trigger[trigger]
        self.matches.append(TimeMatch(rule_id=rule.id, ticket_id=UUID(ticket), created_at=moment_of(moment)))

    def write(self, end: int) -> None:
        """The figures of the rules, and the explanations of the newest events.

        From now on they are off: what somebody files to see what happens shall be as it was filed.
        """
        for trigger, rules in self.by_trigger.items():
            period = PERIODS.get(trigger)
            passed = period and moment_of((end - 1) // period * period + LATE)
            for rule in rules:
                last = self.last.get(rule.id)
                AutomationRule.objects.filter(pk=rule.id).update(
                    execution_count=self.counts[rule.id],
                    last_executed_at=last and moment_of(last),
                    completed_pass_at=passed or None,
                    is_active=False,
                )
        new_stamp()
        rosters: dict[tuple[int, ...], int] = {}
        executions = []
        evaluations = []
        for event in self.kept:
            key = tuple(rule.revision_id for rule in event.asked)
            if key not in rosters:
                rosters[key] = stored_roster(key)
            at = moment_of(event.moment)
            evaluations.append(
                Evaluation(
                    id=UUID(event.id),
                    ticket_id=UUID(event.ticket),
                    roster_id=rosters[key],
                    triggers=event.triggers,
                    results=dumps(event.results).decode(),
                    created_at=at,
                )
            )
            executions += [
                Execution(id=UUID(key), rule_id=rule.id, evaluation_id=UUID(event.id), created_at=at, folded=True)
                for key, rule in event.executed
            ]
        Evaluation.objects.bulk_create(evaluations)
        Execution.objects.bulk_create(executions)
        TimeMatch.objects.bulk_create(self.matches, batch_size=1000)


PERIODS = {str(Trigger.HOURLY): HOUR, str(Trigger.DAILY): DAY}


def write_rules(groups: Mapping[str, str], lead: str, end: int, random: Random) -> Rules:
    """Where an admin has made rules already only theirs are in force, and none of them has acted on the demo."""
    begin = end - IN_FORCE
    if AutomationRule.objects.exists():
        return Rules(end)
    rules = drafts({name: dashed(key) for name, key in groups.items()})
    for place, rule in enumerate(rules):
        rule.id = UUID(id_at(begin - HOUR + place * 7 * MINUTE, random))
        rule.order, rule.saved_by_id = place * STEP, UUID(lead)
        rule.created_at = moment_of(begin - HOUR + place * 7 * MINUTE)
    AutomationRule.objects.bulk_create(rules)
    revisions = RuleRevision.objects.bulk_create(
        RuleRevision(
            rule=rule,
            name=rule.name,
            condition_match=rule.condition_match,
            conditions=rule.conditions,
            actions=rule.actions,
            created_at=rule.created_at,
        )
        for rule in rules
    )
    new_stamp()
    by_trigger: dict[str, list[CompiledRule]] = defaultdict(list)
    for rule, revision in zip(rules, revisions, strict=True):
        by_trigger[str(rule.trigger)].append(compile_rule(rule, revision.pk))
    return Rules(begin, {trigger: tuple(found) for trigger, found in by_trigger.items()})
