"""How times read on the pages of agents."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from workspace.promises import age, next_promise, span
from workspace.templatetags.workspace import ago, due, initials, linked, stars

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (-5, "0 min"),
        (0.5, "0 min"),
        (59, "59 min"),
        (60, "1 h"),
        (125, "2 h 5 min"),
        (1440, "1 d"),
        (1500, "1 d 1 h"),
        (14460, "10 d"),
    ],
)
def test_lengths_are_told_in_two_units(minutes: float, text: str) -> None:
    assert span(timedelta(minutes=minutes)) == text


@pytest.mark.parametrize(
    ("passed", "text", "sentence"),
    [
        (timedelta(seconds=-5), "now", "just now"),
        (timedelta(minutes=5), "5 min", "5 min ago"),
        (timedelta(hours=23), "23 h", "23 h ago"),
        (timedelta(days=27), "27 d", "27 d ago"),
        (timedelta(days=40), "Jan 29", "on Jan 29"),
        (timedelta(days=400), "Feb 3, 2025", "on Feb 3, 2025"),
    ],
)
def test_ages_are_told_in_one(passed: timedelta, text: str, sentence: str) -> None:
    assert age(NOW - passed, NOW) == text
    with time_machine.travel(NOW, tick=False):
        assert f">{sentence}<" in ago(NOW - passed)


@pytest.mark.parametrize(
    ("minutes", "html"),
    [(-61, "is-late"), (-61, "1 h 1 min late"), (30, "is-soon"), (61, "is-fine"), (61, "1 h 1 min left")],
)
def test_deadlines_tell_how_pressing_they_are(minutes: int, html: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert html in due(NOW + timedelta(minutes=minutes))


def test_the_next_promise_is_the_earliest_that_is_not_kept() -> None:
    hour = timedelta(hours=1)
    row = {
        "resolved_at": None,
        "first_response_at": None,
        "first_response_deadline": NOW + hour,
        "sla_deadline": NOW + 3 * hour,
        "due_date": NOW + 2 * hour,
    }
    found = [
        next_promise(row | changed, NOW)
        for changed in ({}, {"first_response_at": NOW}, {"first_response_at": NOW, "due_date": None})
    ]
    assert [promise and promise.what for promise in found] == ["First reply", "Due", "Resolution"]
    assert next_promise(row | {"resolved_at": NOW}, NOW) is None


def test_names_and_texts_are_shown_safely() -> None:
    assert [initials(name) for name in ("Ada Lovelace", "cher", "", "(Eva) Å. Öberg")] == ["AL", "C", "?", "ÅÖ"]
    assert linked("<b> http://a.example/?x=1") == (
        '&lt;b&gt; <a href="http://a.example/?x=1" rel="nofollow">http://a.example/?x=1</a>'
    )
    assert "<a" not in linked("http://a.example " * 2000)
    assert stars(3) == "★★★☆☆"
