"""The builder of rules: conditions and actions as rows of plain form fields, without any JSON to type.

A row posts `c-0-field`, `c-0-operator` and `c-0-value`, or `a-0-type` and what the action takes. `_rows` names what is
to be done with the rows: `c-add`, `a-remove-1`, `a-up-2`, `a-down-0`. Everything works without scripts; with them only
the builder is exchanged.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from automation.catalogue import OfferedField, offered_actions, offered_fields, value_of
from automation.fields import CUSTOM_FIELDS
from automation.operators import WITHOUT_VALUE, Anything
from custom_fields.definitions import active_fields
from custom_fields.models import EntityType, FieldType

from .finding import names
from .words import operator_words

MAX_ROWS = 60
SUGGESTED = {"category": "category", "tags": "tags"}  # texts for which known values are offered
GROUPS = {"": "Ticket", "customer": "Customer", "company": "Company"}

Row = dict[str, Any]


def rows_posted(data: QueryDict, prefix: str, keys: tuple[str, ...]) -> list[Row]:
    """The rows as they were posted, each key with all its values, after what `_rows` asks for was done to them."""
    numbers = {
        int(parts[1])
        for name in data
        if len(parts := name.split("-", 2)) == 3 and parts[0] == prefix and parts[1].isdecimal() and len(parts[1]) < 4
    }
    rows: list[Row] = [
        {key: data.getlist(f"{prefix}-{number}-{key}") for key in keys} for number in sorted(numbers)[:MAX_ROWS]
    ]
    what, _, which = data.get("_rows", "").removeprefix(f"{prefix}-").partition("-")
    if not data.get("_rows", "").startswith(f"{prefix}-"):
        return rows
    if what == "add":
        return [*rows, {**{key: [] for key in keys}, "new": True}]
    at = int(which) if which.isdecimal() and len(which) < 4 else -1
    if not 0 <= at < len(rows):
        return rows
    row = rows.pop(at)
    if what != "remove":
        rows.insert(max(0, at - 1) if what == "up" else at + 1, row)
    return rows


def first(values: list[str]) -> str:
    return values[0] if values else ""


def number_or_text(text: str) -> Any:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text


# --- Conditions -----------------------------------------------------------------------------------------


class RowsWidget(forms.Widget):
    """A field that is posted as rows; its template stands with those of the site."""

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        return render_to_string(template_name, context)


class ConditionRows(RowsWidget):
    template_name = "admin/automation/conditions.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        fields = {field.name: field for field in offered_fields()}
        rows = rows_posted(data, "c", ("field", "operator", "value"))
        return [condition_from(row, fields) for row in rows]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        fields = {field.name: field for field in offered_fields()}
        rows = [shown_condition(row, fields) for row in value or []]
        call_by_name(rows)
        return {**super().get_context(name, None, attrs), "rows": rows, "groups": grouped(fields.values())}


def condition_from(posted: Row, fields: dict[str, OfferedField]) -> Row:
    """A condition as it is stored, as far as it has been filled in."""
    field = field_called(first(posted["field"]), fields)
    operator = first(posted["operator"])
    if field is None:
        return {"field": "", "operator": "", "value": "", "new": posted.get("new", False)}
    if operator not in field.operators:
        operator = field.operators[0]
    row: Row = {"field": field.name, "operator": operator}
    shape = value_of(operator)
    if shape == "list":
        row["value"] = [line.strip() for text in posted["value"] for line in text.splitlines() if line.strip()]
    elif shape == "one":
        row["value"] = typed(first(posted["value"]), field)
    return row


def field_called(name: str, fields: dict[str, OfferedField]) -> OfferedField | None:
    """What is offered by this name; a custom field that is gone is kept until somebody chooses another one."""
    if name in fields or not any(name.startswith(prefix) for prefix in CUSTOM_FIELDS):
        return fields.get(name)
    return OfferedField(name, f"{name} (no longer defined)", Anything.name, Anything.operators)


def typed(text: str, field: OfferedField) -> Any:
    if field.type == "boolean":
        return text == "true"
    if field.options and field.type != "any" and text not in field.options:
        return field.options[0]
    return number_or_text(text) if field.type in ("number", "hours") else text


def shown_condition(row: Row, fields: dict[str, OfferedField]) -> Row:
    field = field_called(row.get("field", ""), fields)
    if field is None:
        return {"field": "", "new": row.get("new"), "operators": [], "control": ""}
    operator, value = row["operator"], row.get("value")
    if value is None and operator in ("is", "is_not"):
        operator = "is_empty" if operator == "is" else "is_not_empty"
    values = [as_text(one) for one in (value if isinstance(value, list) else [value]) if one is not None]
    words = operator_words(field.type)
    return {
        "field": field.name,
        "gone": "" if field.name in fields else field.label,
        "operator": operator,
        "operators": [(name, words[name]) for name in field.operators],
        "control": control_of(field, operator, values),
        "values": values,
        "value": values[0] if values else "",
        "lines": "\n".join(values),
        "options": options_of(field, values),
        "of": field.of or SUGGESTED.get(field.name, ""),
    }


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def options_of(field: OfferedField, values: list[str]) -> list[tuple[str, str]]:
    if field.type == "boolean":
        return [("true", "Yes"), ("false", "No")]
    kept = [value for value in values if value and value not in field.options] if field.options else []
    return [(option, option.replace("_", " ")) for option in (*field.options, *kept)]


def control_of(field: OfferedField, operator: str, values: list[str]) -> str:
    """Which control stands beside the operator."""
    if operator in WITHOUT_VALUE:
        return ""
    many = value_of(operator) == "list"
    if field.options or field.type == "boolean":
        return "checks" if many else "select"
    if field.of:
        return "find-many" if many else "find"
    if many:
        return "lines"
    if field.type == "date" and all(len(value) <= 10 for value in values):
        return "date"
    if field.name in SUGGESTED:
        return "suggest"
    return {"number": "number", "hours": "hours"}.get(field.type, "text")


def grouped(fields: Iterable[OfferedField]) -> list[tuple[str, list[OfferedField]]]:
    groups: dict[str, list[OfferedField]] = defaultdict(list)
    for field in fields:
        owner = field.name.partition(".")[0] if "." in field.name else ""
        custom = "customFields." in field.name
        groups["Custom fields" if custom else GROUPS.get(owner, "Ticket")].append(field)
    return list(groups.items())


def call_by_name(rows: list[Row]) -> None:
    """Give the rows that refer to something by its id its name, asking once for each kind of thing."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if str(row.get("control", "")).startswith("find"):
            wanted[row["of"]].update(row["values"])
    known = {kind: names(kind, keys) for kind, keys in wanted.items()}
    for row in rows:
        if row.get("of") in known and str(row.get("control", "")).startswith("find"):
            row["chosen"] = [(key, known[row["of"]].get(key, "(gone)")) for key in row["values"] if key]
            row["text"] = row["chosen"][0][1] if row["chosen"] else ""


# --- Actions --------------------------------------------------------------------------------------------

PARTS = ("type", "value", "name", "user", "to", "address", "subject", "body")


class ActionRows(RowsWidget):
    template_name = "admin/automation/actions.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        takes = {action.name: action for action in offered_actions()}
        return [action_from(row, takes) for row in rows_posted(data, "a", PARTS)]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        takes = {action.name: action for action in offered_actions()}
        rows = [shown_action(row, takes) for row in value or []]
        call_by_name(rows)
        return {**super().get_context(name, None, attrs), "rows": rows, "offered": list(takes.values())}


def action_from(posted: Row, takes: dict[str, Any]) -> Row:
    kind = takes.get(first(posted["type"]))
    if kind is None:
        return {"type": "", "value": None, "new": posted.get("new", False)}
    text = first(posted["value"]).strip()
    value: Any = text or None
    if kind.takes == "choice":
        value = text if text in kind.options else kind.options[0]
    elif kind.takes == "tags":
        value = [tag.strip() for tag in text.split(",") if tag.strip()]
    elif kind.takes == "customField":
        value = {"name": first(posted["name"]), "value": custom_value(first(posted["name"]), posted["value"])}
    elif kind.takes == "message":
        signed = first(posted["user"])
        value = {"content": first(posted["value"]), "userId": signed} if signed else first(posted["value"])
    elif kind.takes == "mail":
        to = first(posted["to"])
        value = {
            "to": first(posted["address"]).strip() if to == "address" else to or "customer",
            "subject": first(posted["subject"]).strip(),
            "body": first(posted["body"]),
        }
    return {"type": kind.name, "value": value}


def definition_of(name: str) -> Any:
    return next((field for field in active_fields(EntityType.TICKET) if field.name == name), None)


def custom_value(name: str, texts: list[str]) -> Any:
    """What was chosen, in the type that the definition asks for; nothing removes the value."""
    field = definition_of(name)
    texts = [text for text in texts if text]
    if field is not None and field.field_type == FieldType.MULTISELECT:
        return texts or None
    if not texts:
        return None
    if field is not None and field.field_type == FieldType.CHECKBOX:
        return texts[0] == "true"
    if field is not None and field.field_type in (FieldType.NUMBER, FieldType.DECIMAL):
        return number_or_text(texts[0])
    return texts[0]


def shown_action(row: Row, takes: dict[str, Any]) -> Row:
    kind = takes.get(row.get("type", ""))
    if kind is None:
        return {"type": "", "new": row.get("new"), "control": ""}
    value = row.get("value")
    shown: Row = {"type": kind.name, "control": kind.takes, "value": as_text(value) if value is not None else ""}
    if kind.takes == "choice":
        shown["options"] = [(option, option.replace("_", " ")) for option in kind.options]
    elif kind.takes in ("agent", "group"):
        shown |= {"control": "find", "of": kind.takes, "values": [str(value)] if value else [], "nothing": True}
    elif kind.takes == "tags":
        shown["value"] = ", ".join(value if isinstance(value, list) else filter(None, [value]))
    elif kind.takes == "text":
        shown |= {"control": "suggest", "of": "category"}
    elif kind.takes == "customField":
        shown |= shown_custom(value or {})
    elif kind.takes == "message":
        given = value if isinstance(value, dict) else {"content": value or ""}
        signed = given.get("userId")
        shown |= {"value": given.get("content") or "", "user": signed or "", "user_name": signer(signed)}
    elif kind.takes == "mail":
        shown |= shown_mail(value or {})
    return shown


def signer(key: Any) -> str:
    return names("agent", [key]).get(str(key), "(gone)") if key else ""


def shown_custom(value: Row) -> Row:
    fields = active_fields(EntityType.TICKET)
    field = next((field for field in fields if field.name == value.get("name")), None)
    given = value.get("value")
    values = [as_text(one) for one in (given if isinstance(given, list) else [given]) if one is not None]
    kind = field.field_type if field else ""
    options = [("true", "Yes"), ("false", "No")] if kind == FieldType.CHECKBOX else []
    if field and field.options:
        options = [(option, option) for option in field.options]
    return {
        "name": value.get("name", ""),
        "fields": [(field.name, field.label) for field in fields],
        "values": values,
        "value": values[0] if values else "",
        "options": options,
        "kind": kind,
    }


def shown_mail(value: Row) -> Row:
    to = value.get("to", "customer")
    known = to in ("customer", "assignee")
    return {
        "to": to if known else "address",
        "address": "" if known else to,
        "subject": value.get("subject", ""),
        "body": value.get("body", ""),
    }
