"""What stands beside a conversation: the ticket's properties, its promises, its people, its time and its relations."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum
from django.template.defaultfilters import date
from django.utils import timezone

from accounts.emails import matching_key
from accounts.models import AgentGroup, User
from csat.models import Survey
from custom_fields.models import CustomField, EntityType, FieldType
from helpdesk.api.fields import parse_moment
from helpdesk.api.text import check_text
from helpdesk.errors import Invalid
from sla.explaining import explain
from tickets.models import Priority, Status, Ticket, TicketCopy, TicketLink, TimeEntry

from . import offers
from .promises import next_promise

OTHERS = 6
TIMES = 50


def panel(ticket: Ticket, user: User, visible: Any, *, now: datetime, typed: Any = None) -> dict[str, Any]:
    """`typed` is a form that was refused: what stood in it is shown again."""
    times = TimeEntry.objects.filter(ticket=ticket)
    # Timers that run come first, however long ago they were started.
    entries = list(times.select_related("user").order_by("-timer_running", "-created_at", "-id")[:TIMES])
    spent = times.aggregate(minutes=Sum("time_spent"), number=Count("pk"))
    linked = TicketLink.objects.filter(ticket=ticket).values("linked")
    agents = offers.agents()
    if agents and ticket.assignee and ticket.assignee_id not in {pk for pk, _ in agents}:  # works here no more
        agents.append((ticket.assignee.pk, f"{ticket.assignee.name} (inactive)"))
    was = texts_of(ticket)
    form = {name: typed.get(name, text) if typed is not None else text for name, text in was.items()}
    return {
        "was": was,
        "form": form,
        "form_assignee": name_of_agent(form["assignee"]) if agents is None else "",
        "agents": agents,
        "categories": offers.categories(visible),
        "groups": list(AgentGroup.objects.order_by("name").values_list("pk", "name")),
        "statuses": Status.choices,
        "priorities": Priority.choices[::-1],
        "fields": [shown(field, ticket.custom_fields.get(field.name), typed) for field in definitions()],
        "promise": next_promise(vars(ticket), now),
        "sla": sla(ticket, now),
        "others": list(
            visible.filter(customer=ticket.customer_id)
            .exclude(pk=ticket.pk)
            .order_by("-created_at", "-id")
            .only("ticket_number", "subject", "status", "created_at")[:OTHERS]
        ),
        "copies": list(TicketCopy.objects.filter(ticket=ticket).order_by("created_at", "id")),
        "entries": entries,
        "minutes": spent["minutes"] or 0,
        "times": spent["number"],
        "timer": next((entry for entry in entries if entry.timer_running and entry.user_id == user.pk), None),
        "parent": visible.filter(pk=ticket.parent_ticket_id).first() if ticket.parent_ticket_id else None,
        "children": list(visible.filter(parent_ticket=ticket).order_by("created_at", "id")[:50]),
        "linked": list(visible.filter(pk__in=linked).order_by("ticket_number")),
        "surveys": list(Survey.objects.filter(ticket=ticket).order_by("-created_at", "-id")[:3]),
    }


def sla(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """Both promises with their explanation, in the words of the page."""
    found = explain(ticket, now=now)
    promises = []
    for name, key in (("First reply", "first_response"), ("Resolution", "resolution")):
        target = found[key]
        if target["target_minutes"]:
            used = min(100, round(100 * (target["elapsed_minutes"] or 0) / target["target_minutes"]))
            promises.append({"name": name, "used": used, **target, "segments": target["segments"][-6:]})
    return {"policy": found["policy"], "hours": found["business_hours"], "promises": promises}


# --- Properties as they are typed ---------------------------------------------------------------------


def choice(values: list[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in values:
            raise Invalid("Choose one of the values.")
        return text

    return read


def key(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("Choose one of the values.") from None


def texts_of(ticket: Ticket) -> dict[str, str]:
    """The properties as their form shows them."""
    return {
        "status": ticket.status,
        "priority": ticket.priority,
        "assignee": str(ticket.assignee_id or ""),
        "group": str(ticket.group_id or ""),
        "category": ticket.category or "",
        "subject": ticket.subject,
        "due_date": date(ticket.due_date, r"Y-m-d\TH:i"),
        "tags": ", ".join(ticket.tags),
    }


def name_of_agent(text: str) -> str:
    try:
        return User.objects.filter(pk=UUID(text)).values_list("name", flat=True).first() or ""
    except ValueError:
        return ""


def agent_in(posted: Any) -> str:
    """The key of the agent in a form; without a script they may be named by their address instead. Raises Invalid."""
    email = posted.get("assignee_email", "").strip()
    if not email:
        return posted.get("assignee", "").strip()
    check_text(email, "The address")
    found = User.objects.staff().filter(email_key=matching_key(email)).first()
    if found is None:
        raise Invalid("No agent has this address.")
    return str(found.pk)


def moment(text: str) -> datetime | None:
    """What a browser's field for date and time holds, in the time zone of the site."""
    if not text:
        return None
    found = parse_moment(text)
    if found is None:
        raise Invalid("The due date must be a date and time.")
    return found.replace(tzinfo=timezone.get_current_timezone())


def words(text: str) -> list[str]:
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def line(most: int, name: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most:
            raise Invalid(f"{name} can have {most} characters at most.")
        return text

    return read


def subject(text: str) -> str:
    if not text:
        raise Invalid("A ticket needs a subject.")
    return line(500, "The subject")(text)


PROPERTIES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "status": ("status", choice(Status.values)),
    "priority": ("priority", choice(Priority.values)),
    "assignee": ("assignee_id", key),
    "group": ("group_id", key),
    "category": ("category", lambda text: line(100, "The category")(text) or None),
    "subject": ("subject", subject),
    "due_date": ("due_date", moment),
    "tags": ("tags", words),
}


def changes_in(posted: Any) -> dict[str, Any]:
    """What somebody changed in the form of properties: only what differs from what the form said before.

    Two people with the form open do not undo each other's changes. Raises Invalid.
    """
    found: dict[str, Any] = {}
    for name, (column, read) in PROPERTIES.items():
        text = agent_in(posted) if name == "assignee" else posted.get(name, "").strip()
        if name in posted and text != posted.get(f"was_{name}", "").strip():
            check_text(text, name.capitalize())
            found[column] = read(text)
    return found


def fields_in(posted: Any, *, keep: bool = False) -> dict[str, Any]:
    """The values of custom fields that differ from what the form said before; raises Invalid.

    With `keep` those that stand there from the beginning count too: defaults, for a new ticket.
    """
    found: dict[str, Any] = {}
    for field in definitions():
        name = f"field_{field.name}"
        if f"has_{name}" not in posted:
            continue
        given = [text.strip() for text in posted.getlist(name)]
        if keep and any(given):
            found[field.name] = value_of(field, given)
        elif "\n".join(given) != posted.get(f"was_{name}", "").replace("\r\n", "\n").strip():
            check_text("".join(given), field.label)
            found[field.name] = value_of(field, given)
    return found


def definitions() -> list[CustomField]:
    return list(CustomField.objects.filter(entity_type=EntityType.TICKET, is_active=True))


def value_of(field: CustomField, given: list[str]) -> Any:
    """A custom field as it is stored; what is no number stays a text, and is refused by the verb in its own words."""
    if field.field_type == FieldType.MULTISELECT:
        return given or None
    text = given[0].replace("\r\n", "\n") if given else ""
    if field.field_type == FieldType.CHECKBOX:
        return text == "true"
    if not text:
        return None
    readers: dict[str, Callable[[str], Any]] = {FieldType.NUMBER: int, FieldType.DECIMAL: float}
    try:
        return readers.get(field.field_type, str)(text)
    except ValueError:
        return text


def shown(field: CustomField, value: Any, typed: Any = None) -> dict[str, Any]:
    """A custom field for its form: its value as texts, and what the form says it was."""
    if isinstance(value, list):
        texts = [str(one) for one in value]
    elif isinstance(value, bool):
        texts = ["true"] if value else []
    else:
        texts = [] if value is None else [str(value)]
    was = "\n".join(texts)
    if typed is not None and f"has_field_{field.name}" in typed:
        texts = typed.getlist(f"field_{field.name}")
    return {"field": field, "texts": texts, "text": texts[0] if texts else "", "was": was}
