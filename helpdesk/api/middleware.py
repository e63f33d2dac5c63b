"""What every response carries, and how paths under /api are read."""

import re
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver

from .errors import error_response, is_api

GetResponse = Callable[[HttpRequest], HttpResponse]

FILES_AT_ONCE = 10  # that a form of a page takes
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,100}")


class RequestIdMiddleware:
    """Gives every response an X-Request-Id: the caller's own, when it is a sane one, or a new one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.META.get("HTTP_X_REQUEST_ID", "")
        request.id = offered if ACCEPTABLE_ID.fullmatch(offered) else uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response


class ApiPathMiddleware:
    """Lets every documented path work with a trailing slash too, and keeps API answers out of caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api(request):
            return page_too_large(request) if is_too_large(request) else self.get_response(request)
        if request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/")
        if refusal := measure_body(request):
            return refusal
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def is_too_large(request: HttpRequest) -> bool:
    """Whether no form of a page can hold this, before it is read: files that arrive have no limit of their own.

    Only people who are signed in send files.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    size = int(length[:18]) if length.isascii() and length.isdigit() else 0
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return size > most and (size > most + FILES_AT_ONCE * settings.ATTACHMENT_MAX_SIZE or not is_signed_in(request))


def is_signed_in(request: HttpRequest) -> bool:
    """Whether the cookie is that of somebody's session: anybody can send one of its name."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return bool(key) and SESSION_KEY in import_module(settings.SESSION_ENGINE).SessionStore(key)


def page_too_large(request: HttpRequest) -> HttpResponse:
    """As the pages say it, which this floor does not know."""
    explain: Callable[..., HttpResponse] = get_resolver().resolve_error_handler(400)
    return explain(request, exception=RequestDataTooBig("The request body is too large."))


def measure_body(request: HttpRequest) -> HttpResponse | None:
    """Give a body that comes in chunks the length it lacks; WSGI takes a request without one as empty."""
    if "HTTP_TRANSFER_ENCODING" not in request.META or request.META.get("CONTENT_LENGTH"):
        return None
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = request.environ["wsgi.input"].read(limit + 1)  # type: ignore[attr-defined]
    if len(body) > limit:
        return error_response(413, "The request body is too large.")
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)
    return None
