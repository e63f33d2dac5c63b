"""What the background worker does for imports. Any number of workers may run it, and stop anywhere."""

from django.utils import timezone

from helpdesk.periodic import every

from . import forgetting, services

SECONDS = 300  # of one run; the worker gives a job ten minutes


@every(minutes=1)
def import_rows() -> None:
    """Go on with the imports that wait."""
    services.work(seconds=SECONDS)


@every(minutes=60)
def forget_old_imports() -> None:
    """Drop what is remembered of imports after 30 days, and the rows of trial runs and failed ones after one."""
    forgetting.forget_old(timezone.now())
    forgetting.forget_unconfirmed(timezone.now())
