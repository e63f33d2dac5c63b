"""What a write needs besides its verb: a second try, and an answer that can be given again."""

from collections.abc import Callable
from hashlib import sha256
from random import uniform
from time import sleep
from typing import TypeVar

from django.db import IntegrityError, OperationalError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from .credentials import Claim
from .json import dumps

Answer = TypeVar("Answer")

ATTEMPTS = 6
PAUSE = 0.05  # seconds at most before the second attempt, and as much more before each further one
# PostgreSQL: deadlock detected, serialization failure, and a reference to what was deleted meanwhile.
GIVE_WAY = ("40P01", "40001", "23503")
KEPT_HEADERS = ("Content-Type", "ETag", "Location")


def keep(claim: Claim, response: HttpResponseBase) -> None:
    if isinstance(response, HttpResponse):
        headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        claim.finish(response.status_code, headers, response.content)
    else:  # a streamed answer is no thing to keep
        claim.release()


def with_retries(attempt: Callable[[], Answer]) -> Answer:
    """Run a transaction again when the database chose it to give way to another (deadlock, serialisation).

    After a pause of chance length: those that met at the same moment would only meet again.
    """
    for number in range(1, ATTEMPTS):
        try:
            return attempt()
        except (OperationalError, IntegrityError) as problem:
            if getattr(problem.__cause__, "sqlstate", None) not in GIVE_WAY:
                raise
        sleep(uniform(0, PAUSE * number))  # noqa: S311 - no secret
    return attempt()


def is_multipart(request: Request) -> bool:
    return (request.content_type or "").startswith("multipart/")


def body_of(request: Request) -> bytes:
    """The bytes that make two requests the same; of a form, its fields and a digest of each file."""
    if not is_multipart(request):
        return request._request.body
    parts = [[name, request.POST.getlist(name)] for name in sorted(request.POST)]
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            digest = sha256()
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
            parts.append([name, file.name, digest.hexdigest()])
    return dumps(parts)
