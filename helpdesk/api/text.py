"""The guard against input that no database or browser should ever see.

PostgreSQL refuses NUL with an error; a lone surrogate is stored by SQLite and then breaks every list it is part
of; deep nesting exhausts the stack of whoever walks it. All three are the client's mistake, so they are a 400.
"""

from typing import Any

from helpdesk.errors import Invalid

MAX_DEPTH = 32
MAX_NODES = 250_000
# What a bigint column and every JSON reader can hold exactly enough to give back what was sent.
MAX_NUMBER = 2**63 - 1


def check_text(text: str, name: str = "body") -> None:
    """Refuse text that cannot be stored or encoded; raises Invalid."""
    if "\x00" in text:
        raise Invalid(f"{name} contains a NUL character.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Invalid(f"{name} contains a lone surrogate.") from None


def check_json(document: Any) -> None:
    """Walk a parsed JSON document without recursion and refuse what must not be stored; raises Invalid."""
    pending: list[tuple[Any, int]] = [(document, 0)]
    nodes = 0
    while pending:
        value, depth = pending.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            raise Invalid(f"The request body is nested more than {MAX_DEPTH} levels deep.")
        if nodes > MAX_NODES:
            raise Invalid("The request body has too many values.")
        if isinstance(value, str):
            check_text(value, "The request body")
        elif isinstance(value, dict):
            for key, inner in value.items():
                check_text(key, "The request body")
                pending.append((inner, depth + 1))
        elif isinstance(value, list):
            pending.extend((inner, depth + 1) for inner in value)
        elif isinstance(value, (int, float)) and abs(value) > MAX_NUMBER:
            raise Invalid("The request body contains a number out of range.")
