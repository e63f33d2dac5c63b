"""Addresses that were typed, or made to links by a mail program, with a slash too many or too few at their end."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve
from django.utils.http import escape_leading_slashes

READING = ("GET", "HEAD")


def led_to_its_page(request: HttpRequest) -> HttpResponsePermanentRedirect | None:
    """To the page that differs from what was asked for by a slash at the end, if there is one."""
    if request.method not in READING or not is_page(mended(request.path_info)):
        return None
    path, mark, query = request.get_full_path().partition("?")
    return HttpResponsePermanentRedirect(escape_leading_slashes(mended(path)) + mark + query)


def mended(path: str) -> str:
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


def is_page(path: str) -> bool:
    """Pages have a name; what catches everything below /admin/ has none."""
    try:
        return bool(resolve(path).url_name)
    except Resolver404:
        return False
