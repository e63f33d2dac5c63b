"""Answers that take long are worked out by one at a time, whoever asks meanwhile and whoever dies."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

from helpdesk import keeping
from helpdesk.keeping import kept


class Work:
    """Answers one, two, … and takes as long as the test wants."""

    def __init__(self) -> None:
        self.times = 0
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def __call__(self) -> int:
        self.times += 1
        answer = self.times
        self.begun.set()
        assert self.go_on.wait(10)
        return answer


@pytest.fixture
def work() -> Iterator[Work]:
    cache.clear()
    yield Work()
    cache.clear()


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def ask(work: Callable[[], int], *, fresh: float = 60) -> int:
    return kept("answer", work, fresh=fresh, kept_for=600)


def test_an_answer_is_kept_while_it_is_fresh(work: Work) -> None:
    assert [ask(work), ask(work), ask(work, fresh=0)] == [1, 1, 2]


def test_who_asks_while_one_is_at_work_is_given_the_former_answer(work: Work, aside: ThreadPoolExecutor) -> None:
    ask(work)
    work.begun.clear()
    work.go_on.clear()
    at_work = aside.submit(ask, work, fresh=0)
    assert work.begun.wait(10)
    assert [ask(work, fresh=0) for _ in range(3)] == [1, 1, 1]
    work.go_on.set()
    assert (at_work.result(10), ask(work), work.times) == (2, 2, 2)


def test_where_there_is_no_answer_yet_all_wait_for_the_first_one(work: Work, aside: ThreadPoolExecutor) -> None:
    work.go_on.clear()
    asked = [aside.submit(ask, work) for _ in range(6)]
    assert work.begun.wait(10)
    work.go_on.set()
    assert [one.result(10) for one in asked] == [1] * 6
    assert work.times == 1


def test_who_died_at_work_is_replaced(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "WAIT", 0.2)
    cache.add("answer:lock", "somebody who is gone", 60)
    assert [ask(work), ask(work)] == [1, 1]
    assert cache.get("answer:lock") == "somebody who is gone"


def test_who_fails_keeps_nobody_from_trying(work: Work) -> None:
    with pytest.raises(ZeroDivisionError):
        ask(lambda: 1 // 0)
    assert ask(work) == 1


def test_while_the_work_fails_the_former_answer_is_given_and_nobody_tries_at_once(work: Work) -> None:
    ask(work)
    tried: list[int] = []

    def fails() -> int:
        tried.append(1)
        return 1 // 0

    assert [ask(fails, fresh=0) for _ in range(3)] == [1, 1, 1]
    assert len(tried) == 1
    cache.delete("answer:lock")  # a while later
    assert ask(work, fresh=0) == 2


@pytest.mark.parametrize("verb", ["get", "add", "set", "delete"])
def test_without_a_cache_each_helps_itself(work: Work, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    def is_away(*args: object, **kwargs: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(keeping.cache, verb, is_away)
    assert ask(work) == 1


def test_an_answer_of_a_clock_that_was_set_back_is_not_fresh_for_long(work: Work) -> None:
    cache.set("answer", (time.time() + 3600, 7), 600)
    assert [ask(work), ask(work)] == [1, 1]
