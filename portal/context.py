"""What the frame around every page of the portal shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse

from .branding import brand
from .guards import is_only_posted
from .middleware import has_account, is_portal, theme_of


def frame(request: HttpRequest) -> dict[str, Any]:
    if not is_portal(request):
        return {}
    user = getattr(request, "user", None)
    return {
        "brand": brand(),
        "theme": theme_of(request),
        "languages": settings.LANGUAGES,
        "account": user if has_account(user) else None,
        "is_customer": has_account(user) and not user.is_staff,  # type: ignore[union-attr]
        "guests_may_ask": settings.GUEST_TICKETS,
        "here": here(request),
    }


def here(request: HttpRequest) -> str:
    """Where a form of the frame leads back to: this page or, when this answers a button, the one that has it."""
    match = request.resolver_match
    if match is None or not is_only_posted(match.func):
        return request.get_full_path()
    path = request.path_info
    while path.count("/") > 1:
        path = path.rpartition("/")[0]
        try:
            if not is_only_posted(resolve(path).func):
                return path
        except Resolver404:
            continue
    return reverse("portal:home")
