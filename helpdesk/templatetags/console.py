"""What the templates of the admin pages need beyond Django and unfold."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import unsent
from accounts.avatar_files import address_of
from workspace.queues import VIEWS, View

register = template.Library()


@register.simple_tag(takes_context=True)
def breadcrumbs(context: template.Context) -> list[dict[str, str]]:
    """Settings > API Keys > Create New Key: the section, its page, and where one is on it."""
    path = place_of(context.get("sidebar_navigation") or [])
    row = context.get("original") or context.get("object")
    here = str(row) if row else str(context.get("title") or "")
    if not path:
        return [{"title": here}]
    if here == path[-1]["title"]:
        return [*path[:-1], {"title": here}]
    return [*path, *(context.get("crumbs_between") or []), {"title": here}]


@register.simple_tag(takes_context=True)
def signed_by(context: template.Context) -> SafeString:
    """In a form whose words are not lost when the session has ended before it is sent."""
    return format_html('<input type="hidden" name="{}" value="{}">', unsent.FIELD, unsent.seal(context["request"].user))


@register.simple_tag
def queue_views() -> list[View]:
    """The queues that everybody has."""
    return list(VIEWS.values())


@register.filter
def kept_here(avatar: str | None) -> str:
    """Where the picture of somebody is on this site, or nothing."""
    return address_of(avatar)


@register.simple_tag(takes_context=True)
def empty_words(context: template.Context) -> dict[str, Any]:
    """What an empty list says: what it is for, or that the search found nothing."""
    listed = context["cl"]
    pages = listed.model_admin
    if listed.query or listed.has_active_filters or not getattr(pages, "empty_title", ""):
        name = listed.opts.verbose_name_plural
        return {
            "icon": "search_off" if listed.query or listed.has_active_filters else "inbox",
            "title": f"No {name} found" if listed.query or listed.has_active_filters else f"No {name} yet",
            "text": "Change the search or the filters." if listed.query or listed.has_active_filters else "",
        }
    return {"icon": pages.empty_icon, "title": pages.empty_title, "text": pages.empty_text}


def place_of(navigation: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The section and the page of the sidebar that a page belongs to: "Settings > API Keys"."""
    for section in navigation:
        for item in section["items"]:
            if item["active"]:
                return [{"title": section["title"]}, {"title": item["title"], "link": item["link"]}]
    return []
