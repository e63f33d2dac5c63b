"""What was mailed about tickets, to whom and under which Message-ID, so that answers find their way back."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from helpdesk.ids import new_id
from tickets.models import Reply, Ticket


class TicketMail(models.Model):
    """One mail to one reader: an answer of staff, or, without a reply, that a request has arrived.

    The mail itself is a row of the outbox until it has left; a merge of tickets leaves the ticket as it was, since
    that is where its reader belongs.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="mails", db_index=False)
    reply = models.ForeignKey(Reply, null=True, on_delete=models.CASCADE, related_name="mails", db_index=False)
    email = models.CharField(max_length=254)
    # As it is matched: see accounts.emails.matching_key.
    email_key = models.CharField(max_length=254)
    message_id = models.CharField(max_length=320, unique=True)
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["ticket", "created_at", "id"], name="ticket_mail_ticket"),
            models.Index(fields=["email_key"], name="ticket_mail_address"),  # whoever is erased
        ]
        constraints = [
            models.UniqueConstraint(fields=["reply", "email_key"], name="ticket_mail_once"),
            models.UniqueConstraint(
                fields=["ticket", "email_key"], condition=Q(reply__isnull=True), name="ticket_mail_receipt_once"
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def outbox_key(self) -> str:
        return f"ticket mail:{self.pk}"
