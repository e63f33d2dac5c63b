"""Readers of articles: whose reading is counted, and how what they say is counted to the last voice."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from accounts.throttling import Limit
from knowledge_base import reading, services
from knowledge_base.jobs import view_counts
from knowledge_base.models import Article, ArticleViews
from tests.client import ApiClient
from tests.factories import ArticleFactory, UserFactory

pytestmark = pytest.mark.django_db

ApiWith = Callable[..., ApiClient]


def test_reading_what_is_published_is_counted_by_the_worker(api: ApiClient) -> None:
    published, draft = ArticleFactory(status="published"), ArticleFactory()
    for article in (published, published, draft):
        assert api.get(f"/api/kb/articles/{article.pk}").json()["viewCount"] == 0
    view_counts()
    view_counts()
    assert [Article.objects.get(pk=a.pk).view_count for a in (published, draft)] == [2, 0]
    assert not ArticleViews.objects.exists()


def test_views_are_gathered_before_they_are_written(api: ApiClient, settings: Any, monkeypatch: Any) -> None:
    started: list[float] = []

    class Timer:
        daemon = False

        def __init__(self, delay: float, function: Any) -> None:
            self.delay = delay

        def start(self) -> None:
            started.append(self.delay)

    monkeypatch.setattr(reading, "Timer", Timer)
    settings.VIEWS_WRITTEN_AFTER = 2.0
    article = ArticleFactory(status="published")
    for _ in range(3):
        api.get(f"/api/kb/articles/{article.pk}")
    assert (started, ArticleViews.objects.count()) == ([2.0], 0)
    reading.write_views()
    assert list(ArticleViews.objects.values_list("article", "count")) == [(article.pk, 3)]


@pytest.mark.django_db(transaction=True)
def test_views_are_folded_once_by_many_workers(at_once: Callable[..., list[Any]]) -> None:
    article = ArticleFactory(status="published")
    ArticleViews.objects.bulk_create(ArticleViews(article=article, count=2) for _ in range(50))
    at_once(4, lambda _: view_counts())
    view_counts()
    article.refresh_from_db()
    assert article.view_count == 100


def test_a_person_has_one_voice_and_guests_one_each_time(api: ApiClient, customer: User) -> None:
    article = ArticleFactory()
    path = f"/api/kb/articles/{article.pk}"
    said = [
        ({"isHelpful": True, "comment": "Thanks"}, 201, (1, 0)),
        ({"isHelpful": True}, 201, (2, 0)),
        ({"isHelpful": True, "userId": str(customer.pk)}, 201, (3, 0)),
        ({"isHelpful": False, "userId": str(customer.pk)}, 200, (2, 1)),
        ({"isHelpful": False, "userId": str(customer.pk), "comment": "No"}, 200, (2, 1)),
    ]
    for body, status, counts in said:
        answer = api.post(f"{path}/feedback", body)
        assert answer.status_code == status
        shown = api.get(path).json()
        assert (shown["helpfulCount"], shown["notHelpfulCount"]) == counts
    listed = api.get(f"{path}/feedback").json()
    assert [(f["isHelpful"], f["comment"], f["articleId"]) for f in listed] == [
        (True, "Thanks", str(article.pk)),
        (True, None, str(article.pk)),
        (False, "No", str(article.pk)),
    ]


@pytest.mark.django_db(transaction=True)
def test_counts_are_exact_when_many_give_feedback_at_once(at_once: Callable[..., list[Any]]) -> None:
    article, person = ArticleFactory(), UserFactory()

    def give(number: int) -> None:
        services.give_feedback(article.pk, is_helpful=number % 3 > 0)
        services.give_feedback(article.pk, is_helpful=number % 2 > 0, user_id=person.pk)

    at_once(9, give)
    article.refresh_from_db()
    rows = list(article.feedback.values_list("is_helpful", flat=True))
    assert len(rows) == 10
    assert (article.helpful_count, article.not_helpful_count) == (rows.count(True), rows.count(False))


def test_nobody_floods_an_article_with_voices(api: ApiClient, customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "GUESTS", Limit(2, 3600))
    one, other = ArticleFactory(), ArticleFactory()
    answers = [api.post(f"/api/kb/articles/{one.pk}/feedback", {"isHelpful": False}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 429, 429]
    assert 3500 < int(answers[3]["Retry-After"]) <= 3600
    one.refresh_from_db()
    assert (one.not_helpful_count, one.feedback.count()) == (2, 2)
    # Who is known has one voice anyway, and another article is another matter.
    assert services.give_feedback(one.pk, is_helpful=True, user_id=customer.pk)
    assert services.give_feedback(other.pk, is_helpful=True)
