"""Rows become contacts and companies: what a cell says is compared with what is there, and the verbs do the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from accounts.contacts import ContactBatch
from accounts.models import User
from companies.batches import CompanyBatch
from companies.lookup import companies_by_domain
from companies.models import Company
from custom_fields.models import CustomField
from helpdesk.api.naming import camel
from helpdesk.errors import HelpDeskError, Invalid
from helpdesk.json_values import same

from .cells import as_text, custom_value, reference
from .layouts import COMPANIES, CONTACTS, CUSTOM, Layout
from .models import Kind
from .reading import Row

CREATED, UPDATED, UNCHANGED, FAILED = "created", "updated", "unchanged", "failed"
ACTIONS = (CREATED, UPDATED, UNCHANGED, FAILED)


@dataclass
class Outcome:
    """What became of one row."""

    row: Row
    action: str
    reason: str | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass
class Surroundings:
    """What many batches of one run have in common."""

    actor: User
    dry_run: bool = False

    @cached_property
    def companies(self) -> Mapping[str, UUID]:
        return companies_by_domain()


def apply(kind: str, rows: Sequence[Row], around: Surroundings) -> list[Outcome]:
    """Import rows together, in the caller's transaction.

    Raises IntegrityError when somebody else was faster: then the transaction, or its savepoint, is to be repeated.
    """
    return APPLY[kind](rows, around)


def contacts(rows: Sequence[Row], around: Surroundings) -> list[Outcome]:
    emails = [row.values["email"] for row in rows if isinstance(row.values.get("email"), str)]
    mentioned = {found for row in rows if (found := id_in(row, "company_id"))}
    batch = ContactBatch(emails, actor=around.actor, companies=around.companies, company_ids=mentioned)
    fields = {one.name: one for one in batch.fields}

    def one(row: Row) -> Outcome:
        email = key_of(row, CONTACTS)
        stored = batch.find(email)
        is_contact = stored is None or stored.role == "customer"
        saved = batch.put(email, **(values_of(row, CONTACTS, stored, fields) if is_contact else {}))
        return outcome(row, saved.created, saved.changes)

    outcomes = [guarded(one, row) for row in rows]
    if not around.dry_run:
        batch.save()
    return outcomes


def companies(rows: Sequence[Row], around: Surroundings) -> list[Outcome]:
    names = [row.values["name"].strip() for row in rows if isinstance(row.values.get("name"), str)]
    batch = CompanyBatch(names, {found for row in rows if (found := id_in(row, "id"))}, actor=around.actor)
    fields = {one.name: one for one in batch.fields}

    def one(row: Row) -> Outcome:
        name = key_of(row, COMPANIES).strip()
        named = batch.known.get(read("id", row.values.get("id"), COMPANIES)["id"])
        candidates = [named] if named else batch.by_name.get(name, [])
        planned = [(company, values_of(row, COMPANIES, company, fields)) for company in candidates]
        if not planned:
            saved = batch.create(name=name, **values_of(row, COMPANIES, None, fields))
        elif any(not batch.planned(company, values) for company, values in planned):
            return Outcome(row, UNCHANGED)
        elif len(planned) > 1:
            raise Invalid("Several companies have this name. Add the column id, so that one of them is meant.")
        else:
            company, values = planned[0]
            saved = batch.change(company, {**values, "name": name} if named else values)
        return outcome(row, saved.created, saved.changes)

    outcomes = [guarded(one, row) for row in rows]
    if not around.dry_run:
        batch.save()
    return outcomes


APPLY: dict[str, Callable[[Sequence[Row], Surroundings], list[Outcome]]] = {
    Kind.CONTACTS: contacts,
    Kind.COMPANIES: companies,
}


# --- Rows ---------------------------------------------------------------------------------------------


def guarded(one: Callable[[Row], Outcome], row: Row) -> Outcome:
    """What is wrong with one row is said of this row, and stops no other."""
    if row.problem:
        return Outcome(row, FAILED, row.problem)
    try:
        return one(row)
    except Invalid as refusal:
        return Outcome(row, FAILED, sentence(refusal))
    except HelpDeskError as refusal:
        return Outcome(row, FAILED, refusal.sentence)


def sentence(refusal: Invalid) -> str:
    if not refusal.details:
        return refusal.sentence
    return " ".join(
        text if name == "custom_fields" else f"{camel(name)}: {text}"
        for name, texts in refusal.details.items()
        for text in texts
    )


def outcome(row: Row, created: bool, changes: dict[str, tuple[Any, Any]]) -> Outcome:
    return Outcome(row, CREATED if created else UPDATED if changes else UNCHANGED, changes=changes)


def shown_changes(outcome: Outcome) -> dict[str, Any]:
    """By attribute, from what to what, as JSON has it."""
    return {camel(name): {"from": plain(old), "to": plain(new)} for name, (old, new) in outcome.changes.items()}


def plain(value: Any) -> Any:
    return value if isinstance(value, str | bool | int | float | list | dict | None) else as_text(value)


def key_of(row: Row, layout: Layout) -> str:
    value = row.values.get(layout.key)
    if value is not None and not isinstance(value, str):
        raise Invalid(**{layout.key: "Must be a string."})
    if not value or not value.strip():
        raise Invalid(**{layout.key: "May not be blank."})
    if layout is COMPANIES and len(value) > 200:
        raise Invalid(name="Can have 200 characters at most.")
    return value


def id_in(row: Row, name: str) -> UUID | None:
    """The id in a cell, or None for what is none: that is said when its row is read."""
    try:
        return reference(row.values.get(name))
    except Invalid:
        return None


def values_of(
    row: Row, layout: Layout, stored: User | Company | None, fields: dict[str, CustomField]
) -> dict[str, Any]:
    """What a row says that is not so already.

    A cell that reads as an export would write the stored value says nothing new, and is not checked: values that
    rules of a later day forbid do not make an unchanged file fail.
    """
    values: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    stored_custom = stored.custom_fields if stored else {}
    for name, cell in row.values.items():
        if name == layout.key or name == "id":
            continue
        if name.startswith(CUSTOM):
            key = name.removeprefix(CUSTOM)
            if not says_the_same(cell, stored_custom.get(key)):
                custom[key] = custom_value(cell, fields.get(key))
        elif stored is None or not says_the_same(cell, getattr(stored, name)):
            values |= read(name, cell, layout)
    if stored is None and isinstance(stored_custom, dict):
        custom = {key: value for key, value in custom.items() if value is not None}
    return {**values, "custom_fields": custom} if custom else values


def says_the_same(cell: Any, stored: Any) -> bool:
    return same(cell, stored) or (isinstance(cell, str) and cell == as_text(stored))


MUST_BE = ("health_score", "account_tier")  # blank: as it is, or the default


def read(name: str, cell: Any, layout: Layout) -> dict[str, Any]:
    reader = (layout.readers or {})[name]
    try:
        value = reader(cell)
    except Invalid as refusal:
        raise Invalid(**{name: refusal.sentence}) from None
    if name == "name" and value is None:
        value = ""
    return {} if value is None and name in MUST_BE else {name: value}
