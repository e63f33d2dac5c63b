"""What templates of the portal need beyond Django's own tags."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import pgettext

from accounts import unsent
from accounts.avatar_files import address_of

register = template.Library()

MAX_LINKED = 20_000  # characters in which links are looked for
# Strokes of 24 by 24; the names are what the icon of a category may be called.
ICONS = {
    "book": "M4 5a2 2 0 0 1 2-2h14v16H6a2 2 0 0 0-2 2zM4 19V5M9 8h7",
    "rocket": "M5 19c1-4 2-5 4-6l2 2c-1 2-2 3-6 4zM9 13c1-5 5-9 11-10-1 6-5 10-10 11zM15 9h.01",
    "credit-card": "M3 6h18v12H3zM3 10h18M7 15h3",
    "gear": "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1"
    "M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1",
    "user": "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21c0-4 4-6 8-6s8 2 8 6",
    "key": "M15 4a5 5 0 1 0 0 10 5 5 0 0 0 0-10M11.5 12.5L4 20M6 18l2 2",
    "device": "M7 3h10v18H7zM11 18h2",
    "plug": "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
    "truck": "M3 6h11v10H3zM14 10h4l3 3v3h-7zM7 16a2 2 0 1 0 0 4 2 2 0 0 0 0-4M17 16a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
    "shield": "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
    "wrench": "M14 6a5 5 0 0 1 6 6l-3-3-2 2 3 3a5 5 0 0 1-6-6L4 18l2 2 8-8",
    "chat": "M4 5h16v11H9l-5 4z",
    "star": "M12 3l2.7 5.8 6.3.8-4.6 4.3 1.2 6.3L12 17l-5.6 3.2 1.2-6.3L3 9.6l6.3-.8z",
    "search": "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l5 5",
    "globe": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4",
    "clip": "M8 12l6-6a3 3 0 0 1 4 4l-8 8a5 5 0 0 1-7-7l8-8",
    "check": "M5 13l4 4L19 7",
    "clock": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3 2",
    "people": "M9 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M3 20c0-4 3-5 6-5s6 1 6 5M16 5a3 3 0 0 1 0 6M17 15c3 0 4 2 4 5",
    "arrow": "M5 12h14M13 6l6 6-6 6",
    "plus": "M12 5v14M5 12h14",
    "mail": "M3 6h18v12H3zM3 7l9 7 9-7",
}  # fmt: skip


@register.simple_tag
def icon(name: str | None, fallback: str = "book") -> SafeString:
    """A small drawing beside words that say the same; an emoji stays one."""
    if name and not name.isascii():
        return format_html('<span class="icon" aria-hidden="true">{}</span>', name[:8])
    path = ICONS.get(name or "", ICONS[fallback])
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>', path)


@register.simple_tag(takes_context=True)
def signed_by(context: template.Context) -> SafeString | str:
    """In a form whose words are not lost when the session has ended before it is sent."""
    user = context["request"].user
    if not user.is_authenticated:
        return ""
    return format_html('<input type="hidden" name="{}" value="{}">', unsent.FIELD, unsent.seal(user))


@register.filter
def as_written(text: str) -> SafeString:
    """What somebody wrote, as text: nothing of it is markup, only web addresses become links."""
    if len(text) > MAX_LINKED:
        return conditional_escape(text)
    return mark_safe(urlize(text, nofollow=True, autoescape=True))  # noqa: S308 - escaped by urlize


@register.filter
def when(moment: datetime) -> str:
    """A moment to the minute, in the reader's time zone."""
    return date_format(localtime(moment), pgettext("moment", "j M Y, H:i"))


@register.filter
def day(moment: datetime) -> str:
    return date_format(localtime(moment), pgettext("day", "j F Y"))


@register.filter
def initials(name: str) -> str:
    """The first letters of the first and the last word of a name."""
    words = name.split()
    return "".join(word[0] for word in dict.fromkeys([*words[:1], *words[-1:]])).upper() or "?"


@register.filter
def own_avatar(url: str | None) -> str:
    """The path of an avatar that is kept here; pages ask nobody else for pictures."""
    return address_of(url)
