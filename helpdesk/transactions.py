"""How verbs become transactions, and how transactions wait for each other."""

from collections.abc import Callable
from enum import Enum, unique
from typing import TypeVar

from django.db import connection, transaction

Verb = TypeVar("Verb", bound=Callable[..., object])


def in_one_transaction(verb: Verb) -> Verb:
    """Everything a verb writes, or nothing: a transaction of its own, or part of the caller's.

    A part has no savepoint: a verb that fails takes the whole transaction down. Whoever means to go on after a
    failure, as a bulk change does, puts an `atomic` of its own around the call.
    """
    return transaction.atomic(savepoint=False)(verb)


@unique
class Lock(Enum):
    """What only one transaction does at a time, where there is no row to lock.

    The numbers are PostgreSQL's and arbitrary, but the same in every process and release.
    """

    HIERARCHY = 7_202_601  # parents of tickets
    ADMINS = 7_202_602  # retiring one of the last admins
    USERNAMES = 7_202_603  # of one stem
    FIRST_START = 7_202_604
    DEMO = 7_202_605
    CUSTOM_FIELDS = 7_202_606  # definitions, not values
    ASSIGNMENTS = 7_202_607  # within one group
    SCHEDULES = 7_202_608
    MERGES = 7_202_609  # of contacts: each also changes those that were merged before
    ADMIN_PAGES = 7_202_611  # saving one row by its page


def take(lock: Lock, of: str | None = None) -> None:
    """Wait until no other transaction has the lock, or the lock of this one thing, and keep it to the end of ours.

    On SQLite there is nothing to do: only one transaction writes at a time anyway.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        if of is None:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock.value])
        else:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [lock.value, of])
