"""The verbs of automation rules."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from audit.services import record_change, record_creation, record_deletion, record_order, snapshot
from helpdesk.errors import Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.json_values import same
from helpdesk.transactions import in_one_transaction

from .actions import parse_actions
from .conditions import parse_conditions
from .models import TRIGGERS, AutomationRule, ConditionMatch, RuleRevision, RuleType
from .rule_book import new_stamp

MAX_ACTIVE = 500
MAX_ORDER = 1_000_000
ORDER_STEP = 10  # between rules that were put in order by hand, so that others fit in between
# What a run is explained by: a change of these is a new revision.
EXPLAINING = ("name", "condition_match", "conditions", "actions")


@in_one_transaction
def create_rule(*, actor: User | None, **values: Any) -> AutomationRule:
    """Save a new rule; raises Invalid, naming what is wrong with it."""
    rule = draft(values)
    rule.saved_by = actor
    rule.save(force_insert=True)
    record_creation(rule, actor=actor)
    keep_revision(rule)
    new_stamp()
    return rule


@in_one_transaction
def update_rule(rule: AutomationRule | UUID, *, actor: User | None, **values: Any) -> AutomationRule:
    """Change a rule; what changes nothing writes nothing."""
    locked = lock(rule)
    if "rule_type" in values and values["rule_type"] != locked.rule_type:
        values.setdefault("trigger", None)
    changed = {name: value for name, value in values.items() if not same(getattr(locked, name), value)}
    if not changed:
        return locked
    before = snapshot(locked)
    for name, value in changed.items():
        setattr(locked, name, value)
    # A rule whose agent has left can still be renamed, put in order and, above all, switched off.
    check(locked, verify="actions" in changed or changed.get("is_active", False))
    locked.saved_by = actor
    locked.save(update_fields=[*changed, "trigger", "saved_by"])
    record_change(locked, before, actor=actor)
    if not changed.keys().isdisjoint(EXPLAINING):
        supersede_revisions(locked)
        keep_revision(locked)
    new_stamp()
    return locked


@in_one_transaction
def delete_rule(rule: AutomationRule | UUID, *, actor: User | None) -> None:
    """Drop a rule; what it did stays, with its explanation, as long as runs are kept."""
    locked = lock(rule)
    supersede_revisions(locked)
    record_deletion(locked, actor=actor)
    locked.delete()
    new_stamp()


@in_one_transaction
def order_rules(keys: Sequence[UUID], *, actor: User | None) -> None:
    """Put these rules into this order, in the places that they have among all rules now; raises NotFound."""
    rules = list(AutomationRule.objects.select_for_update(no_key=True).order_by("order", "name", "id"))
    known = {rule.pk: rule for rule in rules}
    if not known.keys() >= set(keys):
        raise NotFound("Some of these rules do not exist any more. Load the page again.")
    wanted = iter(dict.fromkeys(keys))
    chosen = set(keys)
    placed = [known[next(wanted)] if rule.pk in chosen else rule for rule in rules]
    numbers = [rule.order for rule in rules]
    if len(set(numbers)) < len(numbers):
        # Some share a number and stand in the order of their names.
        numbers = [place * ORDER_STEP for place in range(len(rules))]
    moved = [(rule, number) for rule, number in zip(placed, numbers, strict=True) if rule.order != number]
    record_order(rules, placed, actor=actor)
    for rule, number in moved:
        rule.order = number
    AutomationRule.objects.bulk_update([rule for rule, _ in moved], ["order"])
    if moved:
        new_stamp()


def draft(values: dict[str, Any]) -> AutomationRule:
    """A checked rule that is not stored."""
    rule = AutomationRule(id=new_id(), created_at=timezone.now(), **values)
    check(rule)
    return rule


def check(rule: AutomationRule, *, verify: bool = True) -> None:
    """Everything about a rule is known and fits together; fills in the default trigger of its type.

    With `verify` what its actions refer to has to exist.
    """
    rule.name = rule.name.strip()
    if not rule.name:
        raise Invalid(name="May not be blank.")
    if rule.rule_type not in RuleType.values:
        raise Invalid(rule_type=f"Must be one of: {', '.join(RuleType.values)}.")
    if rule.condition_match not in ConditionMatch.values:
        raise Invalid(condition_match=f"Must be one of: {', '.join(ConditionMatch.values)}.")
    triggers = TRIGGERS[rule.rule_type]
    rule.trigger = rule.trigger or triggers[0]
    # A rule for new tickets fires on creation, whatever its trigger says.
    if rule.rule_type != RuleType.TICKET_CREATION and rule.trigger not in triggers:
        raise Invalid(trigger=f"Must be one of: {', '.join(triggers)}.")
    if abs(rule.order) > MAX_ORDER:
        raise Invalid(order=f"Must be a whole number between -{MAX_ORDER} and {MAX_ORDER}.")
    parse_conditions(rule.conditions)
    parse_actions(rule.actions, verify=verify)
    if rule.is_active and AutomationRule.objects.filter(is_active=True).exclude(pk=rule.pk).count() >= MAX_ACTIVE:
        raise Invalid(is_active=f"At most {MAX_ACTIVE} rules can be active.")


def keep_revision(rule: AutomationRule) -> None:
    RuleRevision.objects.create(
        rule=rule,
        name=rule.name,
        condition_match=rule.condition_match,
        conditions=rule.conditions,
        actions=rule.actions,
        created_at=timezone.now(),
    )


def supersede_revisions(rule: AutomationRule) -> None:
    """From now on what runs have been explained by so far is kept for them alone."""
    RuleRevision.objects.filter(rule=rule, superseded_at=None).update(superseded_at=timezone.now())


def lock(rule: AutomationRule | UUID) -> AutomationRule:
    key = rule.pk if isinstance(rule, AutomationRule) else rule
    found = AutomationRule.objects.select_for_update(no_key=True).filter(pk=key).first()
    if found is None:
        raise NotFound("This automation rule does not exist.")
    return found
