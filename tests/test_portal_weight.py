"""Pages weigh little and ask nobody else, and each takes as many queries as is said."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.factories import (
    ArticleFactory,
    CompanyFactory,
    CustomFieldFactory,
    FolderFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

OUTSIDE = re.compile(
    r"<(?:link(?! rel=\"canonical)|script|img|source|iframe)[^>]+(?:href|src)=\"(?:https?:)?//", re.IGNORECASE
)


def text_of(answer: Any) -> str:
    return answer.content.decode()


MOST = 60 * 1024  # bytes of HTML, CSS and JavaScript on the first visit


@pytest.fixture(scope="module")
def mia(rows_of_module: None) -> User:
    return UserFactory(username="mia", signed_up=True)


@pytest.fixture(scope="module")
def busy(mia: User) -> Ticket:
    """A request with a long conversation, in a help centre with many articles."""
    category = FolderFactory().category
    for number in range(30):
        folder = FolderFactory(category=category)
        ArticleFactory(
            folder=folder, category=category, content="# One\n\n# Two\n\n# Three\n\nword " * 20, status="published"
        )
        FolderFactory(name=f"Other {number}")
    ticket = TicketFactory(customer=mia)
    for _ in range(20):
        ReplyFactory(ticket=ticket, content="Some words. " * 20)
        TicketFactory(customer=mia)
    return ticket


def test_a_first_visit_weighs_little_and_asks_nobody_else(browser: Client, busy: Ticket) -> None:
    slug = ArticleFactory(status="published", content="Some words, https://example.com. " * 100).slug
    for path in (
        "/help/",
        f"/help/articles/{slug}",
        "/requests/",
        f"/requests/{busy.ticket_number}",
        "/requests/new?subject=word",
        "/portal/account",
    ):
        page = text_of(browser.get(path))
        assert not OUTSIDE.search(page)
        files = re.findall(r'(?:href|src)="(/assets/[^"]+)', page)
        assert {file.rsplit(".", 1)[1] for file in files} == {"css", "js", "svg"}
        weight = len(page.encode()) + sum(len(b"".join(browser.get(file))) for file in set(files))
        assert weight <= MOST, f"{path}: {weight} bytes"
        assert not re.search(r"\sstyle=|<style|<script(?! src)", page)


# --- Queries ------------------------------------------------------------------------------------------

# Page, and its queries for a guest and for somebody signed in (session and person among them).
QUERIES = {
    "/help/": (2, 4),
    "/help/search?q=word": (2, 4),
    "/help/suggest?q=word": (2, 4),
    "/help/categories/{category}": (3, 5),
    "/help/folders/{folder}": (2, 4),
    "/help/articles/{slug}": (5, 7),
    "/sitemap.xml": (5, 7),
    "/help/feed.xml": (1, 3),
    "/portal/sign-in": (0, 2),
    "/requests/": (0, 7),
    "/requests/new": (0, 2),
    "/requests/new?subject=word": (0, 5),
    "/requests/{number}": (0, 8),
    "/requests/{number}/sent": (0, 3),
    "/portal/account": (0, 2),
    "/portal/account/sessions": (0, 3),
}


@pytest.mark.parametrize("path", QUERIES)
def test_pages_take_as_many_queries_as_is_said_however_much_there_is(
    browser: Client, mia: User, busy: Ticket, path: str
) -> None:
    company = CompanyFactory(shares_tickets=True)
    User.objects.filter(pk=mia.pk).update(company=company)
    folder = FolderFactory()
    article = ArticleFactory(folder=folder, category=folder.category, status="published", content="word")
    ArticleFactory(folder=folder, category=folder.category, status="published", content="word")
    TicketFactory(customer=mia, status="resolved", resolved_at=timezone.now())
    address = path.format(category=folder.category_id, folder=folder.pk, slug=article.slug, number=busy.ticket_number)
    found = []
    for client in (Client(), browser):
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        found.append(len(asked))
    # SQLite is asked how common a word is; PostgreSQL knows.
    fewer = int(connection.vendor == "postgresql" and "word" in path)
    assert found == [max(0, count - fewer) for count in QUERIES[path]]


def test_no_id_stands_twice_in_a_page(browser: Client, busy: Ticket) -> None:
    CustomFieldFactory(name="main", customer_can_view=True, customer_can_edit=True)
    slug = ArticleFactory(status="published", content="# Main\n\n# Main\n\n# Q").slug
    for path in (
        f"/requests/{busy.ticket_number}",
        "/requests/new?subject=x",
        "/portal/account",
        f"/help/articles/{slug}",
    ):
        ids = re.findall(r'\sid="([^"]+)"', text_of(browser.get(path)))
        assert sorted(ids) == sorted(set(ids)), path
