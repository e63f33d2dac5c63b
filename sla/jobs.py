"""What the background worker does for service levels. Any number of workers may run it, and stop anywhere."""

from django.utils import timezone

from helpdesk.periodic import every

from . import clocks, escalation, services


@every(minutes=1)
def watch_deadlines() -> None:
    """Warn of what is about to be late, and note what is."""
    now = timezone.now()
    while clocks.reckon_due(now=now):
        pass


@every(minutes=1)
def catch_up() -> None:
    """Set the clocks that a change of policies or business hours has left behind, and tell what came of it."""
    now = timezone.now()
    services.recheck(now=now)
    while clocks.reckon_stale(now=now):
        pass
    escalation.send_digests()
