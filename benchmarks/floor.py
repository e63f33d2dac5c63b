"""The floors: bare WSGI callables with psycopg and orjson, and nothing else.

`naive` is what a careful person writes by hand: one query for the key, one for the rows, Python objects, JSON. It
defines 1.00. `tuned` asks for key and rows in one round trip, writes in one statement, and has the database hand out
every column as text.
Both answer the same bytes as the product would for the same rows, and refuse the same keys.
"""

import base64
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from uuid_utils.compat import uuid7

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]

JSON_NAMES = [
    "id",
    "ticketNumber",
    "subject",
    "description",
    "status",
    "priority",
    "category",
    "customerId",
    "assigneeId",
    "groupId",
    "parentTicketId",
    "linkedTicketIds",
    "tags",
    "customFields",
    "source",
    "slaDeadline",
    "firstResponseDeadline",
    "firstResponseAt",
    "resolvedAt",
    "dueDate",
    "archivedAt",
    "createdAt",
    "updatedAt",
]
LINKS = "FROM tickets_ticketlink l WHERE l.ticket_id = t.id"
LINKED = (
    f"CASE WHEN EXISTS (SELECT 1 {LINKS} OFFSET 0) THEN (SELECT json_agg(l.linked_id ORDER BY l.linked_id) {LINKS})"
    " ELSE '[]'::json END"
)
COLUMNS = (
    "t.id, t.ticket_number, t.subject, t.description, t.status, t.priority, t.category, t.customer_id, t.assignee_id, "
    f"t.group_id, t.parent_ticket_id, {LINKED}, t.tags, t.custom_fields, t.source, t.sla_deadline, "
    "t.first_response_deadline, t.first_response_at, t.resolved_at, t.due_date, "
    "t.archived_at, t.created_at, t.updated_at"
)
MOMENTS = range(15, 23)
IDS = (0, 7, 8, 9, 10)
JSONS = (11, 12, 13)
KEY = (
    "SELECT k.id, k.name, k.scopes, u.id, u.role FROM accounts_apikey k JOIN accounts_user u ON u.id = k.owner_id "
    "WHERE k.key_hash = %s AND k.is_active AND (k.expires_at IS NULL OR k.expires_at > now()) "
    "AND u.is_active AND u.role IN ('admin', 'agent')"
)
ORDER = "ORDER BY t.created_at DESC, t.id DESC"
CHUNK = 2000


def connect() -> psycopg.Connection[Any]:
    connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=5)
    set_json_loads(orjson.loads, connection)
    return connection


connection = connect()


def moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def as_text(columns: str) -> str:
    """The same columns, each cast to the text it has in JSON."""
    parts = split_columns(columns)
    for index in MOMENTS:
        parts[index] = f"to_char({parts[index]} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    for index in (*IDS, *JSONS):
        parts[index] = f"({parts[index]})::text"
    return ", ".join(parts)


def split_columns(columns: str) -> list[str]:
    """At the commas that lie outside of parentheses."""
    parts, depth, begin = [], 0, 0
    for index, character in enumerate(columns):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append(columns[begin:index].strip())
            begin = index + 1
    return [*parts, columns[begin:].strip()]


def offered_key(environ: Environ) -> str:
    return sha256(environ.get("HTTP_AUTHORIZATION", "").partition(" ")[2].encode()).hexdigest()


def question(environ: Environ) -> tuple[str, list[Any]]:
    """The WHERE clause, order and limit a request asks for, and their parameters."""
    path = environ["PATH_INFO"]
    if path != "/api/tickets":
        return "WHERE t.id = %s", [path.rpartition("/")[2]]
    query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    where, params = ["t.archived_at IS NULL"], []
    if status := query.get("status"):
        where.append("t.status = %s")
        params.append(status)
    if cursor := query.get("cursor"):
        where.append("(t.created_at, t.id) < (%s, %s)")
        params += orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[1:]
    tail = f"WHERE {' AND '.join(where)} {ORDER}"
    if limit := query.get("limit"):
        tail += f" LIMIT {int(limit) + 1:d}"  # one more tells whether there is a next page, as the product does
    return tail, params


def mapping(row: Iterable[Any]) -> dict[str, Any]:
    values = list(row)
    for index in MOMENTS:
        values[index] = moment(values[index])
    return dict(zip(JSON_NAMES, values, strict=True))


def text_mapping(row: Iterable[Any]) -> dict[str, Any]:
    values = list(row)
    for index in JSONS:
        values[index] = orjson.Fragment(values[index])
    return dict(zip(JSON_NAMES, values, strict=True))


def naive(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    if connection.execute(KEY, [offered_key(environ)]).fetchone() is None:
        return refuse(start_response)
    if environ["REQUEST_METHOD"] == "POST":
        return create(environ, start_response)
    if environ["REQUEST_METHOD"] == "PATCH":
        return change(environ, start_response)
    tail, params = question(environ)
    sql = f"SELECT {COLUMNS} FROM tickets_ticket t {tail}"
    if environ["PATH_INFO"] == "/api/tickets" and "LIMIT" not in sql:
        start_response("200 OK", [("Content-Type", "application/json")])
        return streamed(sql, params)
    rows = [mapping(row) for row in connection.execute(sql, params).fetchall()]
    return answer(environ, start_response, rows)


TEXT_COLUMNS = as_text(COLUMNS)


def tuned(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "POST":
        return create_at_once(environ, start_response)
    if environ["REQUEST_METHOD"] == "PATCH":
        return change_at_once(environ, start_response)
    tail, params = question(environ)
    rows_sql = f"SELECT {TEXT_COLUMNS} FROM tickets_ticket t {tail}"
    if environ["PATH_INFO"] == "/api/tickets" and "LIMIT" not in tail:
        if connection.execute(KEY, [offered_key(environ)]).fetchone() is None:
            return refuse(start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return streamed(rows_sql, params, text_mapping)
    sql = f"WITH k AS ({KEY}) SELECT k.*, r.* FROM k LEFT JOIN LATERAL ({rows_sql}) r ON true"
    found = connection.execute(sql, [offered_key(environ), *params]).fetchall()
    if not found:
        return refuse(start_response)
    return answer(environ, start_response, [text_mapping(row[5:]) for row in found if row[5] is not None])


def streamed(
    sql: str, params: list[Any], shape: Callable[[Iterable[Any]], dict[str, Any]] = mapping
) -> Iterator[bytes]:
    lead = b"["
    with connection.transaction(), connection.cursor("all") as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(CHUNK):
            yield lead + orjson.dumps([shape(row) for row in rows])[1:-1]
            lead = b","
    yield b"]" if lead == b"," else b"[]"


def create(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """The inserts of a new ticket by hand: number, ticket, its words, line of history, clock; nothing is checked."""
    body = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    ticket_id, now = uuid7(), datetime.now(UTC)
    with connection.transaction():
        (number,) = connection.execute("SELECT nextval('tickets_ticket_number')").fetchone() or (0,)
        connection.execute(
            "INSERT INTO tickets_ticket (id, ticket_number, subject, description, status, priority, category,"
            " customer_id, tags, custom_fields, source, created_at, updated_at)"
            " VALUES (%s, %s, %s, %s, 'open', %s, %s, %s, %s::jsonb, '{}', 'api', %s, %s)",
            [ticket_id, number, body["subject"], body["description"], body["priority"], body["category"],
             body["customerId"], orjson.dumps(body["tags"]).decode(), now, now],
        )  # fmt: skip
        connection.execute(
            "INSERT INTO tickets_ticketsearch (ticket_id, number, customer, public, internal)"
            " VALUES (%s, %s, '', %s, '')",
            [ticket_id, number, words_of(number, body)],
        )
        record(ticket_id, "created", None, None, now)
        connection.execute(
            "INSERT INTO sla_clock (ticket_id, policy_name, first_response_time, resolution_time, marked, reckoned)"
            " VALUES (%s, '', 0, 0, 0, 0)",
            [ticket_id],
        )
    return whole(environ, start_response, ticket_id, "201 Created")


def words_of(number: Any, body: dict[str, Any]) -> str:
    return " ".join(dict.fromkeys(f"{number} {body['subject']} {body['description']}".lower().split()))


def change(environ: Environ, start_response: StartResponse) -> list[bytes]:
    body = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    ticket_id, now = environ["PATH_INFO"].rpartition("/")[2], datetime.now(UTC)
    with connection.transaction():
        (old,) = connection.execute(
            "SELECT priority FROM tickets_ticket WHERE id = %s FOR NO KEY UPDATE", [ticket_id]
        ).fetchone() or (None,)
        connection.execute(
            "UPDATE tickets_ticket SET priority = %s, updated_at = %s WHERE id = %s", [body["priority"], now, ticket_id]
        )
        record(ticket_id, "priority_changed", old, body["priority"], now)
    return whole(environ, start_response, ticket_id, "200 OK")


CREATE_AT_ONCE = f"""
    WITH k AS ({KEY}),
    t AS (
        INSERT INTO tickets_ticket (id, ticket_number, subject, description, status, priority, category, customer_id,
                                    tags, custom_fields, source, created_at, updated_at)
        SELECT %s::uuid, nextval('tickets_ticket_number'), %s::text, %s::text, 'open', %s::text, %s::text, %s::uuid,
               %s::jsonb, '{{}}'::jsonb, 'api', now(), now() FROM k
        RETURNING *
    ),
    a AS (
        INSERT INTO tickets_activity (id, ticket_id, action, created_at)
        SELECT %s::uuid, t.id, 'created', t.created_at FROM t
    ),
    s AS (
        INSERT INTO tickets_ticketsearch (ticket_id, number, customer, public, internal)
        SELECT t.id, t.ticket_number, '', t.ticket_number || ' ' || %s::text, '' FROM t
    ),
    c AS (
        INSERT INTO sla_clock (ticket_id, policy_name, first_response_time, resolution_time, marked, reckoned)
        SELECT t.id, '', 0, 0, 0, 0 FROM t
    )
    SELECT {TEXT_COLUMNS} FROM t
"""
CHANGE_AT_ONCE = f"""
    WITH k AS ({KEY}),
    o AS (SELECT u.id, u.priority FROM tickets_ticket u, k WHERE u.id = %s FOR NO KEY UPDATE OF u),
    t AS (
        UPDATE tickets_ticket u SET priority = %s, updated_at = now() FROM o WHERE u.id = o.id RETURNING u.*
    ),
    a AS (
        INSERT INTO tickets_activity (id, ticket_id, action, old_value, new_value, created_at)
        SELECT %s::uuid, t.id, 'priority_changed', o.priority, t.priority, now() FROM t JOIN o ON o.id = t.id
    )
    SELECT {TEXT_COLUMNS} FROM t
"""


def create_at_once(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Key, number and all rows in one statement, which is one transaction and one round trip."""
    body = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    params = [
        offered_key(environ), uuid7(), body["subject"], body["description"], body["priority"], body["category"],
        body["customerId"], orjson.dumps(body["tags"]).decode(), uuid7(), words_of("", body),
    ]  # fmt: skip
    row = connection.execute(CREATE_AT_ONCE, params).fetchone()
    return refuse(start_response) if row is None else send(start_response, as_json(row), "201 Created")


def change_at_once(environ: Environ, start_response: StartResponse) -> list[bytes]:
    body = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    ticket_id = environ["PATH_INFO"].rpartition("/")[2]
    row = connection.execute(CHANGE_AT_ONCE, [offered_key(environ), ticket_id, body["priority"], uuid7()]).fetchone()
    return refuse(start_response) if row is None else send(start_response, as_json(row))


def as_json(row: Iterable[Any]) -> bytes:
    return orjson.dumps(text_mapping(row))


def record(ticket_id: Any, action: str, old: str | None, new: str | None, now: datetime) -> None:
    connection.execute(
        "INSERT INTO tickets_activity (id, ticket_id, action, old_value, new_value, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [uuid7(), ticket_id, action, old, new, now],
    )


def whole(environ: Environ, start_response: StartResponse, ticket_id: Any, status: str) -> list[bytes]:
    sql = f"SELECT {COLUMNS} FROM tickets_ticket t WHERE t.id = %s"
    row = connection.execute(sql, [ticket_id]).fetchone()
    return send(start_response, orjson.dumps(mapping(row or ())), status)


def answer(environ: Environ, start_response: StartResponse, rows: list[dict[str, Any]]) -> list[bytes]:
    if environ["PATH_INFO"] != "/api/tickets":
        return send(start_response, orjson.dumps(rows[0])) if rows else send(start_response, b"{}", "404 Not Found")
    limit = int(parse_qs(environ["QUERY_STRING"])["limit"][0])
    return send(start_response, orjson.dumps(rows[:limit]))


def refuse(start_response: StartResponse) -> list[bytes]:
    return send(start_response, b'{"error":"Invalid or missing API key"}', "401 Unauthorized")


def send(start_response: StartResponse, body: bytes, status: str = "200 OK") -> list[bytes]:
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
