"""Requests, the portal's word for tickets: the list, and one of them with all that a customer can do about it.

Every page begins with `Ticket.objects.visible_to`: what somebody may not see does not exist for them.
"""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.throttling import Limit, hit
from csat import services as csat
from csat.mails import RATINGS
from csat.models import MAX_FEEDBACK, Survey
from custom_fields.models import CustomField
from helpdesk.errors import HelpDeskError, Invalid
from tickets import customers
from tickets.files import path_of
from tickets.models import DONE_STATUSES, Attachment, Ticket, TicketCopy
from tickets.searching import matching
from tickets.services import update_ticket

from .account_pages import status_of
from .conversation import GROUP_OF, GROUPS, SOLVED, WAITING, WITH_US, WORDS, conversation
from .custom_forms import known_fields, shown_fields
from .errors import sentence
from .forms import CopyForm, FieldsForm, ReplyForm
from .guards import CustomerRequest, acts, customers_only, pages
from .survey_pages import rating_in

OPEN_SHOWN = 100
PAGE = 20
MESSAGES = Limit(120, 60 * 60)


# --- The list -----------------------------------------------------------------------------------------


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
    try:
        rows = matching(found, asked, internal=False, named=bool(user.email_verified_at)) if asked else found
        context = sections(rows, found, request.GET.get("before", ""))
    except Invalid:
        context = {"too_many_words": True, "sections": []}
    context |= {"tabs": whose if len(whose) > 1 else {}, "chosen": chosen, "asked": asked, "section": "requests"}
    return render(request, "portal/requests/list.html", context)


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
    return visible.filter(narrowed[chosen]).select_related("customer").order_by("-created_at", "-id")


def sections(rows: QuerySet[Ticket], found: QuerySet[Ticket], before: str) -> dict[str, Any]:
    """Waiting for you, with us, solved; the solved ones page by page."""
    done = rows.filter(status__in=DONE_STATUSES)
    if before.isdecimal() and len(before) < 18:
        done = older_than(done, found.filter(ticket_number=int(before)).values_list("created_at", "pk").first())
        shown: list[Ticket] = []
    else:
        shown = list(rows.exclude(status__in=DONE_STATUSES)[:OPEN_SHOWN])
    solved = list(done[: PAGE + 1])
    groups = [
        (WAITING, _("Waiting for you"), [one for one in shown if one.status in GROUPS[WAITING]]),
        (WITH_US, _("With us"), [one for one in shown if one.status in GROUPS[WITH_US]]),
        (SOLVED, _("Solved"), solved[:PAGE]),
    ]
    more = solved[PAGE - 1].ticket_number if len(solved) > PAGE else None
    return {"sections": [group for group in groups if group[2]], "more": more, "words": WORDS}


def older_than(rows: QuerySet[Ticket], place: tuple[datetime, Any] | None) -> QuerySet[Ticket]:
    if place is None:
        return rows.none()
    at, key = place
    return rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=key))


# --- One request --------------------------------------------------------------------------------------


def found_for(user: User, number: int) -> Ticket:
    return get_object_or_404(Ticket.objects.visible_to(user).select_related("customer"), ticket_number=number)


@customers_only
@pages
def request_page(request: CustomerRequest, number: int) -> HttpResponse:
    return show(request, found_for(request.user, number))


def show(
    request: CustomerRequest,
    ticket: Ticket,
    *,
    reply: ReplyForm | None = None,
    people: CopyForm | None = None,
    fields: FieldsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a request; a form that was refused stands there as it was sent."""
    user = request.user
    is_mine = ticket.customer_id == user.pk
    known = known_fields()
    editable = [one for one in known if one.customer_can_edit and one.customer_can_view] if is_mine else []
    context = {
        "section": "requests",
        "ticket": ticket,
        "is_mine": is_mine,
        "group": GROUP_OF[ticket.status],
        "status_words": WORDS[ticket.status],
        "is_done": ticket.status in DONE_STATUSES,
        "talk": conversation(ticket, user, before=request.GET.get("before", "")),
        "expected": expected_reply(ticket, timezone.now()),
        "facts": shown_fields(ticket.custom_fields, known),
        "fields_form": fields or fields_form(editable, ticket),
        "reply_form": reply or ReplyForm(),
        "copies": TicketCopy.objects.filter(ticket=ticket),
        "people_form": people or (CopyForm() if is_mine and user.email_verified_at else None),
        **rating_of(ticket, is_mine),
    }
    return render(request, "portal/requests/page.html", context, status=status)


def fields_form(editable: list[CustomField], ticket: Ticket, data: Any = None) -> FieldsForm | None:
    return FieldsForm(data, definitions=editable, values=ticket.custom_fields) if editable else None


def expected_reply(ticket: Ticket, now: datetime) -> datetime | None:
    """By when we promised to answer, while that lies ahead."""
    due = ticket.first_response_deadline
    waits = ticket.first_response_at is None and ticket.status not in DONE_STATUSES
    return due if waits and due is not None and due > now else None


def rating_of(ticket: Ticket, is_mine: bool) -> dict[str, Any]:
    if not is_mine or ticket.resolved_at is None or not settings.CSAT_SURVEYS:
        return {}
    survey = Survey.objects.filter(ticket=ticket, resolved_at=ticket.resolved_at).first()
    rating = survey.rating if survey else None
    return {
        "can_rate": True,
        "ratings": RATINGS.items(),
        "rating": rating,
        "rating_words": RATINGS[rating] if rating else "",
        "feedback": (survey.feedback or "") if survey else "",
        "max_feedback": MAX_FEEDBACK,
    }


@customers_only
@acts
def reply(request: CustomerRequest, number: int) -> HttpResponse:
    """Write back, with files."""
    ticket = found_for(request.user, number)
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, ticket, reply=form, status=400)
    try:
        hit("messages by", str(request.user.pk), MESSAGES)
        values = form.cleaned_data
        with transaction.atomic():
            customers.write_back(ticket, author=request.user, content=values["content"], uploads=values["files"])
    except HelpDeskError as problem:
        form.refuse(problem)
        return show(request, ticket, reply=form, status=status_of(problem))
    messages.success(request, _("Your message is sent."))
    return to_page(ticket)


@customers_only
@acts
def solve(request: CustomerRequest, number: int) -> HttpResponse:
    return carried_out(request, number, customers.mark_solved, _("Glad to hear it! This request is solved."))


@customers_only
@acts
def reopen(request: CustomerRequest, number: int) -> HttpResponse:
    return carried_out(request, number, customers.reopen, _("This request is open again."))


@customers_only
@acts
def rate(request: CustomerRequest, number: int) -> HttpResponse:
    """How satisfied one is with a solved request."""
    ticket = found_for(request.user, number)
    if not settings.CSAT_SURVEYS:
        raise Http404
    rating, feedback = rating_in(request.POST.get("rating", "")), request.POST.get("feedback", "").replace("\x00", "")
    try:
        with transaction.atomic():
            csat.rate(
                ticket,
                customer=request.user,
                rating=rating,
                feedback=feedback.replace("\r\n", "\n"),
                now=timezone.now(),
            )
    except HelpDeskError as problem:
        messages.error(request, sentence(problem))
    else:
        messages.success(request, _("Thank you for telling us."))
    return to_page(ticket)


@customers_only
@acts
def add_person(request: CustomerRequest, number: int) -> HttpResponse:
    """Keep somebody else informed."""
    ticket = found_for(request.user, number)
    form = CopyForm(request.POST)
    if not form.is_valid():
        return show(request, ticket, people=form, status=400)
    try:
        with transaction.atomic():
            customers.keep_informed(ticket, email=form.cleaned_data["email"], actor=request.user)
    except HelpDeskError as problem:
        form.refuse(problem)
        return show(request, ticket, people=form, status=status_of(problem))
    messages.success(request, _("They are told by mail, and can read and write here."))
    return to_page(ticket)


@customers_only
@acts
def remove_person(request: CustomerRequest, number: int, copy: str) -> HttpResponse:
    return carried_out(
        request, number, partial(customers.stop_informing, copy=UUID(copy)), _("Your changes are saved.")
    )


@customers_only
@acts
def change_fields(request: CustomerRequest, number: int) -> HttpResponse:
    """Correct what was said in the custom fields, as far as customers may."""
    ticket = found_for(request.user, number)
    editable = [one for one in known_fields() if one.customer_can_edit and one.customer_can_view]
    form = fields_form(editable, ticket, request.POST)
    if form is None or ticket.customer_id != request.user.pk:
        raise Http404
    if not form.is_valid():
        return show(request, ticket, fields=form, status=400)
    try:
        with transaction.atomic():
            update_ticket(ticket, actor=request.user, custom_fields=form.custom_values())
    except HelpDeskError as problem:
        form.refuse(problem)
        return show(request, ticket, fields=form, status=status_of(problem))
    messages.success(request, _("Your changes are saved."))
    return to_page(ticket)


@customers_only
@pages
def file(request: CustomerRequest, number: int, attachment: str) -> FileResponse:
    """A file of a request: always a download, never shown in place."""
    ticket = found_for(request.user, number)
    found = get_object_or_404(Attachment.objects.for_customers().filter(ticket=ticket), pk=attachment)
    try:
        content = path_of(found).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, as_attachment=True, filename=found.filename, content_type=found.mime_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def carried_out(request: CustomerRequest, number: int, verb: Any, said: str) -> HttpResponse:
    ticket = found_for(request.user, number)
    try:
        with transaction.atomic():
            verb(ticket, actor=request.user)
    except HelpDeskError as problem:
        messages.error(request, sentence(problem))
    else:
        messages.success(request, said)
    return to_page(ticket)


def to_page(ticket: Ticket) -> HttpResponse:
    return redirect("portal:request", ticket.ticket_number)
