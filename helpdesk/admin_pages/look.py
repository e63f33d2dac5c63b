"""How values are shown."""

from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil


def shown(moment: datetime | None) -> str:
    """A moment in the time zone of the site, short and to the second."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


def badge(words: str, kind: str = "") -> SafeString:
    """A small label; `kind` is a colour or a status or priority that the style sheet knows: `green`, `urgent`."""
    return format_html('<span class="hd-badge hd-badge--{}">{}</span>', kind, words)


def ago(moment: datetime | None, *, never: str = "Never") -> SafeString | str:
    """How long ago something was, or in how long it will be, with the exact moment in its title."""
    if moment is None:
        return never
    now = timezone.now()
    past = moment <= now
    distance = timesince(moment, now, depth=1) if past else timeuntil(moment, now, depth=1)
    if distance.startswith("0"):
        words = "Just now" if past else "In a moment"
    else:
        words = f"{distance} ago" if past else f"In {distance}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), shown(moment), words)
