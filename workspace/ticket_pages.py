"""The page of a ticket: reading it, and answering."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from helpdesk.api.fields import parse_moment
from helpdesk.api.text import MAX_NUMBER
from helpdesk.errors import HelpDeskError, Invalid
from tickets.answering import NewerMessages, Upload, answer, write_note
from tickets.models import Status, Ticket

from . import composing, unsent
from .pages import carried, carried_out, page, queue_address, ticket_address, user_of, visible
from .panel import panel
from .queues import Queue
from .rule_traces import trace
from .timeline import Timeline, timeline

MAX_FILES = 10
RELATED = ("customer__company", "assignee", "group", "filed_by")
# What the buttons of the composer do besides sending.
THEN = {"send": None, "pending": Status.PENDING, "resolve": Status.RESOLVED}
DONE = {"send": "Sent.", "pending": "Sent, and waiting for the customer.", "resolve": "Sent, and resolved."}


def ticket_of(request: HttpRequest, number: int, *related: str) -> Ticket:
    """The ticket with a number: hidden and missing look alike."""
    if number > MAX_NUMBER:
        raise Http404
    return get_object_or_404(visible(request).select_related(*related), ticket_number=number)


@require_GET
def show(request: HttpRequest, number: int) -> HttpResponse:
    try:
        ticket = ticket_of(request, number, *RELATED)
    except Http404:
        if content := unsent.text_for(request, number):
            return gone(request, number, content)
        raise
    told = timeline(ticket, everything="all" in request.GET)
    draft = composing.draft_of(user_of(request), ticket)
    composer = {
        "content": draft.content if draft else "",
        "is_note": draft.is_note if draft else False,
        "is_draft": draft is not None,
        # The text was begun before the last message came.
        "crossed": draft is not None and not draft.is_note and draft.seen != told.seen,
    }
    return shown(request, ticket, told, composer)


def shown(
    request: HttpRequest,
    ticket: Ticket,
    told: Timeline,
    composer: dict[str, Any],
    *,
    typed: QueryDict | None = None,
    status: int = 200,
) -> HttpResponse:
    user, now, query = user_of(request), timezone.now(), carried(request)
    previous, following = neighbours(request, ticket, query)
    context = {
        "title": f"#{ticket.ticket_number} {ticket.subject}",
        "ticket": ticket,
        "timeline": told,
        "composer": composer,
        "typed": typed,
        "unsaved": unsent.offers(request, ticket),
        "query": query,
        "previous": previous and ticket_address(previous, query),
        "following": following and ticket_address(following, query),
        "prepared": composing.titles(),
        "present": composing.others_at(ticket, user, now=now),
        **panel(ticket, user, visible(request), now=now, typed=typed),
    }
    return page(request, "ticket.html", context, status=status)


def neighbours(request: HttpRequest, ticket: Ticket, query: str) -> tuple[int | None, int | None]:
    """The tickets before and after, in the queue the page was opened from."""
    try:
        return Queue(user_of(request), QueryDict(query), now=timezone.now()).neighbours(ticket)
    except Invalid:
        return None, None


@require_POST
def reply(request: HttpRequest, number: int) -> HttpResponse:
    """Send an answer or leave a note; what cannot be sent is kept, with the reason above it."""
    user, query = user_of(request), carried(request)
    what, is_note, typed = request.POST.get("do", "send"), request.POST.get("kind") == "note", request.POST
    try:
        ticket = ticket_of(request, number, *RELATED)
    except Http404:
        if typed.get("content", "").strip():
            return gone(request, number, typed["content"])
        raise
    if what in ("draft", "insert"):
        return prepared(request, ticket, what)
    following = neighbours(request, ticket, query)[1]
    try:
        content = composing.text_in(typed.get("content", ""))
        if not content:
            raise Invalid("There is nothing to send yet.")
        send = sending(request, ticket, content, what, is_note)

        def send_and_forget() -> None:
            send()
            composing.forget_draft(user, ticket)

        carried_out(send_and_forget)
    except NewerMessages as problem:
        newer = [message.pk for message in problem.messages]
        return kept_back(request, ticket, problem.sentence, newer=newer)
    except HelpDeskError as problem:
        return kept_back(request, ticket, problem.sentence)
    done = "Your note is saved." if is_note else DONE.get(what, "Sent.")
    if following and what != "send":
        address = ticket_address(following, query)
        done = format_html('{} <a href="{}" class="ws-link">Next: #{}</a>', done, address, following)
    messages.success(request, done)
    is_seen = visible(request).filter(pk=ticket.pk).exists()  # a rule may have handed it to others
    to = f"{ticket_address(number, query)}#latest" if is_seen else queue_address(query)
    return JsonResponse({"to": to}) if is_scripted(request) else HttpResponseRedirect(to)


def is_scripted(request: HttpRequest) -> bool:
    """Whether a script of ours posts a form and goes on from the answer."""
    return "HX-Request" in request.headers


def sending(request: HttpRequest, ticket: Ticket, content: str, what: str, is_note: bool) -> Callable[[], object]:
    user, uploads = user_of(request), uploads_in(request)
    if is_note:
        return lambda: write_note(ticket.pk, actor=user, content=content, uploads=uploads)
    if what not in THEN:
        raise Invalid("Choose how to send it.")
    return lambda: answer(
        ticket.pk,
        actor=user,
        content=content,
        seen=seen_in(request),
        status=THEN[what],
        uploads=uploads,
    )


def uploads_in(request: HttpRequest) -> list[Upload]:
    files = request.FILES.getlist("files")
    if len(files) > MAX_FILES:
        raise Invalid(f"At most {MAX_FILES} files go with one message.")
    return [Upload(file.name or "file", file, file.size or 0, file.content_type) for file in files]


def seen_in(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("seen", ""))
    except ValueError:
        return None


def kept_back(request: HttpRequest, ticket: Ticket, problem: str, *, newer: list[UUID] | None = None) -> HttpResponse:
    """The page again, with the text as it was typed."""
    typed = request.POST
    composer = {
        "content": typed.get("content", ""),
        "is_note": typed.get("kind") == "note",
        "problem": problem,
        "newer": newer,
        "do": typed.get("do", "send"),
        "had_files": bool(request.FILES) and not is_scripted(request),  # a script keeps them chosen
    }
    try:
        fresh = ticket_of(request, ticket.ticket_number, *RELATED)
    except Http404:
        return gone(request, ticket.ticket_number, typed.get("content", ""))
    keep(request, fresh, typed.get("content", ""))
    status = 409 if newer else 422
    return shown(request, fresh, timeline(fresh, new=newer or ()), composer, status=status)


def gone(request: HttpRequest, number: int, content: str) -> HttpResponse:
    """What was typed on a ticket that was deleted or handed to others meanwhile, to be copied."""
    context = {"title": f"#{number} is gone", "number": number, "content": content}
    return page(request, "gone.html", context, status=404)


def keep(request: HttpRequest, ticket: Ticket, content: str) -> None:
    """The text as a draft, if it is one that can be kept."""
    try:
        composing.keep_draft(
            user_of(request),
            ticket,
            content=content,
            is_note=request.POST.get("kind") == "note",
            seen=seen_in(request),
            now=timezone.now(),
        )
    except Invalid as problem:
        messages.error(request, problem.sentence)


def prepared(request: HttpRequest, ticket: Ticket, what: str) -> HttpResponse:
    """Without a script: keep the text for later, or put a canned response behind it."""
    content = request.POST.get("content", "")
    if what == "insert":
        try:
            text = composing.canned_text(ticket, user_of(request), request.POST.get("canned", ""))
            content = "\n\n".join(filter(None, [content.strip(), text]))
        except Invalid as problem:
            messages.error(request, problem.sentence)
    else:
        messages.success(request, "Your draft is kept.")
    keep(request, ticket, content)
    return HttpResponseRedirect(f"{ticket_address(ticket.ticket_number, carried(request))}#composer")


# --- What the page asks for while it is open ----------------------------------------------------------


@require_POST
def save_draft(request: HttpRequest, number: int) -> HttpResponse:
    ticket = ticket_of(request, number)
    try:
        draft = composing.keep_draft(
            user_of(request),
            ticket,
            content=request.POST.get("content", ""),
            is_note=request.POST.get("kind") == "note",
            seen=seen_in(request),
            now=timezone.now(),
        )
    except Invalid as problem:
        return JsonResponse({"error": problem.sentence}, status=400)
    return JsonResponse({"kept": draft is not None})


@require_POST
def presence(request: HttpRequest, number: int) -> HttpResponse:
    """Say that somebody is here, and learn who else is and whether anything new was written."""
    ticket, user, now = ticket_of(request, number), user_of(request), timezone.now()
    if "leave" in request.POST:
        composing.leave(user, ticket)
        return JsonResponse({})
    composing.be_present(user, ticket, is_typing=request.POST.get("typing") == "yes", now=now)
    newer = composing.written_since(ticket, seen_in(request))
    return JsonResponse({"others": composing.others_at(ticket, user, now=now), "newer": newer})


@require_GET
def canned(request: HttpRequest, number: int) -> HttpResponse:
    ticket = ticket_of(request, number, "customer__company")
    found = composing.canned(ticket, user_of(request), request.GET.get("q", "")[:100].replace("\x00", ""))
    return JsonResponse({"responses": found})


@require_GET
def rules(request: HttpRequest, number: int) -> HttpResponse:
    """Why rules ran on this ticket, or did not; `at` shows those of one moment."""
    ticket = ticket_of(request, number)
    at = parse_moment(request.GET.get("at", "").replace(" ", "+"))
    context = {
        "title": f"Rules on #{number}",
        "ticket": ticket,
        "trace": trace(ticket, user_of(request), around=at),
        "at": at,
        "query": carried(request),
    }
    return page(request, "rules.html", context)
