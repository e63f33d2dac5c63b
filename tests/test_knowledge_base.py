"""The knowledge base: categories, folders and articles, how these come to be published, and who finds them."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import connection

from accounts.models import User
from helpdesk.api.json import dumps
from helpdesk.api.reads import Statement
from helpdesk.api.serializers import Resource, columns_of
from helpdesk.errors import HelpDeskError
from knowledge_base import services
from knowledge_base.api import serializers
from knowledge_base.models import Article, ArticleSlug, ArticleVersion, ArticleViews, Status
from knowledge_base.services import create_article, update_article
from knowledge_base.signals import article_published
from tests.client import ApiClient
from tests.factories import ArticleFactory, CategoryFactory, FolderFactory, UserFactory

pytestmark = pytest.mark.django_db

ApiWith = Callable[..., ApiClient]


# --- Categories and folders ---------------------------------------------------------------------------


def test_categories_come_by_order_then_name(api: ApiClient) -> None:
    for name, order in [("Zebra", 1), ("Billing", 2), ("Account", 2)]:
        assert api.post("/api/kb/categories", {"name": name, "order": order}).status_code == 201
    assert [c["name"] for c in api.get("/api/kb/categories").json()] == ["Zebra", "Account", "Billing"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("categories", {}, "name"),
        ("categories", {"name": " "}, "name"),
        ("folders", {"name": "x"}, "categoryId"),
        ("folders", {"name": "x", "categoryId": "990e8400-e29b-41d4-a716-446655440001"}, "categoryId"),
        ("folders", {"name": "x", "categoryId": "{category}", "visibility": "friends"}, "visibility"),
        ("articles", {"content": "x", "categoryId": "{category}"}, "title"),
        ("articles", {"title": "x", "categoryId": "{category}"}, "content"),
        ("articles", {"title": "x", "content": "x"}, "categoryId"),
        ("articles", {"title": "x", "content": "x", "categoryId": None}, "categoryId"),
        ("articles", {"title": "x", "content": "x", "folderId": "990e8400-e29b-41d4-a716-446655440001"}, "folderId"),
        ("articles", {"title": "x", "content": "x", "categoryId": "{other}", "folderId": "{folder}"}, "folderId"),
        ("articles", {"title": "x", "content": "x", "categoryId": "{category}", "status": "live"}, "status"),
        ("articles", {"title": "x", "content": "x", "categoryId": "{category}", "slug": "a b"}, "slug"),
        ("articles", {"title": "x", "content": "x", "categoryId": "{category}", "slug": "taken"}, "slug"),
        ("articles", {"title": "x", "content": "x", "categoryId": "{category}", "authorId": "{customer}"}, "authorId"),
        (
            "articles",
            {"title": "x", "content": "x", "categoryId": "{category}", "status": "draft", "isPublished": True},
            "isPublished",
        ),
        ("articles/{article}/feedback", {}, "isHelpful"),
        ("articles/{article}/feedback", {"isHelpful": "yes"}, "isHelpful"),
        (
            "articles/{article}/feedback",
            {"isHelpful": True, "userId": "990e8400-e29b-41d4-a716-446655440001"},
            "userId",
        ),
    ],
)
def test_what_is_not_valid_is_refused_by_field(
    api: ApiClient, customer: User, path: str, body: dict[str, Any], field: str
) -> None:
    article = ArticleFactory(slug="taken")
    known = {
        "category": CategoryFactory().pk,
        "other": CategoryFactory().pk,
        "folder": FolderFactory().pk,
        "customer": customer.pk,
        "article": article.pk,
    }
    filled = {name: value.format(**known) if isinstance(value, str) else value for name, value in body.items()}
    refused = api.post(f"/api/kb/{path.format(**known)}", filled)
    assert refused.status_code == 400, refused.content
    assert list(refused.json()["details"]) == [field]


def test_what_holds_something_is_not_deleted(api: ApiClient) -> None:
    folder = FolderFactory()
    article = ArticleFactory(folder=folder, category=folder.category)
    for path in (f"folders/{folder.pk}", f"categories/{folder.category_id}"):
        refused = api.delete(f"/api/kb/{path}")
        assert refused.status_code == 409
        assert "1 article" in refused.json()["error"]
    for path in (f"articles/{article.pk}", f"folders/{folder.pk}", f"categories/{folder.category_id}"):
        assert api.delete(f"/api/kb/{path}").status_code == 204


def test_articles_go_along_with_their_folder_to_another_category(api: ApiClient) -> None:
    folder, category = FolderFactory(), CategoryFactory()
    article = ArticleFactory(folder=folder, category=folder.category)
    assert api.patch(f"/api/kb/folders/{folder.pk}", {"categoryId": str(category.pk)}).status_code == 200
    assert api.get(f"/api/kb/articles/{article.pk}").json()["categoryId"] == str(category.pk)


def test_an_article_leaves_its_folder_for_another_category_and_takes_the_category_of_a_folder(api: ApiClient) -> None:
    folder, category = FolderFactory(), CategoryFactory()
    article = ArticleFactory(folder=folder, category=folder.category)
    path = f"/api/kb/articles/{article.pk}"
    moved = api.patch(path, {"categoryId": str(category.pk)}).json()
    assert (moved["categoryId"], moved["folderId"]) == (str(category.pk), None)
    moved = api.patch(path, {"folderId": str(folder.pk)}).json()
    assert (moved["categoryId"], moved["folderId"]) == (str(folder.category_id), str(folder.pk))


# --- Workflow -----------------------------------------------------------------------------------------

# From, to, and whether an agent and an admin can take it there.
STEPS = [
    ("draft", "pending_approval", True, True),
    ("draft", "approved", False, True),
    ("draft", "published", False, True),
    ("pending_approval", "draft", True, True),
    ("pending_approval", "approved", False, True),
    ("pending_approval", "published", False, True),
    ("approved", "draft", True, True),
    ("approved", "pending_approval", False, False),
    ("approved", "published", True, True),
    ("published", "draft", True, True),
    ("published", "pending_approval", False, False),
    ("published", "approved", False, True),
]


def test_the_table_names_every_step() -> None:
    assert {(old, new) for old, new, *_ in STEPS} == {(a, b) for a in Status.values for b in Status.values if a != b}


@pytest.mark.parametrize(("old", "new", "by_agent", "by_admin"), STEPS)
@pytest.mark.parametrize("role", ["agent", "admin"])
def test_steps_of_the_workflow(
    api_with: ApiWith, admin: User, agent: User, role: str, old: str, new: str, by_agent: bool, by_admin: bool
) -> None:
    actor, allowed = (agent, by_agent) if role == "agent" else (admin, by_admin)
    article = ArticleFactory(status=old, approver=admin if old in ("approved", "published") else None)
    answer = api_with("kb:read", "kb:write", owner=actor).patch(f"/api/kb/articles/{article.pk}", {"status": new})
    impossible = not by_agent and not by_admin
    assert answer.status_code == (200 if allowed else 409 if impossible else 403), answer.content
    article.refresh_from_db()
    assert article.status == (new if allowed else old)
    approved = article.status in ("approved", "published")
    assert (article.approved_at is not None, article.approver_id) == (approved, admin.pk if approved else None)


PUBLISHING = [
    ({}, "draft"),
    ({"isPublished": False}, "draft"),
    ({"isPublished": True}, "published"),
    ({"status": "published"}, "published"),
    ({"status": "approved", "isPublished": False}, "approved"),
]


@pytest.mark.parametrize(("body", "status"), PUBLISHING)
def test_is_published_and_status_say_the_same(api: ApiClient, body: dict[str, Any], status: str) -> None:
    category = str(CategoryFactory().pk)
    made = api.post("/api/kb/articles", {"title": "T", "content": "C", "categoryId": category, **body})
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["isPublished"]) == (status, status == "published")


def test_taking_back_and_publishing_by_the_flag(api: ApiClient) -> None:
    path = f"/api/kb/articles/{ArticleFactory(status='published').pk}"
    for flag, status in [(True, "published"), (False, "draft"), (True, "published")]:
        answer = api.patch(path, {"isPublished": flag}).json()
        assert (answer["status"], answer["isPublished"]) == (status, flag)


def test_what_is_approved_is_changed_by_admins_or_taken_back_first(
    api: ApiClient, api_with: ApiWith, agent: User
) -> None:
    article = ArticleFactory(status="published")
    path, agents = f"/api/kb/articles/{article.pk}", api_with("kb:write", owner=agent)
    assert agents.patch(path, {"title": "Mine"}).status_code == 403
    assert api.patch(path, {"title": "Ours"}).json()["status"] == "published"
    taken = agents.patch(path, {"title": "Mine", "status": "draft"})
    assert (taken.status_code, taken.json()["title"], taken.json()["approverId"]) == (200, "Mine", None)


@pytest.mark.parametrize("status", ["published", "approved", "draft"])
def test_a_folder_with_approved_articles_is_opened_by_admins(
    api: ApiClient, api_with: Any, agent: User, status: str
) -> None:
    folder = FolderFactory(visibility="logged_in")
    ArticleFactory(folder=folder, category=folder.category, status=status)
    writer, path = api_with("kb:write", owner=agent), f"/api/kb/folders/{folder.pk}"
    opened = writer.patch(path, {"visibility": "all", "name": "Open"})
    assert (opened.status_code, "admins" in opened.content.decode()) == ((403, True), (200, False))[status == "draft"]
    assert api.patch(path, {"visibility": "logged_in"}).status_code == 200
    for values in ({"name": "Renamed", "visibility": "logged_in"}, {"visibility": "agents"}):
        assert writer.patch(path, values).status_code == 200
    assert api.patch(path, {"visibility": "all"}).status_code == 200


def test_publishing_is_told_once(admin: User) -> None:
    told: list[Any] = []

    def listen(sender: Any, article: Article, **kwargs: Any) -> None:
        told.append(article.pk)

    article_published.connect(listen)
    try:
        article = create_article(actor=admin, title="T", content="C", category_id=CategoryFactory().pk)
        update_article(article.pk, actor=admin, is_published=True)
        update_article(article.pk, actor=admin, title="U")
        assert told == [article.pk]
    finally:
        article_published.disconnect(listen)


# --- Slugs --------------------------------------------------------------------------------------------

SLUGS = [
    ("How to pay?", "how-to-pay"),
    ("Über Rückgaben & Co.", "uber-ruckgaben-co"),
    ("  STRASSE / Straße ", "strasse-strasse"),
    ("Возврат денег", "возврат-денег"),
    ("退款", "退款"),
    ("?!…", "article"),
    ("x" * 300, "x" * 140),
]


@pytest.mark.parametrize(("title", "slug"), SLUGS)
def test_a_title_becomes_a_slug(api: ApiClient, title: str, slug: str) -> None:
    category = str(CategoryFactory().pk)
    slugs = [
        api.post("/api/kb/articles", {"title": title, "content": "C", "categoryId": category}).json()["slug"]
        for _ in range(3)
    ]
    assert slugs == [slug, f"{slug}-2", f"{slug}-3"]


def test_old_slugs_lead_to_the_article_and_stay_taken(api: ApiClient) -> None:
    body = {"title": "Old", "content": "C", "categoryId": str(CategoryFactory().pk)}
    first = api.post("/api/kb/articles", body).json()
    path = f"/api/kb/articles/{first['id']}"
    assert api.patch(path, {"title": "New"}).json()["slug"] == "old", "links outlive titles"
    assert api.patch(path, {"slug": "New"}).json()["slug"] == "new"
    assert api.post("/api/kb/articles", body).json()["slug"] == "old-2"
    for slug in ("old", "new", "NEW"):
        assert [a["id"] for a in api.get(f"/api/kb/articles?slug={slug}").json()] == [first["id"]]
    assert api.patch(path, {"slug": "old"}).json()["slug"] == "old", "its own it may take again"
    assert api.delete(path).status_code == 204
    assert not ArticleSlug.objects.filter(slug="new").exists()


@pytest.mark.django_db(transaction=True)
def test_articles_with_one_title_at_once_get_slugs_of_their_own(at_once: Callable[..., list[Any]]) -> None:
    category = CategoryFactory()
    made = at_once(6, lambda _: create_article(actor=None, title="Same", content="C", category_id=category.pk).slug)
    assert sorted(made) == ["same", "same-2", "same-3", "same-4", "same-5", "same-6"]


# --- Versions -----------------------------------------------------------------------------------------


def test_versions_tell_who_changed_what_and_can_be_restored(api: ApiClient, admin: User) -> None:
    body = {"title": "One", "content": "first", "tags": ["a"], "categoryId": str(CategoryFactory().pk)}
    made = api.post("/api/kb/articles", body).json()
    path = f"/api/kb/articles/{made['id']}"
    assert api.patch(path, {"title": "One"}).json() == made, "what changes nothing is no version"
    api.patch(path, {"content": "second", "seoTitle": "SEO"})
    api.patch(path, {"status": "pending_approval"})
    versions = api.get(f"{path}/versions").json()
    assert [(v["number"], v["changed"], v["content"], v["status"]) for v in versions] == [
        (3, ["status"], "second", "pending_approval"),
        (2, ["content", "seoTitle"], "second", "draft"),
        (1, ["title", "content", "excerpt", "tags", "seoTitle", "seoDescription"], "first", "draft"),
    ]
    assert {v["userId"] for v in versions} == {str(admin.pk)}
    restored = api.post(f"{path}/versions/{versions[2]['id']}/restore")
    assert restored.status_code == 200
    answer = restored.json()
    assert (answer["content"], answer["seoTitle"], answer["status"]) == ("first", None, "pending_approval")
    newest = api.get(f"{path}/versions?limit=1").json()[0]
    assert (newest["number"], newest["restoredFromId"]) == (4, versions[2]["id"])
    assert api.get(f"{path}/versions/{newest['id']}").json() == newest


def test_a_version_of_another_article_is_not_found(api: ApiClient) -> None:
    one, other = (create_article(actor=None, title="T", content="C", category_id=CategoryFactory().pk) for _ in "ab")
    (version,) = ArticleVersion.objects.filter(article=other)
    assert api.post(f"/api/kb/articles/{one.pk}/versions/{version.pk}/restore").status_code == 404
    assert api.get(f"/api/kb/articles/{one.pk}/versions/{version.pk}").status_code == 404


# --- Lists --------------------------------------------------------------------------------------------


def test_filters(api: ApiClient) -> None:
    folder = FolderFactory()
    ArticleFactory(title="plain", category=folder.category)
    ArticleFactory(title="filed", folder=folder, category=folder.category, tags=["vip"])
    ArticleFactory(title="public", status="published", content="About invoices")
    table = [
        ("", "public filed plain"),
        (f"categoryId={folder.category_id}", "filed plain"),
        (f"folderId={folder.pk}", "filed"),
        ("folderId=null", "public plain"),
        ("status=published", "public"),
        ("status=draft,published&tag=vip", "filed"),
        ("q=INVOICES", "public"),
        ("q=about plain", ""),
        ("sort=title&limit=2", "filed plain"),
    ]
    for query, titles in table:
        assert [a["title"] for a in api.get(f"/api/kb/articles?{query}").json()] == titles.split(), query
    assert api.get("/api/kb/articles?status=live").status_code == 400
    names = [f["name"] for f in api.get(f"/api/kb/folders?categoryId={folder.category_id}").json()]
    assert names == [folder.name]


def test_related_articles_share_tags_then_folder_then_category(api: ApiClient, django_assert_num_queries: Any) -> None:
    folder = FolderFactory()
    here = {"category": folder.category, "status": "published"}
    one = ArticleFactory(**here, folder=folder, tags=["a", "b"])
    made = {
        "category": ArticleFactory(**here),
        "folder": ArticleFactory(**here, folder=folder),
        "one tag": ArticleFactory(status="published", tags=["a"]),
        "two tags": ArticleFactory(status="published", tags=["b", "a"]),
        "draft": ArticleFactory(tags=["b", "a"]),
        "elsewhere": ArticleFactory(status="published", tags=["c"]),
    }
    names = {str(article.pk): name for name, article in made.items()}
    path = f"/api/kb/articles/{one.pk}/related"
    # One shared tag weighs as much as folder and category together; then the newer comes first.
    assert [names[a["id"]] for a in api.get(path).json()] == ["two tags", "one tag", "folder", "category"]
    with django_assert_num_queries(4):
        assert [names[a["id"]] for a in api.get(f"{path}?limit=1").json()] == ["two tags"]


# Folder's visibility (or no folder) and status, and who may read it.
SIGHT = [
    ("all", "published", "guest customer agent"),
    (None, "published", "guest customer agent"),
    ("logged_in", "published", "customer agent"),
    ("agents", "published", "agent"),
    ("all", "draft", "agent"),
    ("all", "approved", "agent"),
]


@pytest.mark.parametrize(("visibility", "status", "readers"), SIGHT)
def test_who_may_read_what(customer: User, agent: User, visibility: str | None, status: str, readers: str) -> None:
    folder = FolderFactory(visibility=visibility) if visibility else None
    ArticleFactory(folder=folder, status=status)
    people = {"guest": None, "customer": customer, "agent": agent, "gone": UserFactory(is_active=False)}
    assert [name for name, who in people.items() if Article.objects.visible_to(who).exists()] == readers.split()


def test_sessions_of_staff_write_as_themselves_and_their_reading_is_no_view(client: Any, agent: User) -> None:
    client.force_login(agent)
    article = ArticleFactory(status="published")
    assert client.get(f"/api/kb/articles/{article.pk}").status_code == 200
    assert not ArticleViews.objects.exists()


@pytest.mark.parametrize(
    "serializer",
    [
        serializers.CategorySerializer,
        serializers.FolderSerializer,
        serializers.ArticleSerializer,
        serializers.FeedbackSerializer,
        serializers.VersionSerializer,
    ],
)
def test_sql_and_serializer_write_the_same(serializer: type[Resource], agent: User) -> None:
    folder = FolderFactory()
    article = create_article(
        actor=None, title="T", content="C", tags=["ü"], folder_id=folder.pk, author_id=agent.pk, is_published=True
    )
    services.give_feedback(article.pk, is_helpful=False, user_id=agent.pk)
    rows = serializer.Meta.model._default_manager.order_by("pk")
    compiled = orjson.loads(dumps(Statement(rows, columns_of(serializer)).fetch({})))
    assert compiled == orjson.loads(dumps([dict(serializer(row).data) for row in rows]))


def test_a_status_and_its_approval_cannot_come_apart() -> None:
    article = ArticleFactory()
    with pytest.raises(Exception, match="article_approved_or_not"):
        Article.objects.filter(pk=article.pk).update(status="published")
    connection.needs_rollback = False


def test_refusals_are_sentences() -> None:
    with pytest.raises(HelpDeskError, match=r"^An article that is published cannot become pending approval\.$"):
        update_article(ArticleFactory(status="published").pk, actor=None, status="pending_approval")
