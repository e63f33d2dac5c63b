"""Categories, folders and articles: facts and invariants, no behaviour.

Changes go through knowledge_base.services, which keeps slugs, versions and counters in step.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from helpdesk.ids import new_id

from .querysets import ArticleQuerySet

MAX_TITLE = 300  # characters
MAX_SLUG = 150  # characters


class Visibility(models.TextChoices):
    """Who may read what is published in a folder."""

    ALL = "all"
    LOGGED_IN = "logged_in"
    AGENTS = "agents"


class Status(models.TextChoices):
    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    PUBLISHED = "published"


APPROVED_STATUSES = (Status.APPROVED, Status.PUBLISHED)


class Category(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    icon = models.CharField(max_length=100, null=True, blank=True)
    order = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["order", "name", "id"]

    def __str__(self) -> str:
        return self.name


class Folder(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="folders")
    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    visibility = models.CharField(max_length=20, choices=Visibility, default=Visibility.ALL)
    order = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["order", "name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="folder_visibility_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Article(models.Model):
    """`content` is Markdown; whoever shows it renders it with knowledge_base.markdown."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="articles", db_index=False)
    folder = models.ForeignKey(
        Folder, null=True, blank=True, on_delete=models.PROTECT, related_name="articles", db_index=False
    )
    title = models.CharField(max_length=MAX_TITLE)
    slug = models.CharField(max_length=MAX_SLUG, unique=True)
    content = models.TextField()
    excerpt = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    tags = models.JSONField(default=list, blank=True)
    view_count = models.BigIntegerField(default=0, editable=False)
    helpful_count = models.IntegerField(default=0, editable=False)
    not_helpful_count = models.IntegerField(default=0, editable=False)
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    approver = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    seo_title = models.CharField(max_length=MAX_TITLE, null=True, blank=True)
    seo_description = models.CharField(max_length=500, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="article_created"),
            models.Index(fields=["updated_at", "id"], name="article_updated"),
            models.Index(fields=["category", "created_at", "id"], name="article_category"),
            models.Index(fields=["folder", "created_at", "id"], name="article_folder"),
            models.Index(fields=["status", "created_at", "id"], name="article_status"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="article_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "pending_approval"], approved_at__isnull=True)
                | Q(status__in=["approved", "published"], approved_at__isnull=False),
                name="article_approved_or_not",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.status == Status.PUBLISHED


class ArticleSlug(models.Model):
    """Every slug an article ever had, the present one among them: old links lead to it for good."""

    slug = models.CharField(max_length=MAX_SLUG, primary_key=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="slugs")

    def __str__(self) -> str:
        return self.slug


class ArticleSearch(models.Model):
    """The words of an article, folded, each once; see searching.py. The database has an index on all of them."""

    id = models.BigAutoField(primary_key=True)
    article = models.OneToOneField(Article, on_delete=models.CASCADE, related_name="search")
    title = models.TextField(default="")
    body = models.TextField(default="", help_text="Tags, excerpt and content.")

    def __str__(self) -> str:
        return self.title


class ArticleVersion(models.Model):
    """An article as it was after a change; `changed` names the fields that the change was about."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    changed = models.JSONField(default=list)
    restored_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=MAX_TITLE)
    content = models.TextField()
    excerpt = models.TextField(null=True)
    status = models.CharField(max_length=20, choices=Status)
    tags = models.JSONField(default=list)
    seo_title = models.CharField(max_length=MAX_TITLE, null=True)
    seo_description = models.CharField(max_length=500, null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["article", "created_at", "id"], name="article_version_article")]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="article_version_number")]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"


class ArticleFeedback(models.Model):
    """Whether an article helped; who is signed in has one voice, which they can change."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="feedback", db_index=False)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    is_helpful = models.BooleanField()
    comment = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "article feedback"
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["article", "created_at", "id"], name="article_feedback_article")]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "user"], condition=Q(user__isnull=False), name="article_feedback_one_voice"
            )
        ]

    def __str__(self) -> str:
        return "helpful" if self.is_helpful else "not helpful"


class SolvedQuestion(models.Model):
    """Somebody was about to send a request, and an article answered it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="solved_questions", db_index=False)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    question = models.CharField(max_length=200, blank=True, help_text="What the request would have been about.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["article", "created_at"], name="solved_question_article"),
            models.Index(fields=["created_at"], name="solved_question_created"),
        ]

    def __str__(self) -> str:
        return self.question


class ArticleViews(models.Model):
    """Views of an article that have not been added to its count yet."""

    id = models.BigAutoField(primary_key=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="unfolded_views")
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "article views"

    def __str__(self) -> str:
        return str(self.count)
