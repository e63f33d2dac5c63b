"""What all pages of the portal have in common: language, time zone, and a policy under which no foreign script runs."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from accounts.sessions import note_visit

from .branding import brand

GetResponse = Callable[[HttpRequest], HttpResponse]

LANGUAGE_COOKIE, THEME_COOKIE = "language", "theme"
THEMES = ("light", "dark")
ELSEWHERE = ("/api", "/admin", "/static", "/healthz", "/readyz")
# Nothing comes from elsewhere, nothing stands inside a page, and nobody frames it.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


class PortalMiddleware:
    """Prepares pages of the portal, and what goes wrong there; lets everything else pass."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_portal(request):
            return self.get_response(request)
        language = language_of(request)
        with translation.override(language), timezone.override(zone_of(getattr(request.user, "time_zone", ""))):
            response = self.get_response(request)
        # A shared cache may keep what is public, and would give the cookie of a session to everybody along with it.
        if has_account(request.user) and "public" not in response.headers.get("Cache-Control", ""):
            note_visit(request.session, timezone.now())
        # Names, tokens of forms: nothing that stands in a page is for anybody else.
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers.setdefault("Content-Language", language)
        response.headers.setdefault("Content-Security-Policy", policy())
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def is_portal(request: HttpRequest) -> bool:
    path = request.path_info
    return not any(path == prefix or path.startswith(f"{prefix}/") for prefix in ELSEWHERE)


def has_account(user: object) -> bool:
    return bool(getattr(user, "is_authenticated", False))


def language_of(request: HttpRequest) -> str:
    """As chosen in this browser, or in the account, or as the browser asks."""
    return language_asked_for(request, own=lambda: getattr(request.user, "language", ""))


def language_asked_for(request: HttpRequest, own: Callable[[], str] = str) -> str:
    """The same without looking at the account, unless told how."""
    known = dict(settings.LANGUAGES)
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    if chosen in known:
        return chosen
    return found if (found := own()) in known else translation.get_language_from_request(request)


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of a name, or that of the site."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def theme_of(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def policy(*, without: str = "", **more: str) -> str:
    """The policy of a page; `img_src="https:"` adds to what it allows, and `without` takes something away."""
    added = {name.replace("_", "-"): sources for name, sources in more.items()}
    if origin := brand().logo_origin:
        added["img-src"] = f"{origin} {added.get('img-src', '')}"
    return "; ".join(
        f"{name} {sources} {added.get(name, '')}".strip() for name, sources in POLICY.items() if name != without
    )
