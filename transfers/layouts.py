"""Which columns the files have: for each kind of thing what can be exported, and what can be imported."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import QuerySet

from accounts.models import User
from companies.models import AccountTier, Company, HealthScore
from custom_fields.definitions import active_fields
from custom_fields.models import EntityType
from helpdesk.api.naming import snake
from helpdesk.errors import Invalid
from tickets.models import Ticket

from . import cells

CUSTOM = "custom_"
MAX_TEXT = 200_000  # characters, as everywhere in the API


@dataclass(frozen=True)
class Attribute:
    """A column of an export: its name, where it comes from, and whether it is there unasked."""

    name: str
    path: str
    default: bool = True
    scope: str | None = None  # what shows other people needs another scope


@dataclass(frozen=True)
class Layout:
    kind: str
    entity_type: str
    model: type[models.Model]
    scope: str
    attributes: tuple[Attribute, ...]
    key: str = ""  # the column that says which row is meant
    template: tuple[str, ...] = ()
    readers: dict[str, Callable[[Any], Any]] | None = None  # how cells of an import are read, by snake_case name
    rows: Callable[[], QuerySet] | None = None

    def queryset(self) -> QuerySet:
        return self.rows() if self.rows else self.model._default_manager.all()

    @cached_property
    def by_name(self) -> dict[str, Attribute]:
        return {normal(attribute.name): attribute for attribute in self.attributes}

    def custom_names(self) -> list[str]:
        return [field.name for field in active_fields(self.entity_type)]

    def header(self) -> list[str]:
        """The columns of a template."""
        return [*self.template, *(f"{CUSTOM}{name}" for name in self.custom_names())]

    def chosen(self, wanted: Sequence[str] | None, scopes: frozenset[str]) -> list[Attribute]:
        """The columns of an export; raises Invalid for unknown ones. A custom field's path is its header."""
        custom = {f"{CUSTOM}{name}": Attribute(f"{CUSTOM}{name}", f"{CUSTOM}{name}") for name in self.custom_names()}
        if not wanted:
            return [attribute for attribute in self.attributes if attribute.default] + list(custom.values())
        found: dict[str, Attribute] = {}
        for name in wanted:
            attribute = self.by_name.get(normal(name)) or custom.get(name.strip())
            if attribute is None:
                names = ", ".join([*(known.name for known in self.attributes), *custom])
                raise Invalid(fields=f"{name[:80]!r} is not one of: {names}.")
            if attribute.scope and attribute.scope not in scopes:
                raise Invalid(fields=f"{attribute.name} needs the scope {attribute.scope}.")
            found.setdefault(attribute.name, attribute)
        return list(found.values())


def normal(header: str) -> str:
    """The name of a column, however it is spelled.

    >>> normal(" Company ID"), normal("healthScore"), normal("custom_VAT_id")
    ('company_id', 'health_score', 'custom_VAT_id')
    """
    trimmed = header.strip()
    if trimmed.startswith(CUSTOM):
        return trimmed
    return re.sub(r"[ \-]+", "_", snake(trimmed))


def choice(allowed: Sequence[str]) -> Callable[[Any], str | None]:
    def read(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str) or value not in allowed:
            raise Invalid(f"Must be one of: {', '.join(allowed)}.")
        return value

    return read


def optional(*pairs: tuple[str, str], scope: str | None = None) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, path, default=False, scope=scope) for name, path in pairs)


def plain(*pairs: tuple[str, str]) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, path) for name, path in pairs)


CONTACTS = Layout(
    kind="contacts",
    entity_type=EntityType.CONTACT,
    model=User,
    scope="users",
    rows=User.objects.customers,
    key="email",
    template=("name", "email", "phone", "company_id", "tags"),
    attributes=(
        *plain(
            ("name", "name"), ("email", "email"), ("phone", "phone"), ("company_id", "company_id"), ("tags", "tags")
        ),
        *optional(
            ("id", "id"),
            ("username", "username"),
            ("company", "company__name"),
            ("is_active", "is_active"),
            ("created_at", "created_at"),
            ("updated_at", "updated_at"),
        ),
    ),
    readers={
        "name": cells.line(200),
        "phone": cells.line(50),
        "company_id": cells.reference,
        "tags": cells.word_list,
    },
)
COMPANIES = Layout(
    kind="companies",
    entity_type=EntityType.COMPANY,
    model=Company,
    scope="users",
    key="name",
    template=("name", "description", "domains", "industry", "healthScore", "accountTier", "renewalDate"),
    attributes=(
        *plain(
            ("name", "name"),
            ("description", "description"),
            ("domains", "domains"),
            ("industry", "industry"),
            ("healthScore", "health_score"),
            ("accountTier", "account_tier"),
            ("renewalDate", "renewal_date"),
        ),
        *optional(("id", "id"), ("notes", "notes"), ("createdAt", "created_at"), ("updatedAt", "updated_at")),
    ),
    readers={
        "name": cells.line(200),
        "description": cells.line(MAX_TEXT),
        "domains": cells.word_list,
        "industry": cells.line(100),
        "health_score": choice(HealthScore.values),
        "account_tier": choice(AccountTier.values),
        "renewal_date": cells.moment,
        "notes": cells.line(MAX_TEXT),
        "id": cells.reference,
    },
)
TICKETS = Layout(
    kind="tickets",
    entity_type=EntityType.TICKET,
    model=Ticket,
    scope="tickets",
    attributes=(
        *plain(
            ("id", "id"),
            ("ticketNumber", "ticket_number"),
            ("subject", "subject"),
            ("description", "description"),
            ("status", "status"),
            ("priority", "priority"),
            ("category", "category"),
            ("customerId", "customer_id"),
            ("assigneeId", "assignee_id"),
            ("groupId", "group_id"),
            ("parentTicketId", "parent_ticket_id"),
            ("tags", "tags"),
            ("source", "source"),
            ("slaDeadline", "sla_deadline"),
            ("firstResponseAt", "first_response_at"),
            ("resolvedAt", "resolved_at"),
            ("dueDate", "due_date"),
            ("createdAt", "created_at"),
            ("updatedAt", "updated_at"),
        ),
        *optional(("firstResponseDeadline", "first_response_deadline"), ("archivedAt", "archived_at")),
        *optional(
            ("customerName", "customer__name"),
            ("customerEmail", "customer__email"),
            ("assigneeName", "assignee__name"),
            ("groupName", "group__name"),
            scope="users:read",
        ),
    ),
)
IMPORTABLE = {layout.kind: layout for layout in (CONTACTS, COMPANIES)}
