"""The JSON of the knowledge base."""

import orjson
from django.db.models import BooleanField, Case, F, Value, When

from helpdesk.api import fields
from helpdesk.api.naming import camel
from helpdesk.api.serializers import Body, Resource
from helpdesk.api.sqltext import JsonText
from knowledge_base.models import Article, ArticleFeedback, ArticleVersion, Category, Folder, Status

CATEGORY_ID = "990e8400-e29b-41d4-a716-446655440001"
FOLDER_ID = "990e8400-e29b-41d4-a716-446655440002"
ARTICLE_ID = "990e8400-e29b-41d4-a716-446655440003"
USER_ID = "660e8400-e29b-41d4-a716-446655440001"


class CategorySerializer(Resource):
    """The first level of the knowledge base."""

    example = {
        "id": CATEGORY_ID,
        "name": "Billing",
        "description": "Invoices, payments and refunds.",
        "icon": "credit-card",
        "order": 1,
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    class Meta:
        model = Category
        fields = ["id", "name", "description", "icon", "order", "created_at"]


class FolderSerializer(Resource):
    """The second level: articles that belong together, and who may read them."""

    example = {
        "id": FOLDER_ID,
        "categoryId": CATEGORY_ID,
        "name": "Refunds",
        "description": None,
        "visibility": "all",
        "order": 1,
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    class Meta:
        model = Folder
        fields = ["id", "category_id", "name", "description", "visibility", "order", "created_at"]


def published() -> Case:
    return Case(When(status="published", then=Value(True)), default=Value(False), output_field=BooleanField())


class ArticleSerializer(Resource):
    """An article; its content is Markdown."""

    example = {
        "id": ARTICLE_ID,
        "categoryId": CATEGORY_ID,
        "folderId": FOLDER_ID,
        "title": "How long does a refund take?",
        "slug": "how-long-does-a-refund-take",
        "content": "Three to five working days, **depending on your bank**.",
        "excerpt": "Three to five working days.",
        "status": "published",
        "isPublished": True,
        "tags": ["refund", "payment"],
        "viewCount": 128,
        "helpfulCount": 17,
        "notHelpfulCount": 2,
        "authorId": USER_ID,
        "approverId": USER_ID,
        "approvedAt": "2025-12-02T09:30:00.000Z",
        "seoTitle": None,
        "seoDescription": None,
        "createdAt": "2025-12-01T08:00:00.000Z",
        "updatedAt": "2025-12-02T09:30:00.000Z",
    }

    category_id = fields.Id(required=False)
    slug = fields.Text(required=False, max_length=150)
    is_published = fields.Computed(
        published(), value=lambda article: article.is_published, load=bool, schema={"type": "boolean"}
    )

    class Meta:
        model = Article
        fields = [
            "id",
            "category_id",
            "folder_id",
            "title",
            "slug",
            "content",
            "excerpt",
            "status",
            "is_published",
            "tags",
            "view_count",
            "helpful_count",
            "not_helpful_count",
            "author_id",
            "approver_id",
            "approved_at",
            "seo_title",
            "seo_description",
            "created_at",
            "updated_at",
        ]
        read_only_fields = [
            "view_count",
            "helpful_count",
            "not_helpful_count",
            "approver_id",
            "approved_at",
            "created_at",
            "updated_at",
        ]


class ArticleChangesSerializer(ArticleSerializer):
    """What can be written of an article; `isPublished` is another word for the status `published`."""

    example = {
        "categoryId": CATEGORY_ID,
        "folderId": FOLDER_ID,
        "title": "How long does a refund take?",
        "content": "Three to five working days, **depending on your bank**.",
        "tags": ["refund", "payment"],
        "isPublished": True,
    }

    is_published = fields.Flag(required=False)

    class Meta(ArticleSerializer.Meta):
        fields = [
            "category_id",
            "folder_id",
            "title",
            "slug",
            "content",
            "excerpt",
            "status",
            "is_published",
            "tags",
            "author_id",
            "seo_title",
            "seo_description",
        ]
        read_only_fields: list[str] = []


class PieceSerializer(Body):
    """A piece of a text, and whether it is what was searched for."""

    text = fields.Text(allow_blank=True)
    is_match = fields.Flag()


class HitSerializer(Body):
    """An article that was found, and where the words stand in it. Texts are plain: escape them where they are shown."""

    example = {
        "id": ARTICLE_ID,
        "categoryId": CATEGORY_ID,
        "folderId": FOLDER_ID,
        "slug": "how-long-does-a-refund-take",
        "status": "published",
        "title": [{"text": "How long does a ", "isMatch": False}, {"text": "refund", "isMatch": True}],
        "snippet": [
            {"text": "Refunds", "isMatch": True},
            {"text": " take three to five working days, depending on your bank.", "isMatch": False},
        ],
    }

    id = fields.Id()
    category_id = fields.Id()
    folder_id = fields.Id(allow_null=True)
    slug = fields.Text()
    status = fields.Choice(choices=Status.choices)
    title = PieceSerializer(many=True)
    snippet = PieceSerializer(many=True)


class FeedbackSerializer(Resource):
    """Whether an article helped somebody."""

    example = {
        "id": "990e8400-e29b-41d4-a716-446655440004",
        "articleId": ARTICLE_ID,
        "userId": None,
        "isHelpful": True,
        "comment": "That was quick!",
        "createdAt": "2025-12-03T10:00:00.000Z",
    }

    article_id = fields.Id(read_only=True)

    class Meta:
        model = ArticleFeedback
        fields = ["id", "article_id", "user_id", "is_helpful", "comment", "created_at"]


def json_names(names: list[str]) -> list[str]:
    return [camel(name) for name in names]


class VersionSerializer(Resource):
    """An article as it was after a change, who made it, and to what."""

    example = {
        "id": "990e8400-e29b-41d4-a716-446655440005",
        "articleId": ARTICLE_ID,
        "number": 2,
        "userId": USER_ID,
        "changed": ["content", "status"],
        "restoredFromId": None,
        "title": "How long does a refund take?",
        "content": "Three to five working days.",
        "excerpt": None,
        "status": "draft",
        "tags": ["refund"],
        "seoTitle": None,
        "seoDescription": None,
        "createdAt": "2025-12-02T09:30:00.000Z",
    }

    changed = fields.Computed(
        JsonText(F("changed")),
        value=lambda version: json_names(version.changed),
        load=lambda text: json_names(orjson.loads(text)),
        schema={"type": "array", "items": {"type": "string"}},
    )

    class Meta:
        model = ArticleVersion
        fields = [
            "id",
            "article_id",
            "number",
            "user_id",
            "changed",
            "restored_from_id",
            "title",
            "content",
            "excerpt",
            "status",
            "tags",
            "seo_title",
            "seo_description",
            "created_at",
        ]
