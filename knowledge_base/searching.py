"""The words of articles, kept for searching, and how articles are found by them.

`matching` narrows a list; `search` is for somebody who looks for an answer: the best articles first, with the place
where the words stand.
"""

from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat

from accounts.models import User
from helpdesk.api.search import Found, SearchTable, found, is_common
from helpdesk.highlights import Highlighted, highlighted, passage
from helpdesk.words import MAX_QUERY, is_exact, vocabulary, words_sought

from .markdown import to_text
from .models import Article, ArticleSearch

SEARCH = SearchTable("knowledge_base_articlesearch", "id", ("title", "body"))
MAX_BODY = 200_000  # characters of words that are kept
RANKED = 500  # of all that hold the words the newest are put in order
MOST_WORDS = 20  # of a question
SNIPPET = 220  # characters
SHOWN = 20_000  # characters of an article in which its snippet is looked for
# What a word counts where it stands, alone and as the beginning of another; for tags and text these are two and one.
IN_TITLE, BEGINS_IN_TITLE, IN_BODY, BEGINS_IN_BODY = 8, 6, 2, 1


@dataclass(frozen=True)
class Hit:
    """An article that was found; templates show `title.html` and `snippet.html`, which are escaped, with `<mark>`."""

    article: Article
    title: Highlighted
    snippet: Highlighted


def search(words: str, *, visible_to: User | None, limit: int) -> list[Hit]:
    """The articles that answer somebody best, of those they may read (`None` is a guest; see `visible_to` of articles).

    They hold every word; only when there is none such, any of the words that are no mere fillers. Words in titles count
    most, and whole words more than beginnings; among equals comes first what helped most people, then what is newer.
    Both databases give the same in the same order. What is too long to be looked for is cut, and without a word nothing
    is found. `hit.article` comes with its category and folder.
    """
    return search_in(Article.objects.visible_to(visible_to), words, limit=limit)


def search_in(readable: QuerySet[Article], words: str, *, limit: int) -> list[Hit]:
    """The same among articles that the caller has chosen."""
    asked = words_sought(words[:MAX_QUERY])[:MOST_WORDS]
    if not asked:
        return []
    hits = best(readable, asked, limit=limit)
    if not hits and (telling := [word for word in asked if len(word) > 2 or not word.isascii()]):
        hits = best(readable, telling, limit=limit, any_word=True)
    return hits


def best(readable: QuerySet[Article], asked: list[str], *, limit: int, any_word: bool = False) -> list[Hit]:
    """The best articles that hold all of the words, or any of them."""
    common = is_common(SEARCH, asked, any_word=any_word)
    match = Q(Found(SEARCH, "search", asked, number="search__id", common=common, any_word=any_word))
    candidates = readable.filter(match).order_by("-created_at", "-id").values("pk")[:RANKED]
    rows = (
        Article.objects.filter(pk__in=candidates)
        .annotate(
            title_words=Concat(Value(" "), F("search__title"), Value(" "), output_field=TextField()),
            body_words=Concat(Value(" "), F("search__body"), Value(" "), output_field=TextField()),
        )
        .annotate(rank=sum((weight(word) for word in asked), Value(0)))
        .annotate(liked=F("helpful_count") - F("not_helpful_count"))
        .order_by("-rank", "-liked", "-created_at", "-id")
        .select_related("category", "folder")
    )
    return [hit(article, asked) for article in rows[:limit]]


def weight(word: str) -> Case:
    """What a word adds to the rank of an article; words are letters and digits, so nothing in them is a pattern."""
    whole, begins = f" {word} ", f" {word}"
    places = [(Q(title_words__contains=whole), IN_TITLE), (Q(body_words__contains=whole), IN_BODY)]
    if not is_exact(word):
        places.insert(1, (Q(title_words__contains=begins), BEGINS_IN_TITLE))
        places.append((Q(body_words__contains=begins), BEGINS_IN_BODY))
    return Case(
        *(When(place, then=Value(points)) for place, points in places), default=Value(0), output_field=IntegerField()
    )


def hit(article: Article, asked: list[str]) -> Hit:
    content = to_text(article.content[:SHOWN])
    snippet = passage(content, asked, length=SNIPPET)
    if article.excerpt and not snippet.marks:
        # The words stand in title, tags or excerpt: what the author says the article is about tells more.
        snippet = passage(article.excerpt, asked, length=SNIPPET)
    return Hit(article, highlighted(article.title, asked), snippet)


def matching(articles: QuerySet[Article], text: str) -> QuerySet[Article]:
    """The articles that hold every word, in title, tags, excerpt or content."""
    match = found(SEARCH, "search", text, number="search__id")
    return articles.none() if match is None else articles.filter(match)


def enter(article: Article) -> None:
    """An article can be found by what it says now."""
    title, body = words_of_article(article)
    ArticleSearch.objects.bulk_create(
        [ArticleSearch(article=article, title=title, body=body)],
        update_conflicts=True,
        unique_fields=["article"],
        update_fields=["title", "body"],
    )


def words_of_article(article: Article) -> tuple[str, str]:
    """The words of the title, and those of everything else."""
    body = vocabulary(*article.tags, article.excerpt, article.content)
    return vocabulary(article.title), body[:MAX_BODY]
