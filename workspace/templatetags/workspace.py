"""How things read on the pages of agents."""

from datetime import datetime, timedelta
from zlib import crc32

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, urlize
from django.utils.safestring import SafeString, mark_safe

from tickets.models import Attachment, Priority, Status
from workspace import offers, promises

LINKED = 20_000  # characters
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
SHOWN = 5_000_000  # bytes of a picture that is shown where it was sent

register = template.Library()

LABELS = {**dict(Status.choices), **dict(Priority.choices)}


@register.filter
def label(value: str) -> str:
    """A status or priority as people say it."""
    return LABELS.get(value, value)


@register.filter
def channel(source: str) -> str:
    """How a ticket came, within a sentence."""
    return {"portal": "in the portal", "email": "by email", "api": "by the API"}.get(source, source)


@register.filter
def age(moment: datetime) -> SafeString:
    """How old something is, with the exact moment for whoever wants to know."""
    return told(moment, promises.age(timezone.localtime(moment), timezone.localtime()))


@register.filter
def ago(moment: datetime) -> SafeString:
    """The same within a sentence: just now, 5 d ago, on Jul 31."""
    text = promises.age(timezone.localtime(moment), timezone.localtime())
    return told(moment, "just now" if text == "now" else f"{text} ago" if text[0].isdigit() else f"on {text}")


def told(moment: datetime, text: str) -> SafeString:
    exact = f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, text)


@register.filter
def due(moment: datetime) -> SafeString:
    """What is left until a moment, counted down by clock.js."""
    now = timezone.now()
    found = promises.Promise("", moment, promises.state(moment, now))
    return format_html(
        '<time class="ws-due is-{}" data-due datetime="{}" title="{}">{}</time>',
        found.state,
        moment.isoformat(),
        f"{timezone.localtime(moment):%Y-%m-%d %H:%M}",
        found.remaining(now),
    )


@register.filter
def span(seconds: float) -> str:
    return promises.span(timedelta(seconds=seconds))


@register.filter
def initials(name: str) -> str:
    words = [word for word in (name or "?").split() if word[0].isalnum()] or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.filter
def hue(name: str) -> int:
    """A colour that stays with a name, one of twelve."""
    return crc32((name or "").encode()) % 12


@register.filter
def minutes(count: float) -> str:
    """A number of minutes as people say it."""
    return promises.span(timedelta(minutes=count or 0))


@register.filter
def stars(rating: int) -> str:
    return "★" * rating + "☆" * (5 - rating)


@register.filter
def words(name: str) -> str:
    return str(name).replace("_", " ")


@register.filter
def linked(text: str) -> SafeString:
    """What somebody wrote, with addresses as links; very long texts stay as they are, looking would take too long."""
    if len(text) > LINKED:
        return conditional_escape(text)
    return mark_safe(urlize(text, nofollow=True, autoescape=True))  # noqa: S308 - urlize escapes


@register.filter
def is_picture(file: Attachment) -> bool:
    return file.mime_type in PICTURES and file.file_size <= SHOWN


@register.filter
def is_day(text: str) -> bool:
    """Whether a date field can hold a filter, which may also be an instant; an empty one it can."""
    return not text or offers.is_day(text)


@register.filter
def plain(number: float) -> str:
    """A number for markup, in no language."""
    return repr(number)
