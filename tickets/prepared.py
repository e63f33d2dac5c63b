"""The verbs of what agents prepare once and use often: canned responses and ticket templates."""

from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record_change, record_creation, record_deletion, snapshot
from helpdesk.errors import Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.tags import clean_tags
from helpdesk.transactions import in_one_transaction

from .models import CannedResponse, TicketTemplate
from .rules import check_choices, check_group

Prepared = TypeVar("Prepared", CannedResponse, TicketTemplate)


def create_canned_response(*, actor: User | None, **values: Any) -> CannedResponse:
    return create(CannedResponse(id=new_id(), created_by=actor, created_at=timezone.now()), values, actor=actor)


def update_canned_response(response: CannedResponse, *, actor: User | None, **values: Any) -> CannedResponse:
    return change(response, values, actor=actor)


def delete_canned_response(response: CannedResponse, *, actor: User | None) -> None:
    remove(response, actor=actor)


def create_template(*, actor: User | None, **values: Any) -> TicketTemplate:
    return create(TicketTemplate(id=new_id(), created_by=actor, created_at=timezone.now()), values, actor=actor)


def update_template(template: TicketTemplate, *, actor: User | None, **values: Any) -> TicketTemplate:
    return change(template, values, actor=actor)


def delete_template(template: TicketTemplate, *, actor: User | None) -> None:
    remove(template, actor=actor)


# --- What the verbs are made of -----------------------------------------------------------------------


@in_one_transaction
def create(prepared: Prepared, values: dict[str, Any], *, actor: User | None) -> Prepared:
    save(prepared, values)
    record_creation(prepared, actor=actor)
    return prepared


@in_one_transaction
def change(prepared: Prepared, values: dict[str, Any], *, actor: User | None) -> Prepared:
    locked = lock(prepared)
    before = snapshot(locked)
    save(locked, values)
    record_change(locked, before, actor=actor)
    return locked


@in_one_transaction
def remove(prepared: Prepared, *, actor: User | None) -> None:
    locked = lock(prepared)
    record_deletion(locked, actor=actor)
    locked.delete()


def lock(prepared: Prepared) -> Prepared:
    """The row as it is now, held against other writers."""
    model = type(prepared)
    found = model._default_manager.select_for_update(no_key=True).filter(pk=prepared.pk).first()
    if found is None:
        raise NotFound(f"This {model._meta.verbose_name} does not exist.")
    return found


def save(prepared: Prepared, values: dict[str, Any]) -> Prepared:
    """Set the values, checked, and store the row; a shortcut that is taken raises Invalid."""
    if "tags" in values:
        values["tags"] = clean_tags(values["tags"])
    if "group_id" in values:
        check_group(values["group_id"])
    if "shortcut" in values:
        values["shortcut"] = (values["shortcut"] or "").strip() or None
    check_choices(values)
    for name, value in values.items():
        setattr(prepared, name, value)
    try:
        with transaction.atomic():
            prepared.save()
    except IntegrityError:
        raise Invalid(shortcut="Another canned response has this shortcut.") from None
    return prepared
