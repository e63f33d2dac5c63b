"""What the worker tidies up for accounts."""

from django.utils import timezone

from helpdesk.periodic import every

from . import merging, replays, throttling
from .sessions import SessionStore

AT_ONCE = 1_000


@every(minutes=60)
def forget_what_expired() -> None:
    """Sessions, answers kept for retries and windows of throttles that nobody can use any more."""
    SessionStore.clear_expired()
    while replays.purge(AT_ONCE):
        pass
    throttling.purge(timezone.now())


@every(minutes=5)
def follow_merges() -> None:
    """What came to a contact at the moment it was merged goes to the kept one."""
    merging.follow_latecomers(timezone.now())
