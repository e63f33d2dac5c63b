"""The pages of imports and exports: a file is tried before it is imported, and nothing that leaves can harm."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from tests.factories import CompanyFactory, UserFactory
from transfers.forgetting import forget_unconfirmed
from transfers.models import Chunk, FailedRow, Import, PlannedRow
from transfers.services import work

pytestmark = pytest.mark.django_db

UPLOAD = reverse("admin:people_import_upload", args=["contacts"])


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def desk(admin: User) -> Client:
    return signed_in(admin)


def upload(browser: Client, text: str, *, follow: bool = False) -> Any:
    file = SimpleUploadedFile("people.csv", text.encode(), content_type="text/csv")
    return browser.post(UPLOAD, {"file": file}, follow=follow)


ROWS = "name,email,shoe\nAnn,ann@example.org,42\nBob,no address,1\n"


def trial(browser: Client, text: str) -> Import:
    """The trial run that an upload leads to."""
    started = upload(browser, text)
    assert started.status_code == 302, started.content
    record = Import.objects.get(dry_run=True)
    assert started["Location"] == reverse("admin:transfers_import_change", args=[record.pk])
    return record


def run(browser: Client, record: Import) -> Any:
    return browser.post(reverse("admin:people_import_run", args=[record.pk]), follow=True)


def seen(browser: Client, record: Import) -> str:
    return browser.get(reverse("admin:transfers_import_change", args=[record.pk])).content.decode()


def test_a_file_is_shown_row_by_row_before_it_is_imported(desk: Client) -> None:
    UserFactory(name="Old", email="old@example.org")
    record = trial(desk, ROWS + "New,old@example.org,2\n")
    assert (record.created, record.updated, record.unchanged, record.failed) == (1, 1, 0, 1)
    page = seen(desk, record)
    for words in ("left out: shoe", '<del class="hd-diff__old">Old</del>', "Enter a valid email address", "2 rows"):
        assert words in page
    assert desk.get(reverse("admin:people_import_run", args=[record.pk])).status_code == 405
    assert not User.objects.filter(name="Ann").exists()

    done = run(desk, record).content.decode()
    record.refresh_from_db()
    assert (record.created, record.updated, record.failed, record.dry_run) == (1, 1, 1, False)
    assert "Enter a valid email address" in done
    assert "2 rows" not in done
    errors = desk.get(reverse("admin:people_import_errors", args=[record.pk]))
    assert b"no address" in b"".join(errors.streaming_content)
    assert User.objects.filter(name__in=["Ann", "New"]).count() == 2


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85"])
def test_what_only_looks_like_the_end_of_a_line_is_a_sign_like_any_other(desk: Client, sign: str) -> None:
    record = trial(desk, f"name,email\nAnn{sign}B,ann@example.org\nBob,bob@example.org\n")
    assert (record.state, record.created, record.failed) == ("done", 2, 0)
    run(desk, record)
    assert set(User.objects.filter(role="customer").values_list("name", flat=True)) == {f"Ann{sign}B", "Bob"}


def test_pressing_twice_imports_once(desk: Client) -> None:
    record = trial(desk, ROWS)
    for _ in range(2):
        run(desk, record)
    assert (Import.objects.count(), User.objects.filter(name="Ann").count()) == (1, 1)


def test_only_whoever_chose_a_file_has_it_imported(desk: Client, agent: User) -> None:
    record = trial(desk, ROWS)
    assert run(signed_in(agent), record).status_code == 403
    other = signed_in(UserFactory(admin=True))
    assert "Import 1 row" not in seen(other, record)
    assert "Only whoever chose the file" in run(other, record).content.decode()
    assert not User.objects.filter(name="Ann").exists()


def test_a_file_is_kept_for_a_day(desk: Client) -> None:
    record = trial(desk, ROWS)
    now = timezone.now()
    assert forget_unconfirmed(now + timedelta(hours=23)) == 0
    assert forget_unconfirmed(now + timedelta(hours=25)) == 1
    assert nothing_is_known_of_rows()
    page = seen(desk, record)
    assert ("Import 1 row" in page, "Rows that would fail" in page, "Discard" in page) == (False, False, False)
    assert "choose the file again" in run(desk, record).content.decode()
    assert not User.objects.filter(name="Ann").exists()


def nothing_is_known_of_rows() -> bool:
    return not (Chunk.objects.exists() or PlannedRow.objects.exists() or FailedRow.objects.exists())


def test_a_trial_run_is_discarded_with_all_it_says_of_people(desk: Client, agent: User) -> None:
    record = trial(desk, ROWS)
    address = reverse("admin:people_import_discard", args=[record.pk])
    assert "Discard this file" in seen(desk, record)
    assert (desk.get(address).status_code, signed_in(agent).post(address).status_code) == (405, 403)
    assert PlannedRow.objects.count() == 2
    assert "is discarded" in desk.post(address, follow=True).content.decode()
    assert nothing_is_known_of_rows()
    record.refresh_from_db()
    assert (record.created, record.failed) == (1, 1)
    assert "choose the file again" in run(desk, record).content.decode()

    imported = Import.objects.create(kind="contacts", owner=User.objects.get(role="admin"), state="done")
    address = reverse("admin:people_import_discard", args=[imported.pk])
    assert "imported already" in desk.post(address, follow=True).content.decode()


def test_who_does_not_see_all_tickets_imports_nobody(desk: Client, agent: User) -> None:
    User.objects.filter(pk=agent.pk).update(ticket_scope="group")
    browser = signed_in(agent)
    for answer in (browser.get(UPLOAD, follow=True), upload(browser, ROWS, follow=True)):
        assert "Only agents who see all tickets can import" in answer.content.decode()
    record = trial(desk, ROWS)
    Import.objects.update(owner=agent)
    assert run(browser, record).status_code == 403
    assert (Import.objects.count(), User.objects.filter(name="Ann").exists()) == (1, False)


@pytest.mark.parametrize(
    ("text", "said"), [("a,b\n1,2\n", "one of them must be email"), ("", "empty"), ("name,email\n", "no rows")]
)
def test_a_file_that_cannot_be_read_says_why(desk: Client, text: str, said: str) -> None:
    assert said in upload(desk, text).content.decode()


def test_a_long_file_is_tried_and_imported_in_the_background(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transfers.services.AT_ONCE", 1)
    record = trial(desk, ROWS)
    assert "keeps itself up to date" in seen(desk, record)
    work(seconds=10)
    page = seen(desk, record)
    assert "What would happen" in page
    assert not User.objects.filter(name="Ann").exists()
    assert "keeps itself up to date" in run(desk, record).content.decode()
    work(seconds=10)
    assert User.objects.filter(name="Ann").exists()


def test_agents_see_their_own_imports_and_admins_all(desk: Client, admin: User, agent: User) -> None:
    record = Import.objects.create(kind="contacts", owner=admin)
    browser = signed_in(agent)
    assert not browser.get(reverse("admin:transfers_import_changelist")).context["cl"].result_list
    assert browser.get(reverse("admin:transfers_import_change", args=[record.pk])).status_code == 302
    assert browser.get(reverse("admin:people_import_errors", args=[record.pk])).status_code == 403


@pytest.mark.parametrize("kind", ["contacts", "companies"])
def test_lists_are_exported_as_files(desk: Client, kind: str, customer: User) -> None:
    CompanyFactory(name="Acme")
    address = reverse("admin:people_export", args=[kind])
    assert desk.get(address).status_code == 200
    for extension in ("csv", "json", "xlsx"):
        answer = desk.post(address, {"format": extension})
        assert f"{kind}_export_" in answer["Content-Disposition"]
        content = io.BytesIO(b"".join(answer.streaming_content)).getvalue()
        assert content
        if extension != "xlsx":
            assert (b"Acme" if kind == "companies" else customer.email.encode()) in content


FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "'=1", "\uff1d1+1"]
SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")


def cells_of(answer: Any) -> list[str]:
    """All cells of a CSV or XLSX file that a page sends."""
    content = b"".join(answer.streaming_content)
    if not content.startswith(b"PK"):
        return [cell for row in csv.reader(io.StringIO(content.decode(), newline="")) for cell in row]
    cells = [cell for row in load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    return [str(cell.value) for cell in cells if cell.value is not None]


@pytest.mark.parametrize("kind", ["contacts", "companies", "rows that fail"])
def test_no_file_of_a_page_holds_a_formula(desk: Client, kind: str) -> None:
    for number, text in enumerate(FORMULAS):
        UserFactory(name=text, email=f"p{number}@example.org", phone=text.strip()[:50], tags=[text.strip()])
        CompanyFactory(name=text, industry=text.strip())
    if kind == "rows that fail":
        lines = io.StringIO()
        csv.writer(lines).writerows([["name", "email", "=shoe"], *([text, text, text] for text in FORMULAS)])
        record = trial(desk, lines.getvalue())
        answers = [desk.get(reverse("admin:people_import_errors", args=[record.pk]))]
    else:
        address = reverse("admin:people_export", args=[kind])
        answers = [desk.post(address, {"format": extension}) for extension in ("csv", "xlsx")]
    for answer in answers:
        cells = cells_of(answer)
        assert sum("calc" in cell for cell in cells) >= 2
        assert [cell for cell in cells if cell.startswith(SIGNS)] == []


def test_nothing_else_is_imported_or_exported(desk: Client) -> None:
    for name in ("people_import_upload", "people_export", "people_import_template"):
        assert desk.get(reverse(f"admin:{name}", args=["tickets"])).status_code == 403
