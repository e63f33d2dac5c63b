"""What search engines, feed readers and browsers ask for."""

import re

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from knowledge_base.models import Article

from .branding import brand
from .guards import pages

IN_FEED = 30
YEAR = 365 * 24 * 3600
UNSAID = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot say


@pages
def root(request: HttpRequest) -> HttpResponse:
    return redirect("portal:home")


@pages
def brand_style(request: HttpRequest, version: str) -> HttpResponse:
    """The colours of the brand; they have another address when they change."""
    found = brand()
    if not found.style or version != found.version:
        raise Http404
    response = HttpResponse(found.style, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@pages
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /api/", "Disallow: /portal/", "Disallow: /requests"]
    lines.append(f"Sitemap: {settings.BASE_URL}{reverse('portal:sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def in_xml(text: str) -> str:
    return UNSAID.sub("", text)


class NewArticles(Feed):
    """The newest articles that everybody may read."""

    feed_type = Atom1Feed

    def title(self) -> str:
        return f"{brand().name} – {_('Help centre')}"

    def link(self) -> str:
        return reverse("portal:home")

    def items(self) -> list[Article]:
        return list(
            Article.objects.visible_to(None).select_related("category").order_by("-created_at", "-id")[:IN_FEED]
        )

    def item_title(self, item: Article) -> str:
        return in_xml(item.title)

    def item_description(self, item: Article) -> str:
        return in_xml(item.seo_description or item.excerpt or "")

    def item_link(self, item: Article) -> str:
        return reverse("portal:article", args=[item.slug])

    def item_updateddate(self, item: Article) -> object:
        return item.updated_at

    def item_pubdate(self, item: Article) -> object:
        return item.created_at
