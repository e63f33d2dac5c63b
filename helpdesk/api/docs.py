"""The OpenAPI document and the page to try it on."""

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator

from .errors import error_response
from .json import CONTENT_TYPE, dumps
from .permissions import READ_METHODS


@lru_cache(maxsize=1)
def document() -> bytes:
    """The schema; it changes only with the code, so it is generated once a process."""
    return dumps(SchemaGenerator().get_schema(request=None, public=True))


@csrf_exempt
def openapi(request: HttpRequest) -> HttpResponse:
    if request.method not in READ_METHODS:
        return only_reading()
    return HttpResponse(document(), content_type=CONTENT_TYPE)


@csrf_exempt
def docs(request: HttpRequest) -> HttpResponse:
    if request.method not in READ_METHODS:
        return only_reading()
    return render(request, "api/docs.html")


def only_reading() -> HttpResponse:
    refused = error_response(405, "This method is not allowed here.")
    refused["Allow"] = "GET, HEAD"
    return refused
