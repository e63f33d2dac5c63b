"""The pages of articles: writing with a preview, approving, versions and what readers say."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from helpdesk.admin_pages import VerbForm, VerbPages, Who, ago, badge, posted
from helpdesk.errors import Conflict, HelpDeskError, Invalid
from knowledge_base import searching, services
from knowledge_base.markdown import to_html
from knowledge_base.models import Article, ArticleVersion, Category, Status

from .comparing import compared

WORDS = {
    Status.DRAFT: ("Draft", ""),
    Status.PENDING_APPROVAL: ("Waits for approval", "amber"),
    Status.APPROVED: ("Approved", "blue"),
    Status.PUBLISHED: ("Published", "green"),
}
# The buttons of each status, those that take an admin after the bar.
BUTTONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Status.DRAFT: (("submit",), ("publish",)),
    Status.PENDING_APPROVAL: (("withdraw",), ("approve", "publish")),
    Status.APPROVED: (("withdraw", "publish"), ()),
    Status.PUBLISHED: (("unpublish",), ()),
}
VOICES = 50  # on a page
LONGEST_PREVIEW = 200_000  # characters


def place_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every category with its folders, as one choice: "f:<id>" or "c:<id>"."""
    return [
        (
            category.name,
            [
                (f"c:{category.pk}", f"{category.name} (no folder)"),
                *((f"f:{folder.pk}", f"{category.name} › {folder.name}") for folder in category.folders.all()),
            ],
        )
        for category in Category.objects.prefetch_related("folders")
    ]


class ArticleForm(VerbForm):
    called = {"category_id": "place", "folder_id": "place"}

    title = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget({"placeholder": "How do I …?"}))
    place = forms.ChoiceField(label="Stands in", choices=place_choices, widget=UnfoldAdminSelectWidget)
    content = forms.CharField(widget=UnfoldAdminTextareaWidget({"rows": 24}), strip=False)
    excerpt = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
        help_text="One or two sentences for lists and search results.",
    )
    tags = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget, help_text="With commas between.")
    slug = forms.CharField(
        required=False,
        max_length=150,
        widget=UnfoldAdminTextInputWidget,
        help_text="The end of its address; made from the title when left empty. Old addresses keep leading here.",
    )
    seo_title = forms.CharField(
        required=False, max_length=300, label="Title for search engines", widget=UnfoldAdminTextInputWidget
    )
    seo_description = forms.CharField(
        required=False,
        max_length=500,
        label="Description for search engines",
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        article = self.instance
        self.initial["tags"] = ", ".join(article.tags)
        if article.category_id:
            self.initial["place"] = f"f:{article.folder_id}" if article.folder_id else f"c:{article.category_id}"

    def clean_tags(self) -> list[str]:
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]

    def clean_content(self) -> str:
        return self.cleaned_data["content"].replace("\r\n", "\n")


def placed(values: dict[str, Any]) -> dict[str, Any]:
    """The place as the verbs take it."""
    if "place" not in values:
        return values
    kind, _, key = values["place"].partition(":")
    kept = {name: value for name, value in values.items() if name != "place"}
    if kind == "f":
        return {**kept, "folder_id": UUID(key)}
    return {**kept, "category_id": UUID(key), "folder_id": None}


@admin.register(Article)
class Articles(VerbPages):
    seen_by = added_by = changed_by = removed_by = Who.STAFF
    title = "Articles"
    add_title = "Write article"
    save_label = "Save draft"
    empty_icon = "menu_book"
    empty_title = "No articles yet"
    empty_text = "Customers find answers here before they ask. Write down what you explain every week."
    removal = "The article goes for good, with its versions, its feedback and all of its addresses."

    form = ArticleForm
    fields = ("title", "content", "place", "excerpt", "tags", "slug", "seo_title", "seo_description")
    change_form_template = "admin/knowledge_base/article.html"
    list_display = ("title", "state", "stands_in", "author", "view_count", "helpful", "changed")
    list_select_related = ("category", "folder", "author")
    list_filter = ("status", "category")
    narrowed_by = ("folder__id__exact",)
    search_fields = ("title",)
    ordering = ("-updated_at", "-id")

    class Media:
        js = ("admin/markdown.js",)

    # --- Verbs ---

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Article:
        return services.create_article(actor=request.user, **placed(without_nothing(values)))  # type: ignore[arg-type]

    def change(self, request: HttpRequest, row: Article, values: dict[str, Any]) -> Article:
        if "content" in values and values["content"] == row.content:
            del values["content"]  # browsers end lines in their own way
        return services.update_article(row.pk, actor=request.user, **placed(without_nothing(values)))  # type: ignore[arg-type]

    def remove(self, request: HttpRequest, row: Article) -> None:
        services.delete_article(row.pk, actor=request.user)  # type: ignore[arg-type]

    def buttons(self, request: HttpRequest, row: Article) -> Iterable[str]:
        for_all, for_admins = BUTTONS[row.status]
        return (*for_all, *for_admins) if Who.ADMINS.includes(request) else for_all

    def move(self, request: HttpRequest, article: Article, status: str, words: str) -> None:
        """Approved is what was read: nobody changes an article between the two unseen."""
        now = Article.objects.select_for_update(no_key=True).filter(pk=article.pk).first()
        seen = request.POST.get("seen")
        if now is not None and seen and seen != now.updated_at.isoformat():
            raise Conflict("Somebody changed this article while you read it. Look at it, and press the button again.")
        services.update_article(article.pk, actor=request.user, status=status)  # type: ignore[arg-type]
        self.message_user(request, f"“{article.title}” {words}.", messages.SUCCESS)

    @posted("Submit for approval", icon="send", variant="primary")
    def submit(self, request: HttpRequest, article: Article) -> None:
        self.move(request, article, Status.PENDING_APPROVAL, "waits for an admin to approve it")

    @posted("Back to draft", icon="undo")
    def withdraw(self, request: HttpRequest, article: Article) -> None:
        self.move(request, article, Status.DRAFT, "is a draft again")

    @posted("Approve", icon="verified", variant="primary")
    def approve(self, request: HttpRequest, article: Article) -> None:
        self.move(request, article, Status.APPROVED, "is approved and can be published")

    @posted("Publish", icon="public", variant="primary")
    def publish(self, request: HttpRequest, article: Article) -> None:
        self.move(request, article, Status.PUBLISHED, "is published")

    @posted(
        "Take offline", icon="visibility_off", confirm="Take this article offline? Readers do not find it any more."
    )
    def unpublish(self, request: HttpRequest, article: Article) -> None:
        self.move(request, article, Status.DRAFT, "is offline, and a draft again")

    # --- The list ---

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By every word of an article, as everywhere else."""
        try:
            return (searching.matching(queryset, search_term) if search_term else queryset), False
        except Invalid:
            return queryset.none(), False

    @display(description="Status", ordering="status")
    def state(self, article: Article) -> str:
        return badge(*WORDS[Status(article.status)])

    @display(description="Stands in")
    def stands_in(self, article: Article) -> str:
        return f"{article.category} › {article.folder}" if article.folder else str(article.category)

    @display(description="Helpful")
    def helpful(self, article: Article) -> str:
        voices = article.helpful_count + article.not_helpful_count
        return f"{article.helpful_count * 100 // voices} % of {voices}" if voices else "–"

    @display(description="Changed", ordering="updated_at")
    def changed(self, article: Article) -> str:
        return ago(article.updated_at)

    # --- Preview, versions, feedback ---

    def around(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        around = super().around(request, object_id)
        row = self.get_object(request, object_id) if object_id else None
        if row is not None:
            around["state"] = badge(*WORDS[Status(row.status)])
            around["locked"] = row.status not in (Status.DRAFT, Status.PENDING_APPROVAL) and not Who.ADMINS.includes(
                request
            )
        around["no_categories"] = not Category.objects.exists()
        return around

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "knowledge_base_article"
        return [
            path("preview/", wrap(self.preview_view), name=f"{name}_preview"),
            path("<uuid:object_id>/versions/", wrap(self.versions_view), name=f"{name}_versions"),
            path("<uuid:object_id>/versions/<uuid:version>/restore/", wrap(self.restore_view), name=f"{name}_restore"),
            path("<uuid:object_id>/feedback/", wrap(self.feedback_view), name=f"{name}_feedback"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The Markdown of the editor as readers will see it; nothing is kept."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponse(
            to_html(request.POST.get("content", "")[:LONGEST_PREVIEW]) or '<p class="hd-faint">Nothing yet.</p>'
        )

    def article_or_404(self, request: HttpRequest, key: UUID) -> Article:
        if not self.has_view_permission(request):
            raise PermissionDenied
        article = self.get_queryset(request).filter(pk=key).first()
        if article is None:
            raise Http404
        return article

    def page(self, request: HttpRequest, article: Article, title: str, template: str, **more: Any) -> TemplateResponse:
        between = {"title": article.title, "link": reverse("admin:knowledge_base_article_change", args=[article.pk])}
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "crumbs_between": [between],
            "article": article,
        }
        return TemplateResponse(request, template, {**context, **more})

    def versions_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """All versions, and what one of them changed."""
        article = self.article_or_404(request, object_id)
        versions = list(article.versions.select_related("user", "restored_from").defer("content").order_by("-number"))
        wanted = request.GET.get("version", "")
        shown = next((version for version in versions if str(version.pk) == wanted), versions[0] if versions else None)
        before = article.versions.filter(number__lt=shown.number).order_by("-number").first() if shown else None
        return self.page(
            request,
            article,
            "Versions",
            "admin/knowledge_base/versions.html",
            versions=versions,
            shown=shown,
            before=before,
            differences=compared(before, shown) if shown else [],
            newest=versions[0] if versions else None,
        )

    def restore_view(self, request: HttpRequest, object_id: UUID, version: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        article = self.article_or_404(request, object_id)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        back = redirect(reverse("admin:knowledge_base_article_versions", args=[article.pk]))
        try:
            with transaction.atomic():
                services.restore_version(article.pk, version, actor=request.user)  # type: ignore[arg-type]
        except HelpDeskError as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return back
        number = ArticleVersion.objects.get(pk=version).number
        self.message_user(request, f"The text of version {number} is back, as a version of its own.", messages.SUCCESS)
        return back

    def feedback_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """What readers said, newest first, page by page."""
        article = self.article_or_404(request, object_id)
        voices = article.feedback.select_related("user").order_by("-created_at", "-id")
        key = key_in(request.GET.get("before"))
        if last := key and voices.filter(pk=key).first():
            voices = voices.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk))
        found = list(voices[: VOICES + 1])
        older = found[VOICES - 1].pk if len(found) > VOICES else None
        return self.page(
            request, article, "Feedback", "admin/knowledge_base/feedback.html",
            voices=found[:VOICES], older=older, from_the_newest=not last, solved=article.solved_questions.count(),
        )  # fmt: skip


def key_in(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    """What was left empty is nothing, not an empty text."""
    optional = ("excerpt", "seo_title", "seo_description", "slug")
    return {name: value or None if name in optional else value for name, value in values.items()}
