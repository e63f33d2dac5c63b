"""The pages of agents, below /admin/; `guard` lets in who may come in."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from . import queue_pages


def pages(guard: Callable[[Any], Any]) -> list[URLPattern]:
    return [
        path("tickets/", guard(queue_pages.queue), name="queue"),
        path("tickets/counts/", guard(queue_pages.live_counts), name="queue_counts"),
        path("tickets/bulk/", guard(queue_pages.change_many), name="queue_bulk"),
        path("tickets/views/", guard(queue_pages.save_view), name="save_view"),
        path("tickets/views/<uuid:pk>/delete/", guard(queue_pages.delete_view), name="delete_view"),
        path("tickets/<int:number>/", guard(queue_pages.queue), name="ticket"),
    ]
