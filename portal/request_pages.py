"""A request, the portal's word for a ticket, with all that a customer can do about it.

Every page begins with `Ticket.objects.visible_to`: what somebody may not see does not exist for them.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import unsent
from accounts.models import User
from accounts.throttling import Limit, hit
from csat import services as csat
from csat.mails import RATINGS
from csat.models import MAX_FEEDBACK, Survey
from custom_fields.models import CustomField
from helpdesk.api.addresses import client_address
from helpdesk.errors import HelpDeskError
from tickets import copies, customers
from tickets.files import path_of
from tickets.models import DONE_STATUSES, Attachment, Ticket, TicketCopy
from tickets.services import update_ticket

from . import once
from .account_forms import PageForm
from .account_pages import status_of
from .conversation import GROUP_OF, WORDS, conversation
from .custom_forms import known_fields, shown_fields
from .errors import sentence
from .forms import CopyForm, FieldsForm, ReplyForm
from .guards import CustomerRequest, acts, customers_only, pages
from .survey_pages import rating_in

MESSAGES, CHANGES = Limit(120, 60 * 60), Limit(120, 60 * 60)


def found_for(user: User, number: int) -> Ticket:
    return get_object_or_404(Ticket.objects.visible_to(user).select_related("customer"), ticket_number=number)


@customers_only
@pages
def request_page(request: CustomerRequest, number: int) -> HttpResponse:
    ticket = found_for(request.user, number)
    kept = unsent.waiting_at(request, reverse("portal:reply", args=[number]))
    return show(request, ticket, reply=ReplyForm(initial={"content": kept.text("content")}) if kept else None)


def show(
    request: CustomerRequest,
    ticket: Ticket,
    *,
    reply: PageForm | None = None,
    people: PageForm | None = None,
    fields: PageForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a request; a form that was refused stands there as it was sent."""
    user = request.user
    is_mine = ticket.customer_id == user.pk
    known = known_fields()
    talk = conversation(ticket, user, before=request.GET.get("before", ""))
    is_done = ticket.status in DONE_STATUSES
    goes_on_in = talk.goes_on_in if is_done else None
    editable = [one for one in known if one.customer_can_edit and one.customer_can_view] if is_mine else []
    context = {
        "section": "requests",
        "ticket": ticket,
        "is_mine": is_mine,
        "group": GROUP_OF[ticket.status],
        "status_words": WORDS[ticket.status],
        "is_done": is_done,
        "goes_on_in": goes_on_in,
        "talk": talk,
        "expected": expected_reply(ticket, timezone.now()),
        "facts": shown_fields(ticket.custom_fields, known),
        "fields_form": fields or fields_form(editable, ticket),
        "reply_form": reply or ReplyForm(),
        "is_unsent": bool(reply and not reply.is_bound),
        "once": once.token_for(request),
        "copies": TicketCopy.objects.filter(ticket=ticket),
        "people_form": people or (CopyForm() if is_mine and user.email_verified_at else None),
        **({} if goes_on_in else rating_of(ticket, is_mine)),
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
    """Write back, with files; sent twice, it is said once."""
    ticket, user = found_for(request.user, number), request.user
    form = ReplyForm(request.POST, request.FILES)

    def write_back() -> None:
        once.use_up(request, "reply form", user)
        hit("messages by", str(user.pk), MESSAGES)
        values = form.cleaned_data
        address = client_address(request)
        customers.write_back(ticket, author=user, content=values["content"], uploads=values["files"], address=address)
        unsent.forget(request, request.path)

    return fulfilled(request, ticket, form, write_back, _("Your message is sent."), shown_as="reply")


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
        hit("changes by", str(request.user.pk), CHANGES)
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

    def keep_informed() -> None:
        copies.inform(ticket, email=form.cleaned_data["email"], actor=request.user)

    said = _("They are told by mail, and can read and write here.")
    return fulfilled(request, ticket, form, keep_informed, said, shown_as="people")


@customers_only
@acts
def remove_person(request: CustomerRequest, number: int, copy: str) -> HttpResponse:
    return carried_out(request, number, partial(copies.stop_informing, copy=UUID(copy)), _("Your changes are saved."))


@customers_only
@acts
def change_fields(request: CustomerRequest, number: int) -> HttpResponse:
    """Correct what was said in the custom fields, as far as customers may."""
    ticket = found_for(request.user, number)
    editable = [one for one in known_fields() if one.customer_can_edit and one.customer_can_view]
    form = fields_form(editable, ticket, request.POST)
    if form is None or ticket.customer_id != request.user.pk:
        raise Http404

    def update() -> None:
        update_ticket(ticket, actor=request.user, custom_fields=form.custom_values())

    return fulfilled(request, ticket, form, update, _("Your changes are saved."), shown_as="fields")


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


def fulfilled(
    request: CustomerRequest, ticket: Ticket, form: PageForm, verb: Callable[[], None], said: str, *, shown_as: str
) -> HttpResponse:
    """Do what a form asks for; what is refused stands in the form."""
    status = 400
    if form.is_valid():
        try:
            with transaction.atomic():
                verb()
        except once.SentAlready:
            messages.success(request, _("This has been sent already."))
            return to_page(ticket)
        except HelpDeskError as problem:
            form.refuse(problem)
            status = status_of(problem)
        else:
            messages.success(request, said)
            return to_page(ticket)
    return show(request, ticket, status=status, **{shown_as: form})


def carried_out(request: CustomerRequest, number: int, verb: Any, said: str) -> HttpResponse:
    ticket = found_for(request.user, number)
    try:
        hit("changes by", str(request.user.pk), CHANGES)
        with transaction.atomic():
            verb(ticket, actor=request.user)
    except HelpDeskError as problem:
        messages.error(request, sentence(problem))
    else:
        messages.success(request, said)
    return to_page(ticket)


def to_page(ticket: Ticket) -> HttpResponse:
    """To its beginning, where it says what was done; forms further down lead to themselves when they are refused."""
    return redirect(f"{reverse('portal:request', args=[ticket.ticket_number])}#main")
