"""Answers that take long to work out: kept in the cache for a while, and worked out by one at a time."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from django.core.cache import cache

from .ids import new_id

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PATIENCE = 60  # seconds that anybody may be at work; whoever takes longer has died
WAIT = 8  # seconds to wait for somebody else where there is no former answer; then everybody helps themselves
BACK_OFF = 30  # seconds until work that failed is tried again, so long as there is a former answer
LOOK = 0.1  # seconds between two looks for the answer of somebody else


def kept(key: str, work: Callable[[], Answer], *, fresh: float, kept_for: float) -> Answer:
    """What `work` answers, or has answered within the last `fresh` seconds.

    Once that is over, whoever asks first works it out anew, and the others are given the former answer meanwhile, so
    long as it is kept; so is everybody when the work fails. Where there is none, they wait for the new one. All
    processes that share a cache take part, and without a cache that works each helps itself.
    """
    lock, mine = f"{key}:lock", str(new_id())
    patience = time.monotonic() + WAIT
    while True:
        try:
            found = cache.get(key)
            if found is not None and 0 <= time.time() - found[0] < fresh:
                return found[1]
            is_mine = cache.add(lock, mine, PATIENCE)
        except Exception:  # whatever the client of a cache raises that is away
            logger.exception("The cache does not answer")
            return work()
        if is_mine or (found is None and time.monotonic() > patience):
            return worked_out(key, work, found, kept_for, lock, mine)
        if found is not None:
            return found[1]
        time.sleep(LOOK)


def worked_out(key: str, work: Callable[[], Answer], found: Any, kept_for: float, lock: str, mine: str) -> Answer:
    try:
        answer = work()
    except Exception:
        if found is None:
            release(lock, mine)
            raise
        logger.exception("What is kept as %s could not be worked out anew", key)
        with suppress(Exception):
            cache.set(lock, mine, BACK_OFF)
        return found[1]
    try:
        cache.set(key, (time.time(), answer), kept_for)
    except Exception:
        logger.exception("The cache does not answer")
    release(lock, mine)
    return answer


def release(lock: str, mine: str) -> None:
    with suppress(Exception):
        if cache.get(lock) == mine:
            cache.delete(lock)
