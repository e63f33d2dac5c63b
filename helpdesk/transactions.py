"""How verbs become transactions."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

Verb = TypeVar("Verb", bound=Callable[..., object])


def in_one_transaction(verb: Verb) -> Verb:
    """Everything a verb writes, or nothing: a transaction of its own, or part of the caller's.

    A part has no savepoint: a verb that fails takes the whole transaction down. Whoever means to go on after a
    failure, as a bulk change does, puts an `atomic` of its own around the call.
    """
    return transaction.atomic(savepoint=False)(verb)
