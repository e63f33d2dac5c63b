"""Whatever a client sends: a 4xx with one sentence, and nothing written."""

import base64
from io import BytesIO
from typing import Any

import orjson
import pytest

from tests.client import ApiClient
from tests.factories import TicketFactory
from tickets.models import Activity, Ticket

GOOD = {"subject": "Broken", "description": "It broke", "customerId": None}

# What is wrong with the body of a new ticket, and which field the details name.
BODIES: list[tuple[str, Any, str]] = [
    ("a subject that is a number", {"subject": 5}, "subject"),
    ("a subject that is null", {"subject": None}, "subject"),
    ("a blank subject", {"subject": "   "}, "subject"),
    ("a subject that is too long", {"subject": "x" * 501}, "subject"),
    ("a description that is an array", {"description": ["x"]}, "description"),
    ("a description that is too long", {"description": "x" * 200_001}, "description"),
    ("an unknown status", {"status": "new"}, "status"),
    ("a status that is a number", {"status": 1}, "status"),
    ("an unknown priority", {"priority": "HIGH"}, "priority"),
    ("an unknown source", {"source": "fax"}, "source"),
    ("a customer that does not exist", {"customerId": "550e8400-e29b-41d4-a716-446655440000"}, "customerId"),
    ("a malformed customer id", {"customerId": "12"}, "customerId"),
    ("a customer id that is a number", {"customerId": 12}, "customerId"),
    ("an assignee that does not exist", {"assigneeId": "550e8400-e29b-41d4-a716-446655440000"}, "assigneeId"),
    ("a group that does not exist", {"groupId": "550e8400-e29b-41d4-a716-446655440000"}, "groupId"),
    ("a parent that does not exist", {"parentTicketId": "550e8400-e29b-41d4-a716-446655440000"}, "parentTicketId"),
    ("a link to nothing", {"linkedTicketIds": ["550e8400-e29b-41d4-a716-446655440000"]}, "linkedTicketIds"),
    ("links that are no ids", {"linkedTicketIds": ["x"]}, "linkedTicketIds"),
    ("tags that are text", {"tags": "vip"}, "tags"),
    ("tags that are numbers", {"tags": [1]}, "tags"),
    ("a tag that is too long", {"tags": ["x" * 65]}, "tags"),
    ("too many tags", {"tags": [str(n) for n in range(51)]}, "tags"),
    ("tags that are null", {"tags": None}, "tags"),
    ("custom fields that are an array", {"customFields": []}, "customFields"),
    ("custom fields that are text", {"customFields": "x"}, "customFields"),
    ("a due date that is none", {"dueDate": "tomorrow"}, "dueDate"),
    ("a due date at the end of time", {"dueDate": "9999-12-31T23:59:59-14:00"}, "dueDate"),
    ("a due date that is a number", {"dueDate": 1766000000}, "dueDate"),
]


@pytest.mark.parametrize(("problem", "change", "field"), BODIES, ids=[b[0] for b in BODIES])
def test_a_ticket_with(api: ApiClient, customer: Any, problem: str, change: dict[str, Any], field: str) -> None:
    response = api.post("/api/tickets", {**GOOD, "customerId": str(customer.pk), **change})
    assert response.status_code == 400
    assert field in response.json()["details"]
    assert response.json()["error"]
    assert not Ticket.objects.exists()
    assert not Activity.objects.exists()


# Bodies that are not even an object of JSON, or hold what no database should see.
RAW: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("half an object", b'{"subject": '),
    ("an array", b"[]"),
    ("a number", b"5"),
    ("null", b"null"),
    ("bytes that are no UTF-8", b'{"subject": "\xff"}'),
    ("NaN", b'{"subject": "x", "customFields": {"a": NaN}}'),
    ("infinity", b'{"subject": "x", "customFields": {"a": 1e999}}'),
    ("a NUL character", b'{"subject": "x\\u0000y"}'),
    ("a NUL character in free data", b'{"subject": "x", "description": "y", "customFields": {"a": ["\\u0000"]}}'),
    ("a NUL character in a key", b'{"subject": "x", "description": "y", "customFields": {"a\\u0000": 1}}'),
    ("a lone surrogate", b'{"subject": "\\ud800"}'),
    ("deep nesting", b'{"customFields": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}"),
    ("very deep nesting", b"[" * 100_000),
    ("a huge number", b'{"customFields": {"a": 123456789012345678901234567890}}'),
]


@pytest.mark.parametrize(("problem", "raw"), RAW, ids=[r[0] for r in RAW])
def test_a_body_of(api: ApiClient, problem: str, raw: bytes) -> None:
    response = api.post("/api/tickets", raw)
    assert response.status_code == 400
    assert response.json()["error"]
    assert not Ticket.objects.exists()


def cursor(content: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode()


@pytest.mark.parametrize(
    "query",
    [
        "status=new",
        "status=open,new",
        "priority=1",
        "assigneeId=me",
        "limit=0",
        "limit=-1",
        "limit=ten",
        "limit=1e3",
        "limit=٣",
        "limit=99999999999999999999",
        "limit=00000000000000000001" + "0" * 5000,
        "cursor=" + cursor(["-createdAt", "2025-01-01T00:00:00", 5]),
        "cursor=" + cursor(["-createdAt", [], {}]),
        "cursor=" + cursor(["-createdAt", "9999-12-31T23:59:59-23:00", "550e8400-e29b-41d4-a716-446655440000"]),
        "cursor=" + cursor(["-createdAt", "0001-01-01T00:00:00+00:00", "550e8400-e29b-41d4-a716-446655440000"]),
        "cursor=" + cursor({"a": 1}),
        "q=" + "x" * 201,
        "q=one two three four five six seven eight nine",
        "limit=",
        "cursor=nonsense",
        "cursor=WyJ4Il0",
        "limit=5&cursor=W10",
        "sort=subject",
        "include=secrets",
        "include=replies",
        "createdAfter=yesterday",
        "overdue=maybe",
        "q=%00",
        "tag=%00",
        "category=%00",
    ],
)
def test_a_query_string_with_nonsense_is_refused(api: ApiClient, query: str) -> None:
    response = api.get(f"/api/tickets?{query}")
    assert response.status_code == 400
    assert response.json()["error"]


def test_unknown_parameters_and_body_fields_are_ignored(api: ApiClient, customer: Any) -> None:
    assert api.get("/api/tickets?colour=red").status_code == 200
    body = {**GOOD, "customerId": str(customer.pk), "colour": "red", "id": "1", "ticketNumber": 7, "createdAt": "x"}
    created = api.post("/api/tickets", body)
    assert created.status_code == 201
    assert "colour" not in created.json()
    assert created.json()["id"] != "1"


@pytest.mark.parametrize("path", ["/api/tickets/12", "/api/nope", "/api", "/api/tickets/%00", "/api/users/x/y"])
def test_unknown_paths_are_404_in_json(api: ApiClient, path: str) -> None:
    response = api.get(path)
    assert (response.status_code, response.json()) == (404, {"error": "Not found."})


def test_wrong_methods_are_405_and_name_the_right_ones(api: ApiClient) -> None:
    response = api.put("/api/tickets", {}, content_type="application/json")
    assert response.status_code == 405
    assert set(response["Allow"].split(", ")) >= {"GET", "POST"}
    assert response.json()["error"]


def test_other_content_types_are_415(api: ApiClient, customer: Any) -> None:
    response = api.post("/api/tickets", "subject=x", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415
    assert response.json()["error"]


def test_a_body_beyond_the_limit_is_413(api: ApiClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = api.post("/api/tickets", {"subject": "x" * 2000})
    assert response.status_code == 413
    assert response.json()["error"]


def test_an_error_of_ours_is_500_in_json_without_a_word_about_it(
    api: ApiClient, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**values: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("tickets.services.create_ticket", broken)
    api.raise_request_exception = False
    response = api.post("/api/tickets", {**GOOD, "customerId": str(customer.pk)})
    assert (response.status_code, response.json()) == (500, {"error": "Internal server error"})


@pytest.mark.parametrize("path", ["/api/tickets", "/api/nope", "/healthz", "/api/portal/login"])
def test_every_response_has_a_request_id(api: ApiClient, path: str) -> None:
    assert api.get(path)["X-Request-Id"]
    assert api.get(path, headers={"X-Request-Id": "my-own-id-1"})["X-Request-Id"] == "my-own-id-1"
    assert "\n" not in api.get(path, headers={"X-Request-Id": "evil\r\nid"})["X-Request-Id"]


def test_paths_work_with_a_trailing_slash_too(api: ApiClient, customer: Any) -> None:
    created = api.post("/api/tickets/", {**GOOD, "customerId": str(customer.pk)})
    assert created.status_code == 201
    assert api.get(f"/api/tickets/{created.json()['id']}/").status_code == 200
    assert api.get(f"/api/tickets/{created.json()['id'].upper()}").json() == created.json()


@pytest.mark.parametrize("method", ["post", "patch", "delete", "put"])
@pytest.mark.parametrize("path", ["/api/nope", "/api/tickets/not-an-id", "/api/tickets/12/replies"])
def test_writes_to_unknown_paths_are_404_too(api: ApiClient, method: str, path: str) -> None:
    assert getattr(api, method)(path).status_code == 404


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
def test_documents_are_only_read(api: ApiClient, path: str) -> None:
    refused = api.post(path)
    assert (refused.status_code, refused["Allow"], list(refused.json())) == (405, "GET, HEAD", ["error"])


def test_too_many_parameters_are_refused(api: ApiClient, anonymous: ApiClient) -> None:
    query = "&".join(f"p{n}=1" for n in range(1001))
    for client in (api, anonymous):
        assert client.get(f"/api/tickets?{query}").status_code == 400


def test_a_host_that_is_not_ours_is_refused_in_json(api: ApiClient) -> None:
    refused = api.get("/api/tickets", headers={"Host": "evil.example"})
    assert (refused.status_code, list(refused.json())) == (400, ["error"])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [("{bad", "application/json", 400), ("[]", "application/json", 400), ("x", "text/plain", 415)],
)
def test_actions_without_a_body_read_the_one_they_get(
    api: ApiClient, body: str, content_type: str, status: int
) -> None:
    ticket = TicketFactory(status="closed")
    assert api.post(f"/api/tickets/{ticket.pk}/restore", body, content_type=content_type).status_code == status
    assert Ticket.objects.get().status == "closed"


def test_a_body_in_chunks_counts(api: ApiClient) -> None:
    ticket = TicketFactory()
    body = b'{"subject": "In chunks"}'
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "PATCH",
        "PATH_INFO": f"/api/tickets/{ticket.pk}",
        "CONTENT_TYPE": "application/json",
    }
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(body)}
    assert api.request(**environ).json()["subject"] == "In chunks"
    assert Ticket.objects.get().subject == "In chunks"
