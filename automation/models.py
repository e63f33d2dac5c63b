"""Automation rules, and the records that explain what they did and keep them from doing it twice."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from helpdesk.ids import new_id
from tickets.models import Ticket


class RuleType(models.TextChoices):
    TICKET_CREATION = "ticket_creation"
    TICKET_UPDATE = "ticket_update"
    TIME_TRIGGER = "time_trigger"


class Trigger(models.TextChoices):
    TICKET_CREATED = "ticket_created"
    TICKET_UPDATED = "ticket_updated"
    STATUS_CHANGED = "status_changed"
    PRIORITY_CHANGED = "priority_changed"
    CATEGORY_CHANGED = "category_changed"
    ASSIGNED = "assigned"
    GROUP_CHANGED = "group_changed"
    TAGS_CHANGED = "tags_changed"
    REPLIED = "replied"
    CUSTOMER_REPLIED = "customer_replied"
    AGENT_REPLIED = "agent_replied"
    NOTE_ADDED = "note_added"
    CUSTOM_FIELD_CHANGED = "custom_field_changed"
    EVERY_5_MINUTES = "every_5_minutes"
    HOURLY = "hourly"
    DAILY = "daily"


# The triggers of each type of rule; the first one is what a rule gets that names none.
TRIGGERS: dict[str, tuple[str, ...]] = {
    RuleType.TICKET_CREATION: (Trigger.TICKET_CREATED,),
    RuleType.TICKET_UPDATE: tuple(Trigger.values[1:13]),
    RuleType.TIME_TRIGGER: (Trigger.EVERY_5_MINUTES, Trigger.HOURLY, Trigger.DAILY),
}


class ConditionMatch(models.TextChoices):
    ALL = "all"
    ANY = "any"


class AutomationRule(models.Model):
    """When something happens to a ticket and conditions hold, do something.

    `execution_count` and `last_executed_at` hold what has been folded so far: see Execution.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    rule_type = models.CharField(max_length=20, choices=RuleType)
    trigger = models.CharField(max_length=50)
    condition_match = models.CharField(max_length=5, choices=ConditionMatch, default=ConditionMatch.ALL)
    conditions = models.JSONField(default=list, blank=True)
    actions = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    order = models.IntegerField(default=0)
    execution_count = models.PositiveBigIntegerField(default=0, editable=False)
    last_executed_at = models.DateTimeField(null=True, editable=False)
    # Who saved it last: writes in their name what a rule writes on a ticket that has no assignee.
    saved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # The pass that went through all tickets last; time rules only.
    completed_pass_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["order", "name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(rule_type__in=RuleType.values), name="rule_type_known"),
            models.CheckConstraint(condition=Q(condition_match__in=ConditionMatch.values), name="rule_match_known"),
        ]

    def __str__(self) -> str:
        return self.name


class RuleRevision(models.Model):
    """A rule as it stood when it was saved, for explaining runs after it has been changed or deleted."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(AutomationRule, null=True, on_delete=models.SET_NULL, related_name="revisions")
    name = models.CharField(max_length=200)
    condition_match = models.CharField(max_length=5)
    conditions = models.JSONField()
    actions = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    # Since when the rule stands otherwise, or does not stand any more.
    superseded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class RuleSet(models.Model):
    """One row whose stamp changes with every change of any rule, and tells processes that theirs are old."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    stamp = models.UUIDField(default=new_id)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_rule_set")]

    def __str__(self) -> str:
        return str(self.stamp)


class Roster(models.Model):
    """The revisions that were asked about an event, in their order: the same for thousands of events, so kept once."""

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.digest


class RosterEntry(models.Model):
    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="entries", db_index=False)
    revision = models.ForeignKey(RuleRevision, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["roster", "position"], name="roster_position_once")]

    def __str__(self) -> str:
        return str(self.position)


class Evaluation(models.Model):
    """What rules made of one event of a ticket; see automation.traces for how it reads."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+", db_index=False)
    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="+", db_index=False)
    triggers = models.CharField(max_length=300)
    results = models.TextField(help_text="JSON: facts, and what became of each rule of the roster.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["ticket", "created_at", "id"], name="evaluation_ticket"),
            models.Index(fields=["roster", "created_at", "id"], name="evaluation_roster"),
            models.Index(fields=["created_at"], name="evaluation_created"),
        ]

    def __str__(self) -> str:
        return self.triggers


class Execution(models.Model):
    """One time that a rule acted.

    Rows are only ever added while tickets change, so that no two requests wait for each other's counter; the worker
    folds them into the rule's own figures, and marks them as `folded`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rule = models.ForeignKey(AutomationRule, on_delete=models.CASCADE, related_name="executions", db_index=False)
    evaluation = models.ForeignKey(Evaluation, null=True, on_delete=models.SET_NULL, related_name="executions")
    created_at = models.DateTimeField(default=timezone.now)
    folded = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["rule", "created_at", "id"], name="execution_rule"),
            models.Index(fields=["rule", "created_at"], name="execution_unfolded", condition=Q(folded=False)),
            models.Index(fields=["created_at"], name="execution_created"),
        ]

    def __str__(self) -> str:
        return str(self.created_at)


class TimeMatch(models.Model):
    """A ticket that is in the condition of a time rule, and for which the rule has fired."""

    rule = models.ForeignKey(AutomationRule, on_delete=models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "ticket"], name="time_rule_once_per_ticket")]

    def __str__(self) -> str:
        return str(self.created_at)
