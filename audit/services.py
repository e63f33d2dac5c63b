"""The verbs of the audit log: other verbs call them inside their own transaction, so that both happen or neither.

    before = snapshot(policy)
    ...
    record_change(policy, before, actor=actor)

What is recorded of a row is what people can edit of it; never a password, a hash or a secret. A reference is
recorded by the name of what it refers to.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, Protocol
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.utils import timezone

from helpdesk import bulk
from helpdesk.ids import new_id
from helpdesk.json_values import same, spellings
from helpdesk.mentions import mentions, pattern_of

from .models import Action, Entry, Kind

# What is a secret, what people do not set, and what is no setting: that somebody is away.
LEFT_OUT = {"password", "last_login", "last_used_at", "saved_by", "created_by", "is_away", "email_verified_at"}
LEFT_OUT |= {"claimed_at", "claimed_name", "claims_blocked_until"}
MAX_TEXT = 5_000  # characters of one value
ERASED = "Erased person"
Values = dict[str, Any]
Names = dict[str, dict[Any, str]]


class Actor(Protocol):
    """Whoever acts: this floor knows no accounts."""

    @property
    def pk(self) -> Any: ...

    @property
    def name(self) -> Any: ...


def snapshot(row: models.Model) -> Values:
    """The values of a row, as they are now, that a change is compared with."""
    return {field.name: getattr(row, field.attname) for field in recorded_fields(row)}


def record_creation(row: models.Model, *, actor: Actor | None) -> None:
    empty = dict.fromkeys(field.name for field in recorded_fields(row))
    record(row, Action.CREATED, actor=actor, changes=differences(row, empty, snapshot(row)))


def record_change(row: models.Model, before: Values, *, actor: Actor | None) -> None:
    """Write down what is another than before, unless nothing is."""
    changes = differences(row, before, snapshot(row))
    if changes:
        record(row, Action.CHANGED, actor=actor, changes=changes)


def record_many(
    *, created: Sequence[models.Model] = (), changed: Sequence[tuple[models.Model, Values]] = (), actor: Actor | None
) -> None:
    """As record_creation and record_change, for rows of one model by the hundred: with a handful of questions."""
    befores: list[tuple[Action, models.Model, Values]] = [
        *((Action.CREATED, row, {}) for row in created),
        *((Action.CHANGED, row, before) for row, before in changed),
    ]
    names = names_of([(row, before) for _, row, before in befores])
    found = ((row, action, differences(row, before, snapshot(row), names)) for action, row, before in befores)
    bulk.insert([entry_of(row, action, actor=actor, changes=changes) for row, action, changes in found if changes])


def record_deletion(row: models.Model, *, actor: Actor | None) -> None:
    """To be called while the row is still there."""
    values = snapshot(row)
    record(row, Action.DELETED, actor=actor, changes=differences(row, values, dict.fromkeys(values)))


def record_order(before: Sequence[models.Model], after: Sequence[models.Model], *, actor: Actor | None) -> None:
    """Write down once that a row was moved among others, however many numbers that has changed."""
    was, now = [row.pk for row in before], [row.pk for row in after]
    places = [place for place, key in enumerate(was) if key != now[place]]
    if not places:
        return
    first, last = places[0], places[-1]
    # Either the row that stands first there now came up, or the one that stood there went down.
    came_up = without(was, now[first]) == without(now, now[first])
    moved = after[first] if came_up else before[first]
    stretch = [[str(row) for row in rows[first : last + 1]] for rows in (before, after)]
    record(moved, Action.CHANGED, actor=actor, changes={"order": stretch})


def without(keys: Sequence[Any], one: Any) -> list[Any]:
    return [key for key in keys if key != one]


def record(
    row: models.Model, action: Action, *, actor: Actor | None, changes: Values | None = None, name: str | None = None
) -> None:
    """`changes` maps a field to [before, after]; the name of the row is its own unless given."""
    entry_of(row, action, actor=actor, changes=changes, name=name).save(force_insert=True)


def forget_person(person_id: UUID, words: Iterable[str]) -> None:
    """Take a person out of what was recorded: entries stay, without the name and the values.

    `words` are the name and addresses they had; who once worked here may stand in entries about other things. Of
    everybody else's name none is searched for: customers choose theirs, and it may be a word of any entry.
    """
    own = Entry.objects.filter(subject_id=person_id)
    acted = Entry.objects.filter(actor_id=person_id)
    once_worked_here = acted.exists() or own.filter(changes__has_key="role").exists()
    own.update(subject_name=ERASED, changes={})
    acted.update(actor_name=ERASED)
    known = [word for word in words if word]
    mentioned = [spelling for word in known for spelling in spellings(word)]
    if once_worked_here and mentioned:
        texts = Entry.objects.annotate(said=Cast("changes", models.TextField()))
        about = Q()
        for word in mentioned:
            about |= Q(said__icontains=word) | Q(subject_name__icontains=word)
        rows, pattern = texts.filter(about).values_list("pk", "subject_name", "changes"), pattern_of(known)
        keys = [key for key, *said in rows if mentions(said, pattern)]
        Entry.objects.filter(pk__in=keys).update(subject_name=ERASED, changes={})


# --- What the verbs are made of -----------------------------------------------------------------------


def entry_of(
    row: models.Model, action: Action, *, actor: Actor | None, changes: Values | None = None, name: str | None = None
) -> Entry:
    return Entry(
        id=new_id(),
        actor_id=actor.pk if actor else None,
        actor_name=str(actor.name)[:200] if actor else "",
        action=action,
        kind=Kind(row._meta.label_lower),
        subject_id=row.pk,
        subject_name=(str(row) if name is None else name)[:300],
        changes=changes or {},
        created_at=timezone.now(),
    )


def recorded_fields(row: models.Model) -> list[models.Field]:
    return [
        field
        for field in row._meta.concrete_fields
        if field.editable and not field.primary_key and field.name not in LEFT_OUT
    ]


def differences(row: models.Model, before: Values, after: Values, names: Names | None = None) -> Values:
    """By field [before, after], as far as they differ; nothing is the same as empty.

    `names` are those of rows that are referred to, where they are known already.
    """
    found = {}
    for field in recorded_fields(row):
        old, new = before.get(field.name), after.get(field.name)
        if same(old, new) or (is_empty(old) and is_empty(new)):
            continue
        if field.is_relation:
            found[field.name] = named(row, field, old, new, (names or {}).get(field.name, {}))
        else:
            found[field.name] = [plain(value) for value in apart(old, new)]
    return found


def apart(old: Any, new: Any) -> tuple[Any, Any]:
    """Of two objects with values by name, as custom fields are, only the values that differ."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return old, new
    alike = {key for key in old.keys() & new.keys() if same(old[key], new[key])}
    return (
        {key: value for key, value in old.items() if key not in alike},
        {key: value for key, value in new.items() if key not in alike},
    )


def is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def named(row: models.Model, field: models.Field, old: Any, new: Any, names: dict[Any, str]) -> list[str | None]:
    """What a reference led to and leads to, by name: at most one question for both."""
    loaded = row._state.fields_cache.get(field.name)
    known = names | ({loaded.pk: str(loaded)} if loaded else {})
    if unknown := {key for key in (old, new) if key is not None and key not in known}:
        known |= found_names(field, unknown)
    return [None if key is None else known.get(key, str(key)) for key in (old, new)]


def names_of(befores: Sequence[tuple[models.Model, Values]]) -> Names:
    """By field, the names of all that the rows refer to or did: one question for each field that changed anywhere."""
    found: Names = {}
    for field in recorded_fields(befores[0][0]) if befores else ():
        if field.is_relation:
            pairs = ((before.get(field.name), getattr(row, field.attname)) for row, before in befores)
            keys = {key for old, new in pairs if old != new for key in (old, new) if key is not None}
            found[field.name] = {key: str(key) for key in keys} | found_names(field, keys)
    return found


def found_names(field: models.Field, keys: set[Any]) -> dict[Any, str]:
    model: Any = field.related_model
    return {key: str(row) for key, row in model._default_manager.in_bulk(keys).items()} if keys else {}


def plain(value: Any) -> Any:
    """As JSON can hold it, and no longer than anybody reads."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"{value[:MAX_TEXT]}…"
    return value if isinstance(value, bool | int | float | str | list | dict | None) else str(value)
