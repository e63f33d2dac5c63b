"""The first page after signing in: what to do next, and how things go."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from helpdesk.errors import Invalid
from helpdesk.keeping import kept
from reports.dashboard import dashboard
from reports.periods import RANGES, chosen_period
from reports.ranges import report
from tickets.models import WORK, Ticket

from . import charts
from .checklist import checklist
from .models import Preferences
from .pages import page, preferences_of, sight_of, user_of
from .queue_pages import dress
from .queues import COLUMNS, NO_TICKETS, VIEWS, Queue, counts, turned

NEXT = 6  # tickets in each list
FRESH = 300  # seconds, then figures are worked out anew
KEPT = 24 * 3600  # seconds: who asks while somebody works them out is shown the former ones
TITLES = {"7d": "7 days", "30d": "30 days", "90d": "90 days", "1y": "A year"}
TILES = ("mine", "unassigned", "soon", "overdue", "replies")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    numbers = counts(user, now=now)
    # Who has nothing to do may see what nobody does.
    upcoming = "mine" if numbers["mine"] != "0" else "unassigned"
    soonest = first_of(user, "soon", 1, now)
    steps = checklist(user) if user.is_admin and preferences_of(user).checklist else []
    rows = first_of(user, upcoming, NEXT, now)
    context = {
        "title": "Home",
        "no_tickets": "" if rows or Ticket.objects.exists() else NO_TICKETS,
        "tiles": [(VIEWS[name], numbers[name]) for name in TILES],
        "soonest": soonest[0]["promise"] if soonest else None,
        "next": VIEWS[upcoming],
        "rows": rows,
        "replies": first_of(user, "replies", NEXT, now, newest=True),
        "replies_view": VIEWS["replies"],
        "steps": steps,
        "steps_done": sum(1 for step in steps if step["is_done"]),
    }
    return page(request, "home.html", context)


def first_of(user: User, view: str, most: int, now: Any, *, newest: bool = False) -> list[dict[str, Any]]:
    queue = Queue(user, QueryDict(f"view={view}"), now=now)
    order = turned(queue.order) if newest else queue.order
    found, _ = queue.read(COLUMNS, most, order=order, cursor=None)
    rows = [row for row, _ in found]
    dress(rows, now)
    return rows


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """How things go: on a page of its own, from which the home page takes it."""
    user, now = user_of(request), timezone.now()
    zone = settings.TIME_ZONE
    try:
        asked = request.GET.get("range", "30d")
        period = chosen_period({"range": asked, "timezone": zone}, now=now)
    except Invalid as problem:
        messages.error(request, problem.sentence)
        return HttpResponseRedirect(reverse("admin:figures"))
    seen = None if user.sees_all_tickets else Ticket.objects.visible_to(user)

    def drawn() -> dict[str, Any]:
        found, standing = report(period, seen), dashboard(seen, now=now, zone=period.zone)
        return {
            "at": now,
            "cards": charts.cards(found["summary"], period),
            "volume": charts.volume(found["ticket_volume"], period.last),
            "by_status": charts.by_status(standing["by_status"]),
            "by_priority": charts.by_priority(standing["by_priority"]),
            "kept": charts.kept_by_priority(found["sla_by_priority"], period),
            "weekdays": charts.by_weekday(found["resolution_time"], period),
            "first": charts.first_replies({row["name"]: row["time"] for row in found["first_responses"]}, period),
            "load": charts.load(loads(user)),
        }

    key = f"home-figures:{sight_of(user)}:{asked}:{period.last}"
    context = {"title": "Figures", "range": asked, "ranges": [(name, TITLES[name]) for name in RANGES]}
    return page(request, "figures.html", {**context, **kept(key, drawn, fresh=FRESH, kept_for=KEPT)})


def loads(user: User) -> list[tuple[Any, str, int]]:
    """Agents with the open tickets they have, most first."""
    tickets = Ticket.objects.visible_to(user).filter(WORK, assignee__isnull=False).order_by()
    rows = dict(tickets.values_list("assignee").annotate(number=Count("pk")))
    names = User.objects.filter(pk__in=rows).values_list("pk", "name")
    return sorted(((key, name, rows[key]) for key, name in names), key=lambda row: (-row[2], row[1]))


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Switch shortcuts or the first steps on or off."""
    for name in ("shortcuts", "checklist"):
        if name in request.POST:
            Preferences.objects.update_or_create(user=user_of(request), defaults={name: request.POST[name] == "on"})
    messages.success(request, "Saved.")
    return HttpResponseRedirect(reverse("admin:index"))
