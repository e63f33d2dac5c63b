"""What a rule can refer to, found by a few letters, and called by its name."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import AgentGroup, User
from companies.models import Company
from tickets.models import Ticket

OFFERED = 12
RECENT = 2_000  # tickets whose categories and tags are offered

Found = list[dict[str, str]]


def people(rows: QuerySet[User]) -> Found:
    return [{"id": str(user.pk), "text": user.name, "hint": user.email} for user in rows[:OFFERED]]


def agents(text: str) -> Found:
    return people(User.objects.staff().matching(text).order_by("name"))


def customers(text: str) -> Found:
    # The newest first, in the order of an index: no million of contacts is sorted for twelve of them.
    return people(User.objects.customers().matching(text).order_by("-created_at", "-id"))


def groups(text: str) -> Found:
    return [{"id": str(row.pk), "text": row.name} for row in AgentGroup.objects.filter(name__icontains=text)[:OFFERED]]


def companies(text: str) -> Found:
    return [{"id": str(row.pk), "text": row.name} for row in Company.objects.filter(name__icontains=text)[:OFFERED]]


def tickets(text: str) -> Found:
    rows = Ticket.objects.order_by("-created_at", "-id")
    if text.strip("#").isdecimal() and len(text) < 18:
        rows = rows.filter(ticket_number=int(text.strip("#")))
    return [{"id": str(row.pk), "text": f"#{row.ticket_number}", "hint": row.subject} for row in rows[:OFFERED]]


def categories(text: str) -> Found:
    return recent("category", text)


def tags(text: str) -> Found:
    return recent("tags", text)


def recent(name: str, text: str) -> Found:
    """Values of the newest tickets, the most frequent first."""
    counts: dict[str, int] = {}
    newest = Ticket.objects.order_by("-created_at", "-id").values_list(name, flat=True)[:RECENT]
    for value in newest:
        for one in value if isinstance(value, list) else [value]:
            if one and text.lower() in one.lower():
                counts[one] = counts.get(one, 0) + 1
    return [{"id": one, "text": one} for one in sorted(counts, key=lambda one: (-counts[one], one))[:OFFERED]]


FINDERS = {
    "agent": agents,
    "customer": customers,
    "group": groups,
    "company": companies,
    "ticket": tickets,
    "category": categories,
    "tags": tags,
}


def names(kind: str, keys: Iterable[Any]) -> dict[str, str]:
    """What the rows with these ids are called; ids that nothing has are left out."""
    known = [key for key in map(as_id, keys) if key]
    if not known:
        return {}
    if kind in ("agent", "customer"):
        return {str(user.pk): user.name for user in User.objects.filter(pk__in=known)}
    if kind == "group":
        return {str(group.pk): group.name for group in AgentGroup.objects.filter(pk__in=known)}
    if kind == "company":
        return {str(company.pk): company.name for company in Company.objects.filter(pk__in=known)}
    return {str(ticket.pk): f"#{ticket.ticket_number}" for ticket in Ticket.objects.filter(pk__in=known)}


def as_id(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
