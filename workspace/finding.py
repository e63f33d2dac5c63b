"""What fields on the pages of agents find by a few letters, as far as the agent sees it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, JsonResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from companies.models import Company
from helpdesk.errors import Invalid

from .pages import user_of, visible
from .queues import COLUMNS, Queue

FOUND = 12

Found = list[dict[str, str]]


def agents(request: HttpRequest, text: str) -> Found:
    rows = User.objects.staff().matching(text).order_by("name", "id")[:FOUND]
    return [{"id": str(row.pk), "text": row.name, "hint": row.email} for row in rows]


def customers(request: HttpRequest, text: str) -> Found:
    """The newest first, in the order of an index: no million of contacts is sorted for a few of them."""
    found = User.objects.customers().filter(is_active=True, merged_into__isnull=True).matching(text)
    rows = found.select_related("company").order_by("-created_at", "-id")[:FOUND] if text else ()
    return [
        {
            "id": row.email,
            "text": row.email,
            "hint": ", ".join(filter(None, (row.name, row.company and row.company.name))),
        }
        for row in rows
    ]


def companies(request: HttpRequest, text: str) -> Found:
    rows = Company.objects.filter(name__icontains=text).order_by("name", "id")[:FOUND] if text else ()
    return [{"id": row.name, "text": row.name} for row in rows]


def tickets(request: HttpRequest, text: str) -> Found:
    """By number, or by words as the search of the queue finds them."""
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 19:
        rows = visible(request).filter(ticket_number=int(number)).values_list("ticket_number", "subject")
        found = list(rows)
    elif len(text) > 2:
        queue = Queue(user_of(request), QueryDict(urlencode({"view": "all", "q": text})), now=timezone.now())
        listed, _ = queue.read(COLUMNS, FOUND, order=queue.order, cursor=None)
        found = [(row["number"], row["subject"]) for row, _ in listed]
    else:
        found = []
    return [{"id": str(number), "text": f"#{number}", "hint": subject} for number, subject in found]


FINDERS: dict[str, Callable[[HttpRequest, str], Found]] = {
    "agent": agents,
    "customer": customers,
    "company": companies,
    "ticket": tickets,
}


@require_GET
def find(request: HttpRequest) -> JsonResponse:
    """What fits a few letters; of nothing we know, nothing."""
    text: Any = request.GET.get("q", "").strip()[:100]
    finder = FINDERS.get(request.GET.get("of", ""))
    try:
        return JsonResponse({"found": finder(request, text) if finder else []})
    except Invalid:  # more words than are searched for
        return JsonResponse({"found": []})
