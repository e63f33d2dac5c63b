"""The browser that other tests of pages use works here, and notices what no page may do."""

import pytest

from accounts.models import User
from tests.browser import Browse, strange

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_opens_signed_in(browse: Browse, admin: User) -> None:
    page = browse(admin)
    page.goto("/admin/")
    assert page.get_by_role("link", name="HelpDesk").first.is_visible()


def test_without_an_account_the_sign_in_page_opens(browse: Browse) -> None:
    page = browse()
    page.goto("/admin/")
    assert page.locator("input[name=username]").is_visible()


@pytest.mark.parametrize(
    ("url", "is_strange"),
    [("http://localhost:1/static/a.css", False), ("data:image/png;base64,", False), ("https://fonts.example/a", True)],
)
def test_requests_to_other_hosts_are_noticed(url: str, is_strange: bool) -> None:
    assert bool(strange(url, "http://localhost:1")) is is_strange
