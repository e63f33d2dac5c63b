"""The lines of curl in the documentation: each works as it stands, and every endpoint has one."""

import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import resolve

from tests.client import ApiClient
from tests.factories import PASSWORD
from tests.test_access import api_views
from tests.test_costs import NOBODY, _files, _nothing_else_happens, api_key, ids  # noqa: F401 - fixtures

PAGE = Path(__file__).resolve().parent.parent / "docs" / "api-examples.md"
LINES = [line for line in PAGE.read_text().splitlines() if line.startswith("curl ")]
FILES = {"note.txt": b"hello", "contacts.csv": b"name,email\nAnn,ann@example.com\n"}


def request_of(line: str, names: dict[str, str]) -> dict[str, Any]:
    """What a line of curl sends, after a shell has put in the values of names, but not between single quotes."""
    words = shlex.split(re.sub(r"'[^']*'|\$([A-Z_]+)", lambda found: names[found[1]] if found[1] else found[0], line))
    request: dict[str, Any] = {"method": "GET", "headers": {}, "body": b"", "path": ""}
    arguments = iter(words[1:])
    for word in arguments:
        if word == "-X":
            request["method"] = next(arguments)
        elif word == "-H":
            name, _, value = next(arguments).partition(": ")
            request["headers"][name] = value
        elif word == "-d":
            request["body"] = next(arguments).encode()
        elif word == "-F":
            field, _, path = next(arguments).partition("=@")
            file = io.BytesIO(FILES[path])
            file.name = path
            request["body"] = encode_multipart(BOUNDARY, {field: file})
            request["headers"]["Content-Type"] = MULTIPART_CONTENT
        else:
            assert word.startswith("/"), f"{line}: what is {word}?"
            request["path"] = word
    return request


def send(*, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
    # Without a type of its own curl says that a body is a form.
    kind = headers.pop("Content-Type", "application/x-www-form-urlencoded")
    return ApiClient(headers=headers).generic(method, path, body, content_type=kind)


def route_of(line: str) -> tuple[str, str]:
    names = dict.fromkeys(re.findall(r"\$([A-Z_]+)", line), NOBODY) | {"HD": ""}
    request = request_of(line, names)
    return request["method"].lower(), resolve(request["path"].partition("?")[0]).route


def test_every_endpoint_has_a_line() -> None:
    endpoints = {(method, path) for path, callback in api_views() for method in callback.actions if method != "head"}
    shown = {route_of(line) for line in LINES}
    assert not endpoints - shown, f"Give these a line in {PAGE.name}"
    assert not shown - endpoints


@pytest.mark.django_db
def test_every_line_works(ids: dict[str, Any], api_key: Any) -> None:  # noqa: F811
    names = {name.upper(): str(pk) for name, pk in ids.items()}
    names["OLD_KEY"] = names.pop("KEY")
    names |= {"HD": "", "AUTH": f"Authorization: ApiKey {api_key.secret}", "JSON": "Content-Type: application/json"}
    for line in LINES:
        request = request_of(line.replace("correct horse battery", PASSWORD), names)
        with transaction.atomic():
            response = send(**request)
            response.getvalue()
            transaction.set_rollback(True)
        assert response.status_code in (200, 201, 204), f"{line}\n{response.status_code} {response.getvalue()[:300]!r}"
