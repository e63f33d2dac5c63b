"""Who may open and do what in the portal: every address, for everybody, as a table."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from csat.links import token_for
from csat.models import Survey
from knowledge_base.models import Article, Folder
from tests.factories import (
    PASSWORD,
    ArticleFactory,
    CompanyFactory,
    CustomFieldFactory,
    FolderFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets import leaving
from tickets.attachments import attach_file
from tickets.models import Attachment, Ticket, TicketCopy

pytestmark = pytest.mark.django_db

# Guest; somebody else's customer; the customer of the ticket; the same before the mailbox is proven; a colleague whose
# company shares; one whose company does not; somebody kept informed; the same unproven; staff.
ROLES = ("guest", "stranger", "owner", "claimer", "colleague", "cold_colleague", "copied", "copied_unproven", "staff")


def everybody(status: int, **others: int) -> dict[str, int]:
    return {**dict.fromkeys(ROLES, status), **others}


def readers(status: int) -> dict[str, int]:
    """Whoever may read the ticket gets this; to the others it does not exist."""
    return everybody(404, guest=302, staff=403) | dict.fromkeys(("owner", "colleague", "copied"), status)


def customers(status: int) -> dict[str, int]:
    return everybody(status, guest=302, staff=403)


@dataclass(frozen=True)
class Row:
    method: str
    args: tuple[str, ...]
    expected: dict[str, int]
    data: dict[str, Any] | None = None


LOGGED_IN = everybody(200, guest=404)
PUBLIC, REDIRECT = everybody(200), everybody(302)
MATRIX: dict[str, list[Row]] = {
    "root": [Row("get", (), REDIRECT)],
    "robots": [Row("get", (), PUBLIC)],
    "sitemap": [Row("get", (), PUBLIC)],
    "sitemap-part": [Row("get", (1,), PUBLIC)],
    "home": [Row("get", (), PUBLIC)],
    "search": [Row("get", (), PUBLIC)],
    "suggest": [Row("get", (), PUBLIC)],
    "feed": [Row("get", (), PUBLIC)],
    "category": [Row("get", ("category",), PUBLIC)],
    "folder": [
        Row("get", ("open_folder",), PUBLIC),
        Row("get", ("customers_folder",), LOGGED_IN),
        Row("get", ("staff_folder",), everybody(404, staff=200)),
    ],
    "article": [
        Row("get", ("open_article",), PUBLIC),
        Row("get", ("old_slug",), everybody(301)),
        Row("get", ("customers_article",), LOGGED_IN),
        Row("get", ("staff_article",), everybody(404, staff=200)),
        Row("get", ("draft",), everybody(404, staff=200)),
    ],
    "feedback": [
        Row("post", ("open_article",), REDIRECT, {"helpful": "yes"}),
        Row("post", ("customers_article",), everybody(302, guest=404), {"helpful": "yes"}),
        Row("post", ("staff_article",), everybody(404, staff=302), {"helpful": "yes"}),
        Row("post", ("draft",), everybody(404), {"helpful": "yes"}),
    ],
    "solved": [
        Row("post", ("open_article",), REDIRECT),
        Row("post", ("customers_article",), everybody(302, guest=404)),
        Row("post", ("draft",), everybody(404)),
    ],
    "requests": [Row("get", (), customers(200))],
    "new-request": [
        Row("get", (), customers(200)),
        Row("post", (), customers(302), {"subject": "Help", "description": "Please"}),
    ],
    "confirm-request": [Row("get", ("nonsense",), PUBLIC), Row("post", ("nonsense",), everybody(400))],
    "request": [
        Row("get", ("number",), readers(200)),
        Row("get", ("no_number",), everybody(404, guest=302, staff=403)),
    ],
    "leave": [Row("get", ("leave",), PUBLIC)]
    + [Row(method, ("nonsense",), everybody(404)) for method in ("get", "post")],
    "request-sent": [Row("get", ("number",), readers(200))],
    "reply": [Row("post", ("number",), readers(302), {"content": "More"})],
    "solve": [Row("post", ("number",), readers(302))],
    "reopen": [Row("post", ("number",), readers(302))],
    "rate": [Row("post", ("number",), readers(302), {"rating": "1"})],
    "request-fields": [
        Row("post", ("number",), everybody(404, guest=302, staff=403, owner=302), {"cf_size": "XL"}),
    ],
    "add-person": [
        Row("post", ("number",), readers(302) | {"colleague": 403, "copied": 403}, {"email": "new@example.com"}),
    ],
    "remove-person": [Row("post", ("number", "copy"), readers(302))],
    "request-file": [
        Row("get", ("number", "own_file"), readers(200)),
        Row("get", ("number", "answer_file"), readers(200)),
        Row("get", ("number", "internal_file"), everybody(404, guest=302, staff=403)),
        Row("get", ("number", "staff_file"), everybody(404, guest=302, staff=403)),
        Row("get", ("number", "foreign_file"), everybody(404, guest=302, staff=403)),
    ],
    "sign-up": [Row("get", (), everybody(302, guest=200, staff=200))],
    "sign-in": [Row("get", (), everybody(302, guest=200, staff=200))],
    "sign-out": [Row("post", (), REDIRECT)],
    "confirm": [Row("get", ("nonsense",), PUBLIC), Row("post", ("nonsense",), everybody(400))],
    "not-me": [Row("get", ("nonsense",), PUBLIC), Row("post", ("nonsense",), everybody(400))],
    "new-email": [Row("get", ("nonsense",), PUBLIC), Row("post", ("nonsense",), everybody(400))],
    "ask-reset": [Row("get", (), PUBLIC)],
    "reset": [Row("get", ("nonsense",), PUBLIC)],
    "survey": [Row("get", ("survey",), PUBLIC), Row("get", ("nonsense",), everybody(404))],
    "profile": [Row("get", (), customers(200))],
    "avatar": [Row("post", (), customers(302))],
    "password": [Row("get", (), customers(200))],
    "email": [Row("get", (), customers(200) | {"claimer": 302, "copied_unproven": 302})],
    "confirm-again": [Row("post", (), customers(302))],
    "sessions": [Row("get", (), customers(200))],
    "end-session": [Row("post", (), customers(302))],
    "sign-out-everywhere": [Row("post", (), customers(302))],
    "avatar-file": [Row("get", ("nonsense",), everybody(404))],
    "preferences": [Row("post", (), REDIRECT, {"theme": "dark"})],
    "brand-style": [Row("get", ("nonsense",), everybody(404))],
}


@dataclass
class House:
    """A ticket with everything customers must not see beside what they may, and everybody around it."""

    ticket: Ticket
    people: dict[str, User | None]
    names: dict[str, Any]


@pytest.fixture
def house(db: None, settings: Any) -> House:
    sharing, cold = CompanyFactory(shares_tickets=True, name="Globex"), CompanyFactory(name="Initech")
    owner = UserFactory(username="olga", name="Olga Owner", signed_up=True, company=sharing)
    staff = UserFactory(agent=True, username="stan")
    other = TicketFactory(subject="Somebody else's")
    size = CustomFieldFactory(name="size", label="Size", customer_can_view=True, customer_can_edit=True)
    CustomFieldFactory(name="cause", label="Root cause")
    ticket = TicketFactory(
        customer=owner,
        subject="The invoice is missing",
        status="resolved",
        resolved_at=timezone.now(),
        custom_fields={size.name: "M", "cause": "hidden-cause"},
    )
    answer = ReplyFactory(ticket=ticket, user=staff, content="public-answer")
    internal = ReplyFactory(ticket=ticket, user=staff, content="internal-answer", is_internal=True)
    files = {
        "own_file": file_of(ticket, owner, "own.txt"),
        "answer_file": file_of(ticket, staff, "answer.txt", answer),
        "internal_file": file_of(ticket, staff, "internal.txt", internal),
        "staff_file": file_of(ticket, staff, "staff.txt"),
        "foreign_file": file_of(other, other.customer, "foreign.txt"),
    }
    copied = UserFactory(username="cora", signed_up=True)
    unproven = UserFactory(username="udo", plain_password=PASSWORD, claimed_at=timezone.now())
    copies = [copy_to(ticket, person.email) for person in (copied, unproven)]
    claimer_ticket = owner  # the claimer is the owner before the mailbox was proven; see `person`
    people = {
        "guest": None,
        "stranger": UserFactory(username="stella", signed_up=True),
        "owner": owner,
        "claimer": claimer_ticket,
        "colleague": UserFactory(username="carl", signed_up=True, company=sharing),
        "cold_colleague": UserFactory(username="nora", signed_up=True, company=cold),
        "copied": copied,
        "copied_unproven": unproven,
        "staff": staff,
    }
    folders = {kind: FolderFactory(visibility=kind) for kind in ("all", "logged_in", "agents")}
    articles = {kind: article_in(folder, kind) for kind, folder in folders.items()}
    draft = article_in(folders["all"], "draft", status="draft", approved_at=None)
    articles["all"].slugs.create(slug="former")
    survey = Survey.objects.create(ticket=ticket, customer=owner, resolved_at=ticket.resolved_at)
    names: dict[str, Any] = {
        "category": folders["all"].category_id,
        "open_folder": folders["all"].pk,
        "customers_folder": folders["logged_in"].pk,
        "staff_folder": folders["agents"].pk,
        "open_article": articles["all"].slug,
        "customers_article": articles["logged_in"].slug,
        "staff_article": articles["agents"].slug,
        "draft": draft.slug,
        "old_slug": "former",
        "number": ticket.ticket_number,
        "no_number": 999_999_999,
        "copy": copies[0].pk,
        "leave": leaving.token_for(copies[0].pk),
        "survey": token_for(survey.pk),
        "nonsense": signing.dumps("x", salt="nobody's"),
        **{name: file.pk for name, file in files.items()},
    }
    return House(ticket, people, names)


def file_of(ticket: Ticket, user: User, name: str, reply: Any = None) -> Attachment:
    reply_id = reply.pk if reply else None
    return attach_file(ticket, actor=user, filename=name, content=BytesIO(b"x"), size=1, reply_id=reply_id)


def copy_to(ticket: Ticket, email: str) -> TicketCopy:
    return TicketCopy.objects.create(ticket=ticket, email=email, email_key=email.lower())


def article_in(folder: Folder, word: str, **values: Any) -> Article:
    values = {"status": "published", **values}
    title = f"About {word} things"
    return ArticleFactory(folder=folder, category=folder.category, title=title, content=f"secret-{word}", **values)


@pytest.fixture
def browser(house: House) -> Callable[[str], Client]:
    def signed_in(role: str) -> Client:
        client, user = Client(), house.people[role]
        if role == "claimer":
            User.objects.filter(pk=user.pk).update(email_verified_at=None, claimed_at=timezone.now())
            user.refresh_from_db()
        if user is not None:
            client.force_login(user)
        return client

    return signed_in


def address(house: House, name: str, row: Row) -> str:
    return reverse(f"portal:{name}", args=[house.names.get(arg, arg) for arg in row.args])


def test_every_address_is_in_the_table() -> None:
    portal = next(part for part in get_resolver().url_patterns if getattr(part, "app_name", "") == "portal")
    assert sorted(pattern.name for pattern in portal.url_patterns) == sorted(MATRIX)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_what_is_theirs_and_no_more(house: House, browser: Callable[[str], Client], role: str) -> None:
    wrong, client = [], browser(role)
    for name, rows in MATRIX.items():
        for row in rows:
            status = getattr(client, row.method)(address(house, name, row), row.data or {}).status_code
            if status != row.expected[role]:
                wrong.append((name, row.args, status, row.expected[role]))
        if name in ("sign-out", "sign-out-everywhere"):
            client = browser(role)
    assert not wrong


@pytest.mark.parametrize("role", ["colleague", "copied"])
def test_whoever_reads_along_changes_nothing_but_what_they_write(
    house: House, browser: Callable[[str], Client], role: str
) -> None:
    client, copies = browser(role), house.ticket.copies.count()
    for name in ("reopen", "solve", "rate", "remove-person", "add-person", "request-fields"):
        for row in MATRIX[name]:
            client.post(address(house, name, row), row.data or {})
    house.ticket.refresh_from_db()
    assert house.ticket.status == "resolved"
    assert house.ticket.copies.count() == copies
    assert house.ticket.custom_fields["size"] == "M"
    assert not Survey.objects.filter(rating__isnull=False).exists()


HIDDEN = ("internal-answer", "internal.txt", "staff.txt", "hidden-cause", "Root cause")


@pytest.mark.parametrize("role", ["owner", "colleague", "copied"])
def test_nothing_internal_is_on_the_page(house: House, browser: Callable[[str], Client], role: str) -> None:
    page = browser(role).get(f"/requests/{house.ticket.ticket_number}").content.decode()
    assert all(shown in page for shown in ("public-answer", "own.txt", "answer.txt"))
    assert not [word for word in HIDDEN if word in page]


@pytest.mark.parametrize(
    ("role", "show", "expected"),
    [
        ("owner", "mine", True),
        ("claimer", "mine", False),
        ("stranger", "mine", False),
        ("stranger", "company", False),
        ("stranger", "shared", False),
        ("colleague", "mine", False),
        ("colleague", "company", True),
        ("cold_colleague", "company", False),
        ("copied", "shared", True),
        ("copied_unproven", "shared", False),
    ],
)
@pytest.mark.parametrize("words", ["", "invoice", "public-answer"])
def test_lists_and_their_search_hold_what_may_be_seen(
    house: House, browser: Callable[[str], Client], role: str, show: str, expected: bool, words: str
) -> None:
    house.ticket.search.public += " public answer"
    house.ticket.search.save()
    page = browser(role).get("/requests/", {"show": show, "q": words}).content.decode()
    assert ("The invoice is missing" in page) is expected
    assert "Somebody else" not in page


@pytest.mark.parametrize("words", ["internal answer", "hidden cause", "Somebody"])
def test_search_finds_nothing_by_what_is_hidden(house: House, browser: Callable[[str], Client], words: str) -> None:
    house.ticket.search.internal = "internal answer hidden cause"
    house.ticket.search.save()
    page = browser("owner").get("/requests/", {"q": words}).content.decode()
    assert "The invoice is missing" not in page
    assert f"/requests/{house.ticket.ticket_number}" not in page


@pytest.mark.parametrize(
    ("role", "seen"),
    [("guest", {"all"}), ("stranger", {"all", "logged_in"}), ("staff", {"all", "logged_in", "agents"})],
)
def test_folders_hide_their_articles_everywhere(
    house: House, browser: Callable[[str], Client], role: str, seen: set[str]
) -> None:
    client = browser(role)
    for path in ("/help/search?q=things", "/help/suggest?q=things"):
        page = client.get(path).content.decode()
        found = {
            word
            for word in ("all", "logged_in", "agents", "draft")
            if f"bout-{word}" in page or f"secret-{word}" in page
        }
        assert found == seen, path
    for path in ("/help/feed.xml", "/sitemap.xml"):
        page = client.get(path).content.decode()
        slugs = {word: house.names[key] for word, key in SLUGS.items()}
        assert {word for word, slug in slugs.items() if slug in page} == {"all"}, path


SLUGS = {"all": "open_article", "logged_in": "customers_article", "agents": "staff_article", "draft": "draft"}


def test_a_category_that_holds_nothing_for_somebody_does_not_exist_for_them(
    house: House, browser: Callable[[str], Client]
) -> None:
    hidden = Folder.objects.get(pk=house.names["customers_folder"]).category
    assert browser("guest").get(f"/help/categories/{hidden.pk}").status_code == 404
    assert hidden.name not in browser("guest").get("/help/").content.decode()
    assert browser("stranger").get(f"/help/categories/{hidden.pk}").status_code == 200
