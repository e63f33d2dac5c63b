"""Looking for an answer in the knowledge base: who finds what, in which order, and where the words stand."""

from collections.abc import Callable
from typing import Any

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from helpdesk.highlights import Highlighted, highlighted, passage, placed_words
from helpdesk.words import asked_words, words_of
from knowledge_base.markdown import to_text
from knowledge_base.models import Article
from knowledge_base.searching import search
from knowledge_base.services import create_article
from tests.client import ApiClient
from tests.factories import CategoryFactory, FolderFactory, UserFactory
from tests.test_search import WORDS

Write = Callable[..., Article]


@pytest.fixture
def write(db: None) -> Write:
    """Publishes an article, for everybody unless `visibility` says otherwise."""
    category = CategoryFactory()

    def written(title: str, content: str = "Nothing.", *, visibility: str = "", **values: Any) -> Article:
        place = {"folder_id": FolderFactory(visibility=visibility).pk} if visibility else {"category_id": category.pk}
        return create_article(
            actor=None, **{"title": title, "content": content, "status": "published"} | place | values
        )

    return written


def titles(words: str, *, visible_to: User | None = None, limit: int = 10) -> list[str]:
    return [hit.title.text for hit in search(words, visible_to=visible_to, limit=limit)]


@pytest.mark.parametrize(("text", "query"), [(text, query) for text, query, finds in WORDS if finds])
def test_what_finds_a_ticket_finds_an_article_and_is_marked_in_it(write: Write, text: str, query: str) -> None:
    write("Something", text)
    (hit,) = search(query, visible_to=None, limit=5)
    marked = [words_of(part)[0] for part, is_marked in hit.snippet.parts() if is_marked]
    asked = asked_words(query)
    assert marked
    assert all(any(word.startswith(one) for one in asked) for word in marked)


@pytest.mark.parametrize("words", ["", "  ", "?!", "'", '"', "🎉", "\x00", "\ud800", "* & |"])
def test_without_a_word_nothing_is_found(write: Write, words: str) -> None:
    write("Something")
    assert search(words, visible_to=None, limit=5) == []


def test_readers_find_what_is_published_for_them(write: Write, agent: User, customer: User) -> None:
    for visibility in ("all", "logged_in", "agents"):
        write(f"Refund {visibility}", visibility=visibility)
    write("Refund anywhere")
    for status in ("draft", "pending_approval", "approved"):
        write(f"Refund {status}", status=status)
    for_guests = {"Refund all", "Refund anywhere"}
    assert set(titles("refund")) == for_guests
    assert set(titles("refund", visible_to=customer)) == for_guests | {"Refund logged_in"}
    assert set(titles("refund", visible_to=agent)) == {
        *for_guests, "Refund logged_in", "Refund agents", "Refund draft", "Refund pending_approval", "Refund approved",
    }  # fmt: skip
    assert titles("refund", visible_to=UserFactory(is_active=False)) == []


def test_hidden_articles_do_not_take_the_place_of_others(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge_base.searching.RANKED", 2)
    write("Refund for all")
    for _ in range(3):
        write("Refund", visibility="agents")
    assert titles("refund") == ["Refund for all"]


def test_the_best_comes_first(write: Write) -> None:
    write("Refund after a month", helpful := "How to ask for it.")
    write("Refunds", helpful)
    write("Money back", "We refund everything.")
    write("Money", "Refundable deposits.")
    write("Tagged", tags=["refund"])
    write("Unrelated")
    assert titles("refund") == ["Refund after a month", "Refunds", "Tagged", "Money back", "Money"]
    assert titles("refund", limit=2) == ["Refund after a month", "Refunds"]


def test_among_equals_the_one_that_helped_comes_first(write: Write) -> None:
    write("Refund 1")
    liked = write("Refund 2")
    write("Refund 3")
    Article.objects.filter(pk=liked.pk).update(helpful_count=3, not_helpful_count=1)
    assert titles("refund") == ["Refund 2", "Refund 3", "Refund 1"]


def test_when_no_article_has_every_word_some_are_enough(write: Write) -> None:
    write("Refund a parcel")
    write("Refund")
    write("A day in our office")
    assert titles("refund parcel") == ["Refund a parcel"]
    assert titles("How do I get a refund for my parcel") == ["Refund a parcel", "Refund"]
    assert titles("do it") == []


def test_long_questions_are_cut(write: Write) -> None:
    write("Refund")
    assert titles("refund " * 100) == ["Refund"]
    assert titles("x" * 500 + " refund") == []
    assert titles(" ".join(f"word{n}" for n in range(15)) + " refund") == ["Refund"]


def test_common_words_are_found_like_rare_ones(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        write(f"Refund {number}")
    monkeypatch.setattr("helpdesk.api.search.MANY", 2)
    assert len(titles("refund")) == 4


def test_what_was_written_is_escaped_where_it_is_shown(write: Write) -> None:
    write("<b>Refund</b>", "Send <script>alert(1)</script> a **refund** & wait. [Here](https://a.example)")
    (hit,) = search("refund", visible_to=None, limit=1)
    page = Template("{{ hit.title.html }}|{{ hit.snippet.html }}").render(Context({"hit": hit}))
    assert page == (
        "&lt;b&gt;<mark>Refund</mark>&lt;/b&gt;|"
        "Send &lt;script&gt;alert(1)&lt;/script&gt; a <mark>refund</mark> &amp; wait. Here"
    )
    assert str(hit.title) == "<b>Refund</b>"


def test_a_snippet_shows_the_place_or_what_the_article_is_about(write: Write) -> None:
    far = "Much else is said here first. " * 50
    write("One", far + "Then the carrier opens an enquiry. " + far)
    write("Two", far, excerpt="All about an enquiry.")
    write("Enquiry", "What we do.")
    found = {hit.article.title: hit.snippet.text for hit in search("enquiry", visible_to=None, limit=5)}
    assert found["One"].startswith("… ")
    assert found["One"].endswith(" …")
    assert "Then the carrier opens an enquiry." in found["One"]
    assert len(found["One"]) < 230
    assert (found["Two"], found["Enquiry"]) == ("All about an enquiry.", "What we do.")


def test_it_takes_few_queries(write: Write, django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        write(f"Refund {number}", visibility="all")
    with django_assert_max_num_queries(2):
        assert [
            (hit.article.folder.name, hit.article.category.name) for hit in search("refund", visible_to=None, limit=5)
        ]


def test_it_is_there_over_http(api: ApiClient, api_with: Callable[..., ApiClient], write: Write) -> None:
    for visibility in ("all", "logged_in", "agents"):
        write(f"Refund {visibility}", "We send <it> back.", visibility=visibility)
    draft = write("Refund", status="draft")

    def found(**query: Any) -> Any:
        rows = api.get("/api/kb/search", {"q": "refund", **query}).json()
        return ["".join(piece["text"] for piece in row["title"]) for row in rows]

    everything = ["Refund", "Refund agents", "Refund logged_in", "Refund all"]
    assert (found(), found(audience="agents"), found(limit=1)) == (everything, everything, ["Refund"])
    assert (found(audience="logged_in"), found(audience="all")) == (everything[2:], everything[3:])
    (row,) = api.get("/api/kb/search", {"q": "sends draft refund", "limit": 1}).json()
    assert row == {
        "id": str(draft.pk),
        "categoryId": str(draft.category_id),
        "folderId": None,
        "slug": "refund",
        "status": "draft",
        "title": [{"text": "Refund", "isMatch": True}],
        "snippet": [{"text": "Nothing.", "isMatch": False}],
    }
    assert api.get("/api/kb/search").json() == []
    assert api.get("/api/kb/search", {"q": "x", "audience": "friends"}).status_code == 400
    assert api_with("tickets:read").get("/api/kb/search", {"q": "x"}).status_code == 403


# --- Where words stand --------------------------------------------------------------------------------

MARKED = [
    ("Der Überfall", "uber", "Der [Überfall]"),
    ("Der U\u0308berfall!", "uberfall", "Der [U\u0308berfall]!"),
    ("Große Straße, STRASSE", "strasse", "Große [Straße], [STRASSE]"),
    ("我要全额退款。", "全额退款", "我要[全额退款]。"),
    ("我要全额退款", "全额", "我要[全额]退款"),
    ("a ﬁne print", "fine", "a [ﬁne] print"),
    ("order 12, order 120", "order 12", "[order] [12], [order] 120"),
    ("co-op", "co op", "[co]-[op]"),
    ("nothing", "else", "nothing"),
    ("🎉 party 🎉", "party", "🎉 [party] 🎉"),
]


@pytest.mark.parametrize(("text", "words", "marked"), MARKED)
def test_words_are_marked_where_they_stand(text: str, words: str, marked: str) -> None:
    found = highlighted(text, asked_words(words))
    assert "".join(f"[{part}]" if is_marked else part for part, is_marked in found.parts()) == marked


@given(st.text())
def test_words_with_places_are_the_words(text: str) -> None:
    placed = list(placed_words(text))
    assert [word for word, _, _ in placed] == words_of(text)
    assert all(0 <= start < end <= len(text) for _, start, end in placed)


@given(st.text(alphabet=" abé退<&", max_size=200), st.lists(st.sampled_from(["a", "ab", "e", "退"]), min_size=1))
def test_a_passage_is_a_part_of_the_text(text: str, asked: list[str]) -> None:
    found = passage(text, asked, length=80)
    plain = found.text.removeprefix("… ").removesuffix(" …")
    assert plain in text
    assert len(plain) <= 80
    assert bool(found.marks) == bool(highlighted(text, asked).marks)
    assert "".join(part for part, _ in found.parts()) == found.text
    assert list(found.marks) == sorted(found.marks)


def test_the_passage_with_most_words_is_chosen() -> None:
    text = "refund first. " + "x " * 200 + "A refund for a lost parcel. " + "y " * 200
    assert "refund for a lost parcel" in passage(text, ["refund", "parcel"], length=100).text


PLAIN = [
    ("# Title\n\nOne *two*\nthree", "Title One two three"),
    ("- a\n- b\n\n1. c", "a b c"),
    ("`code` and\n\n```\nblock\n```\n\nend", "code and block end"),
    ("![A picture](https://a.example/x.png) [link](https://b.example)", "A picture link"),
    ("| a | b |\n|---|---|\n| c | d |", "a b c d"),
    ("<b>bold</b> &amp; \\*", "<b>bold</b> & *"),
    ("> quoted\n\n---\n\nend", "quoted end"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "plain"), PLAIN)
def test_markdown_is_read_as_plain_text(text: str, plain: str) -> None:
    assert to_text(text) == plain


def test_marks_escape_all_pieces() -> None:
    assert Highlighted("<a>&b", ((0, 3),)).html == "<mark>&lt;a&gt;</mark>&amp;b"
