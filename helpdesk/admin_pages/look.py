"""How values are shown."""

from datetime import datetime

from django.utils import timezone


def shown(moment: datetime | None) -> str:
    """A moment in the time zone of the site, short and to the second."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""
