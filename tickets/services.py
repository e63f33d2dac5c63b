"""Every verb of a ticket. The API, the admin pages, the portal, mail and rules all come through here.

Each verb is one transaction. It locks the ticket it changes, so that of two callers the second one decides on
what the first one left; it writes the history and sends the signals, so that no door can forget to. `actor` is
the acting user, None for the system; `cause` is the rule that made the system act; `visible` are the tickets the
actor may refer to (as parent or link), all of them unless given.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import STAFF_ROLES, User
from audit.models import Action as Recorded
from audit.services import record as write_in_audit_log
from custom_fields.definitions import active_fields
from custom_fields.models import EntityType
from custom_fields.services import merge_values
from helpdesk.api.inserts import Insertion
from helpdesk.errors import Conflict, Invalid
from helpdesk.ids import new_id
from helpdesk.json_values import same
from helpdesk.tags import clean_tags
from helpdesk.transactions import in_one_transaction

from . import rules, searching
from .attachments import Upload, attach_all
from .files import all_or_none, discard_files_of
from .history import Changes, record, record_changes
from .linking import link, replace_links, unlink
from .locking import key_of, lock, touch
from .models import Action, Note, Reply, Source, Status, Ticket, TicketLink
from .numbers import next_number
from .signals import note_added, reply_added, ticket_deleted, ticket_filing, ticket_saved
from .unanswered import after_reply

insertion = Insertion(Ticket)

# What update_ticket takes, besides custom_fields and linked_ticket_ids which have their own ways.
PLAIN_FIELDS = (
    "subject",
    "description",
    "status",
    "priority",
    "category",
    "assignee_id",
    "group_id",
    "parent_ticket_id",
    "tags",
    "due_date",
    "archived_at",
)


@in_one_transaction
def create_ticket(
    *,
    actor: User | None,
    customer_id: UUID,
    subject: str,
    description: str,
    status: str = Status.OPEN,
    priority: str = "medium",
    category: str | None = None,
    assignee_id: UUID | None = None,
    group_id: UUID | None = None,
    parent_ticket_id: UUID | None = None,
    linked_ticket_ids: list[UUID] | None = None,
    tags: list[str] | None = None,
    custom_fields: dict[str, Any] | None = None,
    asked: Collection[str] | None = None,
    source: str = Source.API,
    due_date: datetime | None = None,
    cause: object | None = None,
    visible: QuerySet[Ticket] | None = None,
) -> Ticket:
    """File a ticket; raises Invalid, naming the field, when a reference or a custom field does not hold.

    Of custom fields only those that somebody was `asked` for are required; all of them, unless given.
    """
    now = timezone.now()
    rules.check_choices({"status": status, "priority": priority, "source": source})
    customer = rules.check_customer(customer_id)
    rules.check_assignee(assignee_id)
    rules.check_group(group_id)
    if linked_ticket_ids:
        lock_ends([], linked_ticket_ids)
    rules.check_parent(None, parent_ticket_id, visible)
    linked = rules.check_links(None, linked_ticket_ids or [], visible)
    closing = rules.is_closing(None, status)
    ticket = Ticket(
        id=new_id(),
        customer_id=customer_id,
        subject=subject,
        description=description,
        status=status,
        priority=priority,
        category=category,
        assignee_id=assignee_id,
        group_id=group_id,
        parent_ticket_id=parent_ticket_id,
        tags=clean_tags(tags or []),
        custom_fields=merge_values(
            EntityType.TICKET, {}, custom_fields or {}, creating=True, closing=closing, asked=asked
        ),
        source=source,
        due_date=due_date,
        filed_by=actor,
        resolved_at=rules.resolved_at(None, status, None, now),
        created_at=now,
        updated_at=now,
        ticket_number=next_number(),
    )
    ticket_filing.send(Ticket, ticket=ticket, actor=actor, cause=cause)
    insertion.add(ticket)
    searching.enter(ticket, customer=customer)
    record(ticket, Action.CREATED, actor=actor, now=now)
    if linked:
        link(ticket, linked, actor=actor, now=now)
    ticket_saved.send(Ticket, ticket=ticket, actor=actor, cause=cause, created=True, changes={})
    return ticket


@in_one_transaction
def update_ticket(
    ticket: Ticket | UUID,
    *,
    actor: User | None,
    cause: object | None = None,
    visible: QuerySet[Ticket] | None = None,
    **values: Any,
) -> Ticket:
    """Change fields of a ticket. What changes nothing writes nothing, logs nothing and sends nothing.

    `custom_fields` are merged (null removes a key); `linked_ticket_ids` replaces the links.
    """
    lock_relations([key_of(ticket)], values)
    locked = lock(ticket)
    change(locked, values, actor=actor, cause=cause, now=timezone.now(), visible=visible)
    return locked


@in_one_transaction
def tag_ticket(
    ticket: Ticket | UUID, *, add: Iterable[str] = (), remove: Iterable[str] = (), actor: User | None
) -> Ticket:
    """Add tags to those a ticket has when its turn comes, or take some away, whatever their case."""
    locked = lock(ticket)
    gone = {tag.lower() for tag in remove}
    tags = [tag for tag in locked.tags if tag.lower() not in gone]
    known = {tag.lower() for tag in tags}
    change(
        locked, {"tags": [*tags, *(tag for tag in add if tag.lower() not in known)]}, actor=actor, now=timezone.now()
    )
    return locked


@in_one_transaction
def assign_ticket(ticket: Ticket | UUID, *, assignee_id: UUID, actor: User | None) -> Ticket:
    return update_ticket(ticket, actor=actor, assignee_id=assignee_id)


@in_one_transaction
def pick_ticket(ticket: Ticket | UUID, *, agent_id: UUID) -> Ticket:
    """An agent takes an unassigned ticket; of several at once exactly one gets it, the others a Conflict."""
    rules.check_assignee(agent_id, field="agent_id")
    locked = lock(ticket)
    if locked.assignee_id not in (None, agent_id):
        raise Conflict("This ticket is already assigned to somebody else.")
    change(locked, {"assignee_id": agent_id}, actor=agent_id, now=timezone.now())
    return locked


@in_one_transaction
def restore_ticket(ticket: Ticket | UUID, *, actor: User | None) -> Ticket:
    """Back to work: open, and out of the archive. An open ticket stays as it is."""
    locked = lock(ticket)
    now = timezone.now()
    if locked.status != Status.OPEN or locked.archived_at is not None:
        record(locked, Action.RESTORED, actor=actor, now=now, old=locked.status, new=Status.OPEN)
        change(locked, {"status": Status.OPEN, "archived_at": None}, actor=actor, now=now)
    return locked


@in_one_transaction
def archive_ticket(ticket: Ticket | UUID, *, actor: User | None) -> Ticket:
    """Out of the lists, with everything kept."""
    locked = lock(ticket)
    now = timezone.now()
    if locked.archived_at is None:
        record(locked, Action.ARCHIVED, actor=actor, now=now)
        change(locked, {"archived_at": now}, actor=actor, now=now)
    return locked


@in_one_transaction
def delete_ticket(ticket: Ticket | UUID, *, actor: User | None) -> None:
    """Permanently, with replies, notes, history, time and files; what was linked or below it says so.

    The audit log keeps its number and nothing of what it said.
    """
    key = key_of(ticket)
    lock_ends([key], Ticket.objects.filter(parent_ticket=key).values_list("pk", flat=True))
    locked = lock(ticket)
    now = timezone.now()
    for child in Ticket.objects.filter(parent_ticket=locked).order_by("pk"):
        change(child, {"parent_ticket_id": None}, actor=actor, now=now)
    if others := sorted(TicketLink.objects.filter(ticket=locked).values_list("linked_id", flat=True)):
        unlink(locked, others, actor=actor, now=now)
    write_in_audit_log(locked, Recorded.DELETED, actor=actor, name=f"#{locked.ticket_number}")
    ticket_deleted.send(Ticket, ticket=locked, actor=actor)
    discard_files_of(locked)
    locked.delete()


@in_one_transaction
@all_or_none()
def add_reply(
    ticket: Ticket | UUID,
    *,
    user_id: UUID,
    content: str,
    is_internal: bool = False,
    cause: object | None = None,
    uploads: Sequence[Upload] = (),
) -> Reply:
    """A message from a customer or from staff; an internal one is for staff only.

    A public answer by staff is the first response if there was none, unless a rule wrote it; a customer's public
    message re-opens a ticket that was waiting or done. Whoever is told of it finds its files.
    """
    author = User.objects.filter(pk=user_id).first()
    if author is None:
        raise Invalid(user_id="No user has this id.")
    if is_internal and not author.is_staff:
        raise Invalid(user_id="Only agents and admins can write internal notes.")
    locked = lock(ticket)
    now = timezone.now()
    from_staff = author.role in STAFF_ROLES
    reply = Reply(
        id=new_id(),
        ticket=locked,
        user=author,
        content=content,
        is_internal=is_internal,
        from_staff=from_staff,
        created_at=now,
    )
    reply.save(force_insert=True)
    searching.add_words(locked, content, internal=is_internal)
    acting = None if cause else author
    record(locked, Action.REPLIED, actor=acting, now=now, new=reply.pk)
    changes: Changes = {}
    if not is_internal and from_staff and not cause and locked.first_response_at is None:
        changes["first_response_at"] = (None, now)
        locked.first_response_at = now
    if not is_internal and not cause:
        locked.unanswered_since = after_reply(locked, from_staff=from_staff, now=now)
    reopened = {}
    if not is_internal and not from_staff and locked.status in (Status.PENDING, Status.RESOLVED, Status.CLOSED):
        reopened = {"status": Status.OPEN}
    touch(locked, now, "unanswered_since", *changes)
    changes |= change(locked, reopened, actor=acting, cause=cause, now=now)
    attach_all(locked, uploads, actor=author, reply_id=reply.pk)
    reply_added.send(Reply, ticket=locked, reply=reply, actor=acting, cause=cause, changes=changes)
    return reply


@in_one_transaction
def add_note(
    ticket: Ticket | UUID, *, user_id: UUID, content: str, is_private: bool = True, cause: object | None = None
) -> Note:
    """A comment among staff."""
    author = User.objects.staff().filter(pk=user_id).first()
    if author is None:
        raise Invalid(user_id="Only agents and admins can write notes.")
    locked = lock(ticket)
    now = timezone.now()
    note = Note(id=new_id(), ticket=locked, user=author, content=content, is_private=is_private, created_at=now)
    note.save(force_insert=True)
    searching.add_words(locked, content, internal=True)
    acting = None if cause else author
    record(locked, Action.NOTE_ADDED, actor=acting, now=now, new=note.pk)
    touch(locked, now)
    note_added.send(Note, ticket=locked, note=note, actor=acting, cause=cause)
    return note


# --- What the verbs are made of -----------------------------------------------------------------------


def lock_relations(keys: Iterable[UUID], values: dict[str, Any]) -> None:
    """What has to be locked before any of these tickets, if the values move them below or link them to others."""
    if values.get("linked_ticket_ids") is not None:
        lock_ends(keys, values["linked_ticket_ids"])
    elif values.get("parent_ticket_id"):
        rules.lock_hierarchy()


def lock_ends(keys: Iterable[UUID], others: Iterable[UUID]) -> None:
    """Hold tickets, what they are linked to, and others, before their relations change.

    Nobody else changes relations meanwhile, so these are all. In one order, as everything that holds several
    tickets does, so that two callers wait for each other instead of failing.
    """
    rules.lock_hierarchy()
    linked = TicketLink.objects.filter(ticket__in=list(keys)).values_list("linked_id", flat=True)
    held = Ticket.objects.filter(pk__in={*keys, *others, *linked}).order_by("pk").select_for_update(no_key=True)
    list(held.values_list("pk", flat=True))


def change(
    ticket: Ticket,
    values: dict[str, Any],
    *,
    actor: User | UUID | None,
    now: datetime,
    cause: object | None = None,
    complete: bool = True,
    visible: QuerySet[Ticket] | None = None,
) -> Changes:
    """Apply values to a locked ticket: check, save, record, signal. Returns what really changed.

    With `complete` off a ticket may be closed without the fields that closing asks for.
    """
    changes = planned(ticket, values, now, complete=complete, visible=visible)
    links = values.get("linked_ticket_ids")
    relinked = {} if links is None else replace_links(ticket, links, actor=actor, now=now, visible=visible)
    if not changes and not relinked:
        return {}
    for name, (_, new) in changes.items():
        setattr(ticket, name, new)
    touch(ticket, now, *changes)
    if not changes.keys().isdisjoint(("subject", "description")):
        searching.refill([ticket.pk])
    record_changes(ticket, changes, actor=actor, now=now)
    if "parent_ticket_id" in changes:
        record_parent(ticket, changes["parent_ticket_id"], actor=actor, now=now)
    acting = User.objects.get(pk=actor) if isinstance(actor, UUID) else actor
    ticket_saved.send(Ticket, ticket=ticket, actor=acting, cause=cause, created=False, changes=changes | relinked)
    return changes


def planned(
    ticket: Ticket,
    values: dict[str, Any],
    now: datetime,
    *,
    complete: bool = True,
    visible: QuerySet[Ticket] | None = None,
    ask: rules.Check = rules.directly,
) -> Changes:
    """What the values would change, checked; raises Invalid.

    `ask` puts the questions about what the values refer to; whoever plans for many tickets gives a rules.Once.
    """
    wanted = {name: value for name, value in values.items() if name in PLAIN_FIELDS}
    if "tags" in wanted:
        wanted["tags"] = clean_tags(wanted["tags"])
    changes = {name: (getattr(ticket, name), value) for name, value in wanted.items() if getattr(ticket, name) != value}
    new = {name: value for name, (_, value) in changes.items()}
    rules.check_choices(new)
    if "assignee_id" in new:
        ask(rules.check_assignee, new["assignee_id"])
    if "group_id" in new:
        ask(rules.check_group, new["group_id"])
    if "parent_ticket_id" in new:
        rules.check_parent(ticket.pk, new["parent_ticket_id"], visible)
    closing = complete and "status" in new and rules.is_closing(ticket.status, new["status"])
    if "custom_fields" in values or closing:
        merged = merge_values(
            EntityType.TICKET,
            ticket.custom_fields,
            values.get("custom_fields") or {},
            closing=closing,
            definitions=ask(active_fields, EntityType.TICKET),
        )
        if not same(merged, ticket.custom_fields):
            changes["custom_fields"] = (ticket.custom_fields, merged)
    if "status" in new:
        resolved = rules.resolved_at(ticket.status, new["status"], ticket.resolved_at, now)
        if resolved != ticket.resolved_at:
            changes["resolved_at"] = (ticket.resolved_at, resolved)
        if resolved and ticket.unanswered_since:
            changes["unanswered_since"] = (ticket.unanswered_since, None)
    return changes


def record_parent(ticket: Ticket, change: tuple[Any, Any], *, actor: User | UUID | None, now: datetime) -> None:
    numbers = dict(Ticket.objects.filter(pk__in=[key for key in change if key]).values_list("pk", "ticket_number"))
    old, new = (f"parent #{numbers[key]}" if key in numbers else None for key in change)
    record(ticket, Action.LINKED, actor=actor, now=now, old=old, new=new)
