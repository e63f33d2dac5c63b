"""What rules can do: one entry for every action, with how its value is checked and what it does.

An action either sets fields of the ticket, and then says which, so that a preview can tell without doing it; or it
acts (writes, mails), and then does so through the same verbs as everybody else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import AgentGroup, User
from custom_fields.definitions import active_fields
from custom_fields.models import EntityType
from custom_fields.values import problem_with
from helpdesk.api.naming import camel
from helpdesk.errors import Invalid
from helpdesk.json_values import same
from outbox.services import queue_mail
from tickets.history import Changes
from tickets.mailboxes import may_be_mailed
from tickets.models import Priority, Status, Ticket
from tickets.placeholders import fill
from tickets.rules import Check
from tickets.services import add_note, add_reply, change, planned
from tickets.signals import ticket_mailed

from .operators import Unfit

MAX_ACTIONS = 20
MAX_TEXT = 20_000  # characters that a rule writes
MAX_NAME = 100
KEYS = {"type", "value"}
# The fields whose changes are told of, in their order; custom fields come after them.
TOLD = ("status", "priority", "category", "assignee_id", "group_id", "tags", "resolved_at")


@dataclass(frozen=True)
class Cause:
    """The rule that makes the system act, as signals carry it."""

    rule_id: UUID
    name: str
    saved_by_id: UUID | None = None


def staff_among(keys: Iterable[UUID]) -> dict[UUID, User]:
    """Those of these people who work here, by id."""
    return User.objects.staff().in_bulk(list(keys))


@dataclass(frozen=True)
class Run:
    """One rule acting on one ticket, which is locked; or trying to, and then `staff` knows people without asking."""

    ticket: Ticket
    cause: Cause
    now: datetime
    evaluation_id: UUID
    staff: Callable[[Iterable[UUID]], Mapping[UUID, User]] = staff_among
    message: UUID | None = None  # what somebody wrote, if that is why: the ticket itself is its first message


@dataclass(frozen=True)
class ActionType:
    """`check` brings a value into form, `verify` asks whether what it refers to exists; both raise Unfit.

    `takes` names the shape of the value for whoever offers the action: see automation.catalogue. `needs` raises
    Invalid when the action cannot be done to this ticket now; where fields are set, the verb of tickets does.
    """

    takes: str
    check: Callable[[Any], Any]
    verify: Callable[[Any], None] | None = None
    sets: Callable[[Ticket, Any], dict[str, Any]] | None = None
    act: Callable[[Run, Any, int], dict[str, Any]] | None = None
    needs: Callable[[Run, Any], object] | None = None


@dataclass(frozen=True)
class RuleAction:
    name: str
    value: Any

    @property
    def type(self) -> ActionType:
        return ACTIONS[self.name]

    def values_for(self, ticket: Ticket) -> dict[str, Any]:
        """The fields it sets on this ticket; none for an action that acts otherwise."""
        return self.type.sets(ticket, self.value) if self.type.sets else {}

    def run(self, run: Run, place: int) -> dict[str, Any]:
        """Do it; returns the effect, as it is kept with the run."""
        if self.type.act:
            effect = self.type.act(run, self.value, place)
            run.ticket.refresh_from_db()  # the verbs work on a ticket of their own
            return effect
        values = self.values_for(run.ticket)
        return told(change(run.ticket, values, actor=None, cause=run.cause, now=run.now))

    def attempt(self, run: Run, ask: Check) -> dict[str, Any]:
        """Do it to the ticket in memory alone; returns the changes as `run` does, and raises what it would raise."""
        if self.type.needs:
            self.type.needs(run, self.value)
        changes = planned(run.ticket, self.values_for(run.ticket), run.now, ask=ask)
        for name, (_, new) in changes.items():
            setattr(run.ticket, name, new)
        return told(changes)


def told(changes: Changes) -> dict[str, Any]:
    """Old and new values, by the names that they have in the API."""
    effects = {camel(name): list(changes[name]) for name in TOLD if name in changes}
    old, new = changes.get("custom_fields", ({}, {}))
    for name in sorted(old.keys() | new.keys()):
        if not same(old.get(name), new.get(name)):
            effects[f"customFields.{name}"] = [old.get(name), new.get(name)]
    return effects


# --- Checking values, when a rule is saved ------------------------------------------------------------


def one_of(*allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Unfit(f"must be one of: {', '.join(allowed)}")
        return value

    return check


def category(value: Any) -> str | None:
    if value is None:
        return None
    return line(value)


def line(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME:
        raise Unfit(f"must be a text of 1 to {MAX_NAME} characters")
    return value.strip()


def words(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    if not found or len(found) > 50 or not all(isinstance(word, str) and 0 < len(word.strip()) <= 64 for word in found):
        raise Unfit("must be a tag of 1 to 64 characters, or a list of at most 50")
    return list(dict.fromkeys(word.strip() for word in found))


def identity(value: Any) -> UUID:
    try:
        if isinstance(value, str) and len(value) == 36:
            return UUID(value)
    except ValueError:
        pass
    raise Unfit("must be an id (UUID)")


def reference(value: Any) -> UUID | None:
    return None if value is None else identity(value)


def is_agent(key: UUID | None) -> None:
    if key is not None and not User.objects.staff().filter(pk=key).exists():
        raise Unfit("is not the id of an active agent or admin")


def is_group(key: UUID | None) -> None:
    if key is not None and not AgentGroup.objects.filter(pk=key).exists():
        raise Unfit("is not the id of an agent group")


def custom_field(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != {"name", "value"} or not isinstance(value["name"], str):
        raise Unfit('must be an object such as {"name": "plan", "value": "pro"}')
    if not 1 <= len(value["name"]) <= 64:
        raise Unfit("must name a custom field")
    return {value["name"]: value["value"]}


def fits_definition(values: dict[str, Any]) -> None:
    for field in active_fields(EntityType.TICKET):
        value = values.get(field.name)
        if value is not None and (problem := problem_with(value, field)):
            raise Unfit(f"does not fit: {problem}")


def message(value: Any) -> dict[str, Any]:
    """A text to write, by whom it is signed being optional."""
    given = {"content": value} if isinstance(value, str) else value
    if not isinstance(given, dict) or not {"content"} <= given.keys() <= {"content", "userId"}:
        raise Unfit('must be a text, or an object such as {"content": "…", "userId": "…"}')
    return {"content": text(given["content"]), "user_id": reference(given.get("userId"))}


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise Unfit(f"must be a text of 1 to {MAX_TEXT} characters")
    return value


def mail(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or value.keys() != {"to", "subject", "body"}:
        raise Unfit('must be an object such as {"to": "customer", "subject": "…", "body": "…"}')
    to, subject = value["to"], value["subject"]
    if to not in ("customer", "assignee"):
        try:
            validate_email(to)
        except (ValidationError, TypeError):
            raise Unfit("must go to customer, assignee or one e-mail address") from None
    if not isinstance(subject, str) or not subject.strip() or len(subject) > 200 or not subject.isprintable():
        raise Unfit("needs a subject of one line with at most 200 characters")
    return {"to": to, "subject": subject, "body": text(value["body"])}


# --- Acting -------------------------------------------------------------------------------------------


def joined(tags: list[str], more: list[str]) -> list[str]:
    """With tags that are not there yet, in whatever case."""
    lower = {tag.lower() for tag in tags}
    return [*tags, *(tag for tag in more if tag.lower() not in lower)]


def without(tags: list[str], gone: list[str]) -> list[str]:
    lower = {tag.lower() for tag in gone}
    return [tag for tag in tags if tag.lower() not in lower]


def author_of(run: Run, user_id: UUID | None) -> User:
    """Who signs what a rule writes: the one it names, or the assignee, or whoever saved it."""
    keys = [key for key in (user_id, run.ticket.assignee_id, run.cause.saved_by_id) if key]
    found = run.staff(keys)
    for key in keys:
        if key in found:
            return found[key]
    raise Invalid("No active agent can sign it: the ticket has no assignee, and whoever saved the rule has left.")


def write_note(run: Run, value: dict[str, Any], place: int) -> dict[str, Any]:
    author = author_of(run, value["user_id"])
    content = fill(value["content"], run.ticket, agent=author)
    note = add_note(run.ticket, user_id=author.pk, content=content, cause=run.cause)
    return {"noteId": str(note.pk)}


def write_reply(run: Run, value: dict[str, Any], place: int) -> dict[str, Any]:
    author = author_of(run, value["user_id"])
    content = fill(value["content"], run.ticket, agent=author)
    reply = add_reply(run.ticket, user_id=author.pk, content=content, cause=run.cause)
    return {"replyId": str(reply.pk)}


def recipient_of(run: Run, value: dict[str, str]) -> str:
    """The address that a mail goes to; empty when that mailbox may be somebody else's."""
    if value["to"] == "customer":
        customer = run.ticket.customer
        return customer.email if may_be_mailed(run.ticket, customer) else ""
    if value["to"] != "assignee":
        return value["to"]
    key = run.ticket.assignee_id
    if key is None or (assignee := run.staff([key]).get(key)) is None:
        raise Invalid("The ticket has no active assignee to mail to.")
    return assignee.email


def signed(run: Run, value: dict[str, Any]) -> User:
    return author_of(run, value["user_id"])


def send_email(run: Run, value: dict[str, str], place: int) -> dict[str, Any]:
    to = recipient_of(run, value)
    agent = run.ticket.assignee
    subject = " ".join(fill(value["subject"], run.ticket, agent=agent).split())
    body = fill(value["body"], run.ticket, agent=agent)
    key = f"rule:{run.evaluation_id}:{run.cause.rule_id}:{place}"
    mail = queue_mail(to=to or [], subject=subject, text=body, key=key)
    ticket_mailed.send(Ticket, ticket=run.ticket, mail=mail, kind="rule", message=run.message)
    # Who, not where: traces are read without the right to read people.
    return {"mailedTo": value["to"] if to else "nobody"}


ACTIONS: dict[str, ActionType] = {
    "set_status": ActionType("choice", one_of(*Status.values), sets=lambda _, value: {"status": value}),
    "set_priority": ActionType("choice", one_of(*Priority.values), sets=lambda _, value: {"priority": value}),
    "set_category": ActionType("text", category, sets=lambda _, value: {"category": value}),
    "assign_to": ActionType("agent", reference, is_agent, sets=lambda _, value: {"assignee_id": value}),
    "set_group": ActionType("group", reference, is_group, sets=lambda _, value: {"group_id": value}),
    "add_tag": ActionType("tags", words, sets=lambda ticket, value: {"tags": joined(ticket.tags, value)}),
    "remove_tag": ActionType("tags", words, sets=lambda ticket, value: {"tags": without(ticket.tags, value)}),
    "set_custom_field": ActionType(
        "customField", custom_field, fits_definition, sets=lambda _, value: {"custom_fields": value}
    ),
    "add_note": ActionType("message", message, lambda value: is_agent(value["user_id"]), act=write_note, needs=signed),
    "reply": ActionType("message", message, lambda value: is_agent(value["user_id"]), act=write_reply, needs=signed),
    "send_email": ActionType("mail", mail, act=send_email, needs=recipient_of),
}


def parse_actions(actions: Sequence[Any], *, verify: bool) -> tuple[RuleAction, ...]:
    """The actions ready to run; raises Invalid, naming the one that is wrong.

    With `verify` what they refer to must exist; later it may go, and then the action fails when it runs.
    """
    if not actions:
        raise Invalid(actions="A rule needs at least one action.")
    if len(actions) > MAX_ACTIONS:
        raise Invalid(actions=f"A rule can have {MAX_ACTIONS} actions at most.")
    return tuple(parse_action(given, f"Action {place}", verify) for place, given in enumerate(actions, start=1))


def parse_action(given: Any, which: str, verify: bool) -> RuleAction:
    if not isinstance(given, dict):
        raise Invalid(actions=f"{which} must be an object with type and value.")
    if unknown := given.keys() - KEYS:
        raise Invalid(actions=f"{which} has an unknown key: {min(unknown):.50}.")
    name = given.get("type")
    if not isinstance(name, str) or name not in ACTIONS:
        raise Invalid(actions=f"{which}: type must be one of: {', '.join(ACTIONS)}.")
    kind = ACTIONS[name]
    try:
        value = kind.check(given.get("value"))
        if verify and kind.verify:
            kind.verify(value)
    except Unfit as problem:
        raise Invalid(actions=f"{which}: the value of {name} {problem}.") from None
    return RuleAction(name, value)
