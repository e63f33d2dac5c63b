"""The OpenAPI document and the page to try it on."""

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from .json import CONTENT_TYPE, dumps


@lru_cache(maxsize=1)
def document() -> bytes:
    """The schema; it changes only with the code, so it is generated once a process."""
    return dumps(SchemaGenerator().get_schema(request=None, public=True))


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(document(), content_type=CONTENT_TYPE)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html")
