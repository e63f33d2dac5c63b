"""The verbs of custom fields: defining them, and fitting values into them."""

import re
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.services import Actor, record_change, record_creation, record_deletion, record_order, snapshot
from helpdesk.api.json import dumps
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.json_values import same
from helpdesk.transactions import Lock, in_one_transaction, take

from .definitions import active_fields, await_writes_of_values
from .holders import values_exist
from .models import CustomField, EntityType, FieldType
from .values import is_missing, problem_with

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
WITH_OPTIONS = (FieldType.DROPDOWN, FieldType.MULTISELECT)
MAX_KEYS = 200
MAX_KEY_LENGTH = 64
MAX_SIZE = 64 * 1024  # bytes of JSON
MAX_OPTIONS = 500
MAX_OPTION_LENGTH = 200
POSITION_STEP = 10  # between fields that were put in order by hand, so that others fit in between


# --- Values -------------------------------------------------------------------------------------------


def merge_values(
    entity_type: str,
    current: dict[str, Any],
    changes: dict[str, Any],
    *,
    creating: bool = False,
    closing: bool = False,
    defaults: bool = False,
    optional: bool = False,
    asked: Collection[str] | None = None,
    definitions: list[CustomField] | None = None,
) -> dict[str, Any]:
    """The values after a change: merged key by key, null removing one. Raises Invalid with every problem at once.

    When `creating`, defaults fill what is missing and required fields must have a value; when `closing`, those
    required on close must. With `defaults` these fill what is missing, and nothing more is asked for; what is
    `optional` may be left out or removed although it is required, and somebody who was `asked` for some fields only
    cannot be blamed for the others. Keys without an active definition are kept as they are. Whoever merges many has
    the `definitions` already: what active_fields found in this transaction.
    """
    merged = {key: value for key, value in {**current, **changes}.items() if value is not None}
    problems = []
    for field in active_fields(entity_type) if definitions is None else definitions:
        if (creating or defaults) and field.name not in merged and field.default_value is not None:
            merged[field.name] = field.default_value
        value = merged.get(field.name)
        if field.name in changes and value is not None and (problem := problem_with(value, field)):
            problems.append(problem)
        elif optional or (asked is not None and field.name not in asked):
            continue
        elif is_missing(value) and must_have(field, changes, creating=creating, closing=closing):
            problems.append(f"{field.label} is required{' to close a ticket' if not field.is_required else ''}.")
    # What does not fit need not be one that can be written at all.
    problems = problems or limits(merged)
    if problems:
        raise Invalid(custom_fields=problems)
    return merged


def must_have(field: CustomField, changes: dict[str, Any], *, creating: bool, closing: bool) -> bool:
    if field.is_required and (creating or field.name in changes):
        return True
    return field.required_on_close and closing


def limits(values: dict[str, Any]) -> list[str]:
    if len(values) > MAX_KEYS:
        return [f"At most {MAX_KEYS} custom fields are allowed."]
    if any(not key or len(key) > MAX_KEY_LENGTH for key in values):
        return [f"The name of a custom field has 1 to {MAX_KEY_LENGTH} characters."]
    if len(dumps(values)) > MAX_SIZE:
        return [f"Custom fields can have {MAX_SIZE // 1024} KB at most in all."]
    return []


# --- Definitions --------------------------------------------------------------------------------------


@in_one_transaction
def create_field(
    *, actor: Actor | None, entity_type: str, name: str, label: str, field_type: str, **values: Any
) -> CustomField:
    """Define a field; raises Invalid, naming what is wrong."""
    field = CustomField(id=new_id(), entity_type=entity_type, field_type=field_type, created_at=timezone.now())
    save(field, {"name": name, "label": label, **values})
    record_creation(field, actor=actor)
    return field


@in_one_transaction
def update_field(field: CustomField | UUID, *, actor: Actor | None, **values: Any) -> CustomField:
    """Change a definition. Name and type stay as they are while values exist: Conflict."""
    take(Lock.CUSTOM_FIELDS)
    locked = lock(field)
    values.pop("entity_type", None)
    changed = {name: value for name, value in values.items() if not same(getattr(locked, name), value)}
    if {"name", "field_type"} & changed.keys():
        await_writes_of_values()
        if values_exist(locked):
            raise Conflict("Name and type of a custom field cannot change while values exist.")
    if changed:
        before = snapshot(locked)
        save(locked, changed)
        record_change(locked, before, actor=actor)
    return locked


@in_one_transaction
def delete_field(field: CustomField | UUID, *, actor: Actor | None) -> None:
    """Drop a definition; values that were entered stay where they are."""
    locked = lock(field)
    record_deletion(locked, actor=actor)
    locked.delete()


@in_one_transaction
def order_fields(keys: Sequence[UUID], *, actor: Actor | None) -> None:
    """Put these fields of one entity type into this order, in the places that they have among all; raises NotFound."""
    chosen = dict.fromkeys(keys)
    kind = CustomField.objects.filter(pk__in=chosen).values("entity_type")
    before = list(CustomField.objects.select_for_update(no_key=True).filter(entity_type__in=kind))
    known = {field.pk: field for field in before}
    if not known.keys() >= chosen.keys():
        raise NotFound("Some of these fields do not exist any more. Load the page again.")
    wanted = iter(chosen)
    after = [known[next(wanted)] if field.pk in chosen else field for field in before]
    record_order(before, after, actor=actor)
    for place, field in enumerate(after):
        field.position = place * POSITION_STEP
    CustomField.objects.bulk_update(after, ["position"])


def lock(field: CustomField | UUID) -> CustomField:
    key = field.pk if isinstance(field, CustomField) else field
    found = CustomField.objects.select_for_update(no_key=True).filter(pk=key).first()
    if found is None:
        raise NotFound("This custom field does not exist.")
    return found


def save(field: CustomField, values: dict[str, Any]) -> CustomField:
    for name, value in values.items():
        setattr(field, name, value)
    check_definition(field)
    try:
        with transaction.atomic():
            field.save()
    except IntegrityError:
        raise Invalid(name="A custom field of this entity type has this name already.") from None
    return field


def check_definition(field: CustomField) -> None:
    if field.entity_type not in EntityType.values:
        raise Invalid(entity_type=f"Must be one of: {', '.join(EntityType.values)}.")
    if field.field_type not in FieldType.values:
        raise Invalid(field_type=f"Must be one of: {', '.join(FieldType.values)}.")
    if not NAME.fullmatch(field.name):
        raise Invalid(name="A name has letters, digits and underscores, and does not begin with a digit.")
    if not field.label.strip():
        raise Invalid(label="May not be blank.")
    field.options = checked_options(field)
    if field.default_value is not None and (problem := problem_with(field.default_value, field)):
        raise Invalid(default_value=problem)


def checked_options(field: CustomField) -> list[str]:
    options = field.options or []
    if not isinstance(options, list) or not all(isinstance(option, str) and option.strip() for option in options):
        raise Invalid(options="Must be a list of texts.")
    trimmed = [option.strip() for option in options]
    if len(set(trimmed)) != len(trimmed):
        raise Invalid(options="Every option must be different.")
    if len(trimmed) > MAX_OPTIONS or any(len(option) > MAX_OPTION_LENGTH for option in trimmed):
        raise Invalid(options=f"At most {MAX_OPTIONS} options of {MAX_OPTION_LENGTH} characters are allowed.")
    if field.field_type in WITH_OPTIONS and not trimmed:
        raise Invalid(options="A dropdown needs options to choose from.")
    return trimmed
