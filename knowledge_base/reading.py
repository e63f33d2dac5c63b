"""Counting who reads: nobody waits for it.

A view is noted in memory; a moment later all that came meanwhile are written as one row for each article, and the
worker adds these to the counts. Views of the last seconds before a crash are lost, and nothing else.
"""

from collections import Counter
from threading import Lock, Timer
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from .models import Article, ArticleViews

BATCH = 2_000
_noted: Counter[UUID] = Counter()
_lock = Lock()


def note_view(article: UUID) -> None:
    """Somebody has read an article; it counts if the article is published."""
    delay: float = settings.VIEWS_WRITTEN_AFTER
    with _lock:
        is_first = not _noted
        _noted[article] += 1
    if not delay:
        write_views()
    elif is_first:
        timer = Timer(delay, write_and_leave)
        timer.daemon = True
        timer.start()


def write_and_leave() -> None:
    try:
        write_views()
    finally:
        connection.close()  # this thread's own


def write_views() -> None:
    with _lock:
        counts = dict(_noted)
        _noted.clear()
    known = Article.objects.published().filter(pk__in=counts).values_list("pk", flat=True)
    ArticleViews.objects.bulk_create(ArticleViews(article_id=key, count=counts[key]) for key in known)


def fold_views() -> int:
    """Add what was written to the counts of the articles; returns how many views that were."""
    folded = 0
    while count := fold_batch():
        folded += count
    return folded


@transaction.atomic
def fold_batch() -> int:
    rows = ArticleViews.objects.order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)  # what another worker folds just now is not ours
    batch = list(rows.values_list("pk", "article_id", "count")[:BATCH])
    totals: Counter[UUID] = Counter()
    for _, article_id, count in batch:
        totals[article_id] += count
    for article_id, count in sorted(totals.items()):
        Article.objects.filter(pk=article_id).update(view_count=F("view_count") + count)
    ArticleViews.objects.filter(pk__in=[pk for pk, _, _ in batch]).delete()
    return totals.total()
