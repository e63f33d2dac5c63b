"""Answers that take long to work out: kept in the cache for a while, and worked out by one at a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

from .ids import new_id

Answer = TypeVar("Answer")

PATIENCE = 60  # seconds that anybody may be at work; whoever takes longer has died
LOOK = 0.1  # seconds between two looks for the answer of somebody else


def kept(key: str, work: Callable[[], Answer], *, fresh: float, kept_for: float) -> Answer:
    """What `work` answers, or has answered within the last `fresh` seconds.

    Once that is over, whoever asks first works it out anew, and the others are given the former answer meanwhile, so
    long as it is kept. Where there is none, they wait for the new one. All processes that share a cache take part.
    """
    lock, mine = f"{key}:lock", str(new_id())
    patience = time.monotonic() + 2 * PATIENCE
    while True:
        found = cache.get(key)
        if found is not None and time.time() - found[0] < fresh:
            return found[1]
        if cache.add(lock, mine, PATIENCE) or time.monotonic() > patience:
            try:
                answer = work()
                cache.set(key, (time.time(), answer), kept_for)
            finally:
                if cache.get(lock) == mine:
                    cache.delete(lock)
            return answer
        if found is not None:
            return found[1]
        time.sleep(LOOK)
