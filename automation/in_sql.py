"""Conditions as SQL, for finding the tickets of a time rule among a million.

Only what the database answers exactly as `conditions.judge` does is put this way. Of words in lists and custom fields
it is asked whether they stand there at all, which leaves few tickets to Python, and the rest is left to Python
altogether. A test holds both to the same verdicts.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower, Replace

from .conditions import Condition
from .operators import Anything, Choice, Flag, Hours, Id, Instant, Moment, Number, Text, Words

Built = Callable[[str, Any], Q]


class AsciiLower(Lower):
    """A text with its ASCII letters in lower case, and the others as they are, on every database."""

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template='LOWER(%(expressions)s COLLATE "C")', **extra)


# The only other letters that have ASCII ones in their lower case, as Python has it: the sign of Kelvin, the dotted I.
LIKE_ASCII = ("\u212a", "\u0130")


def folded(column: Any) -> AsciiLower:
    """A text in a form in which ASCII is found as Python finds it in the lower case of that text."""
    for letter in LIKE_ASCII:
        column = Replace(column, Value(letter), Value(letter.lower()))
    return AsciiLower(column)


def folded_json(column: Any) -> AsciiLower:
    """The same for JSON as text, in which letters beyond ASCII may stand as escapes."""
    for letter in LIKE_ASCII:
        column = Replace(column, Value(f"\\u{ord(letter):04x}"), Value(letter.lower()))
    return folded(column)


def equals(path: str, wanted: Any) -> Q:
    return Q(**{f"{path}__isnull": True}) if wanted is None else Q(**{path: wanted})


def among(path: str, wanted: Any) -> Q:
    found = Q(**{f"{path}__in": [one for one in wanted if one is not None]})
    return found | Q(**{f"{path}__isnull": True}) if None in wanted else found


# What each operator asks of an expression; the negative ones also hold where there is no value.
POSITIVE: dict[str, Built] = {
    "is": equals,
    "in": among,
    "contains": lambda path, wanted: Q(**{f"{path}__contains": wanted}),
    "greater_than": lambda path, wanted: Q(**{f"{path}__gt": wanted}),
    "less_than": lambda path, wanted: Q(**{f"{path}__lt": wanted}),
    "is_empty": lambda path, _: Q(**{f"{path}__isnull": True}),
}
NEGATIVE = {"is_not": "is", "not_contains": "contains", "is_not_empty": "is_empty"}


class Narrowing:
    """The conditions of one rule, put into a queryset as far as they can be.

    `exact`: the queryset holds precisely the tickets that match. Otherwise it holds these and others.
    """

    def __init__(self, conditions: Sequence[Condition], match: str, now: datetime) -> None:
        self.now = now
        self.columns: dict[str, Combinable] = {}
        exactly = [self.condition(place, condition) for place, condition in enumerate(conditions)]
        self.exact = None not in exactly
        built = [
            self.mention(place, condition) if found is None else found
            for place, (condition, found) in enumerate(zip(conditions, exactly, strict=True))
        ]
        self.where = Q()
        known = [one for one in built if one is not None]
        if match != "any":
            for one in known:
                self.where &= one
        elif None not in built:
            for one in known:
                self.where |= one

    def apply(self, tickets: QuerySet) -> QuerySet:
        return tickets.alias(**self.columns).filter(self.where)

    def condition(self, place: int, condition: Condition) -> Q | None:
        """One condition, or None where SQL might judge differently."""
        if condition.field.column is None or not is_exact(condition):
            return None
        path, operator, wanted = f"asked{place}", condition.operator, condition.wanted
        column: Any = condition.field.column()
        self.columns[path] = folded(column) if type(condition.field.type) is Text else column
        if isinstance(condition.field.type, Hours) and wanted is not None:
            operator, wanted = self.instant(condition.field.name, operator, wanted)
        elif isinstance(wanted, Instant):
            wanted = wanted.at
        elif isinstance(condition.field.type, Choice) and operator in ("greater_than", "less_than"):
            operator, wanted = "in", ranked_beyond(condition.field.type, operator, wanted)
        if operator in NEGATIVE:
            return ~and_present(path, POSITIVE[NEGATIVE[operator]](path, wanted), wanted, operator)
        return POSITIVE[operator](path, wanted)

    def mention(self, place: int, condition: Condition) -> Q | None:
        """That the words of a condition stand somewhere in the JSON, or None where it may hold without them."""
        if condition.field.stored is None or not (words := words_of(condition)):
            return None
        path = f"asked{place}"
        self.columns[path] = folded_json(condition.field.stored())
        found = Q()
        for word in words:
            found |= Q(**{f"{path}__contains": word})
        return found

    def instant(self, name: str, operator: str, wanted: Any) -> tuple[str, datetime]:
        """Hours since (or until) an instant, as a comparison of the instant itself."""
        if name.startswith("hoursUntil"):
            return operator, self.now + wanted
        return {"greater_than": "less_than", "less_than": "greater_than"}[operator], self.now - wanted


def is_exact(condition: Condition) -> bool:
    """Whether the database judges this condition as Python does."""
    kind, operator, wanted = condition.field.type, condition.operator, condition.wanted
    if type(kind) is Text:
        # Databases fold other letters in their own ways, and white space counts as empty.
        values = wanted if isinstance(wanted, list) else [wanted]
        return operator not in ("is_empty", "is_not_empty") and all(one is not None and one.isascii() for one in values)
    if isinstance(kind, Number):
        # The columns are of whole numbers, and so must be what they are compared with.
        values = wanted if isinstance(wanted, list) else [wanted]
        return all(one is None or isinstance(one, int) for one in values)
    if isinstance(kind, Moment):
        # Milliseconds and whole days are compared in Python.
        return operator in ("greater_than", "less_than", "is_empty", "is_not_empty")
    return isinstance(kind, Hours | Choice | Id | Flag)


# What stands in JSON as it is, whatever wrote it.
IN_A_LIST = re.compile(r"[ !#-\[\]-~]+")
# In a custom field, so that it can be neither a number nor the spelling of anything but a text or a boolean.
IN_A_VALUE = re.compile(r"(?!none$)[a-z][a-z0-9 _.@/-]*")


def words_of(condition: Condition) -> list[str]:
    """Texts of which the JSON has at least one where the condition holds; none when that cannot be said."""
    wanted = condition.wanted if isinstance(condition.wanted, list) else [condition.wanted]
    if isinstance(condition.field.type, Words) and condition.operator in ("is", "contains", "in"):
        form, quote = IN_A_LIST, '"'
    elif isinstance(condition.field.type, Anything) and condition.operator in ("is", "in"):
        form, quote = IN_A_VALUE, ""
    else:
        return []
    if not all(isinstance(one, str) and form.fullmatch(one) for one in wanted):
        return []
    return [f"{quote}{one}{quote}" for one in wanted]


def ranked_beyond(kind: Choice, operator: str, wanted: str) -> tuple[str, ...]:
    at = kind.options.index(wanted)
    return kind.options[at + 1 :] if operator == "greater_than" else kind.options[:at]


def and_present(path: str, positive: Q, wanted: Any, operator: str) -> Q:
    """So that its negation also holds where there is no value."""
    if operator == "is_not_empty" or wanted is None:
        return positive
    return positive & Q(**{f"{path}__isnull": False})
