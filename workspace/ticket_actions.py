"""What is done to a ticket from the side of its page. Each is a form that posts, and goes through a verb."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import User
from csat.services import request_survey
from email_channel import undelivered
from helpdesk.api.text import check_text
from helpdesk.errors import HelpDeskError, Invalid, NotFound
from tickets import copies, services, time_tracking
from tickets.models import Status, Ticket, TicketLink, TimeEntry
from tickets.querysets import TicketQuerySet

from . import bulk, composing, panel, unsent
from .merge_pages import confirm_merge
from .pages import attempt, carried, carried_out, queue_address, ticket_address, user_of, visible
from .ticket_pages import RELATED, shown, ticket_of
from .timeline import timeline

Act = Callable[["Press"], str]


class Press:
    """A button somebody pressed: on which ticket, and what stood in its form."""

    def __init__(self, request: HttpRequest, ticket: Ticket) -> None:
        self.user: User = user_of(request)
        self.ticket, self.posted = ticket, request.POST
        self.seen: TicketQuerySet = visible(request)

    def change(self, **values: Any) -> None:
        services.update_ticket(self.ticket.pk, actor=self.user, visible=self.seen, **values)

    def other(self) -> UUID:
        """The ticket whose number was typed; raises Invalid."""
        text = self.posted.get("number", "").strip().removeprefix("#")
        if text.isascii() and text.isdigit() and len(text) < 19:
            found = self.seen.filter(ticket_number=int(text)).values_list("pk", flat=True).first()
            if found is not None:
                return found
        raise Invalid("There is no ticket with this number.")

    def links(self) -> list[UUID]:
        """The linked tickets that this person sees: those alone are replaced."""
        linked = TicketLink.objects.filter(ticket=self.ticket).values("linked")
        return list(self.seen.filter(pk__in=linked).values_list("pk", flat=True))

    def entry(self) -> TimeEntry:
        try:
            found = TimeEntry.objects.filter(ticket=self.ticket, pk=UUID(self.posted.get("entry", ""))).first()
        except ValueError:
            found = None
        if found is None:
            raise NotFound("This time entry does not exist.")
        return found

    def mail(self) -> UUID:
        try:
            return UUID(self.posted.get("mail", ""))
        except ValueError:
            raise NotFound("This mail is not about this ticket.") from None


def take(press: Press) -> str:
    press.change(assignee_id=press.user.pk)
    return "The ticket is yours."


def resolve(press: Press) -> str:
    press.change(status=Status.RESOLVED)
    return "Resolved."


def archive(press: Press) -> str:
    services.archive_ticket(press.ticket.pk, actor=press.user)
    return "Archived. Everything is kept."


def restore(press: Press) -> str:
    services.restore_ticket(press.ticket.pk, actor=press.user)
    return "Open again."


def link(press: Press) -> str:
    press.change(linked_ticket_ids=[*press.links(), press.other()])
    return "Linked."


def unlink(press: Press) -> str:
    gone = press.other()
    press.change(linked_ticket_ids=[key for key in press.links() if key != gone])
    return "The link is gone."


def set_parent(press: Press) -> str:
    press.change(parent_ticket_id=press.other())
    return "The ticket has a parent now."


def clear_parent(press: Press) -> str:
    press.change(parent_ticket_id=None)
    return "The ticket has no parent any more."


def start_timer(press: Press) -> str:
    time_tracking.log_time(press.ticket.pk, user_id=press.user.pk, actor=press.user, timer_running=True)
    return "The timer runs."


def toggle_timer(press: Press) -> str:
    entry = time_tracking.toggle_timer(press.entry(), actor=press.user)
    return "The timer runs." if entry.timer_running else "The timer stands, and its time is logged."


def log_time(press: Press) -> str:
    text, note = press.posted.get("minutes", "").strip(), press.posted.get("note", "").strip()
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 7):
        raise Invalid("Type the minutes as a whole number.")
    check_text(note, "The note")
    time_tracking.log_time(
        press.ticket.pk,
        user_id=press.user.pk,
        actor=press.user,
        time_spent=int(text),
        note=note[:2000] or None,
        billable="billable" in press.posted,
    )
    return f"{text} minutes are logged."


def delete_time(press: Press) -> str:
    time_tracking.delete_entry(press.entry(), actor=press.user)
    return "The time is removed."


def ask_customer(press: Press) -> str:
    request_survey(ticket_id=press.ticket.pk, now=timezone.now(), visible=press.seen)
    return "The customer is asked how satisfied they are."


def inform(press: Press) -> str:
    email = press.posted.get("email", "").strip()
    check_text(email, "The address")
    copy = copies.inform(press.ticket.pk, email=email, actor=press.user, visible=press.seen)
    return f"{copy.email} is kept informed." if copy else f"{email} is kept informed already."


def stop_informing(press: Press) -> str:
    try:
        copy = UUID(press.posted.get("copy", ""))
    except ValueError:
        raise Invalid("Nobody of this address was kept informed.") from None
    email = copies.stop_informing(press.ticket.pk, copy=copy, actor=press.user, visible=press.seen)
    return f"{email} reads no further." if email else "Nobody of this address was kept informed."


def send_mail_again(press: Press) -> str:
    mail = undelivered.send_again(press.ticket.pk, mail=press.mail(), actor=press.user, visible=press.seen)
    return f"The mail to {mail.email} is sent again."


def dismiss_mail(press: Press) -> str:
    mail = undelivered.dismiss(press.ticket.pk, mail=press.mail(), actor=press.user, visible=press.seen)
    return f"The mail to {mail.email} is dismissed."


ACTIONS: dict[str, Act] = {
    "take": take,
    "resolve": resolve,
    "archive": archive,
    "restore": restore,
    "link": link,
    "unlink": unlink,
    "parent": set_parent,
    "no_parent": clear_parent,
    "start_timer": start_timer,
    "toggle_timer": toggle_timer,
    "log_time": log_time,
    "delete_time": delete_time,
    "survey": ask_customer,
    "inform": inform,
    "stop_informing": stop_informing,
    "send_mail_again": send_mail_again,
    "dismiss_mail": dismiss_mail,
}


@require_POST
def act(request: HttpRequest, number: int) -> HttpResponse:
    ticket, query = ticket_of(request, number, *RELATED), carried(request)
    if unsent.is_left(request):
        return HttpResponseRedirect(ticket_address(number, query))
    name = request.POST.get("do", "")
    if name == "merge":
        return ask_to_merge(request, ticket, query)
    if name not in ACTIONS:
        messages.error(request, "Choose what to do first.")
        return HttpResponseRedirect(ticket_address(number, query))
    try:
        messages.success(request, carried_out(lambda: ACTIONS[name](Press(request, ticket))))
        unsent.taken(request)
    except HelpDeskError as problem:
        if found := visible(request).select_related(*RELATED).filter(pk=ticket.pk).first():
            return refused(request, found, problem.sentence)
        messages.error(request, problem.sentence)
    if not visible(request).filter(pk=ticket.pk).exists():  # handed to others
        return HttpResponseRedirect(queue_address(query))
    return HttpResponseRedirect(ticket_address(number, query))


def ask_to_merge(request: HttpRequest, ticket: Ticket, query: str) -> HttpResponse:
    """Into the ticket whose number was typed, once it has been seen what that means."""
    press = Press(request, ticket)
    try:
        kept = Ticket.objects.get(pk=press.other())
        if kept == ticket:
            raise Invalid("A ticket cannot be merged into itself.")
    except HelpDeskError as problem:
        return refused(request, ticket, problem.sentence)
    order = bulk.Order(press.user, [ticket.pk, kept.pk], "", press.seen)
    return confirm_merge(request, order, query, kept=kept, from_ticket=ticket.ticket_number)


@require_POST
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Save what was changed in the properties or the custom fields; what is refused stays in the form."""
    ticket, query = ticket_of(request, number, *RELATED), carried(request)
    if unsent.is_left(request):
        return HttpResponseRedirect(ticket_address(number, query))
    press = Press(request, ticket)
    try:
        values = panel.changes_in(request.POST)
        if fields := panel.fields_in(request.POST):
            values["custom_fields"] = fields
        if values:
            carried_out(lambda: press.change(**values))
        unsent.taken(request)
    except HelpDeskError as problem:
        return refused(request, ticket, problem.sentence)
    if not visible(request).filter(pk=ticket.pk).exists():
        messages.success(request, "Saved. The ticket belongs to others now.")
        return HttpResponseRedirect(queue_address(query))
    return HttpResponseRedirect(ticket_address(number, query))


def refused(request: HttpRequest, ticket: Ticket, sentence: str) -> HttpResponse:
    """The page again, with what was typed in the form that was sent."""
    messages.error(request, sentence)
    draft = composing.draft_of(user_of(request), ticket)
    composer = {"content": draft.content if draft else "", "is_note": bool(draft and draft.is_note)}
    # A page that put itself together anew would not show an answer that counts as a failure.
    status = 200 if request.headers.get("HX-Request") else 422
    return shown(request, ticket, timeline(ticket), composer, typed=request.POST, status=status)


@require_POST
def delete(request: HttpRequest, number: int) -> HttpResponse:
    ticket, query = ticket_of(request, number), carried(request)
    actor = user_of(request)
    if attempt(request, lambda: services.delete_ticket(ticket.pk, actor=actor), f"#{number} is deleted."):
        return HttpResponseRedirect(queue_address(query))
    return HttpResponseRedirect(ticket_address(number, query))
