"""The help centre: search, categories, folders and articles, each only as far as the reader may see it."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.throttling import Limit, hit, network_of
from helpdesk.api.addresses import client_address
from helpdesk.errors import HelpDeskError, NotFound, TooManyAttempts
from knowledge_base import services
from knowledge_base.contents import with_contents
from knowledge_base.markdown import to_html
from knowledge_base.models import Article, ArticleSlug, Category, Folder, Visibility
from knowledge_base.reading import note_view
from knowledge_base.related import related_articles

from .errors import sentence
from .finding import find
from .forms import FeedbackForm
from .guards import acts, pages
from .middleware import policy
from .search_limits import asks_too_often

RELATED = 4
LISTED = 50  # on a page of a folder
SHORT_LIST = 5  # articles shown of each folder
SUGGESTIONS = 5
RESULTS = 20
FEEDBACK_FROM = Limit(30, 60 * 60)


def reader(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def readable(request: HttpRequest) -> QuerySet[Article]:
    """What is published, as far as this reader may see it; lists show drafts to nobody."""
    return Article.objects.visible_to(reader(request)).published()


def open_folders(request: HttpRequest) -> list[str]:
    """The kinds of folders that this reader knows of."""
    user = reader(request)
    if user is None:
        return [Visibility.ALL]
    return list(Visibility.values) if user.is_staff else [Visibility.ALL, Visibility.LOGGED_IN]


@pages
def home(request: HttpRequest) -> HttpResponse:
    """Search first, then everything there is, by category."""
    mine = Q(articles__in=readable(request).values("pk"))
    categories = Category.objects.annotate(count=Count("articles", filter=mine)).filter(count__gt=0)
    popular = readable(request).order_by("-view_count", "-created_at", "-id").only("slug", "title")[:SHORT_LIST]
    canonical = settings.BASE_URL + reverse("portal:home")
    return show(request, "home", {"categories": categories, "popular": popular, "canonical": canonical})


@pages
def category(request: HttpRequest, category_id: str) -> HttpResponse:
    """The folders of a category with their articles, and those without a folder."""
    found = get_object_or_404(Category, pk=category_id)
    by_folder: dict[UUID | None, list[Article]] = defaultdict(list)
    listed = readable(request).filter(category=found).order_by("title", "id")
    for article in listed.only("slug", "title", "folder_id", "excerpt"):
        by_folder[article.folder_id].append(article)
    if not by_folder:
        raise Http404
    folders = Folder.objects.filter(category=found, visibility__in=open_folders(request))
    shelves = [(one, by_folder[one.pk]) for one in folders if one.pk in by_folder]
    canonical = settings.BASE_URL + reverse("portal:category", args=[found.pk])
    number = page_number(request)
    loose = by_folder[None][(number - 1) * LISTED : number * LISTED + 1]
    if number > 1 and not loose:
        raise Http404
    context = {
        "category": found,
        "shelves": shelves if number == 1 else [],
        "loose": loose[:LISTED],
        "canonical": canonical,
        **neighbours(number, is_last=len(loose) <= LISTED),
    }
    return show(request, "category", context)


@pages
def folder(request: HttpRequest, folder_id: str) -> HttpResponse:
    """All articles of a folder."""
    folders = Folder.objects.filter(visibility__in=open_folders(request)).select_related("category")
    found = get_object_or_404(folders, pk=folder_id)
    number = page_number(request)
    listed = readable(request).filter(folder=found).order_by("title", "id").only("slug", "title")
    articles = list(listed[(number - 1) * LISTED : number * LISTED + 1])
    if number > 1 and not articles:
        raise Http404
    context = {
        "folder": found,
        "articles": articles[:LISTED],
        **neighbours(number, is_last=len(articles) <= LISTED),
        "canonical": settings.BASE_URL + reverse("portal:folder", args=[found.pk]),
        "is_public": found.visibility == Visibility.ALL and bool(articles),
    }
    return show(request, "folder", context)


def neighbours(number: int, *, is_last: bool) -> dict[str, int | None]:
    return {"number": number, "previous": number - 1 or None, "next": None if is_last else number + 1}


def page_number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 7 and int(asked)):
        raise Http404
    return int(asked)


@pages
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One article; under a former slug, the way to the present one."""
    seen = Article.objects.visible_to(reader(request)).select_related("category", "folder")
    found = seen.filter(slug=slug).first()
    if found is None:
        return renamed(request, seen, slug)
    if reader(request) is None or not request.user.is_staff:
        note_view(found.pk)
    text, contents = with_contents(to_html(found.content))
    near = related_articles(found, among=readable(request), limit=RELATED)
    by_key = {one.pk: one for one in Article.objects.filter(pk__in=near).only("slug", "title")}
    context = {
        "article": found,
        "text": text,
        "contents": contents if len(contents) > 2 else [],
        "related": [by_key[key] for key in near if key in by_key],
        "question": request.GET.get("for", "")[:200],
        "canonical": settings.BASE_URL + address_of(found),
        "is_public": found.is_published and (found.folder is None or found.folder.visibility == Visibility.ALL),
    }
    response = show(request, "article", context)
    # Authors may show pictures from elsewhere.
    response["Content-Security-Policy"] = policy(img_src="https:")
    return response


def renamed(request: HttpRequest, seen: QuerySet[Article], slug: str) -> HttpResponse:
    former = ArticleSlug.objects.filter(slug=slug).values("article")
    return redirect(address_of(get_object_or_404(seen, pk__in=former)), permanent=True)


def address_of(article: Article) -> str:
    return reverse("portal:article", args=[article.slug])


@acts
def feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """Was this helpful? With a comment, if one likes."""
    found = get_object_or_404(readable(request), slug=slug)
    form = FeedbackForm(request.POST)
    if form.is_valid():
        try:
            hit("article feedback from", network_of(client_address(request)), FEEDBACK_FROM)
            services.give_feedback(
                found.pk,
                is_helpful=form.cleaned_data["helpful"] == "yes",
                user_id=request.user.pk if request.user.is_authenticated else None,
                comment=form.cleaned_data["comment"] or None,
            )
        except HelpDeskError as problem:
            messages.error(request, sentence(problem))
        else:
            messages.success(request, _("Thank you for telling us."))
    return redirect(address_of(found))


@acts
def solved(request: HttpRequest, slug: str) -> HttpResponse:
    """An article made a request unnecessary."""
    found = get_object_or_404(readable(request), slug=slug)
    try:
        hit("article feedback from", network_of(client_address(request)), FEEDBACK_FROM)
        services.note_solved(
            found.pk,
            question=request.POST.get("question", "").replace("\x00", "")[:200],
            user_id=request.user.pk if request.user.is_authenticated else None,
        )
    except (TooManyAttempts, NotFound) as problem:
        messages.error(request, sentence(problem))
    else:
        messages.success(request, _("We are glad that this solved it."))
    return redirect(address_of(found))


@pages
def search(request: HttpRequest) -> HttpResponse:
    """The results of a search, as a page."""
    asked = asked_in(request)
    if asked and asks_too_often(request):
        return tried_too_often(show(request, "search", {"asked": asked, "too_often": True}))
    hits = find(asked, reader=reader(request), limit=RESULTS)
    return show(request, "search", {"asked": asked, "hits": hits})


@pages
def suggest(request: HttpRequest) -> HttpResponse:
    """The best results while somebody types, as a piece of a page."""
    asked = asked_in(request)
    if asks_too_often(request):
        return tried_too_often(HttpResponse())
    hits = find(asked, reader=reader(request), limit=SUGGESTIONS)
    context = {"asked": asked, "hits": hits, "for_request": "request" in request.GET}
    return render(request, "portal/help/suggestions.html", context)


def asked_in(request: HttpRequest) -> str:
    return request.GET.get("q", "")[:200].replace("\x00", "").strip()


def tried_too_often(answer: HttpResponse) -> HttpResponse:
    answer.status_code = 429
    answer["Retry-After"] = "60"
    return answer


def show(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, f"portal/help/{name}.html", {"section": "help", **context})
