"""What the worker tidies up for tickets."""

from django.utils import timezone

from helpdesk.periodic import every

from . import files, guests


@every(minutes=15)
def remove_discarded_files() -> None:
    """Those that a crash left behind; all others go with their attachment."""
    while files.sweep() == files.SWEEP:
        pass


@every(minutes=60)
def remove_abandoned_files() -> None:
    """Those that were stored for something that was never done."""
    files.remove_abandoned(timezone.now())


@every(minutes=60)
def forget_held_requests() -> None:
    """What guests wrote and never confirmed."""
    guests.forget_held(timezone.now())
