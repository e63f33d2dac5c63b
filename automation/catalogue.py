"""What a rule can be made of, for forms that offer it: whatever is offered here is taken when the rule is saved.

Everything is derived from the tables that check and run rules. Triggers stand in models.TRIGGERS, by type of rule.
"""

from dataclasses import dataclass

from custom_fields.definitions import active_fields
from custom_fields.models import FieldType
from helpdesk.api.naming import snake
from tickets.models import Priority, Status

from .actions import ACTIONS
from .fields import CUSTOM_FIELDS, FIELDS
from .operators import WITH_LIST, WITHOUT_VALUE, Anything, Choice, Id, Type


@dataclass(frozen=True)
class OfferedField:
    """Something to ask about.

    `type` is text, choice, id, number, date, hours, boolean, list or any; `of` tells what an id belongs to: ticket,
    customer, agent, group or company. Where there are `options`, the value is one of them.
    """

    name: str
    label: str
    type: str
    operators: tuple[str, ...]
    options: tuple[str, ...] = ()
    of: str | None = None


@dataclass(frozen=True)
class OfferedAction:
    """Something to do. `takes` is the shape of its value:

    choice       one of `options`
    text         a text, or null for none
    agent, group an id, or null for none
    tags         a tag, or a list of tags
    customField  {"name": …, "value": …}, of a custom field of tickets; the value null removes it
    message      a text, or {"content": …, "userId": … or null}, signed by that agent
    mail         {"to": "customer", "assignee" or an address, "subject": …, "body": …}
    """

    name: str
    label: str
    takes: str
    options: tuple[str, ...] = ()


def offered_fields() -> list[OfferedField]:
    """Every field in its order, custom fields that are defined at the end of it."""
    known = [
        OfferedField(
            name, label_of(name), field.type.name, field.type.operators, options_of(field.type), of=referred(field.type)
        )
        for name, field in FIELDS.items()
    ]
    return known + [custom for prefix, (kind, _) in CUSTOM_FIELDS.items() for custom in offered_custom(prefix, kind)]


def offered_custom(prefix: str, entity_type: str) -> list[OfferedField]:
    owner = "" if entity_type == "ticket" else f"{prefix.partition('.')[0].capitalize()}: "
    return [
        OfferedField(
            f"{prefix}{field.name}",
            f"{owner}{field.label}",
            Anything.name,
            Anything.operators,
            ("true", "false") if field.field_type == FieldType.CHECKBOX else tuple(field.options),
        )
        for field in active_fields(entity_type)
    ]


def offered_actions() -> list[OfferedAction]:
    options = {"set_status": tuple(Status.values), "set_priority": tuple(Priority.values)}
    return [OfferedAction(name, label_of(name), kind.takes, options.get(name, ())) for name, kind in ACTIONS.items()]


def value_of(operator: str) -> str:
    """What stands beside an operator: no value ("none"), several ("list") or "one"."""
    return "none" if operator in WITHOUT_VALUE else "list" if operator in WITH_LIST else "one"


def options_of(type_: Type) -> tuple[str, ...]:
    return type_.options if isinstance(type_, Choice) else ()


def referred(type_: Type) -> str | None:
    return type_.of if isinstance(type_, Id) else None


def label_of(name: str) -> str:
    """A name as people read it.

    >>> label_of("customer.companyId"), label_of("hoursUntilSlaDeadline"), label_of("add_tag")
    ('Customer: company', 'Hours until SLA deadline', 'Add tag')
    """
    owner, _, own = name.rpartition(".")
    text = snake(own).replace("_", " ").removesuffix(" id").replace("sla", "SLA")
    return f"{owner.capitalize()}: {text}" if owner else text[:1].upper() + text[1:]
