"""The ticket queue, what is done to many of its tickets at once, and saved views."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AgentGroup, User
from helpdesk.api.text import check_text
from helpdesk.errors import Conflict, HelpDeskError, Invalid
from tickets.models import WORK, Priority, Reply, Source, Status, Ticket

from . import bulk
from .models import SavedView
from .pages import (
    attempt,
    carried,
    carried_out,
    ids_in,
    page,
    queue_address,
    ticket_address,
    user_of,
    visible,
)
from .promises import next_promise
from .queues import SORTS, VIEWS, Queue, counts

EXCERPT = 160
LATEST = 500  # open tickets whose categories are offered
NAMED = 300  # agents that are offered
COUNTED = 20  # saved views that show a number
FRESH = 60  # seconds these numbers are kept
# How a filter in the address reads above the list.
CHIPS = {
    "q": "Words",
    "status": "Status",
    "priority": "Priority",
    "source": "Source",
    "assigneeId": "Assignee",
    "groupId": "Group",
    "category": "Category",
    "tag": "Tag",
    "customer": "Customer",
    "customerId": "Customer",
    "company": "Company",
    "companyId": "Company",
    "createdAfter": "Since",
    "createdBefore": "Before",
    "updatedAfter": "Changed since",
    "updatedBefore": "Changed before",
    "resolvedAfter": "Resolved since",
    "resolvedBefore": "Resolved before",
    "overdue": "Overdue",
}


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    words = request.GET.get("q", "").strip().removeprefix("#")
    if words.isascii() and words.isdigit() and len(words) < 19 and len(request.GET) == 1:
        number = visible(request).filter(ticket_number=int(words)).values_list("ticket_number", flat=True).first()
        if number is not None:
            return HttpResponseRedirect(ticket_address(number))
    try:
        for name in request.GET:
            check_text("".join(request.GET.getlist(name)), "The address")
        shown = Queue(user_of(request), request.GET, now=now)
        found = shown.page()
    except Invalid as problem:
        messages.error(request, problem.sentence)
        if not request.GET:
            raise
        return HttpResponseRedirect(queue_address())
    dress(found.rows, now)
    offered = choices(shown.user)
    context = {
        "title": shown.view.title,
        "queue": shown,
        "address": shown.address(),
        "found": found,
        **sidebar(request, shown),
        **offered,
        "sorts": SORTS.items() if shown.view.name == "replies" else [s for s in SORTS.items() if s[0] != "waiting"],
        "sort": shown.order.name,
        "given": {name: request.GET.getlist(name) for name in request.GET},
        "chips": chips(shown, offered),
    }
    return page(request, "queue.html", context)


def dress(rows: list[dict[str, Any]], now: Any) -> None:
    """Give rows their next promise, and the message that was written last."""
    keys = [row["last_reply"] for row in rows if row["last_reply"]]
    columns = ("user__name", "user__role", "created_at", "excerpt")
    last = {
        key: dict(zip(("by", "role", "at", "text"), rest, strict=True))
        for key, *rest in Reply.objects.filter(pk__in=keys)
        .order_by()
        .annotate(excerpt=Left("content", EXCERPT))
        .values_list("pk", *columns)
    }
    for row in rows:
        row["promise"] = next_promise(row, now)
        row["last"] = last.get(row["last_reply"])


def sidebar(request: HttpRequest, shown: Queue) -> dict[str, Any]:
    numbers = counts(shown.user, now=shown.now)
    saved = list(saved_views(shown.user))
    current = shown.address()
    views = [(view, numbers.get(view.name), not shown.is_narrowed and view is shown.view) for view in VIEWS.values()]
    return {
        "views": views,
        "saved": [(view, view.query == current) for view in saved],
        "is_saved": any(view.query == current for view in saved),
    }


def choices(user: User) -> dict[str, Any]:
    latest = Ticket.objects.visible_to(user).filter(WORK).order_by("-created_at", "-id").values("category")[:LATEST]
    return {
        "agents": list(User.objects.staff().order_by("name", "id").values_list("pk", "name")[:NAMED]),
        "groups": list(AgentGroup.objects.order_by("name").values_list("pk", "name")),
        "categories": sorted({row["category"] for row in latest if row["category"]}),
        "statuses": Status.choices,
        "priorities": Priority.choices[::-1],
        "sources": Source.choices,
    }


def chips(shown: Queue, offered: dict[str, Any]) -> list[dict[str, str]]:
    """Each filter in force, in words, with the address without it."""
    names = {str(key): name for key, name in (*offered["agents"], *offered["groups"])} | {"null": "nobody"}
    for options in ("statuses", "priorities", "sources"):
        names |= {value: str(text) for value, text in offered[options]}
    found = []
    for name, title in CHIPS.items():
        if values := [value for value in shown.query.getlist(name) if value]:
            text = ", ".join(names.get(value, value) for value in values)
            found.append({"title": title, "text": text, "without": shown.address(**{name: None})})
    return found


@require_GET
def live_counts(request: HttpRequest) -> HttpResponse:
    """The numbers of the sidebar, for pages that stay open."""
    user = user_of(request)
    return JsonResponse({**counts(user, now=timezone.now()), **saved_counts(user)})


def saved_counts(user: User) -> dict[str, str]:
    """Those of saved views, which may filter by anything: counted apart from the page, and not every time."""
    found: dict[str, str] = {}
    for view in saved_views(user)[:COUNTED]:
        key = f"saved view:{user.pk}:{view.pk}".replace(" ", "-")
        number = cache.get(key)
        if number is None:
            try:
                number = Queue(user, QueryDict(view.query), now=timezone.now()).count()
            except Invalid:  # it was saved when addresses were read otherwise
                number = ""
            cache.set(key, number, FRESH)
        found[str(view.pk)] = number
    return found


def saved_views(user: User) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(owner=user) | Q(is_shared=True))


# --- Many at once -------------------------------------------------------------------------------------


@require_POST
def change_many(request: HttpRequest) -> HttpResponse:
    back, name = carried(request), request.POST.get("do", "")
    value = request.POST.get(f"{name}_value", "")
    if name == "change":  # one list of all that tickets can be changed to
        name, _, value = request.POST.get("change", "").partition("=")
    order = bulk.Order(user_of(request), ids_in(request), value, visible(request))
    if not order.ids:
        messages.warning(request, "Tick some tickets first.")
        return HttpResponseRedirect(queue_address(back))
    if name in bulk.ASKS_FIRST and request.POST.get("confirmed") != "yes":
        context = {"title": "Are you sure?", "do": name, "tickets": list(bulk.titles(order)), "back": back}
        return page(request, "confirm.html", context)
    try:
        told = carried_out(lambda: bulk.carry_out(name, order))
    except HelpDeskError as problem:
        messages.error(request, problem.sentence)
        return HttpResponseRedirect(queue_address(back))
    if told.refused:
        return page(request, "report.html", {"title": "What happened", "told": told, "back": back})
    messages.success(request, told.sentence)
    return HttpResponseRedirect(queue_address(back))


# --- Saved views --------------------------------------------------------------------------------------


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    query, user = carried(request), user_of(request)
    name = request.POST.get("name", "").strip()[:60]

    def save() -> None:
        check_text(name, "The name")
        if not name:
            raise Invalid("A view needs a name.")
        Queue(user, QueryDict(query), now=timezone.now())
        try:
            SavedView.objects.create(owner=user, name=name, query=query, is_shared="shared" in request.POST)
        except IntegrityError:
            raise Conflict("You have a view of this name already.") from None

    attempt(request, save, f"The view “{name}” is saved.")
    return HttpResponseRedirect(queue_address(query))


@require_POST
def delete_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = user_of(request)
    mine = SavedView.objects.all() if user.is_admin else SavedView.objects.filter(owner=user)
    view = mine.filter(pk=pk).first()
    if view is None:
        raise Http404
    view.delete()
    messages.success(request, f"The view “{view.name}” is gone.")
    return HttpResponseRedirect(queue_address())
