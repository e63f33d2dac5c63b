"""Every refusal the API can give, in one shape and one place.

The body is `{"error": "one plain sentence"}`; validation adds `"details": {"fieldName": ["…"]}` with the names
as the client wrote them. This file is the only one that knows which exception is which status code.
"""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.signals import got_request_exception
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.csrf import csrf_failure as django_csrf_failure
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf

from helpdesk import errors

from .json import json_response
from .naming import camel

logger = logging.getLogger(__name__)


class NotModified(Exception):
    """The client's copy, with this entity tag, is still good."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


class PreconditionFailed(errors.HelpDeskError):
    sentence = "The resource has changed since you read it."


class MissingCredentials(errors.HelpDeskError):
    sentence = "Invalid or missing API key"


class KeyReused(errors.HelpDeskError):
    sentence = "This Idempotency-Key was used before with a different request body."


class UnsupportedContentType(errors.HelpDeskError):
    sentence = "Send the request body as application/json."


STATUS = {
    errors.Invalid: 400,
    MissingCredentials: 401,
    errors.SignInFailed: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    PreconditionFailed: 412,
    UnsupportedContentType: 415,
    KeyReused: 422,
    errors.TooManyAttempts: 429,
}

# Exceptions of Django and REST framework, by what a client should read.
FOREIGN: dict[type[Exception], tuple[int, str]] = {
    Http404: (404, "Not found."),
    PermissionDenied: (403, "You may not do this."),
    RequestDataTooBig: (413, "The request body is too large."),
    TooManyFieldsSent: (400, "Too many parameters in one request."),
    TooManyFilesSent: (400, "Too many files in one request."),
    IntegrityError: (409, "This conflicts with a change made at the same time. Please try again."),
    drf.NotFound: (404, "Not found."),
    drf.NotAuthenticated: (401, MissingCredentials.sentence),
    drf.AuthenticationFailed: (401, MissingCredentials.sentence),
    drf.PermissionDenied: (403, "You may not do this."),
    drf.UnsupportedMediaType: (415, "This content type is not supported here."),
    drf.NotAcceptable: (406, "Only application/json can be returned."),
}


def error_response(status: int, sentence: str, **extra: Any) -> HttpResponse:
    return json_response({"error": sentence, **extra}, status=status)


def handle(exc: Exception, context: dict[str, Any] | None = None) -> HttpResponse:
    """Turn whatever a view raised into the answer the document promises."""
    if isinstance(exc, NotModified):
        return HttpResponse(status=304, headers={"ETag": exc.tag})
    if isinstance(exc, drf.ValidationError):
        details = field_messages(exc.detail)
        return error_response(400, summary(details), details=details)
    if isinstance(exc, errors.HelpDeskError):
        return domain_response(exc)
    if isinstance(exc, drf.MethodNotAllowed):
        return error_response(405, "This method is not allowed here.")
    for kind, (status, sentence) in FOREIGN.items():
        if isinstance(exc, kind):
            return with_challenge(error_response(status, sentence))
    if isinstance(exc, drf.APIException):
        return error_response(exc.status_code, str(exc.detail))
    logger.error("Unhandled error in %s", context and type(context.get("view")).__name__, exc_info=exc)
    request = context and context.get("request")
    got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    return error_response(500, "Internal server error")


def domain_response(exc: errors.HelpDeskError) -> HttpResponse:
    status = next(code for kind, code in STATUS.items() if isinstance(exc, kind))
    if isinstance(exc, errors.Invalid) and exc.details:
        details = {camel(name): messages for name, messages in exc.details.items()}
        return error_response(status, exc.sentence, details=details)
    response = with_challenge(error_response(status, exc.sentence))
    if isinstance(exc, errors.TooManyAttempts):
        response["Retry-After"] = str(exc.retry_after)
    return response


def with_challenge(response: HttpResponse) -> HttpResponse:
    if response.status_code == 401:
        response["WWW-Authenticate"] = "ApiKey"
    return response


def field_messages(detail: Any) -> dict[str, list[str]]:
    """REST framework's nested error detail, flattened to one list of sentences a field."""
    if not isinstance(detail, dict):
        return {"body": texts(detail)}
    return {("body" if name == "non_field_errors" else name): texts(found) for name, found in detail.items()}


def texts(detail: Any) -> list[str]:
    if isinstance(detail, dict):
        return [f"{name}: {text}" for name, found in detail.items() for text in texts(found)]
    if isinstance(detail, list):
        return [text for found in detail for text in texts(found)]
    return [str(detail)]


def summary(details: dict[str, list[str]]) -> str:
    """One sentence for people who read only `error`."""
    if not details:
        return "Invalid request body."
    name, messages = next(iter(details.items()))
    return messages[0] if name == "body" else f"{name}: {messages[0]}"


def is_api(request: HttpRequest) -> bool:
    return request.path_info == "/api" or request.path_info.startswith("/api/")


@csrf_exempt
def not_found(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """What any unknown path under /api answers."""
    return error_response(404, "Not found.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Requests that Django itself refuses, such as those for a host that is not ours."""
    if is_api(request):
        return error_response(400, "Bad request.")
    return HttpResponse("<h1>Bad request</h1>", status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if is_api(request):
        return error_response(403, "CSRF check failed.")
    return django_csrf_failure(request, reason=reason)


def server_error(request: HttpRequest) -> HttpResponse:
    """Errors outside any view (a middleware, say) under /api; other paths get a plain page."""
    if is_api(request):
        return error_response(500, "Internal server error")
    return HttpResponse("<h1>Something went wrong</h1><p>Please try again.</p>", status=500)
