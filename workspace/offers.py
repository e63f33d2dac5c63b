"""What forms of agents offer to choose from, and what a queue's filters are called."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.formats import date_format

from accounts.models import AgentGroup, User
from companies.models import Company
from tickets.models import WORK, Priority, Source, Status, Ticket
from tickets.querysets import TicketQuerySet

from .queues import Queue

FEW = 100  # agents that a list holds; of more, some are found by a few letters
LATEST = 500  # open tickets whose categories are offered
# How a filter in the address reads above the list.
CHIPS = {
    "q": "Words",
    "status": "Status",
    "priority": "Priority",
    "source": "Source",
    "assigneeId": "Assignee",
    "groupId": "Group",
    "category": "Category",
    "tag": "Tag",
    "customer": "Customer",
    "customerId": "Customer",
    "company": "Company",
    "companyId": "Company",
    "createdAfter": "Since",
    "createdBefore": "Before",
    "updatedAfter": "Changed since",
    "updatedBefore": "Changed before",
    "resolvedAfter": "Resolved since",
    "resolvedBefore": "Resolved before",
    "resolvedOn": "Resolved on",
    "answered": "Answered",
    "promised": "With a target",
    "ratedSince": "Rated since",
    "overdue": "Overdue",
    "due": "Due",
    "needsReply": "Needs a reply",
}
# Those with a field in the form. The others are carried along, or a search would drop them.
FIELDS = (
    *("q", "status", "priority", "source", "assigneeId", "groupId", "category", "tag"),
    *("customer", "company", "createdAfter", "createdBefore", "due", "needsReply"),
)
NAMED: dict[str, type[Model]] = {"assigneeId": User, "groupId": AgentGroup, "customerId": User, "companyId": Company}
DUE = {"overdue": "Overdue", "hour": "Within the hour", "day": "Within 24 hours"}
YES_OR_NO = {"true": "yes", "false": "no"}
WORDS = {"due": DUE} | dict.fromkeys(("overdue", "answered", "promised", "needsReply"), YES_OR_NO)
DAYS = tuple(name for name in CHIPS if name.endswith(("After", "Before", "Since")))


def agents() -> list[tuple[UUID, str]] | None:
    """Everybody a ticket can be given to, unless they are too many for a list."""
    found = list(User.objects.staff().order_by("name", "id").values_list("pk", "name")[: FEW + 1])
    return found if len(found) <= FEW else None


def categories(seen: TicketQuerySet) -> list[str]:
    """Those that stand in the latest open tickets which somebody sees."""
    latest = seen.filter(WORK).order_by("-created_at", "-id").values_list("category", flat=True)[:LATEST]
    return sorted({category for category in latest if category})


def choices(user: User) -> dict[str, Any]:
    """What tickets can be given to and changed to."""
    return {
        "agents": agents(),
        "groups": list(AgentGroup.objects.order_by("name").values_list("pk", "name")),
        "categories": categories(Ticket.objects.visible_to(user)),
        "statuses": Status.choices,
        "priorities": Priority.choices[::-1],
        "sources": [(one.value, "API" if one == Source.API else one.label) for one in Source],
    }


def filters(shown: Queue, offered: dict[str, Any]) -> dict[str, Any]:
    """The filters in force: for the form, and as chips with the address without each."""
    given = {name: values_of(shown, name) for name in CHIPS if values_of(shown, name)}
    names = names_of(given, offered)
    said = {name: ", ".join(called(name, value, names) for value in values) for name, values in given.items()}
    return {
        "dues": DUE.items(),
        "given": dict.fromkeys(CHIPS, ()) | given,
        "typed": dict.fromkeys(CHIPS, "") | {name: ",".join(values) for name, values in given.items()},
        "said": said,
        "carried": [(name, ",".join(values)) for name, values in given.items() if name not in FIELDS],
        "chips": [
            {"title": CHIPS[name], "text": text, "without": shown.address(**{name: None})}
            for name, text in said.items()
        ],
    }


def called(name: str, value: str, names: dict[str, str]) -> str:
    """How a value of a filter reads above the list."""
    if name in DAYS and is_day(value):
        return date_format(date.fromisoformat(value), "M j, Y")
    return WORDS.get(name, names).get(value, value)


def values_of(shown: Queue, name: str) -> list[str]:
    texts = shown.query.getlist(name)
    parts = texts if name in ("q", "company") else [part.strip() for text in texts for part in text.split(",")]
    return [part for part in parts if part]


def names_of(given: dict[str, list[str]], offered: dict[str, Any]) -> dict[str, str]:
    """What values are called: of people, groups and companies only those that are asked for are looked up."""
    names = {"null": "nobody"}
    for options in ("statuses", "priorities", "sources"):
        names |= {value: str(text) for value, text in offered[options]}
    for name, model in NAMED.items():
        if keys := list(ids_among(given.get(name, ()))):
            rows = model._default_manager.filter(pk__in=keys).values_list("pk", "name")
            names |= {str(key): text for key, text in rows}
    return names


def ids_among(texts: Iterable[str]) -> Iterable[UUID]:
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue


def is_day(text: str) -> bool:
    """Whether a browser's field for dates can hold it."""
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False
