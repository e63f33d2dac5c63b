"""Whether something speaks of somebody: of their name or address as a whole, not of another's that holds it."""

import re
from collections.abc import Iterable
from typing import Any

import orjson

NOTHING = r"(?!)"


def pattern_of(words: Iterable[str]) -> re.Pattern[str]:
    """Finds names and addresses, whatever their case.

    >>> found = pattern_of(["Al", "al@example.org"])
    >>> [bool(found.search(text)) for text in ("as Al says", "Alma", "to <AL@example.org>.", "to pal@example.org")]
    [True, False, True, False]
    """
    return re.compile("|".join(whole(word) for word in words if word.strip()) or NOTHING, re.IGNORECASE)


def whole(words: str) -> str:
    escaped = r"\s+".join(map(re.escape, words.split()))
    return rf"(?<![\w.%+-]){escaped}(?![\w-]|\.\w)" if "@" in words else rf"(?<!\w){escaped}(?!\w)"


def mentions(value: Any, pattern: re.Pattern[str]) -> bool:
    """Whether a text does, or any text in a value as JSON has it."""
    if isinstance(value, str):
        return bool(pattern.search(value))
    if isinstance(value, dict):
        return any(mentions(part, pattern) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(mentions(part, pattern) for part in value)


def mentioned_in(document: str, pattern: re.Pattern[str]) -> bool:
    """Whether any text in a JSON document does; of one that is damaged nobody can tell, so it counts."""
    try:
        return mentions(orjson.loads(document), pattern)
    except ValueError:
        return True
