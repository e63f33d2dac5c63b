"""The help centre: found, read, and told apart by search engines."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from accounts.models import User
from knowledge_base.contents import with_contents
from knowledge_base.markdown import to_html
from knowledge_base.models import Article, ArticleFeedback, ArticleViews
from knowledge_base.services import update_article
from tests.factories import ArticleFactory, CategoryFactory, FolderFactory

pytestmark = pytest.mark.django_db

TEXT = """Intro.

# First things

Text with | nothing.

## Inside *them*

# First things

| a | b |
|---|--:|
| 1 | 2 |

### Deep
"""


@pytest.fixture
def article(db: None) -> Article:
    folder = FolderFactory(name="Invoices", category=CategoryFactory(name="Billing", icon="credit-card"))
    return ArticleFactory(
        folder=folder,
        category=folder.category,
        title="Where invoices are",
        slug="where-invoices-are",
        content=TEXT,
        excerpt="All about invoices.",
        status="published",
        seo_title="Find your invoices",
        seo_description="How to find & print <invoices>.",
    )


def page(path: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


# --- Reading ------------------------------------------------------------------------------------------


def test_the_root_leads_to_the_help_centre(article: Article) -> None:
    assert Client().get("/")["Location"] == "/help/"
    home = page("/help/")
    assert "Billing" in home
    assert "1 article" in home
    assert home.index('id="q"') < home.index("Billing"), "search comes first"


def test_from_category_to_folder_to_article(article: Article) -> None:
    category = page(f"/help/categories/{article.category_id}")
    assert f"/help/folders/{article.folder_id}" in category
    assert f"/help/articles/{article.slug}" in page(f"/help/folders/{article.folder_id}")
    text = page(f"/help/articles/{article.slug}")
    trail = re.findall(r'class="trail">(.*?)</ol>', text, re.DOTALL)[0]
    assert [name for name in ("Help centre", "Billing", "Invoices") if name in trail] == [
        "Help centre",
        "Billing",
        "Invoices",
    ]


def test_an_article_has_contents_and_one_headline(article: Article) -> None:
    text = page(f"/help/articles/{article.slug}")
    assert re.findall(r"<h1>(.*?)</h1>", text) == ["Where invoices are"]
    anchors = re.findall(r'href="#(s-[^"]+)"', text)
    assert anchors == ["s-first-things", "s-inside-them", "s-first-things-2", "s-deep"]
    for anchor in anchors:
        assert f'id="{anchor}"' in text
    assert '<div class="scroll" tabindex="0"><table>' in text
    assert 'class="to-right"' in text
    assert " style=" not in text
    assert "Last updated on" in text


def test_headings_begin_below_the_pages_own_and_skip_no_level() -> None:
    text, contents = with_contents(to_html("### Three\n\n###### Six\n\n#"))
    assert re.findall(r"<(h\d) id", text) == ["h3", "h4", "h2"]
    assert [(heading.text, heading.depth) for heading in contents] == [("Three", 1), ("Six", 2)]


@pytest.mark.parametrize("title", ["Content", "q", "found", "toc", "<img src=x onerror=alert(1)>", "&lt;b&gt;"])
def test_no_heading_takes_the_place_of_a_part_of_the_page(title: str) -> None:
    text, contents = with_contents(to_html(f"# {title}"))
    assert all(heading.anchor.startswith("s-") for heading in contents)
    assert "<img" not in text


def test_former_slugs_lead_to_the_present_one_for_good(article: Article, admin: User) -> None:
    update_article(article.pk, actor=admin, slug="invoices-anew")
    moved = Client().get("/help/articles/where-invoices-are")
    assert (moved.status_code, moved["Location"]) == (301, "/help/articles/invoices-anew")
    update_article(article.pk, actor=admin, status="draft")
    assert Client().get("/help/articles/where-invoices-are").status_code == 404
    assert Client().get("/help/articles/nothing").status_code == 404


def test_related_articles_are_those_one_may_read(article: Article) -> None:
    near = ArticleFactory(category=article.category, title="Paying them", status="published")
    hidden = FolderFactory(category=article.category, visibility="agents")
    ArticleFactory(category=article.category, folder=hidden, title="For our eyes only", status="published")
    ArticleFactory(category=article.category, title="Not yet written", status="draft")
    text = page(f"/help/articles/{article.slug}")
    assert f"/help/articles/{near.slug}" in text
    assert not any(title in text for title in ("For our eyes only", "Not yet written"))


def test_readers_are_counted_and_staff_are_not(article: Article, customer: User, agent: User) -> None:
    for user in (None, customer, agent):
        client = Client()
        if user:
            client.force_login(user)
        page(f"/help/articles/{article.slug}", client)
    assert sum(ArticleViews.objects.values_list("count", flat=True)) == 2


# --- Searching ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/help/search", "/help/suggest"])
@pytest.mark.parametrize("words", ["invoices", "INVOI", "first things"])
def test_articles_are_found_as_a_page_and_while_typing(article: Article, path: str, words: str) -> None:
    answer = page(f"{path}?q={words}")
    assert f"/help/articles/{article.slug}" in answer
    assert "<mark>" in answer


@pytest.mark.parametrize("words", ["", "zzz", "%00", "a " * 150, '"><script>alert(1)</script>', "' OR 1=1 --"])
def test_a_search_for_anything_has_an_answer(article: Article, words: str) -> None:
    for path in ("/help/search", "/help/suggest"):
        assert "<script>alert" not in page(f"{path}?q={words}")


def test_who_finds_nothing_can_ask_with_the_same_words(article: Article) -> None:
    assert '?subject=lost%20parcel"' in page("/help/search?q=lost parcel")
    assert '?subject=lost%20parcel"' in page("/help/suggest?q=lost parcel")


# --- Feedback -----------------------------------------------------------------------------------------


def test_readers_say_whether_it_helped(article: Article, customer: User) -> None:
    path = f"/help/articles/{article.slug}/feedback"
    client = Client()
    client.force_login(customer)
    client.post(path, {"helpful": "no", "comment": "Too short"})
    client.post(path, {"helpful": "yes", "comment": ""})
    Client().post(path, {"helpful": "yes"})
    Client().post(path, {"helpful": "perhaps"})
    article.refresh_from_db()
    assert (article.helpful_count, article.not_helpful_count) == (2, 0)
    assert set(ArticleFeedback.objects.values_list("user", "is_helpful")) == {(customer.pk, True), (None, True)}


def test_feedback_is_throttled(article: Article) -> None:
    for _ in range(40):
        Client().post(f"/help/articles/{article.slug}/feedback", {"helpful": "no"})
    article.refresh_from_db()
    assert article.not_helpful_count <= 30


# --- Search engines -----------------------------------------------------------------------------------


def test_search_engines_learn_what_an_article_is_about(article: Article, settings: Any) -> None:
    settings.BASE_URL = "https://help.example.com"
    head = page(f"/help/articles/{article.slug}").split("</head>")[0]
    assert "<title>Find your invoices – HelpDesk</title>" in head
    assert '<meta name="description" content="How to find &amp; print &lt;invoices&gt;.">' in head
    assert '<link rel="canonical" href="https://help.example.com/help/articles/where-invoices-are">' in head
    assert "noindex" not in head


def test_what_is_not_for_everybody_is_not_for_search_engines(customer: User) -> None:
    folder = FolderFactory(visibility="logged_in")
    article = ArticleFactory(folder=folder, category=folder.category, status="published")
    client = Client()
    client.force_login(customer)
    assert "noindex" in page(f"/help/articles/{article.slug}", client)
    assert "noindex" in page("/portal/sign-in")


def test_the_sitemap_and_the_feed_are_well_formed(article: Article) -> None:
    places = [one.text for one in ElementTree.fromstring(page("/sitemap.xml")).iter() if one.tag.endswith("loc")]
    assert [place.removeprefix("http://127.0.0.1:8000") for place in places if place] == [
        "/help/",
        f"/help/categories/{article.category_id}",
        f"/help/folders/{article.folder_id}",
        f"/help/articles/{article.slug}",
    ]
    feed = ElementTree.fromstring(page("/help/feed.xml"))
    assert [one.text for one in feed.iter() if one.tag.endswith("title")] == [
        "HelpDesk – Help centre",
        "Where invoices are",
    ]
    Article.objects.update(title="Bell \x07 and \ufffe", excerpt="\x0b")
    assert "<title>Bell  and </title>" in page("/help/feed.xml")
    robots = page("/robots.txt")
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in robots
    assert "Disallow: /requests" in robots
