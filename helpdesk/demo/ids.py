"""Ids and moments as the texts in which both databases take them."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def id_at(moment: int, random: Random, order: int = 0) -> str:
    """A UUID version 7, as 32 hex digits, of a moment in milliseconds since 1970.

    Its random part comes from the given source, so it is the same each time; `order` sorts within a millisecond.
    """
    return f"{moment << 80 | 0x7 << 76 | (order & 0xFFF) << 64 | 0b10 << 62 | random.getrandbits(62):032x}"


def dashed(key: str) -> str:
    """An id as people read it."""
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"


def text_of(moment: int) -> str:
    """UTC without an offset: SQLite compares moments as text, so this is the very form that Django writes."""
    minutes, rest = divmod(moment, 60_000)
    days, minutes = divmod(minutes, 24 * 60)
    seconds, fraction = divmod(rest, 1000)
    # A million tickets have twenty million moments, on a few hundred days.
    return f"{text_of_day(days)} {text_of_minute(minutes)}:{seconds:02d}" + (f".{fraction:03d}000" if fraction else "")


@lru_cache(maxsize=1000)
def text_of_day(number: int) -> str:
    return f"{EPOCH + timedelta(days=number):%Y-%m-%d}"


@lru_cache(maxsize=24 * 60)
def text_of_minute(number: int) -> str:
    return f"{number // 60:02d}:{number % 60:02d}"


def moment_of(number: int) -> datetime:
    return EPOCH + timedelta(milliseconds=number)


def milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
