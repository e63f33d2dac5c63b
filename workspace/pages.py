"""What the pages of agents have in common: the frame, the words of refusals, and the way back."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.models import TicketScope, User
from helpdesk.api.writes import with_retries
from helpdesk.errors import HelpDeskError
from tickets.models import Ticket
from tickets.querysets import TicketQuerySet

from .models import Preferences
from .queues import PLACE

Result = TypeVar("Result")
OF_TICKETS = ("all", "at", "message")  # parameters of a ticket's pages, not of its queue


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    frame = {
        **admin.site.each_context(request),
        "preferences": preferences_of(request.user),
    }
    return TemplateResponse(request, f"workspace/{template}", {**frame, **context}, status=status)


def preferences_of(user: Any) -> Preferences:
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


def carried_out(verb: Callable[[], Result]) -> Result:
    """What a verb returns, from one transaction, which begins again when it had to give way to another."""
    return with_retries(transaction.atomic(verb))


def attempt(request: HttpRequest, verb: Callable[[], object], done: str = "") -> bool:
    """Carry out a verb and say how it went: whether it did."""
    try:
        carried_out(verb)
    except HelpDeskError as problem:
        messages.error(request, problem.sentence)
        return False
    if done:
        messages.success(request, done)
    return True


def visible(request: HttpRequest) -> TicketQuerySet:
    return Ticket.objects.visible_to(user_of(request))


def queue_address(query: str = "") -> str:
    return f"{reverse('admin:queue')}?{query}" if query else reverse("admin:queue")


def ticket_address(number: int, query: str = "") -> str:
    """A ticket, as it was opened from a queue."""
    address = reverse("admin:ticket", args=[number])
    return f"{address}?{query}" if query else address


def sight_of(user: User) -> str:
    """What decides which tickets an agent sees: figures of what they saw before are not shown any more."""
    if user.sees_all_tickets:
        return "all"
    groups = user.memberships.values_list("group_id", flat=True) if user.ticket_scope == TicketScope.GROUP else ()
    return f"{user.pk}:{user.ticket_scope}:{sha256(','.join(sorted(map(str, groups))).encode()).hexdigest()[:16]}"


def carried(request: HttpRequest) -> str:
    """The query string of the queue a page was opened from, as links and forms carry it along."""
    given = request.POST.get("queue", "") if request.method == "POST" else request.GET.urlencode()
    query = QueryDict(given[:2000], mutable=True)
    for name in (*PLACE, *OF_TICKETS):
        query.pop(name, None)
    return query.urlencode()


def ids_in(request: HttpRequest) -> list[UUID]:
    """The tickets ticked in a form; what is no id is left out."""
    found = []
    for text in request.POST.getlist("ids"):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def user_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the site lets nobody else in
    return request.user
