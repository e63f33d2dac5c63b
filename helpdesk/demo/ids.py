"""Ids and moments as the texts in which both databases take them."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def id_at(moment: int, random: Random, order: int = 0) -> str:
    """A UUID version 7, as 32 hex digits, of a moment in milliseconds since 1970.

    Its random part comes from the given source, so it is the same each time; `order` sorts within a millisecond.
    """
    return f"{moment << 80 | 0x7 << 76 | (order & 0xFFF) << 64 | 0b10 << 62 | random.getrandbits(62):032x}"


def dashed(key: str) -> str:
    """An id as people read it."""
    return str(UUID(key))


def text_of(moment: int) -> str:
    """UTC without an offset: SQLite compares moments as text, so this is the very form that Django writes."""
    return str(EPOCH + timedelta(milliseconds=moment))[:-6]


def moment_of(number: int) -> datetime:
    return EPOCH + timedelta(milliseconds=number)


def milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
