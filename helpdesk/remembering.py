"""Questions that are asked once for many things done in a row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_answers: ContextVar[dict[Callable[..., Any], Any] | None] = ContextVar("answers", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Within this block what is `once` is asked once: for one transaction that does the same many times."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def once(ask: Callable[[], Answer]) -> Callable[[], Answer]:
    """Have a question, whose answer nobody changes within a block that remembers, asked once in it."""

    @wraps(ask)
    def asked() -> Answer:
        answers = _answers.get()
        if answers is None:
            return ask()
        if ask not in answers:
            answers[ask] = ask()
        return answers[ask]

    return asked
