"""How values are written into cells of text, and read back without loss."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from custom_fields.models import CustomField, FieldType
from helpdesk.api.fields import moment_text, parse_moment
from helpdesk.api.json import dumps
from helpdesk.errors import Invalid

# A spreadsheet takes a cell that begins like this for a formula. An apostrophe before it says: text.
# So do the wide signs of East Asian keyboards where that is the language of the spreadsheet.
DANGEROUS = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
ESCAPED = re.compile(r"'+[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
MAX_CELL = 250_000  # characters; the longest text of the API has 200,000

WHOLE = re.compile(r"[+-]?\d{1,19}")
FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def escaped(text: str) -> str:
    """
    >>> escaped("=1+1"), escaped("'=1"), escaped("'s-Hertogenbosch"), escaped("plain")
    ("'=1+1", "''=1", "'s-Hertogenbosch", 'plain')
    """
    return f"'{text}" if DANGEROUS.match(text) else text


def unescaped(text: str) -> str:
    """The text that was escaped; what nobody escaped stays as it is."""
    return text[1:] if ESCAPED.match(text) else text


def as_text(value: Any) -> str:
    """A value as the text of a cell; nothing is an empty cell.

    >>> as_text(None), as_text(True), as_text(1.5), as_text(["a", "b"]), as_text(["a,b"])
    ('', 'true', '1.5', 'a, b', '["a,b"]')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        joined = ", ".join(value)
        return joined if words(joined) == value else dumps(value).decode()
    return dumps(value).decode()


def words(text: str) -> list[str]:
    """The words of a list: separated by commas, or as JSON where they hold commas themselves."""
    if text.startswith("["):
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return found
    return [word for word in (part.strip() for part in text.split(",")) if word]


# --- Reading: text as a value of the right kind; what is not text must be of that kind already ----------


def line(limit: int) -> Callable[[Any], str | None]:
    """Text of at most so many characters; blank is none."""

    def read(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise Invalid("Must be a string.")
        if len(value) > limit:
            raise Invalid(f"Can have {limit} characters at most.")
        return value

    return read


def word_list(value: Any) -> list[str]:
    if value is None:
        return []
    found = words(value) if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Invalid("Must be a list of words, with commas between.")
    return found


def reference(value: Any) -> UUID | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and len(value.strip()) == 36:
            return UUID(value.strip())
    except ValueError:
        pass
    raise Invalid("Must be an id (UUID).")


def moment(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    found = parse_moment(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Invalid("Must be a date and time in ISO 8601, such as 2025-12-18 or 2025-12-18T05:21:07Z.")
    return found


def custom_value(value: Any, field: CustomField | None) -> Any:
    """The value of a custom field; text that does not fit its type is left to be refused by name."""
    if value == "":
        return None
    if not isinstance(value, str) or field is None:
        return value
    read = TYPED.get(field.field_type)
    return value if read is None else read(value.strip())


def whole(text: str) -> Any:
    return int(text) if WHOLE.fullmatch(text) else text


def number(text: str) -> Any:
    try:
        return whole(text) if WHOLE.fullmatch(text) else float(text)
    except ValueError:
        return text


def flag(text: str) -> Any:
    return FLAGS.get(text.lower(), text)


TYPED: dict[str, Callable[[str], Any]] = {
    FieldType.NUMBER: whole,
    FieldType.DECIMAL: number,
    FieldType.CHECKBOX: flag,
    FieldType.MULTISELECT: words,
    FieldType.DATE: str,
}
