"""Tickets and everything that hangs below them: facts and invariants, no behaviour.

Changes go through tickets.services, the one place that writes activities and sends signals.
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import AgentGroup, User
from helpdesk.ids import new_id

from .expressions import OrFarFuture, next_due
from .querysets import AttachmentQuerySet, TicketQuerySet


class Status(models.TextChoices):
    OPEN = "open"
    PENDING = "pending"
    IN_PROGRESS = "in_progress", "In progress"
    RESOLVED = "resolved"
    CLOSED = "closed"


ACTIVE_STATUSES = (Status.OPEN, Status.PENDING, Status.IN_PROGRESS)
DONE_STATUSES = (Status.RESOLVED, Status.CLOSED)


class Priority(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class Source(models.TextChoices):
    PORTAL = "portal"
    EMAIL = "email"
    API = "api"


NOT_ARCHIVED = Q(archived_at__isnull=True)
# What still asks for work. Not by status: a condition without values also fits a plan made for any values.
WORK = Q(resolved_at__isnull=True, archived_at__isnull=True)


class Ticket(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket_number = models.BigIntegerField(unique=True, editable=False)
    subject = models.CharField(max_length=500)
    description = models.TextField()
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    priority = models.CharField(max_length=20, choices=Priority, default=Priority.MEDIUM)
    category = models.CharField(max_length=100, null=True, blank=True)
    customer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tickets", db_index=False)
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_tickets", db_index=False
    )
    group = models.ForeignKey(
        AgentGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets", db_index=False
    )
    parent_ticket = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children", db_index=False
    )
    tags = models.JSONField(default=list, blank=True)
    custom_fields = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=20, choices=Source, default=Source.API)
    # Who filed it: the owner, when an API key did; null for the system. Portal privacy builds on it.
    filed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    sla_deadline = models.DateTimeField(null=True, blank=True)
    first_response_deadline = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    # When the customer wrote the first message that nobody has answered yet; see unanswered.py.
    unanswered_since = models.DateTimeField(null=True, blank=True, editable=False)
    due_date = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        # One index per documented filter, each already in list order, so that any page is a short range scan.
        # Lists leave archived tickets out, and so do the indexes that only lists use: after years most are archived.
        indexes = [
            models.Index(fields=["created_at", "id"], name="ticket_created", condition=NOT_ARCHIVED),
            models.Index(fields=["updated_at", "id"], name="ticket_updated", condition=NOT_ARCHIVED),
            models.Index(fields=["status", "created_at", "id"], name="ticket_status", condition=NOT_ARCHIVED),
            models.Index(fields=["priority", "created_at", "id"], name="ticket_priority", condition=NOT_ARCHIVED),
            models.Index(fields=["category", "created_at", "id"], name="ticket_category", condition=NOT_ARCHIVED),
            models.Index(fields=["source", "created_at", "id"], name="ticket_source", condition=NOT_ARCHIVED),
            models.Index(fields=["created_at", "id"], name="ticket_archived", condition=~NOT_ARCHIVED),
            # These two hold all that reports ask of tickets filed, and of tickets resolved, within some days. The
            # first one also says which tickets somebody sees, and thereby which surveys and time entries.
            models.Index(
                fields=["created_at", "id", "first_response_at", "priority", "group", "category", "assignee"],
                name="ticket_filed",
            ),
            models.Index(
                fields=["resolved_at", "created_at", "sla_deadline", "priority", "assignee", "group"],
                name="ticket_resolved",
            ),
            models.Index(fields=["assignee", "created_at", "id"], name="ticket_assignee"),
            # With the status, since that of what nobody has tells much about who has it: the planner does not know.
            models.Index(
                fields=["created_at", "id", "status"],
                name="ticket_unassigned",
                condition=NOT_ARCHIVED & Q(assignee__isnull=True),
            ),
            models.Index(fields=["group", "created_at", "id"], name="ticket_group"),
            models.Index(fields=["customer", "created_at", "id"], name="ticket_customer"),
            # Few have one, and every write of a ticket pays for each index it stands in.
            models.Index(
                fields=["parent_ticket", "created_at", "id"],
                name="ticket_child",
                condition=Q(parent_ticket__isnull=False),
            ),
            models.Index(OrFarFuture("sla_deadline"), "id", name="ticket_sla_deadline"),
            models.Index(OrFarFuture("due_date"), "id", name="ticket_due_date"),
            # What can be overdue: few rows, however many tickets there are.
            models.Index(
                fields=["sla_deadline"],
                name="ticket_sla_running",
                condition=Q(status__in=["open", "pending", "in_progress"], sla_deadline__isnull=False),
            ),
            models.Index(
                fields=["due_date"],
                name="ticket_due_running",
                condition=Q(status__in=["open", "pending", "in_progress"], due_date__isnull=False),
            ),
            # The queues of agents: what is to be done, of whom, of which group, in which order.
            models.Index(fields=["assignee", "created_at", "id"], name="ticket_work_assignee", condition=WORK),
            models.Index(fields=["group", "created_at", "id"], name="ticket_work_group", condition=WORK),
            models.Index(next_due(), "id", name="ticket_work_due", condition=WORK),
            models.Index(fields=["created_at", "id"], name="ticket_work_created", condition=WORK),
            models.Index(fields=["updated_at", "id"], name="ticket_work_updated", condition=WORK),
            models.Index(next_due(), "id", name="ticket_next_due", condition=NOT_ARCHIVED),
            models.Index(
                fields=["unanswered_since", "id"],
                name="ticket_work_unanswered",
                condition=WORK & Q(unanswered_since__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="ticket_status_known"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="ticket_priority_known"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="ticket_source_known"),
            models.CheckConstraint(
                condition=Q(parent_ticket__isnull=True) | ~Q(parent_ticket=F("id")), name="ticket_not_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_number} {self.subject}"


class TicketSearch(models.Model):
    """The words of a ticket, folded, each once; see searching.py. The database has an index on all of them."""

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="search")
    number = models.BigIntegerField(help_text="The ticket's.")
    customer = models.TextField(default="", help_text="Name and e-mail address.")
    public = models.TextField(default="")
    internal = models.TextField(default="")

    def __str__(self) -> str:
        return str(self.number)


class TicketCounter(models.Model):
    """The last ticket number, where the database has no sequences (SQLite)."""

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)


class TicketLink(models.Model):
    """One direction of a link; both directions are always stored, so a link reads the same from either end."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links", db_index=False)
    linked = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "linked"], name="ticket_link_once"),
            models.CheckConstraint(condition=~Q(ticket=F("linked")), name="ticket_not_linked_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} – {self.linked_id}"


class TicketCopy(models.Model):
    """Somebody who is kept informed about a ticket: whoever proves to own this address may read and answer."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="copies", db_index=False)
    email = models.CharField(max_length=254)
    # As it is matched: see accounts.emails.matching_key.
    email_key = models.CharField(max_length=254, editable=False)
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # Whether staff answers for this address. Of the day it was added: customers become staff, and contacts are merged.
    by_staff = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "ticket copies"
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["email_key", "ticket"], name="ticket_copy_email")]
        constraints = [models.UniqueConstraint(fields=["ticket", "email_key"], name="ticket_copy_once")]

    def __str__(self) -> str:
        return self.email


class HeldRequest(models.Model):
    """What a guest wrote, until the link in the mail to their address is opened; then it is a ticket, and empty."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=200)
    subject = models.CharField(max_length=500)
    description = models.TextField()
    custom_fields = models.JSONField(default=dict)
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="held_request_created")]

    def __str__(self) -> str:
        return self.subject


class Reply(models.Model):
    """A message in the conversation; an internal one is for staff only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="replies", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    content = models.TextField()
    is_internal = models.BooleanField(default=False)
    # What its author was when it was written; people change sides.
    from_staff = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "replies"
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["ticket", "created_at", "id"], name="reply_ticket")]

    def __str__(self) -> str:
        return self.content[:60]


class Note(models.Model):
    """A comment among staff."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="notes", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    content = models.TextField()
    is_private = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["ticket", "created_at", "id"], name="note_ticket")]

    def __str__(self) -> str:
        return self.content[:60]


class Action(models.TextChoices):
    """What an activity can say."""

    CREATED = "created"
    STATUS_CHANGED = "status_changed"
    PRIORITY_CHANGED = "priority_changed"
    ASSIGNED = "assigned"
    REPLIED = "replied"
    AUTOMATION_EXECUTED = "automation_executed"
    CATEGORY_CHANGED = "category_changed"
    GROUP_CHANGED = "group_changed"
    SUBJECT_CHANGED = "subject_changed"
    DESCRIPTION_CHANGED = "description_changed"
    TAGS_CHANGED = "tags_changed"
    CUSTOM_FIELD_CHANGED = "custom_field_changed"
    DUE_DATE_CHANGED = "due_date_changed"
    NOTE_ADDED = "note_added"
    MERGED = "merged"
    LINKED = "linked"
    ARCHIVED = "archived"
    RESTORED = "restored"
    SLA_BREACHED = "sla_breached"
    AUTOMATION_FAILED = "automation_failed"
    ATTACHMENT_ADDED = "attachment_added"
    TIME_LOGGED = "time_logged"
    INFORMED = "informed"  # who reads along from now on, or no longer
    MAIL_SENT_AGAIN = "mail_sent_again"  # the id of a mail that had never arrived
    MAIL_DISMISSED = "mail_dismissed"


class Activity(models.Model):
    """One line of a ticket's history; `user` is null when the system or a rule acted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="activities", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    action = models.CharField(max_length=30, choices=Action)
    old_value = models.TextField(null=True)
    new_value = models.TextField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "activities"
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["ticket", "created_at", "id"], name="activity_ticket"),
            # Few of many: whoever is erased is found in them.
            models.Index(fields=["ticket"], condition=models.Q(action="informed"), name="activity_informed"),
        ]

    def __str__(self) -> str:
        return self.get_action_display()


class Attachment(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    reply = models.ForeignKey(Reply, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments")
    filename = models.CharField(max_length=255)
    stored_name = models.CharField(max_length=100, editable=False, help_text="The name of the file in storage.")
    file_size = models.PositiveBigIntegerField(help_text="Bytes.")
    mime_type = models.CharField(max_length=127)
    uploaded_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # Whether it is for staff only; decided when it is uploaded, since people change sides.
    is_internal = models.BooleanField(default=True, db_default=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["ticket", "created_at", "id"], name="attachment_ticket")]

    def __str__(self) -> str:
        return self.filename


class DiscardedFile(models.Model):
    """A stored file nobody refers to any more; written with the deletion, gone when the file is."""

    stored_name = models.CharField(max_length=100, primary_key=True)

    def __str__(self) -> str:
        return self.stored_name


class TimeEntry(models.Model):
    """Time spent on a ticket: typed in, or measured by a timer that can be toggled."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="time_entries", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    time_spent = models.PositiveIntegerField(default=0, help_text="Minutes.")
    # What the timer measured beyond whole minutes, so that many short runs add up.
    spare_seconds = models.PositiveSmallIntegerField(default=0, editable=False)
    note = models.TextField(null=True, blank=True)
    billable = models.BooleanField(default=False)
    timer_running = models.BooleanField(default=False)
    timer_started_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "time entries"
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["ticket", "created_at", "id"], name="time_entry_ticket"),
            models.Index(fields=["created_at"], name="time_entry_created"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(timer_running=False) | Q(timer_started_at__isnull=False), name="timer_has_a_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.time_spent} min"


class CannedResponse(models.Model):
    """A prepared answer; its placeholders are filled in when it is used."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField(max_length=200)
    content = models.TextField()
    shortcut = models.CharField(max_length=50, null=True, blank=True, unique=True)
    category = models.CharField(max_length=100, null=True, blank=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return self.title


class TicketTemplate(models.Model):
    """A prepared ticket for requests that come again and again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    subject = models.CharField(max_length=500, null=True, blank=True)
    content = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    priority = models.CharField(max_length=20, choices=Priority, default=Priority.MEDIUM)
    category = models.CharField(max_length=100, null=True, blank=True)
    tags = models.JSONField(default=list, blank=True)
    group = models.ForeignKey(AgentGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
