"""A new request: what it is about, then articles that may answer it, then the rest. Guests prove their address."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import unsent
from accounts.models import User
from accounts.throttling import Limit, hit
from custom_fields.models import CustomField
from helpdesk.api.addresses import client_address
from helpdesk.errors import HelpDeskError, TooManyAttempts
from tickets import customers, guests
from tickets.models import Ticket

from . import once
from .account_pages import done, failed, status_of
from .custom_forms import PREFIX, asked_fields, known_fields
from .finding import find
from .forms import GuestRequestForm, RequestForm, SubjectForm, new_stamp
from .guards import CustomerRequest, customers_only, forms, pages, turned_away
from .request_pages import expected_reply, found_for

SUGGESTIONS = 3
PER_ACCOUNT, PER_UNPROVEN = Limit(60, 60 * 60), Limit(10, 60 * 60)


@never_cache
@forms
def new_request(request: HttpRequest) -> HttpResponse:
    """The first step asks what it is about, the second for everything else. Guests, where they may, go the same way."""
    user = request.user
    was_signed_in = request.method == "POST" and bool(unsent.owner_of(request))
    guest = not user.is_authenticated and settings.GUEST_TICKETS and not was_signed_in
    if not guest and (away := turned_away(request)):
        return away
    if request.method == "POST":
        return sent(request, user) if user.is_authenticated else held(request)
    if kept := unsent.waiting_at(request, request.path):
        return unsent_request(request, kept)
    first = SubjectForm(request.GET if "subject" in request.GET else None)
    if not first.is_bound or not first.is_valid():
        status = 400 if first.is_bound and request.GET["subject"] else 200
        if status == 200:
            first = SubjectForm()
        return render(request, "portal/requests/subject.html", {"form": first, "section": "requests"}, status=status)
    subject = first.cleaned_data["subject"]
    asked = asked_fields(known_fields())
    if user.is_authenticated:
        form: RequestForm = RequestForm(definitions=asked, initial={"subject": subject})
    else:
        form = GuestRequestForm(definitions=asked, initial={"subject": subject, "stamp": new_stamp()})
    return show(request, form, subject)


def unsent_request(request: HttpRequest, kept: unsent.Unsent) -> HttpResponse:
    """What was sent after its session had ended, to be sent once more."""
    typed = QueryDict(mutable=True)
    for name, values in kept.fields.items():
        typed.setlist(name, values)
    form = RequestForm(definitions=asked_fields(known_fields()))
    for name, field in form.fields.items():
        if name != "files":
            form.initial[name] = field.widget.value_from_datadict(typed, {}, name)
    messages.warning(request, _("You were signed out meanwhile, so this has not been sent yet."))
    return show(request, form, kept.text("subject")[:200])


def show(request: HttpRequest, form: RequestForm, subject: str, status: int = 200) -> HttpResponse:
    user = request.user if request.user.is_authenticated else None
    context = {
        "form": form,
        "section": "requests",
        "hits": find(subject, reader=user, limit=SUGGESTIONS) if subject else [],
        "asked": subject,
        "once": once.token_for(request),
        "custom": [form[PREFIX + field.name] for field in form.definitions],
    }
    return render(request, "portal/requests/new.html", context, status=status)


def sent(request: HttpRequest, user: User) -> HttpResponse:
    """A customer's request is filed at once; sent twice, it is filed once."""
    asked = asked_fields(known_fields())
    form = RequestForm(request.POST, request.FILES, definitions=asked)
    if not form.is_valid():
        return show(request, form, request.POST.get("subject", "")[:200], status=400)
    try:
        hit("requests by", str(user.pk), PER_ACCOUNT if user.email_verified_at else PER_UNPROVEN)
    except TooManyAttempts as problem:
        form.refuse(problem)
        return show(request, form, form.cleaned_data["subject"], status=429)
    try:
        with transaction.atomic():
            once.use_up(request, "request form", user)
            ticket = filed(user, form, asked, client_address(request))
    except once.SentAlready:
        messages.success(request, _("This request has been sent already."))
        return redirect("portal:requests")
    except HelpDeskError as problem:
        form.refuse(problem)
        return show(request, form, form.cleaned_data["subject"], status=status_of(problem))
    unsent.forget(request, request.path)
    return redirect("portal:request-sent", ticket.ticket_number)


def filed(user: User, form: RequestForm, asked: list[CustomField], address: str) -> Ticket:
    values = form.cleaned_data
    return customers.file_request(
        customer=user,
        subject=values["subject"],
        description=values["description"],
        custom_fields=form.custom_values(),
        asked=[field.name for field in asked],
        uploads=values["files"],
        address=address,
    )


@customers_only
@pages
def request_sent(request: CustomerRequest, number: int) -> HttpResponse:
    """The number, and by when we mean to answer."""
    return confirmation(request, found_for(request.user, number))


def confirmation(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    context = {"ticket": ticket, "expected": expected_reply(ticket, timezone.now()), "section": "requests"}
    return render(request, "portal/requests/sent.html", context)


# --- Guests -------------------------------------------------------------------------------------------


def held(request: HttpRequest) -> HttpResponse:
    """What a guest wrote waits for the mailbox to confirm it. A program that fills in everything gets the same page."""
    asked = asked_fields(known_fields())
    form = GuestRequestForm(request.POST, definitions=asked)
    subject = request.POST.get("subject", "")[:200]
    if not form.is_valid():
        data = request.POST.copy()  # which keeps several values of one field
        data["stamp"] = new_stamp()
        form.data = data
        return show(request, form, subject, status=400)
    values: dict[str, Any] = {name: form.cleaned_data[name] for name in ("name", "email", "subject", "description")}
    try:
        if not form.is_filled_by_a_program:
            guests.hold_request(**values, custom_fields=form.custom_values(), address=client_address(request))
    except HelpDeskError as problem:
        form.refuse(problem)
        return show(request, form, subject, status=status_of(problem))
    text = _("We have sent you a mail with a link. Open it, and we begin with your request.")
    return done(request, _("One more step: check your mail"), text)


@never_cache
@forms
def confirm_request(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail to a guest; opening it changes nothing yet."""
    if request.method != "POST":
        return render(request, "portal/requests/confirm.html", {"section": "requests"})
    try:
        ticket = guests.file_held(token)
    except HelpDeskError as problem:
        return failed(request, problem)
    return confirmation(request, ticket)
