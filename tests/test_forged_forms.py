"""What other sites can make a browser send: no form without the token of a page, and looking changes nothing."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from helpdesk.ids import new_id
from tests.portal_house import House
from tests.test_portal_access import MATRIX, address

pytestmark = pytest.mark.django_db

ANY: dict[str, Any] = {"int": 1, "id": new_id(), "uuid": new_id(), "path": "x", "str": "x", "slug": "x", "words": "x"}
# The times of sessions, and how often an article was read: no harm in what another site makes of them.
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE)\b(?!.*(accountsession|articleview))", re.IGNORECASE | re.DOTALL)


# Mail programs post here, and have seen no page: the address itself is signed, and x is not.
SIGNED = ["/requests/leave/x"]


def addresses(patterns: Any, prefix: str) -> Iterator[str]:
    """Every address, with anything in the places that take something: the token is asked for before it is looked at."""
    for found in patterns:
        if isinstance(found, URLResolver):
            yield from addresses(found.url_patterns, prefix + str(found.pattern))
        else:
            yield "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda part: str(ANY[part[1] or "str"]), prefix + route_of(found))


def route_of(found: URLPattern) -> str:
    route = str(found.pattern)
    return re.sub(r"\(\?P<\w+>.*\)|[$^]", "", route)


def pages() -> Iterator[str]:
    for found in get_resolver().url_patterns:
        if isinstance(found, URLResolver) and (found.namespace in ("admin", "portal")):
            yield from addresses(found.url_patterns, str(found.pattern))


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """In place of the pages that say so, which take their time."""
    return HttpResponse(status=403)


def test_no_form_is_taken_without_the_token_of_a_page(admin: User, settings: Any) -> None:
    settings.CSRF_FAILURE_VIEW = "tests.test_forged_forms.refused"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)
    tried = list(pages())
    assert len(tried) > 200
    with CaptureQueriesContext(connection) as asked:
        taken = [path for path in tried if strict.post(path, {"csrfmiddlewaretoken": "x" * 64}).status_code != 403]
    assert taken == SIGNED
    assert [query["sql"] for query in asked if WRITES.match(query["sql"])] == []


@pytest.mark.parametrize("role", ["guest", "owner"])
def test_looking_at_the_portal_changes_nothing(house: House, client_of: Callable[[str], Client], role: str) -> None:
    client = client_of(role)
    for name, rows in MATRIX.items():
        for row in rows:
            with CaptureQueriesContext(connection) as asked:
                status = client.get(address(house, name, row)).status_code
            assert [query["sql"] for query in asked if WRITES.match(query["sql"])] == [], name
            assert row.method == "get" or status != 200 or "get" in {other.method for other in rows}, name
