"""What an agent sent to a ticket after their session had ended: words become a draft, a change is offered once more.

Nothing of it is sent or changed before they have seen the ticket again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts import unsent
from accounts.models import AgentGroup, User
from accounts.unsent import Unsent
from helpdesk.errors import Invalid
from tickets.models import Ticket

from . import composing, panel
from .pages import ticket_address
from .templatetags.workspace import label

KEPT_AS_DRAFT = (
    'Your session had ended, so what you wrote on <a href="{}" class="ws-link">#{}</a> was not sent. '
    "It is kept as a draft."
)
# What buttons beside a ticket ask for, with what was typed for it.
ACTS = {
    "take": ("Assign to me", ()),
    "resolve": ("Resolve", ()),
    "archive": ("Archive", ()),
    "restore": ("Reopen", ()),
    "start_timer": ("Start the timer", ()),
    "log_time": ("Log time", ("minutes", "note")),
    "link": ("Link", ("number",)),
    "parent": ("Make parent", ("number",)),
    "inform": ("Keep informed", ("email",)),
}


# --- Words --------------------------------------------------------------------------------------------


def drafts_again(sender: Any, request: Any, user: User, **kwargs: Any) -> None:
    """Answers and notes that wait for whoever has just signed in become their drafts."""
    for form, ticket in answers_of(request, user):
        content, seen = form.text("content"), key_of(form.text("seen"))
        if not content.strip():
            unsent.forget(request, form.path)
            continue
        try:
            draft = composing.keep_draft(
                user,
                ticket,
                content=beside(composing.draft_of(user, ticket), content),
                is_note=form.text("kind") == "note",
                seen=seen,
                now=timezone.now(),
            )
        except Invalid:
            continue  # it is shown where it was sent
        unsent.forget(request, form.path)
        if draft:
            number = ticket.ticket_number
            said = format_html(KEPT_AS_DRAFT, ticket_address(number), number)
            messages.warning(request, said, fail_silently=True)


def answers_of(request: Any, user: User) -> Iterator[tuple[Unsent, Ticket]]:
    for form in list(unsent.waiting_for(user, request.session)):
        try:
            found = resolve(form.path)
        except Resolver404:
            continue
        if found.url_name in ("ticket_reply", "ticket_draft"):
            seen = Ticket.objects.visible_to(user)
            ticket = seen.filter(ticket_number=found.kwargs["number"]).first()
            if ticket is not None:
                yield form, ticket


def beside(draft: Any, content: str) -> str:
    """What was typed last, after a draft that it does not go on from."""
    before, text = (draft.content.strip() if draft else ""), content.replace("\r\n", "\n")
    return text if before in text else f"{before}\n\n{text}"


def key_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def text_for(request: HttpRequest, number: int) -> str | None:
    """What was written on a ticket that is not there any more."""
    forms = [
        unsent.waiting_at(request, reverse(f"admin:{name}", args=[number])) for name in ("ticket_reply", "ticket_draft")
    ]
    return next((form.text("content") for form in forms if form), None)


# --- Changes ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """Something that was chosen; `meanwhile` is what stands there now, if others have changed it."""

    what: str
    to: str
    meanwhile: str = ""


@dataclass(frozen=True)
class Offer:
    """A form that can be sent once more, or left."""

    path: str
    changes: list[Change]
    fields: list[tuple[str, str]]


def offers(request: HttpRequest, ticket: Ticket) -> list[Offer]:
    """What was chosen beside a ticket and is not saved yet."""
    read: tuple[tuple[str, Callable[[Ticket, Unsent], Offer | None]], ...] = (
        ("ticket_change", changed),
        ("ticket_act", acted),
    )
    forms = (
        (unsent.waiting_at(request, reverse(f"admin:{name}", args=[ticket.ticket_number])), of) for name, of in read
    )
    return [offer for form, of in forms if form and (offer := of(ticket, form))]


def changed(ticket: Ticket, form: Unsent) -> Offer | None:
    changes: list[Change] = []
    fields: list[tuple[str, str]] = []
    if email := form.text("assignee_email").strip():  # as one names an agent without a script
        now = str(ticket.assignee_id or "")
        changes.append(Change("Assignee", email))
        fields += [("was_assignee", now), ("assignee", now), ("assignee_email", email)]
    for name, what, now, read in asked_of(ticket):
        chosen = [text.strip() for text in form.fields.get(name, [])]
        to, was = "\n".join(chosen).replace("\r\n", "\n"), form.text(f"was_{name}").replace("\r\n", "\n").strip()
        is_shown = name in form.fields or f"has_{name}" in form.fields
        if not is_shown or to in (was, now) or (email and name == "assignee"):
            continue
        changes.append(Change(what, read(to) or "nothing", "" if now == was else (read(now) or "nothing")))
        fields += [(f"was_{name}", now), (f"has_{name}", "1"), *((name, text) for text in chosen)]
    return Offer(form.path, changes, fields) if changes else None


def asked_of(ticket: Ticket) -> Iterator[tuple[str, str, str, Callable[[str], str]]]:
    """Each property: its name in forms, what it is called, what it is now, and how its values read."""
    words: dict[str, Callable[[str], str]] = {
        "status": label,
        "priority": label,
        "assignee": lambda text: named(User, text),
        "group": lambda text: named(AgentGroup, text),
        "due_date": lambda text: text.replace("T", " "),
    }
    for name, text in panel.texts_of(ticket).items():
        yield name, name.replace("_", " ").capitalize(), text.strip(), words.get(name, str)
    for field in panel.definitions():
        was = panel.shown(field, ticket.custom_fields.get(field.name))["was"]
        yield f"field_{field.name}", field.label, was.strip(), in_words


def in_words(text: str) -> str:
    return {"true": "yes"}.get(text, ", ".join(text.split("\n")))


def named(model: Any, text: str) -> str:
    key = key_of(text)
    return model._default_manager.filter(pk=key).values_list("name", flat=True).first() or "" if key else ""


def acted(ticket: Ticket, form: Unsent) -> Offer | None:
    name = form.text("do")
    if name not in ACTS:
        return None
    what, typed = ACTS[name]
    said = " ".join(filter(None, (form.text(one).strip() for one in typed)))
    fields = [("do", name), *((one, form.text(one)) for one in typed)]
    fields += [("billable", "on")] * ("billable" in form.fields)
    return Offer(form.path, [Change(what, said)], fields)


def is_left(request: HttpRequest) -> bool:
    """Whether an offer was declined: it is not made again."""
    if "leave" in request.POST:
        unsent.forget(request, request.path)
    return "leave" in request.POST


def taken(request: HttpRequest) -> None:
    """What a form asked for is done: if it was an offer, it is not made again."""
    if "offered" in request.POST:
        unsent.forget(request, request.path)


def restored(request: HttpRequest) -> QueryDict | None:
    """What stood in the form of this page when it was sent in vain: told once, and in the form from then on."""
    form = unsent.waiting_at(request, request.path)
    if form is None:
        return None
    unsent.forget(request, request.path)
    found = QueryDict(mutable=True)
    for name, values in form.fields.items():
        found.setlist(name, values)
    return found
