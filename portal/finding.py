"""Looking for articles on behalf of a reader."""

from accounts.models import User
from knowledge_base.models import Article
from knowledge_base.searching import Hit, search_in


def find(text: str, *, reader: User | None, limit: int) -> list[Hit]:
    """The published articles that answer best, of those that this reader may see; drafts are shown to nobody."""
    return search_in(Article.objects.visible_to(reader).published(), text, limit=limit)
