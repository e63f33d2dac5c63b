"""What the frame around every page of the portal shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from .branding import brand
from .guards import here
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
