"""What happens to tickets, as rules hear of it."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from tickets.history import Changes
from tickets.models import Note, Reply, Ticket

from .assignment import assign_in_group
from .engine import run_rules
from .models import RuleType, Trigger
from .rule_book import rules_for

# Fields of a ticket whose change is a trigger of its own.
TRIGGER_OF = {
    "status": Trigger.STATUS_CHANGED,
    "priority": Trigger.PRIORITY_CHANGED,
    "category": Trigger.CATEGORY_CHANGED,
    "assignee_id": Trigger.ASSIGNED,
    "group_id": Trigger.GROUP_CHANGED,
    "tags": Trigger.TAGS_CHANGED,
    "custom_fields": Trigger.CUSTOM_FIELD_CHANGED,
}


def on_ticket_saved(
    sender: Any, ticket: Ticket, cause: object | None, created: bool, changes: Changes, **kwargs: Any
) -> None:
    if cause is not None:
        return
    if created:
        rules = rules_for(RuleType.TICKET_CREATION)
        run_rules(rules, ticket, triggers=[Trigger.TICKET_CREATED], now=timezone.now(), message=ticket.pk)
    else:
        fire(ticket, [Trigger.TICKET_UPDATED, *(TRIGGER_OF[name] for name in TRIGGER_OF if name in changes)])


def on_reply_added(
    sender: Any, ticket: Ticket, reply: Reply, actor: User | None, cause: object | None, changes: Changes, **kwargs: Any
) -> None:
    if cause is not None:
        return
    if reply.is_internal:
        triggers = [Trigger.NOTE_ADDED]
    else:
        by_customer = not (actor and actor.role != "customer")
        triggers = [Trigger.REPLIED, Trigger.CUSTOMER_REPLIED if by_customer else Trigger.AGENT_REPLIED]
    # A message that re-opened the ticket has announced that change already: rules for any update have run.
    fire(ticket, triggers if "status" in changes else [Trigger.TICKET_UPDATED, *triggers], message=reply.pk)


def on_note_added(sender: Any, ticket: Ticket, note: Note, cause: object | None, **kwargs: Any) -> None:
    if cause is None:
        fire(ticket, [Trigger.TICKET_UPDATED, Trigger.NOTE_ADDED], message=note.pk)


def fire(ticket: Ticket, triggers: list[Trigger], *, message: UUID | None = None) -> None:
    names = [str(trigger) for trigger in triggers]
    rules = rules_for(RuleType.TICKET_UPDATE, names)
    run_rules(rules, ticket, triggers=names, now=timezone.now(), message=message)


def assign(sender: Any, ticket: Ticket, cause: object | None, created: bool, changes: Changes, **kwargs: Any) -> None:
    """A ticket that enters a group without an assignee gets one, where the group assigns by itself."""
    if ticket.group_id and ticket.assignee_id is None and (created or "group_id" in changes):
        assign_in_group(ticket, cause=cause, now=timezone.now())
