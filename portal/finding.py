"""Looking for articles on behalf of a reader."""

from dataclasses import dataclass

from django.utils.html import escape
from django.utils.text import Truncator

from accounts.models import User
from helpdesk.errors import Invalid
from knowledge_base.models import Article
from knowledge_base.searching import matching


@dataclass(frozen=True)
class Hit:
    article: Article
    title: str
    snippet: str


def find(text: str, *, reader: User | None, limit: int) -> list[Hit]:
    """The published articles that hold the words, of those that this reader may see."""
    try:
        articles = matching(Article.objects.visible_to(reader).published(), text)
    except Invalid:  # more words than can be looked for
        return []
    return [
        Hit(article, escape(article.title), escape(article.excerpt or Truncator(article.content).chars(160)))
        for article in articles[:limit]
    ]
