"""The knowledge base over HTTP.

Keys and signed-in staff see everything, drafts and folders for agents included: keys are for the programs of the
house, which decide themselves what to show to whom (`status=published`, and the visibility of the folder).
"""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, TextField
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from helpdesk.api.endpoints import ApiViewSet
from helpdesk.api.filters import Equals, OneOf, Reference, Tagged
from helpdesk.api.paging import Key, Order, by_name, newest_first, oldest_first, parse_limit
from helpdesk.api.reads import AnyOf, Statement, compiled
from helpdesk.api.search import Searched, found
from helpdesk.api.serializers import columns_of
from helpdesk.api.views import ResourceViewSet
from helpdesk.errors import Invalid, NotFound
from helpdesk.highlights import Highlighted
from knowledge_base import services
from knowledge_base.models import Article, ArticleFeedback, ArticleVersion, Category, Folder, Status, Visibility
from knowledge_base.reading import note_view
from knowledge_base.related import related_articles
from knowledge_base.searching import SEARCH, Hit, search_in

from .serializers import (
    ArticleChangesSerializer,
    ArticleSerializer,
    CategorySerializer,
    FeedbackSerializer,
    FolderSerializer,
    HitSerializer,
    VersionSerializer,
)

RELATED = 5
MOST_RELATED = 20
HITS = 10
MOST_HITS = 50


class CategoryViewSet(ResourceViewSet):
    """The first level of the knowledge base."""

    scope = "kb"
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    orders = (by_name("order", "name"),)

    def create(self, request: Request) -> HttpResponse:
        """Add a category."""
        return self.created(services.create_category(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a category."""
        return self.shown(services.update_category(UUID(pk), actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete an empty category."""
        services.delete_category(UUID(pk), actor=request.user)
        return self.no_content()


class FolderViewSet(ResourceViewSet):
    """The second level: articles that belong together, and who may read them."""

    scope = "kb"
    queryset = Folder.objects.all()
    serializer_class = FolderSerializer
    orders = (by_name("order", "name"),)
    filters = (
        Reference("categoryId", "category", "Category."),
        OneOf("visibility", "visibility", "Who may read it.", allowed=tuple(Visibility.values)),
    )

    def create(self, request: Request) -> HttpResponse:
        """Add a folder."""
        return self.created(services.create_folder(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a folder; its articles go along to another category."""
        return self.shown(services.update_folder(UUID(pk), actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete an empty folder."""
        services.delete_folder(UUID(pk), actor=request.user)
        return self.no_content()


class ArticleViewSet(ResourceViewSet):
    """Articles, from the first draft to the published page."""

    scope = "kb"
    queryset = Article.objects.all()
    serializer_class = ArticleSerializer
    bodies = {"create": ArticleChangesSerializer, "update": ArticleChangesSerializer}
    answers = {"related": ArticleSerializer(many=True)}
    orders = (
        newest_first(),
        newest_first("updated_at", "-updatedAt"),
        Order("title", (Key(F("title"), TextField()),)),
    )
    filters = (
        Reference("categoryId", "category", "Category."),
        Reference("folderId", "folder", "Folder; `null` for articles without one."),
        OneOf("status", "status", "Status; several with commas.", allowed=tuple(Status.values)),
        Tagged("tag", "tags", "Articles with this tag; several with commas."),
        Equals("slug", "slugs", "The article with this slug, or that had it before.", normalise=str.lower),
        Searched(
            "q",
            "",
            "Every word, or its beginning, in title, tags, excerpt or content.",
            search=lambda text: found(SEARCH, "search", text, number="search__id"),
        ),
    )

    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        """An article. Reading it with a key counts as a view once it is published."""
        response = super().retrieve(request, pk)
        if not self.is_limited():
            note_view(UUID(pk))
        return response

    def create(self, request: Request) -> HttpResponse:
        """Write an article; it is a draft unless `status` or `isPublished` say otherwise, which takes an admin."""
        values = self.in_own_name(self.parsed(), "author_id")
        return self.created(services.create_article(actor=request.user, **values))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change an article, or its status."""
        values = self.in_own_name(self.parsed(), "author_id")
        return self.shown(services.update_article(self.key(pk), actor=request.user, **values).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete an article with its versions and feedback."""
        services.delete_article(self.key(pk), actor=request.user)
        return self.no_content()

    def related(self, request: Request, pk: str) -> HttpResponse:
        """Published articles that have most in common with this one: tags, then folder, then category."""
        limit = min(parse_limit(request.GET.get("limit")) or RELATED, MOST_RELATED)
        keys = related_articles(self.found(pk), among=Article.objects.published(), limit=limit)
        rows = compiled.get((type(self), "several"), several).fetch({"wanted": keys})
        places = {str(key): place for place, key in enumerate(keys)}
        return self.answer(sorted(rows, key=lambda row: places[row["id"]]))


class SearchViewSet(ApiViewSet):
    """Looking for an answer."""

    scope = "kb"
    serializer_class = HitSerializer
    answers = {"search": HitSerializer(many=True)}

    @extend_schema(
        parameters=[
            OpenApiParameter("q", str, required=True, description="What somebody wants to know, in their own words."),
            OpenApiParameter(
                "audience",
                str,
                enum=Visibility.values,
                description="Only what these people may read: published articles for `all` or for who is `logged_in`.",
            ),
            OpenApiParameter("limit", int, description=f"{HITS} unless given, {MOST_HITS} at most."),
        ]
    )
    def search(self, request: Request) -> HttpResponse:
        """Find the articles that answer best.

        With the words marked in the title and in the part of the text where they stand. Without `audience` everything
        is searched, drafts too.
        """
        limit = min(parse_limit(request.GET.get("limit")) or HITS, MOST_HITS)
        audience = request.GET.get("audience") or Visibility.AGENTS
        if audience not in Visibility.values:
            raise Invalid(f"audience must be one of: {', '.join(Visibility.values)}.")
        hits = search_in(Article.objects.open_to(audience), request.GET.get("q", ""), limit=limit)
        return self.answer([shown_hit(hit) for hit in hits])


def shown_hit(hit: Hit) -> dict[str, Any]:
    article = hit.article
    return {
        "id": str(article.pk),
        "categoryId": str(article.category_id),
        "folderId": article.folder_id and str(article.folder_id),
        "slug": article.slug,
        "status": article.status,
        "title": pieces(hit.title),
        "snippet": pieces(hit.snippet),
    }


def pieces(text: Highlighted) -> list[dict[str, Any]]:
    return [{"text": part, "isMatch": is_match} for part, is_match in text.parts()]


def several() -> Statement:
    rows = Article.objects.filter(AnyOf("id", "wanted", Article._meta.pk)).order_by()
    return Statement(rows, columns_of(ArticleSerializer))


class ArticleChildViewSet(ResourceViewSet):
    """What hangs below an article: seen by whoever sees the article."""

    scope = "kb"
    parents = {"article_id": Article}

    def limited_rows(self, rows: QuerySet) -> QuerySet:
        return rows.filter(article__in=Article.objects.visible_to(self.request.user))


class FeedbackViewSet(ArticleChildViewSet):
    """Whether an article helped."""

    queryset = ArticleFeedback.objects.all()
    serializer_class = FeedbackSerializer
    orders = (oldest_first(),)

    def create(self, request: Request, article_id: str) -> HttpResponse:
        """Say whether an article helped; a person's later word replaces the earlier one (200 instead of 201)."""
        given, is_new = services.give_feedback(self.parent_key("article_id"), **self.in_own_name(self.parsed()))
        return self.shown(given.pk, 201 if is_new else 200)


class VersionViewSet(ArticleChildViewSet):
    """What an article was like after each change."""

    queryset = ArticleVersion.objects.all()
    serializer_class = VersionSerializer
    orders = (newest_first(),)
    bodies: dict[str, Any] = {"restore": None}
    answers = {"restore": ArticleSerializer}

    def restore(self, request: Request, article_id: str, pk: str) -> HttpResponse:
        """Give the article the text of this version; answers with the article."""
        article = services.restore_version(self.parent_key("article_id"), UUID(pk), actor=request.user)
        row = compiled.get((ArticleViewSet, "several"), several).fetch_one({"wanted": [article.pk]})
        if row is None:
            raise NotFound
        return self.answer(row)
