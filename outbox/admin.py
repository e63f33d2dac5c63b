"""Outgoing mail as admins see it: never its content, which may open an account."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from helpdesk.admin_pages import ReadOnlyPages, posted, shown
from helpdesk.admin_pages.look import badge
from helpdesk.admin_pages.posting import button

from .models import OutgoingMail, State
from .services import retry


@admin.register(OutgoingMail)
class OutgoingMails(ReadOnlyPages):
    title = "Outgoing mail"
    empty_icon = "mark_email_read"
    empty_title = "No mail waits"
    empty_text = (
        "Mail that could not be sent yet is told here, with what the mail server said; it is tried again for a day."
    )
    list_display = ("subject", "recipients", "shown_state", "attempts", "written", "error", "again")
    list_filter = ("state",)
    search_fields = ("subject", "to")
    fields = ("subject", "recipients", "shown_state", "attempts", "written", "next_attempt", "error")
    actions = ("send_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without what was sent, of which only keys are left."""
        # Named, and not what is left besides: so the index finds them among hundreds of thousands of keys.
        return super().get_queryset(request).filter(state__in=(State.WAITING, State.FAILED))

    @display(description="To")
    def recipients(self, mail: OutgoingMail) -> str:
        return ", ".join(mail.to)

    @display(description="State", ordering="state")
    def shown_state(self, mail: OutgoingMail) -> str:
        return badge(mail.get_state_display(), "red" if mail.state == State.FAILED else "blue")

    @display(description="Next attempt")
    def next_attempt(self, mail: OutgoingMail) -> str:
        return shown(mail.due_at if mail.state == State.WAITING else None)

    @display(description="Written", ordering="created_at")
    def written(self, mail: OutgoingMail) -> str:
        return shown(mail.created_at)

    @display(description="")
    def again(self, mail: OutgoingMail) -> str:
        return button(self, "send_this_again", mail) if mail.state == State.FAILED else ""

    @posted("Send again", icon="replay")
    def send_this_again(self, request: HttpRequest, mail: OutgoingMail) -> None:
        self.send_again(request, OutgoingMail.objects.filter(pk=mail.pk))

    @admin.action(description="Send again", permissions=["retry"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = retry(queryset.values_list("pk", flat=True), now=timezone.now())
        self.message_user(
            request, f"{count} failed {'mail' if count == 1 else 'mails'} will be sent again.", messages.SUCCESS
        )
