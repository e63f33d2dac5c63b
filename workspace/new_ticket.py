"""Filing a ticket for a customer, who called or came by."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.http import require_http_methods

from accounts.emails import matching_key
from accounts.models import User
from accounts.portal_accounts import free_username, username_stem
from accounts.services import create_user
from helpdesk.api.text import check_text
from helpdesk.errors import HelpDeskError, Invalid
from tickets.attachments import attach_all
from tickets.models import Priority, Ticket, TicketTemplate
from tickets.services import create_ticket

from . import offers, panel, unsent
from .composing import text_in
from .pages import carried_out, page, ticket_address, user_of, visible
from .ticket_pages import uploads_in

TEMPLATES = 300
TYPED = ("email", "name", "subject", "description", "priority", "group", "assignee", "category", "tags", "parent")


@require_http_methods(["GET", "POST"])
def new_ticket(request: HttpRequest) -> HttpResponse:
    """A form, filled from a template if one is named; what is refused stays in it."""
    if request.method == "POST" and "use" in request.POST:
        if request.FILES:
            messages.warning(request, "Choose your files again.")
        return form(request, filled_up(request), parent=parent_in(request, request.POST))
    if request.method == "POST":
        try:
            ticket = carried_out(lambda: filed(request))
        except HelpDeskError as problem:
            again = " Choose your files again." if request.FILES else ""
            messages.error(request, f"{problem.sentence}{again}")
            return form(request, typed_in(request.POST), parent=parent_in(request, request.POST), status=422)
        if visible(request).filter(pk=ticket.pk).exists():
            return HttpResponseRedirect(ticket_address(ticket.ticket_number))
        messages.success(request, f"#{ticket.ticket_number} is filed, and belongs to others.")
        return HttpResponseRedirect(request.path)
    if sent := unsent.restored(request):
        messages.warning(request, "Your session had ended, so this ticket is not filed yet.")
        return form(request, typed_in(sent), parent=parent_in(request, sent), typed=sent)
    parent = parent_in(request, request.GET)
    given = {"priority": Priority.MEDIUM, **(like(parent) if parent else {})}
    prepared = from_template(request.GET.get("template", ""))
    return form(request, {**given, **{name: text for name, text in prepared.items() if text}}, parent=parent)


def form(
    request: HttpRequest,
    given: dict[str, Any],
    *,
    parent: Ticket | None = None,
    typed: QueryDict | None = None,
    status: int = 200,
) -> HttpResponse:
    """`typed` is what was sent, when that was not this time."""
    typed = request.POST if request.method == "POST" else typed
    context = {
        "title": "New ticket",
        "given": given,
        "parent": parent,
        "templates": list(TicketTemplate.objects.filter(is_active=True).values_list("pk", "name")[:TEMPLATES]),
        "template": (typed or request.GET).get("template", ""),
        "fields": [panel.shown(field, field.default_value, typed) for field in panel.definitions()],
        **offers.choices(user_of(request)),
    }
    return page(request, "new_ticket.html", context, status=status)


def typed_in(posted: QueryDict) -> dict[str, Any]:
    given: dict[str, Any] = {name: posted.get(name, "") for name in TYPED}
    return {**given, "assignee_name": panel.name_of_agent(given["assignee"])}


def filled_up(request: HttpRequest) -> dict[str, Any]:
    """What was typed, and a template where nothing was: what the template before it has filled in counts as nothing."""
    given = typed_in(request.POST)
    untouched = {"priority": Priority.MEDIUM, **from_template(request.POST["use"])}
    for name, text in from_template(request.POST.get("template", "")).items():
        if text and given[name].replace("\r\n", "\n") in ("", untouched.get(name)):
            given[name] = text
    return given


def parent_in(request: HttpRequest, given: Any) -> Ticket | None:
    """The ticket that a new one is to be a part of, if one is named that this person sees."""
    text = given.get("parent", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    return visible(request).select_related("customer").filter(ticket_number=int(text)).first()


def like(parent: Ticket) -> dict[str, Any]:
    """What a child takes over before anybody types: whose it is, and where it belongs."""
    return {
        "email": parent.customer.email,
        "priority": parent.priority,
        "category": parent.category or "",
        "group": str(parent.group_id or ""),
    }


def from_template(text: str) -> dict[str, Any]:
    try:
        found = TicketTemplate.objects.filter(is_active=True, pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        return {}
    return {
        "subject": found.subject or "",
        "description": found.content or "",
        "priority": found.priority,
        "category": found.category or "",
        "tags": ", ".join(found.tags),
        "group": str(found.group_id or ""),
    }


def filed(request: HttpRequest) -> Ticket:
    """The ticket in the form, and its customer, who may be new; raises Invalid."""
    posted, actor, parent = request.POST, user_of(request), parent_in(request, request.POST)
    for name in TYPED:
        check_text(posted.get(name, ""), name.capitalize())
    if posted.get("parent") and parent is None:
        raise Invalid("The parent ticket is not there any more.")
    description = text_in(posted.get("description", ""))
    if not description:
        raise Invalid("A ticket needs a description.")
    uploads = uploads_in(request)
    ticket = create_ticket(
        actor=actor,
        customer_id=customer_of(posted.get("email", "").strip(), posted.get("name", "").strip(), actor).pk,
        subject=panel.subject(posted.get("subject", "").strip()),
        description=description,
        priority=posted.get("priority") or Priority.MEDIUM,
        group_id=panel.key(posted.get("group", "")),
        assignee_id=panel.key(panel.agent_in(posted)),
        parent_ticket_id=parent.pk if parent else None,
        category=panel.line(100, "The category")(posted.get("category", "").strip()) or None,
        tags=panel.words(posted.get("tags", "")),
        custom_fields=panel.fields_in(posted, keep=True),
        visible=visible(request),
    )
    attach_all(ticket, uploads, actor=actor, reply_id=None)
    return ticket


def customer_of(email: str, name: str, actor: User) -> User:
    """Who has the address, or a new contact."""
    if not email:
        raise Invalid("Type the customer's email address.")
    found = User.objects.filter(email_key=matching_key(email)).first()
    if found is not None:
        return found
    if not name:
        raise Invalid("Nobody has this address yet. Type a name, and the customer is added.")
    username = free_username(username_stem(email.partition("@")[0]))
    return create_user(actor=actor, username=username, email=email, name=name[:200])
