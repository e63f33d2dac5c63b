"""Version 1 at a running server: every method and path answers as documented, to the scope it takes and to no other."""

import re
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from accounts.models import User
from helpdesk.api.permissions import SCOPES
from tests.factories import ApiKeyFactory
from tests.v1_examples import EXAMPLES
from tests.v1_ids import Ids, filled
from tests.v1_paths import OPERATIONS

Call = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture
def call(live_server: Any) -> Call:
    """`call(key, "GET", "/api/tickets")`: status, headers and body, over the network."""
    address = urlsplit(live_server.url)

    def send(key: str | None, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], bytes]:
        headers = {"Authorization": f"ApiKey {key}"} if key else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = HTTPConnection(address.hostname or "", address.port, timeout=20)
        try:
            connection.request(method, path, orjson.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    return send


def example_of(method: str, path: str) -> tuple[str, Any, int]:
    """The address, body and status of a documented example."""
    pattern = re.compile("/api" + re.sub(r"\{\w+\}", r"[{]\\w+[}]", path) + r"(\?.*)?")
    return next((e[2], e[3], e[4]) for e in EXAMPLES if e[1] == method and pattern.fullmatch(e[2]))


def in_order(operation: tuple[str, str, str | None]) -> tuple[bool, int]:
    """What deletes comes last, and what is below something before that."""
    method, path, _ = operation
    return method == "DELETE", -path.count("/") if method == "DELETE" else 0


@pytest.mark.django_db(transaction=True)
def test_every_path_answers_to_its_scope_and_to_no_other(call: Call, ids: Ids, admin: User) -> None:
    def key(*scopes: str) -> str:
        return ApiKeyFactory(owner=admin, scopes=list(scopes)).secret

    only = {scope: key(scope) for scope in SCOPES}
    without = {scope: key(*(other for other in SCOPES if other != scope)) for scope in SCOPES}
    everything = key(*SCOPES)
    for method, path, scope in sorted(OPERATIONS, key=in_order):
        what = f"{method} {path}"
        address, body, documented = example_of(method, path)
        address, body = filled(address, ids), filled(body, ids)
        is_public = path.startswith("/portal/")
        if not is_public:
            status, headers, answer = call(None, method, address, body)
            assert (status, headers["WWW-Authenticate"]) == (401, "ApiKey"), what
        if scope:
            status, _, answer = call(without[scope], method, address, body)
            assert status == 403, what
            assert scope in orjson.loads(answer)["error"], what
        status, _, answer = call(None if is_public else only[scope] if scope else everything, method, address, body)
        assert status == documented, f"{what}: {status} {answer!r}"
