"""JSON in and out, by orjson."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.http import HttpResponse
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from helpdesk.errors import Invalid

from .text import check_json

CONTENT_TYPE = "application/json"


def dumps(data: Any) -> bytes:
    return orjson.dumps(data)


def loads(raw: bytes) -> Any:
    """Parse and guard a JSON document from outside; raises Invalid with a sentence for people."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"The request body is not valid JSON: {error.msg} at character {error.pos}.") from None
    check_json(document)
    return document


def json_response(data: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(dumps(data), status=status, content_type=CONTENT_TYPE)


class JsonParser(BaseParser):
    """The body of every request that has one: a JSON object."""

    media_type = CONTENT_TYPE

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        # Through the request, not the stream: only there the size limit holds.
        request = (parser_context or {})["request"]
        document = loads(request._request.body)
        if not isinstance(document, dict):
            raise Invalid("The request body must be a JSON object.")
        return document


class JsonRenderer(BaseRenderer):
    """Names the media type; the views answer with finished bytes."""

    media_type = CONTENT_TYPE
    format = "json"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return dumps(data)
