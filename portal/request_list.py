"""The list of requests: waiting for you, with us, solved; each section page by page.

Every list begins with `Ticket.objects.visible_to`: what somebody may not see does not exist for them.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from helpdesk.errors import Invalid
from tickets.models import Ticket, TicketCopy
from tickets.searching import matching

from .conversation import GROUPS, SOLVED, WAITING, WITH_US
from .guards import CustomerRequest, customers_only, pages
from .search_limits import asks_too_often

PAGE = 15
# What the list says of each, the name of who sent it among it: not whole conversations, and all about a person.
SAID = (
    *("ticket_number", "subject", "status", "updated_at"),
    *(f"customer__{column}" for column in ("name", "claimed_name", "email_verified_at")),
)
LABELS: dict[str, Promise] = {
    WAITING: gettext_lazy("Waiting for you"),
    WITH_US: gettext_lazy("With us"),
    SOLVED: gettext_lazy("Solved"),
}


@customers_only
@pages
def requests(request: CustomerRequest) -> HttpResponse:
    """One's own requests, those one is kept informed about, and the company's where it shares them."""
    user = request.user
    whose = tabs_of(user)
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in whose else "mine"
    asked = request.GET.get("q", "")[:200].replace("\x00", "").strip()
    found = among(user, chosen)
    context: dict[str, Any] = {"sections": []}
    status = 200
    if asked and asks_too_often(request):
        context["problem"], status = _("Too many attempts. Please try again later."), 429
    else:
        try:
            # The address of whoever shares a request is nowhere shown, and no word to be guessed either.
            named = bool(user.email_verified_at) and chosen != "shared"
            rows = matching(found, asked, internal=False, named=named) if asked else found
            context["sections"] = sections(rows, found, request.GET.get("group", ""), request.GET.get("before", ""))
        except Invalid:
            context["problem"] = _("Please search for fewer words.")
    context["is_later"] = bool(request.GET.get("before"))
    context |= {"tabs": whose if len(whose) > 1 else {}, "chosen": chosen, "asked": asked, "section": "requests"}
    return render(request, "portal/requests/list.html", context, status=status)


def tabs_of(user: User) -> dict[str, str]:
    """The lists that there are for this person."""
    found = {"mine": _("Mine")}
    if user.email_verified_at is None:
        return found
    if TicketCopy.objects.filter(email_key=user.email_key).exists():
        found["shared"] = _("Shared with me")
    if user.company_id and user.company is not None and user.company.shares_tickets:
        found["company"] = user.company.name
    return found


def among(user: User, chosen: str) -> QuerySet[Ticket]:
    """The tickets of a list; each narrows down what may be seen, and by an index."""
    visible = Ticket.objects.visible_to(user)
    narrowed: dict[str, Q] = {
        "mine": Q(customer=user),
        "shared": Ticket.objects.copied_to(user),
        "company": Q(customer__company=user.company_id) & ~Q(customer=user),
    }
    return visible.filter(narrowed[chosen]).select_related("customer").only(*SAID).order_by("-created_at", "-id")


def sections(rows: QuerySet[Ticket], found: QuerySet[Ticket], group: str, before: str) -> list[dict[str, Any]]:
    """The first page of each section; of one of them a later page, when it is asked for."""
    later = group in GROUPS and before.isascii() and before.isdecimal() and len(before) < 18
    if later:
        place = found.filter(ticket_number=int(before)).values_list("created_at", "pk").first()
        rows = older_than(rows, place)
    shown = [section(rows, one, is_first=not later) for one in ([group] if later else GROUPS)]
    return [one for one in shown if one["tickets"]]


def section(rows: QuerySet[Ticket], group: str, *, is_first: bool) -> dict[str, Any]:
    tickets = list(rows.filter(status__in=GROUPS[group])[: PAGE + 1])
    more = tickets[PAGE - 1].ticket_number if len(tickets) > PAGE else None
    return {
        "group": group,
        "label": LABELS[group],
        "tickets": tickets[:PAGE],
        "more": more,
        "count": len(tickets) if is_first and more is None else None,
    }


def older_than(rows: QuerySet[Ticket], place: tuple[datetime, Any] | None) -> QuerySet[Ticket]:
    if place is None:
        return rows.none()
    at, key = place
    return rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=key))
