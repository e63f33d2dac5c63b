"""Settings and knowledge base for those who use a keyboard, a screen reader or a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import User
from automation.admin.recipes import RECIPES
from tests.axe import serious
from tests.browser import NARROW, WIDE, Browse
from tests.factories import ApiKeyFactory, ArticleFactory, CategoryFactory

pytestmark = pytest.mark.django_db

PAGES = (
    reverse("admin:accounts_apikey_changelist"),
    f"{reverse('admin:automation_automationrule_add')}?recipe={RECIPES[-1].key}",
    reverse("admin:sla_businesshours_add"),
    reverse("admin:sla_slapolicy_add"),
    reverse("admin:knowledge_base_category_changelist"),
)


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (NARROW, True)], ids=["wide", "narrow and dark"])
def test_pages_can_be_read_by_everybody(browse: Browse, admin: User, size: tuple[int, int], dark: bool) -> None:
    ApiKeyFactory(name="A name " * 20)
    CategoryFactory(name="x" * 100)
    article = ArticleFactory(content="# Refunds\n\nWithin [14 days](https://example.com).")
    page = browse(admin, size=size, dark=dark)
    problems = []
    for path in (*PAGES, reverse("admin:knowledge_base_article_change", args=[article.pk])):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        # Scrolling parts of a list have one name between them, which is unfold's.
        problems += [f"{path} {problem}" for problem in serious(page, but=["landmark-unique"])]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            problems.append(f"{path} is wider than the screen")
    assert not problems, "\n".join(problems)


def test_the_sidebar_is_skipped_by_keyboard(browse: Browse, admin: User) -> None:
    page = browse(admin)
    page.goto(PAGES[0])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Hide or show the sidebar")).to_be_focused()
