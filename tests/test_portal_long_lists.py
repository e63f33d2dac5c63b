"""Long conversations and long lists come page by page; nothing is out of reach, and nothing weighs too much."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from knowledge_base.services import delete_article, update_article, update_folder
from tests.factories import ArticleFactory, CategoryFactory, FolderFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.models import Status
from tickets.services import update_ticket

pytestmark = pytest.mark.django_db

MOST = 60 * 1024


def text_of(answer: Any) -> str:
    return answer.content.decode()


def weight(client: Client, page: str) -> int:
    files = set(re.findall(r'(?:href|src)="(/assets/[^"]+)', page))
    return len(page.encode()) + sum(len(b"".join(client.get(file))) for file in files)


def pages_of(client: Client, path: str, link: str) -> list[str]:
    """A page, and those that its links lead to, one after the other."""
    found = [text_of(client.get(path))]
    while onward := re.search(link, found[-1]):
        answer = client.get(path.partition("?")[0] + onward[1].replace("&amp;", "&"))
        assert answer.status_code == 200
        found.append(text_of(answer))
    return found


@pytest.mark.parametrize("status", [Status.PENDING, Status.OPEN, Status.RESOLVED])
def test_every_request_is_reached_from_the_list(browser: Client, mia: User, status: str) -> None:
    done = {"resolved_at": timezone.now()} if status == Status.RESOLVED else {}
    numbers = {TicketFactory(customer=mia, status=status, **done).ticket_number for _ in range(38)}
    TicketFactory(customer=mia, status="in_progress")
    pages = pages_of(browser, "/requests/", r'href="(\?show=mine&amp;group=\w+&amp;before=\d+)"')
    listed = [int(number) for page in pages for number in re.findall(r'href="/requests/(\d+)"', page)]
    assert numbers <= set(listed)
    assert len(listed) == len(set(listed)) == 39
    assert "To the newest requests" in pages[-1]


def test_a_list_and_a_conversation_of_the_longest_weigh_no_more_than_is_promised(browser: Client, mia: User) -> None:
    for status in ("open", "pending", "resolved"):
        for _ in range(20):
            TicketFactory(customer=mia, status=status, subject="Long words " * 18)
    ticket = TicketFactory(customer=mia)
    for _ in range(50):
        ReplyFactory(ticket=ticket, content="Some words & more. " * 100)
    for path in ("/requests/", f"/requests/{ticket.ticket_number}"):
        page = text_of(browser.get(path))
        assert weight(browser, page) <= MOST, path


def test_earlier_messages_are_a_page_away_each_once_and_with_what_happened(browser: Client, mia: User) -> None:
    start = timezone.now() - timedelta(days=9)
    ticket = TicketFactory(customer=mia, description="The very beginning", created_at=start)
    update_ticket(ticket, actor=None, status="in_progress")
    for number in range(45):
        ReplyFactory(ticket=ticket, content=f"Message {number}.", created_at=start + timedelta(hours=number // 2))
    ReplyFactory(ticket=ticket, content="Internal", is_internal=True)
    update_ticket(ticket, actor=None, status="pending")
    path = f"/requests/{ticket.ticket_number}"
    pages = pages_of(browser, path, r'href="(\?before=[0-9a-f-]{36})"')
    assert len(pages) == 3
    said = [int(number) for page in pages for number in re.findall(r"Message (\d+)\.", page)]
    assert sorted(said) == list(range(45))
    assert [("The very beginning" in page) for page in pages] == [False, False, True]
    assert [("To the newest messages" in page) for page in pages] == [False, True, True]
    assert sum(page.count("We are waiting for your answer") for page in pages) == 1
    assert not any("Internal" in page for page in pages)


@pytest.mark.parametrize("before", ["nonsense", "01a2109f-0000-7000-8000-000000000000", "internal", "foreign"])
def test_a_page_begins_at_no_message_that_is_not_theirs(browser: Client, mia: User, before: str) -> None:
    ticket = TicketFactory(customer=mia)
    known = {
        "internal": ReplyFactory(ticket=ticket, is_internal=True).pk,
        "foreign": ReplyFactory(ticket=TicketFactory()).pk,
    }
    answer = browser.get(f"/requests/{ticket.ticket_number}", {"before": str(known.get(before, before))})
    assert answer.status_code == 404


def test_one_very_long_message_is_shown(browser: Client, mia: User) -> None:
    ticket = TicketFactory(customer=mia)
    for words in ("Short.", "x" * 60_000, "Last."):
        ReplyFactory(ticket=ticket, content=words)
    pages = pages_of(browser, f"/requests/{ticket.ticket_number}", r'href="(\?before=[0-9a-f-]{36})"')
    assert "Last." in pages[0]
    assert any("Short." in page for page in pages)


# --- The help centre ----------------------------------------------------------------------------------


def test_folders_and_categories_with_many_articles_come_page_by_page() -> None:
    folder = FolderFactory()
    for number in range(120):
        place = folder if number % 2 else None
        ArticleFactory(
            title=f"A long title of an article, number {number:03}",
            slug=f"article-{number:03}", folder=place, category=folder.category, status="published",
        )  # fmt: skip
    client = Client()
    for path, wanted in (
        (f"/help/folders/{folder.pk}", range(1, 120, 2)),
        (f"/help/categories/{folder.category_id}", range(0, 120, 2)),
    ):
        pages = pages_of(client, path, r'rel="next" href="(\?page=\d+)"')
        found = {int(number) for page in pages for number in re.findall(r"article-(\d+)", page)}
        assert set(wanted) <= found
        assert all(weight(client, page) <= MOST for page in pages)
        assert 'rel="prev"' in pages[-1]
        for nonsense in ("0", "-1", "x", "²", "99", "9" * 30):
            assert client.get(path, {"page": nonsense}).status_code == 404


def test_search_engines_find_what_everybody_may_read_and_nothing_else() -> None:
    shown, empty, hidden = FolderFactory(), FolderFactory(), FolderFactory(visibility="logged_in")
    for folder in (shown, hidden):
        ArticleFactory(folder=folder, category=folder.category, status="published")
    ArticleFactory(folder=empty, category=empty.category)
    client = Client()
    sitemap = text_of(client.get("/sitemap.xml"))
    assert f"/help/folders/{shown.pk}</loc>" in sitemap
    assert str(empty.pk) not in sitemap
    assert str(hidden.pk) not in sitemap
    assert hidden.articles.get().slug not in sitemap
    for path in ("/help/", f"/help/categories/{shown.category_id}", f"/help/folders/{shown.pk}"):
        page = text_of(client.get(path, {"utm_source": "x"}))
        assert f'<link rel="canonical" href="http://127.0.0.1:8000{path}">' in page
        assert "noindex" not in page
    assert "noindex" in text_of(client.get(f"/help/folders/{empty.pk}"))
    reader = Client()
    reader.force_login(UserFactory(signed_up=True))
    assert "noindex" in text_of(reader.get(f"/help/folders/{hidden.pk}"))


def test_search_engines_are_told_for_two_questions_that_nothing_has_changed() -> None:
    folder = FolderFactory()
    one, other = (ArticleFactory(folder=folder, category=folder.category, status="published") for _ in range(2))
    client, seen = Client(), set()

    def asked(etag: str) -> Any:
        return client.get("/sitemap.xml", headers={"If-None-Match": etag})

    hidden = FolderFactory(visibility="agents")
    changes: list[Callable[[], Any]] = [
        lambda: None,
        lambda: update_article(one.pk, actor=None, title="New"),
        lambda: delete_article(other.pk, actor=None),
        lambda: update_folder(folder.pk, actor=None, visibility="agents"),
        lambda: ArticleFactory(folder=hidden, category=hidden.category, status="published"),
    ]
    etag = ""
    for number, change in enumerate(changes, 1):
        change()
        answer = asked(etag)
        if number < len(changes):
            assert answer.status_code == 200
            etag = answer["ETag"]
        seen.add(etag)
        with CaptureQueriesContext(connection) as queries:
            unchanged = asked(etag)
        assert (unchanged.status_code, unchanged.content, len(queries)) == (304, b"", 2)
    assert len(seen) == len(changes) - 1


def test_more_addresses_than_one_sitemap_can_hold_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.sitemap.MAX_LISTED", 3)
    category = CategoryFactory()
    slugs: list[str] = [ArticleFactory(category=category, status="published").slug for _ in range(4)]
    hidden = ArticleFactory(category=category)
    client = Client()
    parts = re.findall("<loc>http://127.0.0.1:8000(.*)</loc>", text_of(client.get("/sitemap.xml")))
    assert parts == ["/sitemap-1.xml", "/sitemap-2.xml", "/sitemap-3.xml"]
    found: list[list[str]] = [re.findall("8000(.*)</loc>", text_of(client.get(path))) for path in parts]
    articles = [f"/help/articles/{slug}" for slug in slugs]
    assert found == [["/help/", f"/help/categories/{category.pk}"], articles[:3], articles[3:]]
    assert str(hidden.slug) not in str(found)
    for number in (0, 4):
        assert client.get(f"/sitemap-{number}.xml").status_code == 404
