"""What only a browser shows of the pages under /admin/: their frame, and names of any length."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser import Browse

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE, CONTACTS = "/admin/tickets/", "/admin/people/contact/"


def bar(page: Page) -> int:
    return page.locator("#nav-sidebar").evaluate("bar => bar.offsetWidth")


def test_the_sidebar_is_a_rail_where_agents_work_until_somebody_chooses(browse: Browse, admin: User) -> None:
    page = browse(admin, size=(1280, 900))
    page.goto(CONTACTS)
    full = bar(page)
    page.goto(QUEUE)
    assert bar(page) < 64 < full
    expect(page.get_by_role("link", name="Contacts")).to_have_count(1)
    names = page.get_by_role("button", name="Names in the sidebar")
    expect(names).to_have_attribute("aria-expanded", "false")
    names.click()
    expect(names).to_have_attribute("aria-expanded", "true")
    page.reload()
    assert bar(page) == full
    names.click()
    page.goto(CONTACTS)
    assert bar(page) < 64
