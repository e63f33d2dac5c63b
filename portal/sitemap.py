"""What search engines may list: everything that everybody may read, and nothing else, whoever asks.

They ask for it again and again, so that it has an ETag, by which they are told for two small questions that nothing
has changed. There is no Last-Modified: what is deleted would not be later than what was there.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from knowledge_base.models import Article, Category, Folder, Visibility

from .guards import pages

MAX_LISTED = 50_000  # addresses that one file can hold
FORM = 1  # to be raised when the files look another way


class Stock(NamedTuple):
    """How much there is, and the ETag, which is another one after any change."""

    articles: int
    etag: str


class Place(NamedTuple):
    path: str
    changed: datetime | None = None


@pages
def sitemap(request: HttpRequest) -> HttpResponseBase:
    """Everything; or, where that is more than one file can hold, where the files are."""
    stock = take_stock()
    return get_conditional_response(request, etag=stock.etag) or answer(request, whole(stock), stock)


@pages
def part(request: HttpRequest, number: int) -> HttpResponseBase:
    """The categories and folders are the first one, articles the others."""
    stock = take_stock()
    if not 1 <= number <= parts_of(stock):
        raise Http404
    if unchanged := get_conditional_response(request, etag=stock.etag):
        return unchanged
    first = (number - 2) * MAX_LISTED
    return answer(request, groups() if number == 1 else articles(first, first + MAX_LISTED), stock)


def answer(request: HttpRequest, found: list[Place] | None, stock: Stock) -> HttpResponse:
    """A list of places, or that of the parts."""
    context: dict[str, Any] = {"base": settings.BASE_URL}
    if found is None:
        template = "sitemap_index.xml"
        context["parts"] = [reverse("portal:sitemap-part", args=[one + 1]) for one in range(parts_of(stock))]
    else:
        template, context["pages"] = "sitemap.xml", found
    response = render(request, f"portal/help/{template}", context, content_type="application/xml; charset=utf-8")
    response["ETag"] = stock.etag
    return response


def take_stock() -> Stock:
    open_folders = Folder.objects.filter(visibility=Visibility.ALL).order_by("pk").values_list("pk", flat=True)
    found = Article.objects.visible_to(None).aggregate(number=Count("pk"), last=Max("updated_at"))
    known = (FORM, MAX_LISTED, settings.BASE_URL, found["number"], found["last"], *open_folders)
    return Stock(found["number"], quote_etag(sha256("|".join(map(str, known)).encode()).hexdigest()[:32]))


def parts_of(stock: Stock) -> int:
    return 1 + -(-stock.articles // MAX_LISTED)


def whole(stock: Stock) -> list[Place] | None:
    if stock.articles >= MAX_LISTED:
        return None
    found = [*groups(), *articles(0, MAX_LISTED)]
    return found if len(found) <= MAX_LISTED else None


def groups() -> list[Place]:
    return [Place(reverse("portal:home")), *shelves()][:MAX_LISTED]


def shelves() -> Iterator[Place]:
    """Categories and folders, as far as there is something in them that everybody may read."""
    public = Article.objects.visible_to(None).values("pk")
    categories = Category.objects.filter(articles__in=public)
    folders = Folder.objects.filter(articles__in=public, visibility=Visibility.ALL)
    for kind, rows in (("category", categories), ("folder", folders)):
        for key, changed in rows.annotate(changed=Max("articles__updated_at")).values_list("pk", "changed"):
            yield Place(reverse(f"portal:{kind}", args=[key]), changed)


def articles(first: int, end: int) -> list[Place]:
    """The oldest first, so that a new one moves none to another part."""
    rows = Article.objects.visible_to(None).order_by("created_at", "pk").values_list("slug", "updated_at")
    return [Place(reverse("portal:article", args=[slug]), changed) for slug, changed in rows[first:end]]
