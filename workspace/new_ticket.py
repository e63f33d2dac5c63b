"""Filing a ticket for a customer, who called or came by."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from accounts.emails import matching_key
from accounts.models import User
from accounts.portal_accounts import free_username, username_stem
from accounts.services import create_user
from helpdesk.api.text import check_text
from helpdesk.errors import HelpDeskError, Invalid
from tickets.models import Priority, Ticket, TicketTemplate
from tickets.services import create_ticket

from . import panel
from .composing import text_in
from .pages import carried_out, page, ticket_address, user_of, visible
from .queue_pages import NAMED, choices

TYPED = ("email", "name", "subject", "description", "priority", "group", "assignee", "category", "tags")


@require_http_methods(["GET", "POST"])
def new_ticket(request: HttpRequest) -> HttpResponse:
    """A form, filled from a template if one is named; what is refused stays in it."""
    if request.method == "POST":
        try:
            ticket = carried_out(lambda: filed(request))
        except HelpDeskError as problem:
            messages.error(request, problem.sentence)
            return form(request, {name: request.POST.get(name, "") for name in TYPED}, status=422)
        if visible(request).filter(pk=ticket.pk).exists():
            return HttpResponseRedirect(ticket_address(ticket.ticket_number))
        messages.success(request, f"#{ticket.ticket_number} is filed, and belongs to others.")
        return HttpResponseRedirect(request.path)
    return form(request, {"priority": Priority.MEDIUM, **from_template(request.GET.get("template", ""))})


def form(request: HttpRequest, given: dict[str, Any], *, status: int = 200) -> HttpResponse:
    typed = request.POST if request.method == "POST" else None
    context = {
        "title": "New ticket",
        "given": given,
        "templates": list(TicketTemplate.objects.filter(is_active=True).values_list("pk", "name")[:NAMED]),
        "template": request.GET.get("template", ""),
        "fields": [panel.shown(field, field.default_value, typed) for field in panel.definitions()],
        **choices(user_of(request)),
    }
    return page(request, "new_ticket.html", context, status=status)


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
    posted, actor = request.POST, user_of(request)
    for name in TYPED:
        check_text(posted.get(name, ""), name.capitalize())
    description = text_in(posted.get("description", ""))
    if not description:
        raise Invalid("A ticket needs a description.")
    return create_ticket(
        actor=actor,
        customer_id=customer_of(posted.get("email", "").strip(), posted.get("name", "").strip(), actor).pk,
        subject=panel.subject(posted.get("subject", "").strip()),
        description=description,
        priority=posted.get("priority") or Priority.MEDIUM,
        group_id=panel.key(posted.get("group", "")),
        assignee_id=panel.key(posted.get("assignee", "")),
        category=panel.line(100, "The category")(posted.get("category", "").strip()) or None,
        tags=panel.words(posted.get("tags", "")),
        custom_fields=panel.fields_in(posted, keep=True),
        visible=visible(request),
    )


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
