"""camelCase at the edge, snake_case inside."""

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def camel(name: str) -> str:
    """
    >>> camel("first_response_at")
    'firstResponseAt'
    """
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


@lru_cache(maxsize=1024)
def snake(name: str) -> str:
    """
    >>> snake("firstResponseAt")
    'first_response_at'
    """
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
