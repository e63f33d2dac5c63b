"""The words of articles, kept for searching, and how articles are found by them."""

from django.db.models import QuerySet

from helpdesk.api.search import SearchTable, found
from helpdesk.words import vocabulary

from .models import Article, ArticleSearch

SEARCH = SearchTable("knowledge_base_articlesearch", "id", ("title", "body"))
MAX_BODY = 200_000  # characters of words that are kept


def matching(articles: QuerySet[Article], text: str) -> QuerySet[Article]:
    """The articles that hold every word, in title, tags, excerpt or content."""
    match = found(SEARCH, "search", text, number="search__id")
    return articles.none() if match is None else articles.filter(match)


def enter(article: Article) -> None:
    """An article can be found by what it says now."""
    body = vocabulary(*article.tags, article.excerpt, article.content)[:MAX_BODY]
    ArticleSearch.objects.bulk_create(
        [ArticleSearch(article=article, title=vocabulary(article.title), body=body)],
        update_conflicts=True,
        unique_fields=["article"],
        update_fields=["title", "body"],
    )
