"""The verbs of what agents prepare once and use often: canned responses and ticket templates."""

from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from helpdesk.errors import Invalid
from helpdesk.ids import new_id
from helpdesk.tags import clean_tags

from .models import CannedResponse, TicketTemplate
from .rules import check_choices, check_group

Prepared = TypeVar("Prepared", CannedResponse, TicketTemplate)


def create_canned_response(*, actor: User | None, **values: Any) -> CannedResponse:
    return save(CannedResponse(id=new_id(), created_by=actor, created_at=timezone.now()), values)


def update_canned_response(response: CannedResponse, *, actor: User | None, **values: Any) -> CannedResponse:
    return save(response, values)


def delete_canned_response(response: CannedResponse, *, actor: User | None) -> None:
    response.delete()


def create_template(*, actor: User | None, **values: Any) -> TicketTemplate:
    return save(TicketTemplate(id=new_id(), created_by=actor, created_at=timezone.now()), values)


def update_template(template: TicketTemplate, *, actor: User | None, **values: Any) -> TicketTemplate:
    return save(template, values)


def delete_template(template: TicketTemplate, *, actor: User | None) -> None:
    template.delete()


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
