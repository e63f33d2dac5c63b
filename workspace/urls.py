"""The pages of agents, below /admin/; `guard` lets in who may come in."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from . import finding, home_pages, mail_pages, new_ticket, queue_pages, saved_views, ticket_actions, ticket_pages


def pages(guard: Callable[[Any], Any]) -> list[URLPattern]:
    return [
        path("", guard(home_pages.home), name="index"),
        path("figures/", guard(home_pages.figures), name="figures"),
        path("preferences/", guard(home_pages.preferences), name="preferences"),
        path("tickets/", guard(queue_pages.queue), name="queue"),
        path("tickets/new/", guard(new_ticket.new_ticket), name="new_ticket"),
        path("tickets/counts/", guard(queue_pages.live_counts), name="queue_counts"),
        path("tickets/find/", guard(finding.find), name="find"),
        path("tickets/bulk/", guard(queue_pages.change_many), name="queue_bulk"),
        path("tickets/views/", guard(saved_views.save_view), name="save_view"),
        path("tickets/views/<uuid:pk>/", guard(saved_views.change_view), name="change_view"),
        path("tickets/views/<uuid:pk>/delete/", guard(saved_views.delete_view), name="delete_view"),
        path("tickets/<int:number>/", guard(ticket_pages.show), name="ticket"),
        path("tickets/<int:number>/reply/", guard(ticket_pages.reply), name="ticket_reply"),
        path("tickets/<int:number>/draft/", guard(ticket_pages.save_draft), name="ticket_draft"),
        path("tickets/<int:number>/presence/", guard(ticket_pages.presence), name="ticket_presence"),
        path("tickets/<int:number>/canned/", guard(ticket_pages.canned), name="ticket_canned"),
        path("tickets/<int:number>/rules/", guard(ticket_pages.rules), name="ticket_rules"),
        path("tickets/<int:number>/mails/", guard(mail_pages.mails), name="ticket_mails"),
        path("tickets/<int:number>/change/", guard(ticket_actions.change), name="ticket_change"),
        path("tickets/<int:number>/do/", guard(ticket_actions.act), name="ticket_act"),
        path("tickets/<int:number>/delete/", guard(ticket_actions.delete), name="ticket_delete"),
    ]
