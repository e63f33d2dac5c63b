"""What was mailed about tickets, to whom and under which Message-ID, so that answers find their way back.

And what became of it, so that staff knows who was reached: that is kept here, since the outbox forgets.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from helpdesk.ids import new_id
from tickets.models import Reply, Ticket

from .querysets import TicketMailQuerySet

KEY = "ticket mail:"


class Kind(models.TextChoices):
    ANSWER = "answer"  # the words of an answer
    NOTICE = "notice"  # that there is one, for whoever may not read it by mail
    RECEIPT = "receipt"  # that a request has arrived
    RULE = "rule"
    SURVEY = "survey"
    INVITATION = "invitation"  # to whoever is kept informed from now on


class Outcome(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"  # before it left, somebody whom it names was erased, or its reader taken off


class TicketMail(models.Model):
    """One mail to one reader: an answer of staff, that a request has arrived, or what else a ticket led to.

    The mail itself is a row of the outbox until it has left; a merge of tickets leaves the ticket as it was, since
    that is where its reader belongs. What older versions did not write down is NULL.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # that of the mail in the outbox
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="mails", db_index=False)
    # The answer that it carries.
    reply = models.ForeignKey(Reply, null=True, on_delete=models.CASCADE, related_name="mails", db_index=False)
    # Which message led to it, for what carries none: a reply or note, or the ticket whose first message it was.
    message = models.UUIDField(null=True)
    kind = models.CharField(max_length=10, choices=Kind, null=True)
    email = models.CharField(max_length=254)
    # As it is matched: see accounts.emails.matching_key.
    email_key = models.CharField(max_length=254)
    subject = models.TextField(null=True)
    message_id = models.CharField(max_length=320, unique=True)
    in_reply_to = models.TextField(null=True)
    references = models.TextField(null=True)
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    outcome = models.CharField(max_length=10, choices=Outcome, null=True)
    settled_at = models.DateTimeField(null=True, help_text="When it left, or was given up.")
    dismissed_at = models.DateTimeField(null=True, help_text="When an agent said that they know it never arrived.")
    error = models.TextField(null=True, help_text="Why it was given up.")

    objects = TicketMailQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["ticket", "created_at", "id"], name="ticket_mail_ticket"),
            models.Index(fields=["email_key"], name="ticket_mail_address"),  # whoever is erased
            models.Index(fields=["message"], name="ticket_mail_message", condition=Q(message__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reply", "email_key"], name="ticket_mail_once"),
            # Receipts had no kind once.
            models.UniqueConstraint(
                fields=["ticket", "email_key"],
                condition=Q(reply__isnull=True) & (Q(kind__isnull=True) | Q(kind=Kind.RECEIPT)),
                name="ticket_mail_one_receipt",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def outbox_key(self) -> str:
        return f"{KEY}{self.pk}"
