"""Running rules on a ticket: in order, each seeing what those before it did, each rolled back alone if it fails.

What a rule does carries the rule as its cause, and what has a cause runs no rules: nothing can go round in circles.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction

from helpdesk.api.inserts import Insertion
from helpdesk.api.json import dumps
from helpdesk.errors import HelpDeskError
from helpdesk.ids import new_id
from tickets.history import record
from tickets.models import Action, Ticket

from .actions import Run
from .conditions import Known, judge, shown
from .facts import Facts
from .models import Evaluation, Execution
from .rule_book import CompiledRule, roster_of

logger = logging.getLogger(__name__)

keep = Insertion(Evaluation)
MAX_SENTENCE = 500  # characters of a failure that are kept


# How an evaluation is stored, as JSON. `facts`: the values that were asked for, first before any rule acted, then anew
# after each one that did. `passed`: for each rule of the roster a digit for every condition. `acted`: by the place of
# a rule that matched, its effects or its error.


def run_rules(
    rules: Sequence[CompiledRule],
    ticket: Ticket,
    *,
    triggers: Sequence[str],
    now: datetime,
    message: UUID | None = None,
) -> None:
    """Evaluate rules for one event of a ticket that this transaction holds, and keep what became of each.

    `message` is the id of what somebody wrote, when that is the event; the ticket's own for its first message.
    """
    if not rules:
        return
    evaluation_id = new_id()
    passed: list[str] = []
    acted: dict[str, dict[str, Any]] = {}
    asked: list[dict[str, Any]] = []
    known = Known(Facts(ticket, now))
    for place, rule in enumerate(rules):
        digits, matched = judge(rule.conditions, rule.match, known)
        passed.append(digits)
        if matched:
            acted[str(place)] = execute(rule, Run(ticket, rule.cause, now, evaluation_id, message=message))
            asked.append(known.values)
            known = Known(Facts(ticket, now))
    asked.append(known.values)
    results = {"facts": [texts(values) for values in asked], "passed": passed, "acted": acted}
    keep.run(
        id=evaluation_id,
        ticket_id=ticket.pk,
        roster_id=roster_of(list(rules)),
        triggers=",".join(triggers),
        results=dumps(results).decode(),
        created_at=now,
    )


def texts(values: dict[str, Any]) -> dict[str, Any]:
    return {name: shown(value) for name, value in values.items()}


def execute(rule: CompiledRule, run: Run) -> dict[str, Any]:
    """Let a rule act, or nothing of it; returns the effects, or why it failed."""
    try:
        with transaction.atomic():
            effects = [action.run(run, place) for place, action in enumerate(rule.actions)]
            record(run.ticket, Action.AUTOMATION_EXECUTED, actor=None, now=run.now, new=rule.name)
            Execution.objects.create(id=new_id(), rule_id=rule.id, evaluation_id=run.evaluation_id, created_at=run.now)
    except OperationalError:
        raise  # the whole transaction has to be tried again, or the database is gone
    except Exception as problem:
        sentence = explain(rule, problem)
        run.ticket.refresh_from_db()
        record(run.ticket, Action.AUTOMATION_FAILED, actor=None, now=run.now, new=f"{rule.name}: {sentence}")
        return {"error": sentence}
    return {"effects": [{name: plain(value) for name, value in effect.items()} for effect in effects]}


def explain(rule: CompiledRule, problem: Exception) -> str:
    if isinstance(problem, HelpDeskError):
        return problem.sentence[:MAX_SENTENCE]
    logger.exception("The automation rule %r failed", rule.name)
    return "Something unexpected went wrong; the log of the server says what."


def plain(value: Any) -> Any:
    """An effect as JSON: old and new values as they are shown."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return shown(str(value) if type(value).__name__ == "UUID" else value)
