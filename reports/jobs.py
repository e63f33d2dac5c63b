"""What the worker does for reports. Any number of workers may run it, and stop anywhere."""

from django.utils import timezone

from helpdesk.periodic import every

from . import tally


@every(minutes=1)
def fold_tally() -> None:
    tally.fold(now=timezone.now())
