"""Every example of the version 1 API, sent as an integrator wrote it, with ids put in.

What an integrator relies on is the status and that every documented attribute is there.
"""

from typing import Any

import pytest

from tests.client import ApiClient
from tests.factories import ApiKeyFactory, UserFactory
from tests.v1_examples import EXAMPLES
from tests.v1_ids import Ids, everything, filled

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def ids(rows_of_module: None) -> Ids:
    """Made once: each example finds all that any of them names."""
    admin = UserFactory(admin=True, name="Ada Admin")
    agent, customer = UserFactory(agent=True, name="Gus Agent"), UserFactory(name="Cleo Customer")
    return everything(ApiClient(ApiKeyFactory(owner=admin).secret), admin=admin, agent=agent, customer=customer)


@pytest.fixture
def api(ids: Ids) -> ApiClient:
    return ids.api


@pytest.mark.parametrize(
    ("section", "method", "path", "body", "status", "attributes", "holds"), EXAMPLES, ids=[e[0] for e in EXAMPLES]
)
def test_example_gives_the_documented_answer(
    api: ApiClient,
    ids: Ids,
    section: str,
    method: str,
    path: str,
    body: Any,
    status: int,
    attributes: str,
    holds: dict[str, Any],
) -> None:
    call = getattr(api, method.lower())
    address = filled(path, ids)
    response = call(address, filled(body, ids)) if body is not None else call(address)
    assert response.status_code == status, response.content
    if status == 204:
        assert response.content == b""
        return
    if path.endswith("/template"):
        assert response["Content-Type"].startswith("text/csv")
        return
    answer = response.json()
    rows = answer if isinstance(answer, list) else [answer]
    assert rows, "a list of the document is never empty here"
    for row in rows:
        assert set(attributes.split()) <= set(row)
        assert {name: row[name] for name in holds} == filled(holds, ids)


@pytest.mark.parametrize(
    "header", [{"Authorization": "ApiKey {}"}, {"Authorization": "Bearer {}"}, {"X-Api-Key": "{}"}], ids=str
)
def test_each_documented_header_authenticates(api_key: Any, header: dict[str, str]) -> None:
    headers = {name: value.format(api_key.secret) for name, value in header.items()}
    assert ApiClient(headers=headers).get("/api/tickets").status_code == 200


REFUSALS = [
    ("Portal Signup", "/api/portal/signup", {"name": "X"}, 400),
    ("Portal Signup", "/api/portal/signup", {"name": "X", "email": "x@example.com", "password": "12345"}, 400),
    ("Portal Signup", "/api/portal/signup", {"name": "X", "email": "jane@example.com", "password": "123456"}, 409),
    ("Portal Login", "/api/portal/login", {"email": "jane@example.com"}, 400),
    ("Portal Login", "/api/portal/login", {"email": "jane@example.com", "password": "wrong"}, 401),
    ("Portal Login", "/api/portal/login", {"email": "nobody@example.com", "password": "wrong"}, 401),
]


@pytest.mark.parametrize(("section", "path", "body", "status"), REFUSALS)
def test_documented_refusals(ids: Ids, section: str, path: str, body: Any, status: int) -> None:
    response = ApiClient().post(path, body)
    assert response.status_code == status
    assert isinstance(response.json()["error"], str)
    if status == 401:
        assert response.json()["error"] == "Invalid email or password"
    if status == 409:
        assert response.json()["error"] == "Email already exists"
