"""What the worker does for rules. Everything here may be run at any time, by any number of workers."""

from django.utils import timezone

from helpdesk.periodic import every

from .time_rules import run_time_rules
from .upkeep import fold_executions, forget_old_runs


@every(minutes=5)
def time_rules() -> None:
    run_time_rules(timezone.now())


@every(minutes=1)
def rule_counters() -> None:
    fold_executions()


@every(minutes=60)
def old_runs() -> None:
    forget_old_runs(timezone.now())
