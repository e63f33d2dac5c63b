"""Imports: who may, what a row may do, and what a file may be."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test.client import MULTIPART_CONTENT
from openpyxl import Workbook

from accounts.models import ApiKey, User
from accounts.signals import user_saved
from companies.models import Company
from helpdesk.ids import new_id
from tests.client import ApiClient
from tests.factories import ApiKeyFactory, CompanyFactory, CustomFieldFactory, TicketFactory, UserFactory
from transfers.models import FailedRow, Import

pytestmark = pytest.mark.django_db

CONTACTS, COMPANIES = "/api/contacts/import", "/api/companies/import"


def add(api: ApiClient, *rows: Any, path: str = CONTACTS, **options: Any) -> dict[str, Any]:
    response = api.post(path, {"data": list(rows), **options})
    assert response.status_code == 200, response.content
    return response.json()


def upload(api: ApiClient, content: bytes, name: str = "people.xlsx", path: str = CONTACTS) -> Any:
    file = io.BytesIO(content)
    file.name = name
    return api.post(path, {"file": file}, content_type=MULTIPART_CONTENT)


def workbook(*rows: list[Any], merge: str = "") -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    book.save(file)
    return file.getvalue()


def people(count: int) -> bytes:
    return b"email,name\r\n" + b"".join(b"p%d@example.com,P%d\r\n" % (index, index) for index in range(count))


def test_a_contact_is_created_as_a_customer_without_password(api: ApiClient) -> None:
    company = CompanyFactory(domains=["example.com"])
    add(api, {"name": "Ann", "email": "Ann@example.com", "role": "admin", "password": "secret1", "tags": "vip, eu"})
    ann = User.objects.get(email="Ann@example.com")
    assert (ann.role, ann.username, ann.company_id, ann.tags) == ("customer", "ann", company.pk, ["vip", "eu"])
    assert not ann.has_usable_password()


def test_names_are_given_as_at_signup(api: ApiClient) -> None:
    UserFactory(username="info", email="other@example.org")
    UserFactory(username="info3", email="third@example.org")
    add(api, *({"name": "X", "email": f"info@c{index}.example"} for index in range(4)))
    names = User.objects.filter(email__startswith="info@").order_by("id").values_list("username", flat=True)
    assert names[0] == "info2"
    assert len(set(names)) == 4


def test_who_exists_is_changed_without_regard_to_case(api: ApiClient) -> None:
    UserFactory(email="ann@example.com", phone="1", tags=["kept"])
    result = add(api, {"email": "ANN@Example.com", "phone": "2"})
    ann = User.objects.get(phone="2")
    assert (result["imported"], result["updated"]) == (0, 1)
    assert (ann.email, ann.phone, ann.tags) == ("ann@example.com", "2", ["kept"])


def test_two_rows_about_one_contact_are_one_contact(api: ApiClient) -> None:
    result = add(api, {"email": "a@example.com", "name": "A"}, {"email": "A@example.com", "name": "B"})
    assert (result["imported"], result["updated"]) == (1, 1)
    assert User.objects.get(email="a@example.com").name == "B"


@pytest.mark.django_db(transaction=True)
def test_the_same_people_imported_at_once_are_there_once(api_key: ApiKey, at_once: Callable[..., list[Any]]) -> None:
    rows = [{"email": f"p{n}@example.com", "name": "P", "tags": ["a"]} for n in range(40)]
    CompanyFactory(domains=["example.com"])
    results = at_once(4, lambda n: add(ApiClient(api_key.secret), *(rows if n % 2 else rows[::-1])))
    assert [result["failed"] for result in results] == [0] * 4
    assert sum(result["imported"] for result in results) == 40
    assert User.objects.filter(email__endswith="@example.com", name="P").count() == 40


# A row, and what is said of it; the good row beside it is imported all the same.
BAD_ROWS: list[tuple[Any, str]] = [
    ({"name": "A"}, "email: May not be blank."),
    ({"email": "nobody", "name": "A"}, "email: Enter a valid email address."),
    ({"email": 5, "name": "A"}, "email: Must be a string."),
    ({"email": "a@example.com"}, "name: May not be blank."),
    ({"email": "a@example.com", "name": 5}, "name: Must be a string."),
    ({"email": "a@example.com", "name": "x" * 201}, "name: Can have 200 characters at most."),
    ({"email": "a@example.com", "name": "A", "company_id": "7"}, "companyId: Must be an id (UUID)."),
    ({"email": "a@example.com", "name": "A", "companyId": str(new_id())}, "companyId: No company has this id."),
    ({"email": "a@example.com", "name": "A", "tags": [1]}, "tags: Must be a list of words, with commas between."),
    ({"email": "a@example.com", "name": "A", "tags": "x" * 65}, "tags: A tag can have 64 characters at most."),
    ({"email": "a@example.com", "name": "A", "custom_size": "big"}, "Size must be a whole number."),
    ({"email": "a@example.com", "name": "A", "customFields": 1}, "customFields: Must be an object."),
    ({"email": "gus@example.org", "name": "A"}, "This is the address of an agent or admin, whom an import never"),
    ("a@example.com", "Must be an object."),
]


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS, ids=[reason for _, reason in BAD_ROWS])
def test_a_bad_row_is_named_and_stops_no_other(api: ApiClient, agent: User, row: Any, reason: str) -> None:
    CustomFieldFactory(entity_type="contact", name="size", label="Size", field_type="number")
    result = add(api, row, {"email": "good@example.com", "name": "Good"})
    assert (result["success"], result["imported"], result["failed"]) == (False, 1, 1)
    assert result["errors"][0].startswith(f"Row 1: {reason}")
    assert User.objects.get(pk=agent.pk).name == agent.name


def test_required_fields_are_required_of_new_contacts_only(api: ApiClient) -> None:
    UserFactory(email="old@example.com")
    CustomFieldFactory(entity_type="contact", name="plan", label="Plan", is_required=True)
    old, new = {"email": "old@example.com", "phone": "1"}, {"email": "new@example.com", "name": "N"}
    assert add(api, old, new)["errors"] == ["Row 2: Plan is required."]


def test_companies_are_found_by_name(api: ApiClient) -> None:
    CompanyFactory(name="Globex", domains=["old.example"])
    rows = [
        {"name": "Globex", "domains": "globex.example, @Bücher.example", "healthScore": "happy"},
        {"name": "Initech", "accountTier": "gold"},
        {"name": "Umbrella", "renewalDate": "2026-06-30", "accountTier": ""},
    ]
    result = add(api, *rows, path=COMPANIES)
    assert (result["imported"], result["updated"], result["failed"]) == (1, 1, 1)
    assert result["errors"] == ["Row 2: accountTier: Must be one of: free, basic, premium, enterprise."]
    assert Company.objects.get(name="Globex").domains == ["globex.example", "xn--bcher-kva.example"]


def test_a_dry_run_says_what_would_change_and_changes_nothing(api: ApiClient) -> None:
    UserFactory(email="ann@example.com", phone="1")
    rows = [{"email": "ann@example.com", "phone": "2"}, {"email": "new@example.com", "name": "N"}, {"email": ""}]
    result = add(api, *rows, dryRun=True)
    assert (result["imported"], result["updated"], result["failed"], result["id"]) == (1, 1, 1, None)
    assert result["rows"][0] == {
        "row": 1,
        "action": "updated",
        "error": None,
        "changes": {"phone": {"from": "1", "to": "2"}},
    }
    assert [row["action"] for row in result["rows"]] == ["updated", "created", "failed"]
    assert User.objects.get(email="ann@example.com").phone == "1"
    assert not User.objects.filter(email="new@example.com").exists()


def test_everybody_hears_of_every_contact(api: ApiClient, admin: User) -> None:
    UserFactory(email="ann@example.com", phone="1")
    UserFactory(email="same@example.com", name="Same")
    heard: list[tuple[str, bool, Any, Any]] = []

    def listen(sender: Any, *, user: User, actor: Any, created: bool, changes: Any, **_: Any) -> None:
        heard.append((user.email, created, actor.pk, changes))

    user_saved.connect(listen)
    try:
        rows = [
            {"email": "ann@example.com", "phone": "2"},
            {"email": "n@example.com", "name": "N"},
            {"email": "same@example.com", "name": "Same"},
        ]
        add(api, *rows)
    finally:
        user_saved.disconnect(listen)
    assert heard == [
        ("n@example.com", True, admin.pk, {}),
        ("ann@example.com", False, admin.pk, {"phone": ("1", "2")}),
    ]


# --- Files --------------------------------------------------------------------------------------------

TEXT = "name;email\r\nJörg Müßig;joerg@example.com\r\n"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings_are_recognised(api: ApiClient, encoding: str) -> None:
    response = api.post(CONTACTS, TEXT.encode(encoding), content_type="text/csv")
    assert response.json()["imported"] == 1
    assert User.objects.get(email="joerg@example.com").name == "Jörg Müßig"


def test_headers_are_found_however_they_are_written(api: ApiClient) -> None:
    file = b"Email\tNAME\tCompany ID\tShoe size\r\na@example.com\tA\t\t44\r\n\r\n"
    result = api.post(CONTACTS, file, content_type="text/csv").json()
    assert (result["imported"], result["ignoredColumns"]) == (1, ["Shoe size"])


BOMB = io.BytesIO()
with zipfile.ZipFile(BOMB, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("xl/styles.xml", b"0" * (17 * 1024 * 1024))

BAD_FILES: list[tuple[str, bytes, str]] = [
    ("empty.csv", b"", "The file is empty."),
    ("no-key.csv", b"name\r\nA\r\n", "one of them must be email"),
    ("twice.csv", b"email,Email\r\na@example.com,b@example.com\r\n", "The column email is there twice."),
    ("wide.csv", b"email" + b",x" * 100_000 + b"\r\n", "A file has 300 columns at most."),
    ("nul.csv", b"email,\x00\r\n", "NUL"),
    (
        "quote.csv",
        b'email,name\r\na@example.com,"A\r\nb@example.com,B\r\n',
        "Row 2 opens a quote that is never closed.",
    ),
    ("cut.csv", "email,name".encode("utf-16")[:-1], "The file says that it is utf-16, but is not."),
    ("bomb.xlsx", BOMB.getvalue(), "too large once it is unpacked"),
    ("broken.xlsx", b"PK\x03\x04 nonsense", "not a spreadsheet that can be read"),
    ("half.xlsx", workbook(["email"], ["a@example.com"])[:-300], "not a spreadsheet that can be read"),
    ("old.xls", b"\xd0\xcf\x11\xe0" + bytes(100), "Save it as XLSX or CSV"),
    ("merged.xlsx", workbook(["email", "name"], ["a@example.com", "A"], merge="A2:B2"), "The cells A2:B2 are merged."),
    ("wide.xlsx", workbook(["email"] * 400), "A file has 300 columns at most."),
    ("broken.json", b'[{"email": "a@example.com"}, {"email":', "not a JSON array"),
    ("nan.json", b'[{"email": NaN}]', "not a JSON array"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), BAD_FILES, ids=[name for name, _, _ in BAD_FILES])
def test_a_file_that_cannot_be_read_is_refused_whole(api: ApiClient, name: str, content: bytes, sentence: str) -> None:
    before = User.objects.count()
    response = upload(api, content, name)
    assert response.status_code == 400
    assert sentence in response.json()["error"]
    assert User.objects.count() == before


def test_a_last_line_needs_no_end(api: ApiClient) -> None:
    assert upload(api, b'email,name\r\na@example.com,A\r\nb@example.com,"B, C"', "people.csv").json()["imported"] == 2


def test_what_is_wrong_with_a_row_of_a_sheet(api: ApiClient) -> None:
    sheet = workbook(
        ["email", "name", "phone"],
        ["a@example.com", "=1+1", 1],
        ["b@example.com", "B", 4930123],
        ["c@example.com", "x" * 32_000, None],
        ["d@example.com", "D", True],
    )
    result = upload(api, sheet).json()
    assert result["errors"] == [
        "Row 2: Cell B2 is a formula. Paste it as a value.",
        "Row 4: name: Can have 200 characters at most.",
    ]
    assert User.objects.get(email="b@example.com").phone == "4930123"


def test_giant_cells_giant_rows_and_surplus_cells_fail_their_row(api: ApiClient) -> None:
    giant, long = b"x" * 300_000, b",".join([b"y" * 240_000] * 5)
    file = b"email,name,custom_1,custom_2,custom_3,custom_4,custom_5\r\n" + b"\r\n".join(
        [b"a@example.com," + giant, b"b@example.com,B,,,,,,C", b"c@example.com,C", b"d@example.com,D," + long]
    )
    result = api.post(CONTACTS, file, content_type="text/csv").json()
    assert [error.partition(" Is")[0] for error in result["errors"]] == [
        "Row 2: name has more than 250000 characters.",
        "Row 3: Has more cells than the header.",
        "Row 5: Has more than 1000000 characters.",
    ]
    assert result["imported"] == 1
    assert sum(map(len, FailedRow.objects.values_list("values", flat=True))) < 10_000, "what is too long is not kept"


def test_a_file_has_so_many_bytes_of_rows_at_most(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transfers.waiting.MOST_BYTES", 1_000)
    assert add(api, *({"email": f"p{n}@example.com", "name": "P"} for n in range(10)))["imported"] == 10
    file = b"email,custom_" + b"n" * 900 + b"\r\na@example.com,1\r\nb@example.com,2\r\n"
    answer = api.post(CONTACTS, file, content_type="text/csv")
    assert (answer.status_code, "too large" in answer.json()["error"]) == (400, True)


def test_a_json_file_is_read_object_by_object(api: ApiClient) -> None:
    rows = b",\n".join(b'{"email": "p%d@example.com", "name": "%s"}' % (i, b"n" * 190) for i in range(900))
    result = upload(api, b" [\n" + rows + b"\n] ", "people.json").json()
    assert (result["imported"], result["failed"]) == (900, 0)


# --- Who may ------------------------------------------------------------------------------------------


def test_imports_are_shown_to_whoever_began_them_and_to_admins(api: ApiClient, agent: User) -> None:
    mine, theirs = (ApiClient(ApiKeyFactory(owner=one).secret) for one in (agent, UserFactory(agent=True)))
    record = add(mine, {"email": "bad"})["id"]
    for path in (f"/api/imports/{record}", f"/api/imports/{record}/errors"):
        assert [client.get(path).status_code for client in (mine, theirs, api)] == [200, 404, 200]
    assert [len(client.get("/api/imports").json()) for client in (mine, theirs, api)] == [1, 0, 1]


SCOPES = [
    ("post", "/api/contacts/export", "users:read"),
    ("post", "/api/companies/export", "users:read"),
    ("post", "/api/tickets/export", "tickets:read"),
    ("post", CONTACTS, "users:write"),
    ("post", COMPANIES, "users:write"),
    ("get", f"{CONTACTS}/template", "users:read"),
    ("get", "/api/imports", "users:read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), SCOPES)
def test_each_needs_its_scope(api_with: Any, admin: User, method: str, path: str, scope: str) -> None:
    other = "kb:read"
    assert getattr(api_with(other, owner=admin), method)(path).status_code == 403
    assert getattr(api_with(scope, owner=admin), method)(path).status_code not in (401, 403)


def test_tickets_are_exported_under_the_filters_of_the_list(api: ApiClient, api_with: Any, admin: User) -> None:
    CustomFieldFactory(entity_type="ticket", name="plan")
    TicketFactory(subject="Open", custom_fields={"plan": "=pro"})
    TicketFactory(status="closed")
    body = {"fields": ["subject", "custom_plan", "customerEmail"]}
    lines = api.post("/api/tickets/export?status=open", body).getvalue().decode().splitlines()
    assert lines[0] == "subject,custom_plan,customerEmail"
    assert lines[1].startswith("Open,'=pro,person")
    assert len(lines) == 2
    refused = api_with("tickets:read", owner=admin).post("/api/tickets/export", body)
    assert (refused.status_code, refused.json()["error"]) == (400, "customerEmail needs the scope users:read.")


def test_unknown_columns_of_an_export_are_refused_by_name(api: ApiClient) -> None:
    refused = api.post("/api/contacts/export", {"fields": ["password"]})
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("'password' is not one of: name, email")


def test_templates_name_all_columns(api: ApiClient) -> None:
    CustomFieldFactory(entity_type="contact", name="plan")
    assert api.get(f"{CONTACTS}/template").content == b"name,email,phone,company_id,tags,custom_plan\r\n"
    header = b"name,description,domains,industry,healthScore,accountTier,renewalDate\r\n"
    assert api.get(f"{COMPANIES}/template").content == header


def test_a_repeated_import_is_answered_again_and_not_done_again(api: ApiClient) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = (api.post(CONTACTS, people(2), content_type="text/csv", headers=headers) for _ in range(2))
    assert first.content == second.content
    assert Import.objects.count() == 1
