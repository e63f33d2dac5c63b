"""Who may open and do what in the portal: every address, for everybody, as a table."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from csat.models import Survey
from knowledge_base.models import Folder
from tests.portal_house import House, build

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


@pytest.fixture(scope="module")
def built(rows_of_module: None) -> House:
    return build()


@pytest.fixture
def house(built: House, db: None) -> House:
    """The same for each test, which may change what it holds as it likes."""
    return deepcopy(built)


def address(house: House, name: str, row: Row) -> str:
    return reverse(f"portal:{name}", args=[house.names.get(arg, arg) for arg in row.args])


def test_every_address_is_in_the_table() -> None:
    portal = next(part for part in get_resolver().url_patterns if getattr(part, "app_name", "") == "portal")
    assert sorted(pattern.name for pattern in portal.url_patterns) == sorted(MATRIX)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_what_is_theirs_and_no_more(house: House, client_of: Callable[[str], Client], role: str) -> None:
    wrong, client = [], client_of(role)
    for name, rows in MATRIX.items():
        for row in rows:
            status = getattr(client, row.method)(address(house, name, row), row.data or {}).status_code
            if status != row.expected[role]:
                wrong.append((name, row.args, status, row.expected[role]))
        if name in ("sign-out", "sign-out-everywhere"):
            client = client_of(role)
    assert not wrong


@pytest.mark.parametrize("role", ["colleague", "copied"])
def test_whoever_reads_along_changes_nothing_but_what_they_write(
    house: House, client_of: Callable[[str], Client], role: str
) -> None:
    client, copies = client_of(role), house.ticket.copies.count()
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
def test_nothing_internal_is_on_the_page(house: House, client_of: Callable[[str], Client], role: str) -> None:
    page = client_of(role).get(f"/requests/{house.ticket.ticket_number}").content.decode()
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
    house: House, client_of: Callable[[str], Client], role: str, show: str, expected: bool, words: str
) -> None:
    house.ticket.search.public += " public answer"
    house.ticket.search.save()
    page = client_of(role).get("/requests/", {"show": show, "q": words}).content.decode()
    assert ("The invoice is missing" in page) is expected
    assert "Somebody else" not in page


@pytest.mark.parametrize("words", ["internal answer", "hidden cause", "Somebody"])
def test_search_finds_nothing_by_what_is_hidden(house: House, client_of: Callable[[str], Client], words: str) -> None:
    house.ticket.search.internal = "internal answer hidden cause"
    house.ticket.search.save()
    page = client_of("owner").get("/requests/", {"q": words}).content.decode()
    assert "The invoice is missing" not in page
    assert f"/requests/{house.ticket.ticket_number}" not in page


@pytest.mark.parametrize(
    ("role", "seen"),
    [("guest", {"all"}), ("stranger", {"all", "logged_in"}), ("staff", {"all", "logged_in", "agents"})],
)
def test_folders_hide_their_articles_everywhere(
    house: House, client_of: Callable[[str], Client], role: str, seen: set[str]
) -> None:
    client = client_of(role)
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
    house: House, client_of: Callable[[str], Client]
) -> None:
    hidden = Folder.objects.get(pk=house.names["customers_folder"]).category
    assert client_of("guest").get(f"/help/categories/{hidden.pk}").status_code == 404
    assert hidden.name not in client_of("guest").get("/help/").content.decode()
    assert client_of("stranger").get(f"/help/categories/{hidden.pk}").status_code == 200
