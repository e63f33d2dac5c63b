"""What else a reader of an article may want to read."""

from uuid import UUID

from django.db.models import F, Q, QuerySet, Value

from helpdesk.api.sqltext import ListHolds

from .models import Article

CANDIDATES = 500  # the newest that have something in common
# A tag says more than a place; the folder counts on top of its category.
TAG, FOLDER, CATEGORY = 3, 2, 1


def related_articles(article: Article, *, among: QuerySet[Article], limit: int) -> list[UUID]:
    """The articles that have most in common with this one, the newest first among equals."""
    shared = Q(category=article.category_id)
    for tag in article.tags:
        shared |= Q(ListHolds(F("tags"), Value(tag)))
    rows = among.filter(shared).exclude(pk=article.pk).order_by("-created_at", "-id")
    found = list(rows.values_list("pk", "category_id", "folder_id", "tags")[:CANDIDATES])
    own = set(article.tags)

    def closeness(row: tuple) -> int:
        _, category_id, folder_id, tags = row
        same_folder = folder_id is not None and folder_id == article.folder_id
        return TAG * len(own & set(tags)) + FOLDER * same_folder + CATEGORY * (category_id == article.category_id)

    return [row[0] for row in sorted(found, key=closeness, reverse=True)[:limit]]
