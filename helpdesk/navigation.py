"""The sidebar of the admin pages: which sections there are, and which pages stand in them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django_q.conf import Conf

from helpdesk.admin_pages import Pages, Who

# What unfold's sidebar asks of sections and items besides, and would look for in vain, which takes a template long.
BARE: dict[str, Any] = dict.fromkeys(("badge", "collapsible", "link_callback", "separator"))


@dataclass(frozen=True)
class Item:
    """The pages of a model ("accounts.apikey"), called what the model's pages call themselves."""

    model: str
    icon: str
    title: str = ""
    # Pages of other models that are reached from this one.
    also: tuple[str, ...] = ()

    def shown_to(self, request: HttpRequest) -> dict[str, Any] | None:
        pages = admin.site._registry.get(apps.get_model(self.model))
        if not isinstance(pages, Pages) or not pages.has_view_permission(request):
            return None
        item = {**BARE, "title": self.title or pages.get_title(), "icon": self.icon, "link": address_of(self.model)}
        if any(request.path.startswith(address_of(model)) for model in self.also):
            item["active"] = True
        return item


@dataclass(frozen=True)
class View:
    """A page that belongs to no model, by its name in the URLs of the admin pages."""

    name: str
    icon: str
    title: str
    seen_by: Who

    def shown_to(self, request: HttpRequest) -> dict[str, Any] | None:
        if not self.seen_by.includes(request):
            return None
        return {**BARE, "title": self.title, "icon": self.icon, "link": address(self.name)}


JOBS = ("django_q.success", "django_q.schedule", *(("django_q.ormq",) if Conf.ORM else ()))

SECTIONS: tuple[tuple[str, tuple[Item | View, ...]], ...] = (
    ("Workspace", (View("index", "home", "Home", Who.STAFF), View("queue", "inbox", "Tickets", Who.STAFF))),
    (
        "People",
        (
            Item("people.contact", "person"),
            Item("companies.company", "domain"),
            Item("people.agent", "support_agent"),
            Item("accounts.agentgroup", "groups"),
            Item("transfers.import", "upload_file"),
        ),
    ),
    (
        "Knowledge base",
        (
            Item("knowledge_base.article", "menu_book"),
            Item("knowledge_base.category", "category"),
            Item("knowledge_base.folder", "folder"),
        ),
    ),
    (
        "Settings",
        (
            Item("accounts.apikey", "key"),
            Item("automation.automationrule", "bolt"),
            Item("custom_fields.customfield", "edit_note"),
            Item("sla.slapolicy", "timer"),
            Item("sla.businesshours", "calendar_month"),
            Item("tickets.cannedresponse", "quickreply"),
            Item("tickets.tickettemplate", "content_paste"),
            Item("django_q.failure", "construction", "Background jobs", also=JOBS),
            Item("outbox.outgoingmail", "outgoing_mail"),
            Item("audit.entry", "history"),
        ),
    ),
)


def address_of(model: str) -> str:
    return address(f"{model.replace('.', '_').lower()}_changelist")


def address(name: str) -> str:
    return address_below(get_script_prefix(), name)


@cache
def address_below(prefix: str, name: str) -> str:
    """Where a page is on a site that is mounted below the prefix: every page has the addresses of the whole sidebar."""
    return reverse(f"admin:{name}")


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What this person may open, section by section; the page that this address belongs to is the active one."""
    sections = [
        (title, [item for entry in entries if (item := entry.shown_to(request))]) for title, entries in SECTIONS
    ]
    items = [item for _, inside in sections for item in inside]
    home = address("index")
    above = [item["link"] for item in items if request.path.startswith(item["link"]) and item["link"] != home]
    here = max(above, key=len, default=request.path)
    for item in items:
        item.setdefault("active", item["link"] == here)
    return [{**BARE, "title": title, "items": inside} for title, inside in sections if inside]
