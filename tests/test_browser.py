"""The browser that tests of pages use notices what no page may do."""

import pytest

from tests.browser import strange


@pytest.mark.parametrize(
    ("url", "is_strange"),
    [("http://localhost:1/static/a.css", False), ("data:image/png;base64,", False), ("https://fonts.example/a", True)],
)
def test_requests_to_other_hosts_are_noticed(url: str, is_strange: bool) -> None:
    assert bool(strange(url, "http://localhost:1")) is is_strange
