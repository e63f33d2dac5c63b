"""Values as JSON has them."""

import json
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON has it; for Python, true equals 1 and false equals 0.

    >>> same([1, {"a": True}], [1.0, {"a": True}]), same([1], [True])
    (True, False)
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def spellings(text: str) -> list[str]:
    """How a text may stand in a JSON column: as it is, or with everything but ASCII escaped.

    >>> spellings("Jörg")
    ['Jörg', 'J\\u00f6rg']
    """
    return list(dict.fromkeys([text, json.dumps(text)[1:-1]]))
