"""The OpenAPI document: complete, valid, and true, which schemathesis tries to disprove."""

import re
import warnings
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from drf_spectacular import validation
from drf_spectacular.drainage import GENERATOR_STATS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error

from helpdesk.api import docs
from helpdesk.wsgi import application
from tests.factories import (
    AgentGroupFactory,
    ApiKeyFactory,
    CannedResponseFactory,
    CompanyFactory,
    CustomFieldFactory,
    TicketFactory,
    TicketTemplateFactory,
    TimeEntryFactory,
    UserFactory,
)
from tests.v1_paths import OPERATIONS


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """As it is served, made anew: a warning is an error."""
    GENERATOR_STATS.reset()
    docs.document.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return orjson.loads(docs.document())


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(p, m, o) for p, methods in document["paths"].items() for m, o in methods.items()]


def test_it_is_openapi_3_1_and_generated_without_a_warning(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert not GENERATOR_STATS
    rules = orjson.loads((Path(validation.__file__).parent / "openapi_3_1_schema.json").read_bytes())
    # As drf_spectacular's validate_schema does, by a library that takes a hundredth of the time.
    jsonschema_rs.validator_for(rules).validate(document)


def test_it_holds_every_documented_path(document: dict[str, Any]) -> None:
    for method, path, _ in OPERATIONS:
        assert method.lower() in document["paths"][f"/api{path}"], path


def test_every_operation_says_what_it_does_what_it_needs_and_how_it_fails(document: dict[str, Any]) -> None:
    seen = set()
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["operationId"] not in seen, where
        seen.add(operation["operationId"])
        assert re.search(r"Scope: `\w+:\w+`|Needs no API key|Any valid API key", operation["description"]), where
        assert "400" in operation["responses"], where
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/json")
            if content and not (status == "200" and method == "get" and path.endswith("/content")):
                assert content.get("examples"), f"{where} {status} has no example"
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["examples"], where


def test_names_are_camel_case_everywhere(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for attribute in schema.get("properties", {}):
            assert "_" not in attribute, f"{name}.{attribute}"


@pytest.mark.django_db
def test_it_is_served_and_so_is_the_page_to_try_it(client: Client, document: dict[str, Any]) -> None:
    assert client.get("/api/openapi.json").json() == document
    page = client.get("/api/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text), "nothing comes from elsewhere"
    for asset in re.findall(r"""(?:src|href)="(/assets/[^"]+)""", text):
        assert client.get(asset).status_code == 200, asset


@pytest.fixture
def kept_connection() -> Iterator[None]:
    """The requests run in the test's own transaction: the end of one must not close its connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def generator(document: dict[str, Any]) -> Any:
    """What makes requests of the document, one for all tests: it reads through our code for values to send."""
    schema = schemathesis.openapi.from_dict(deepcopy(document))  # which it writes into
    schema.app = application
    return schema


REFERENCES = {"customerId": "users", "userId": "users", "agentId": "users", "assigneeId": "users"}


def cases(operation: Any, known: dict[str, str]) -> st.SearchStrategy[Any]:
    """Two of three requests are about things that exist; the generator's own ids never do, and take long to draw."""
    first = operation.path.removeprefix("/api/").split("/")[0]
    kinds = {"ticketId": "tickets", "groupId": "agent-groups"}
    named = {
        parameter.name: known.get(kinds.get(parameter.name, first), known["users"])
        for parameter in operation.path_parameters
    }

    def grounded(case: Any) -> Any:
        if isinstance(case.body, dict):
            case.body |= {name: known[kind] for name, kind in REFERENCES.items() if name in case.body}
        return case

    about = operation.as_strategy(path_parameters=named).map(grounded), operation.as_strategy()
    return st.sampled_from((0, 0, 1)).flatmap(lambda which: about[which])


def checked(case: Any, key: str) -> None:
    case.headers = {**(case.headers or {}), "Authorization": f"ApiKey {key}"}
    response = case.call()
    case.validate_response(response, checks=(not_a_server_error,))
    if 400 <= response.status_code < 500 and response.status_code != 412:
        assert response.json()["error"], "a refusal is one sentence"


@pytest.mark.django_db
@pytest.mark.usefixtures("kept_connection")
@pytest.mark.parametrize(
    "tag",
    [
        "Tickets",
        "Users",
        "Companies",
        "Agent groups",
        "Custom fields",
        "API keys",
        "Portal",
        "Canned responses",
        "Ticket templates",
        "Attachments",
        "Time entries",
        "Dashboard",
        "Reports",
        "Csat surveys",
    ],
)
def test_generated_requests_never_make_the_server_fail(generator: Any, tag: str, monkeypatch: Any) -> None:
    """Bounded, and the same requests each time: a few for each operation, valid ones and nonsense."""
    monkeypatch.setattr("accounts.portal_accounts.hit", lambda *_: None)
    credential = ApiKeyFactory()
    made = {
        "users": UserFactory(agent=True),
        "tickets": TicketFactory(),
        "companies": CompanyFactory(),
        "agent-groups": AgentGroupFactory(),
        "custom-fields": CustomFieldFactory(name="plan", options=["a"], field_type="dropdown"),
        "canned-responses": CannedResponseFactory(),
        "ticket-templates": TicketTemplateFactory(),
        "time-entries": TimeEntryFactory(),
        "api-keys": ApiKeyFactory(),
    }
    known = {kind: str(thing.pk) for kind, thing in made.items()}
    operations = [found.ok() for found in generator.get_all_operations()]
    tried = 0
    for operation in (operation for operation in operations if tag in operation.tags):

        @settings(
            max_examples=12,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def attempt(case: Any) -> None:
            checked(case, credential.secret)

        given(case=cases(operation, known))(attempt)()
        tried += 1
    assert tried
