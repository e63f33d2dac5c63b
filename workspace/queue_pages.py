"""The ticket queue, and what is done to many of its tickets at once."""

from typing import Any

from django.contrib import messages
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from helpdesk.api.text import check_text
from helpdesk.errors import HelpDeskError, Invalid
from tickets.models import Reply, Ticket

from . import bulk, offers
from .composing import drafts_on
from .merge_pages import confirm_merge
from .pages import (
    carried,
    carried_out,
    ids_in,
    page,
    queue_address,
    sight_of,
    ticket_address,
    user_of,
    visible,
)
from .promises import next_promise
from .queues import NO_TICKETS, SORTS, VIEWS, Queue, counts
from .saved_views import number_in, saved_counts, saved_views

EXCERPT = 160


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    typed = request.GET.get("q", "").strip()
    words = typed.removeprefix("#")
    # A number with its sign is a ticket wherever it is searched; without one it may be anything in a list.
    is_number = words.isascii() and words.isdigit() and len(words) < 19 and (words != typed or len(request.GET) == 1)
    if is_number:
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
    offered = offers.choices(shown.user)
    context = {
        "queue": shown,
        "no_tickets": NO_TICKETS,
        "address": shown.address(),
        "found": found,
        "is_new": not (found.rows or shown.is_narrowed or Ticket.objects.exists()),
        "elsewhere": shown.address(view="all", sort=None) if typed and shown.view.name != "all" else "",
        "is_whole": not found.newer and not found.older,
        "begun": drafts_on([row["id"] for row in found.rows], shown.user),
        **sidebar(shown),
        **offered,
        "sorts": [(name, SORTS[name]) for name in shown.view.sorts],
        "sort": shown.order.name,
        **offers.filters(shown, offered),
    }
    return page(request, "queue.html", context)


def dress(rows: list[dict[str, Any]], now: Any) -> None:
    """Give rows their next promise, and the message that was written last: the one that opened them, if it is alone."""
    keys = [row["last_reply"] for row in rows if row["last_reply"]]
    columns = ("user__name", "from_staff", "created_at", "excerpt")
    unanswered = [row["id"] for row in rows if not row["last_reply"]]
    first = dict(
        Ticket.objects.filter(pk__in=unanswered)
        .order_by()
        .annotate(excerpt=Left("description", EXCERPT))
        .values_list("pk", "excerpt")
    )
    last = {
        key: dict(zip(("by", "from_staff", "at", "text"), rest, strict=True))
        for key, *rest in Reply.objects.filter(pk__in=keys)
        .order_by()
        .annotate(excerpt=Left("content", EXCERPT))
        .values_list("pk", *columns)
    }
    for row in rows:
        row["promise"] = next_promise(row, now)
        opening = {
            "by": row["customer"],
            "from_staff": False,
            "at": row["created_at"],
            "text": first.get(row["id"], ""),
        }
        row["last"] = last.get(row["last_reply"], opening)


def sidebar(shown: Queue) -> dict[str, Any]:
    numbers = counts(shown.user, now=shown.now)
    current = shown.address()
    saved = [(view, view.query == current) for view in saved_views(shown.user)]
    is_saved = any(is_here for _, is_here in saved)
    plain = not shown.is_narrowed and not is_saved
    views = [(view, numbers.get(view.name), plain and view is shown.view) for view in VIEWS.values()]
    title = next((view.name for view, is_here in saved if is_here), shown.view.title)
    return {"views": views, "saved": saved, "is_saved": is_saved, "title": title}


@require_GET
def live_counts(request: HttpRequest) -> HttpResponse:
    """The numbers of the sidebar, and of a list that is narrowed, for pages that stay open."""
    user = user_of(request)
    found = {**counts(user, now=timezone.now()), **saved_counts(user)}
    if request.GET:
        found["here"] = number_in(user, carried(request), sight=sight_of(user))
    return JsonResponse(found)


# --- Many at once -------------------------------------------------------------------------------------


@require_POST
def change_many(request: HttpRequest) -> HttpResponse:
    back, name = carried(request), request.POST.get("do", "")
    value = request.POST.get("tag_value" if name == "untag" else f"{name}_value", "")
    if name == "change":  # one list of all that tickets can be changed to
        name, _, value = request.POST.get("change", "").partition("=")
    order = bulk.Order(user_of(request), ids_in(request), value, visible(request), "joins" in request.POST)
    if not order.ids:
        messages.warning(request, "Tick some tickets first.")
        return HttpResponseRedirect(queue_address(back))
    if name in bulk.ASKS_FIRST and request.POST.get("confirmed") != "yes":
        if name == "merge":
            return confirm_merge(request, order, back)
        context = {"title": "Are you sure?", "tickets": list(bulk.titles(order)), "back": back}
        return page(request, "confirm.html", context)
    try:
        told = carried_out(lambda: bulk.carry_out(name, order))
    except HelpDeskError as problem:
        messages.error(request, problem.sentence)
        return HttpResponseRedirect(queue_address(back))
    if told.refused:
        return page(request, "report.html", {"title": "What happened", "told": told, "back": back})
    messages.success(request, told.sentence)
    if name == "merge" and "from_ticket" in request.POST:  # on to what is left of it
        kept = visible(request).filter(pk=order.value).values_list("ticket_number", flat=True).first()
        if kept is not None:
            return HttpResponseRedirect(ticket_address(kept, back))
    return HttpResponseRedirect(queue_address(back))
