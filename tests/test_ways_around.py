"""Ways around what is promised, each of them closed: a search, a company, a kept session, a file left behind."""

from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin as pages_of_admins
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts import avatars
from accounts.models import User
from accounts.portal_accounts import sign_up
from accounts.services import update_user
from accounts.throttling import Limit
from companies.models import Company
from helpdesk.errors import Invalid, TooManyAttempts
from outbox.models import OutgoingMail
from tests.client import ApiClient
from tests.factories import ApiKeyFactory, CompanyFactory, NoteFactory, TicketFactory, UserFactory
from tickets import copies
from tickets.customers import file_request
from tickets.models import Attachment, Ticket, TicketCopy
from tickets.searching import refill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


# --- Searching ----------------------------------------------------------------------------------------


def test_a_claimer_cannot_guess_the_stored_name_by_searching_their_own_requests() -> None:
    UserFactory(email="vera@example.org", name="Vera Smithers")
    claimer = sign_up(name="Mallory", email="vera@example.org", password="long-enough", address="10.0.0.1")
    file_request(customer=claimer, subject="A lamp", description="Broken", custom_fields={}, asked=())
    found = {words: "A lamp" in requests_for(claimer, words) for words in ("lamp", "broken", "smithers", "smi", "vera")}
    assert found == {"lamp": True, "broken": True, "smithers": False, "smi": False, "vera": False}
    User.objects.filter(pk=claimer.pk).update(email_verified_at=claimer.created_at)
    claimer.refresh_from_db()
    assert "A lamp" in requests_for(claimer, "smithers")


def requests_for(user: User, words: str, **more: str) -> str:
    return signed_in(user).get("/requests/", {"q": words, **more}).content.decode()


def test_whoever_is_kept_informed_cannot_guess_an_address_that_is_shown_nowhere(mia: User) -> None:
    ticket = TicketFactory(customer__email="olga.private@secret.example", subject="A lamp")
    TicketCopy.objects.create(ticket=ticket, email=mia.email, email_key=mia.email_key, by_staff=True)
    found = {words: "A lamp" in requests_for(mia, words, show="shared") for words in ("lamp", "priv", "secret")}
    assert found == {"lamp": True, "priv": False, "secret": False}


@pytest.mark.parametrize("more", ["", "&limit=5", "&limit=200", "&sort=dueDate"])
def test_a_key_that_may_not_read_people_cannot_guess_them_by_searching(api_with: Any, more: str) -> None:
    ticket = TicketFactory(customer__name="Vera Smithers", customer__email="v@secret.example", subject="A lamp")
    NoteFactory(ticket=ticket, content="Fragile")
    refill([ticket.pk])
    blind, sees = api_with("tickets:read"), api_with("tickets:read", "users:read")
    for words, is_said in (("lamp", True), ("fragile", True), ("smi", False), ("lamp smi", False), ("secret", False)):
        for key, expected in ((blind, is_said), (sees, True)):
            assert len(key.get(f"/api/tickets?q={words}{more}").json()) == expected, words
            exported = key.post(f"/api/tickets/export?q={words}", {"format": "json"})
            assert len(exported.json()) == expected, words
    assert api_with("users:read").get(f"/api/tickets?q=lamp{more}").status_code == 403
    assert ApiClient("hd_wrong").get(f"/api/tickets?q=lamp{more}").status_code == 401


# --- Companies that share their requests --------------------------------------------------------------


def door(scope: str) -> tuple[Client, Company, User]:
    """An agent of this scope, signed in; a company that shares; and a contact of nobody's."""
    agent = UserFactory(agent=True, ticket_scope=scope)
    return signed_in(agent), CompanyFactory(shares_tickets=True), UserFactory()


# The method, the address, the body; `{}` are the company that shares, one that does not, and the contact.
OPENED: list[tuple[str, str, dict[str, Any]]] = [
    ("post", "/api/users", {"username": "mole", "email": "mole@example.com", "name": "M", "companyId": "{open}"}),
    ("patch", "/api/users/{contact}", {"companyId": "{open}"}),
    ("patch", "/api/companies/{closed}", {"sharesTickets": True}),
    ("patch", "/api/companies/{open}", {"domains": ["mine.example"]}),
    ("post", "/api/companies", {"name": "Trap", "sharesTickets": True}),
    ("post", "/api/contacts/import", {"data": [{"name": "M", "email": "m@example.com", "company_id": "{open}"}]}),
    ("post", "/api/companies/import", {"data": [{"name": "Trap"}]}),
]


@pytest.mark.parametrize(("method", "path", "body"), OPENED)
@pytest.mark.parametrize("scope", ["restricted", "group", "global"])
def test_who_sees_few_tickets_lets_nobody_read_those_of_a_company(
    scope: str, method: str, path: str, body: dict[str, Any]
) -> None:
    client, shares, contact = door(scope)
    named = {"{open}": str(shares.pk), "{closed}": str(CompanyFactory().pk), "{contact}": str(contact.pk)}
    answer = send(client, method, filled(path, named), filled(body, named))
    assert (answer.status_code < 300) == (scope == "global"), answer.content
    assert scope == "global" or answer.status_code == 403
    key = ApiClient(ApiKeyFactory(owner=UserFactory(agent=True, ticket_scope=scope)).secret)
    assert getattr(key, method)(filled(path, named), filled(body, named)).status_code in (200, 201, 400)


# The page and its form, as above; a form holds the whole row.
TIER: dict[str, Any] = {"health_score": "neutral", "account_tier": "free"}
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("people/contact/add", {"name": "M", "email": "mole@example.com", "company": "{open}"}),
    ("people/contact/{contact}/change", {"name": "M", "email": "mole@example.org", "company": "{open}"}),
    ("companies/company/add", {"name": "Trap", "shares_tickets": "on", **TIER}),
    ("companies/company/{closed}/change", {"name": "Closed", "shares_tickets": "on", **TIER}),
    ("companies/company/{open}/change", {"name": "Open", "shares_tickets": "on", "domains": "mine.example", **TIER}),
]


@pytest.mark.parametrize(("page", "form"), FORMS)
@pytest.mark.parametrize("scope", ["restricted", "group", "global"])
def test_nor_do_they_by_a_form_of_the_admin_pages(scope: str, page: str, form: dict[str, Any]) -> None:
    client, shares, contact = door(scope)
    User.objects.filter(pk=contact.pk).update(email="mole@example.org", email_key="mole@example.org")
    named = {"{open}": str(shares.pk), "{closed}": str(CompanyFactory().pk), "{contact}": str(contact.pk)}
    answer = client.post(f"/admin/{filled(page, named)}/", filled(form, named))
    assert answer.status_code == (302 if scope == "global" else 200)
    assert scope == "global" or "Only agents who see all tickets" in answer.content.decode()
    opened = Company.objects.filter(shares_tickets=True).exclude(pk=shares.pk).exists()
    joined = User.objects.filter(company=shares).exists()
    shares.refresh_from_db()
    assert (opened or joined or bool(shares.domains)) == (scope == "global")


def test_who_sees_few_tickets_still_looks_after_companies_and_contacts() -> None:
    client, shares, contact = door("restricted")
    closed = CompanyFactory()
    for path, body in (
        (f"/api/companies/{shares.pk}", {"notes": "Friendly"}),
        (f"/api/companies/{shares.pk}", {"sharesTickets": True}),  # it does
        (f"/api/companies/{closed.pk}", {"domains": ["closed.example"]}),
        (f"/api/users/{contact.pk}", {"companyId": str(closed.pk)}),
        (f"/api/users/{contact.pk}", {"companyId": None}),
    ):
        assert send(client, "patch", path, body).status_code == 200
    assert send(client, "patch", f"/api/companies/{shares.pk}", {"sharesTickets": False}).status_code == 200


def filled(shape: Any, named: dict[str, str]) -> Any:
    if isinstance(shape, dict):
        return {key: filled(value, named) for key, value in shape.items()}
    if isinstance(shape, list):
        return [filled(value, named) for value in shape]
    if isinstance(shape, str):
        for name, value in named.items():
            shape = shape.replace(name, value)
    return shape


def send(client: Client, method: str, path: str, body: dict[str, Any]) -> Any:
    return getattr(client, method)(path, body, content_type="application/json")


# --- What others have, and what everybody shares ------------------------------------------------------


def test_a_picture_that_is_kept_here_is_nobody_elses(
    admin: User, api: ApiClient, django_capture_on_commit_callbacks: Any
) -> None:
    file = BytesIO()
    Image.new("RGB", (9, 9)).save(file, "PNG")
    kept = avatars.set_avatar(admin, content=file, size=100).avatar_url
    session = signed_in(UserFactory(agent=True, ticket_scope="restricted"))
    taken = {"avatarUrl": kept}
    with django_capture_on_commit_callbacks(execute=True):
        for path, body in ((f"/api/users/{UserFactory().pk}", taken), (f"/api/users/{admin.pk}", {"avatarUrl": None})):
            assert send(session, "patch", path, body).status_code >= 400
    new = {"username": "x", "email": "x@example.com", "name": "X"}
    assert send(session, "post", "/api/users", {**new, **taken}).json()["details"].keys() == {"avatarUrl"}
    assert api.patch(f"/api/users/{admin.pk}", {**taken, "name": "As it was"}).status_code == 200
    assert session.get(str(kept).partition("8000")[2]).status_code == 200


def test_a_mailbox_is_written_to_so_often_whoever_asks_for_it(
    mia: User, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "COPIES_TO_MAILBOX", Limit(2, 60))
    ticket, statuses = TicketFactory(customer=mia), []
    for _ in range(3):
        form = {"email": "Victim@else.example"}
        statuses.append(browser.post(f"/requests/{ticket.ticket_number}/people", form).status_code)
        TicketCopy.objects.all().delete()  # as the customer can
    assert statuses == [302, 302, 429]
    assert OutgoingMail.objects.filter(key__startswith="copied:").count() == 2


@pytest.mark.parametrize(("proven", "sent"), [(True, 4), (False, 1)])
def test_an_account_fills_no_disk(proven: bool, sent: int, settings: Any) -> None:
    settings.ATTACHMENT_MAX_SIZE = 2000
    user = sign_up(name="Mallory", email="mal@example.com", password="long-enough", address="10.0.0.1")
    if proven:
        User.objects.filter(pk=user.pk).update(email_verified_at=user.created_at)
    client = signed_in(user)
    for number in range(6):
        files = [SimpleUploadedFile(f"{number}-{one}.txt", b"x" * 2000) for one in range(10)]
        client.post("/requests/new", {"subject": "x", "description": f"{number}", "files": files})
    assert (Attachment.objects.count(), Ticket.objects.count()) == (10 * sent, sent)
    assert len(list((Path(settings.MEDIA_ROOT) / "attachments").iterdir())) == 10 * sent
    ticket = Ticket.objects.first()
    assert ticket
    reply = f"/requests/{ticket.ticket_number}/reply"
    file = SimpleUploadedFile("more.txt", b"x" * 2000)
    assert client.post(reply, {"content": "With a file", "files": [file]}).status_code == 429
    assert client.post(reply, {"content": "Without"}).status_code == 302


# --- What outlives an account -------------------------------------------------------------------------


def test_whoever_is_let_in_again_signs_in_again(admin: User) -> None:
    person = UserFactory(signed_up=True)
    browser = signed_in(person)
    assert browser.get("/requests/").status_code == 200
    update_user(person, actor=admin, is_active=False)
    update_user(person, actor=admin, is_active=True)
    assert browser.get("/requests/").status_code == 302


def test_a_picture_that_staff_take_away_is_gone(admin: User, django_capture_on_commit_callbacks: Any) -> None:
    person = with_picture()
    address = picture_of(person)
    assert Client().get(address).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        update_user(person, actor=admin, avatar_url=None)
    assert Client().get(address).status_code == 404


def with_picture() -> User:
    content = BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    return avatars.set_avatar(UserFactory(signed_up=True), content=content, size=1)


def picture_of(user: User) -> str:
    return f"/portal/avatars/{(user.avatar_url or '').rpartition('/')[2]}"


def test_small_files_that_are_huge_pictures_are_not_decoded() -> None:
    for kind, pixels in (("PNG", (4001, 3000)), ("WEBP", (4001, 3000)), ("GIF", (4001, 3000))):
        content = BytesIO()
        Image.new("P" if kind != "WEBP" else "RGB", pixels).save(content, kind)
        with pytest.raises(Invalid):
            avatars.drawn_anew(content)


def test_pictures_are_drawn_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory(signed_up=True)
    monkeypatch.setattr(avatars, "PICTURES", Limit(1, 60))
    for refused in (False, True):
        content = BytesIO()
        Image.new("RGB", (8, 8)).save(content, "PNG")
        with pytest.raises(TooManyAttempts) if refused else nullcontext():
            avatars.set_avatar(person, content=content, size=1)


# Whether somebody is signed in, how many bytes are announced, and what the page answers before any of them is read.
LARGE = [(False, 10 * 2**20 + 1, 413), (True, 10 * 2**20 + 1, 200), (True, 261 * 2**20, 413), (False, 10**30, 413)]


@pytest.mark.parametrize(("is_signed_in", "length", "status"), LARGE)
@pytest.mark.parametrize("path", ["/portal/sign-up", "/admin/login/", "/help/"])
def test_pages_read_no_more_than_a_form_can_hold(path: str, is_signed_in: bool, length: int, status: int) -> None:
    browser = signed_in(UserFactory(signed_up=True)) if is_signed_in else Client()
    if not is_signed_in:
        browser.cookies["helpdesk_session"] = "made-up"
    answer = browser.get(path, CONTENT_LENGTH=str(length))
    assert (answer.status_code == 413) == (status == 413)


# --- Addresses nobody's browser makes -----------------------------------------------------------------


def test_odd_addresses_of_agents_are_no_errors(agent: User) -> None:
    TicketFactory()
    many = f"tickets/find/?of=ticket&q={'a+' * 40}"
    odd = ("knowledge_base/article/?status__exact=%00", "people/contact/add/?company=x", "tickets/?q=%00", "?%00=1")
    for path in (*odd, many):
        assert signed_in(agent).get(f"/admin/{path}").status_code in (200, 302, 400)


@pytest.mark.parametrize("asked", ["password__startswith=", "sessions__session_key__startswith=", "name__iregex=("])
def test_no_list_lets_agents_guess_what_they_do_not_see(asked: str, agent: User) -> None:
    signed_in(UserFactory(signed_up=True))
    assert signed_in(agent).get(f"/admin/people/contact/?{asked}").status_code == 400


def test_lists_are_narrowed_by_nothing_but_what_they_offer() -> None:
    for model, pages in pages_of_admins.site._registry.items():
        names = [field.name for field in model._meta.get_fields()]
        assert not [name for name in names if pages.lookup_allowed(f"{name}__startswith", "a")]


@pytest.mark.parametrize("link", ["people/contact/?company__id__exact={}", "people/contact/?state=none"])
def test_links_narrow_lists(link: str, agent: User) -> None:
    company = CompanyFactory()
    UserFactory(name="Inside Ines", company=company)
    UserFactory(name="Outside Olaf", signed_up=True)
    page = signed_in(agent).get(f"/admin/{link.format(company.pk)}").content.decode()
    assert "Inside Ines" in page
    assert "Outside Olaf" not in page


def test_odd_forms_of_agents_are_no_errors(agent: User) -> None:
    ticket, contact = TicketFactory(), UserFactory()
    for page, form in (
        ("tickets/bulk", {"do": "tag", "tag_value": "a\x00b", "ids": [str(ticket.pk)]}),
        (f"people/contact/{contact.pk}/change", {"name": "N", "email": contact.email, "tags": "a\x00b"}),
        (f"people/contact/{contact.pk}/change", {"name": "N", "email": contact.email, "company": "x"}),
        (f"people/contact/{contact.pk}/merge", {"email": "a\x00b"}),
    ):
        assert signed_in(agent).post(f"/admin/{page}/", form).status_code == 200
    ticket.refresh_from_db()
    assert ticket.tags == []
