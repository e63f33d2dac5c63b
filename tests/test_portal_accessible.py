"""No page of the portal keeps anybody out: every address, as guests and customers see it, light and dark, on a phone.

The pages come from the table of addresses in test_portal_access, so none can be forgotten; what is only seen when
something is refused or broken is added. They are rendered here and shown to the browser by this process, which is a
good deal quicker than a server.
"""

import mimetypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route

from accounts.models import User
from helpdesk.assets import parts
from tests.axe import serious
from tests.factories import ArticleFactory, CustomFieldFactory, ReplyFactory, TicketFactory, UserFactory
from tests.test_portal_access import MATRIX, House, address, house
from tickets.copies import inform

pytestmark = pytest.mark.django_db

__all__ = ["house"]  # the fixture

HERE = "http://localhost/"
MOST = 60 * 1024  # bytes of HTML, CSS and JavaScript on the first visit
PHONE = {"width": 360, "height": 740}
Answer = Any
Show = Callable[[str, Answer], None]


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport=PHONE, reduced_motion="reduce")
    shown = context.new_page()
    yield shown
    context.close()


@pytest.fixture
def shown(page: Page) -> tuple[Show, list[str]]:
    """`show(name, answer)`: looks at an answer in light and dark, and keeps what is wrong with it."""
    problems: list[str] = []
    current: dict[str, Any] = {}
    fetched: dict[str, int] = {}
    page.on(
        "console", lambda message: problems.append(f"{current['name']}: {message.text}") if is_ours(message) else None
    )
    page.on("pageerror", lambda error: problems.append(f"{current['name']}: {error}"))
    page.route("**/*", lambda route: answered(route, current["answer"], fetched, problems))

    def show(name: str, answer: Answer) -> None:
        current.update(name=name, answer=answer)
        fetched.clear()
        page.emulate_media(color_scheme="light")
        page.goto(HERE)
        found = serious(page, touched=True)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("is wider than a phone")
        page.emulate_media(color_scheme="dark")
        found += [f"in the dark: {problem}" for problem in serious(page, only=["color-contrast"])]
        weight = len(answer.content) + sum(fetched.values())
        if weight > MOST:
            found.append(f"weighs {weight} bytes")
        problems.extend(f"{name}: {problem}" for problem in found)

    return show, problems


def is_ours(message: Any) -> bool:
    """A refused form is an answer like others; Chromium writes every status of 400 and above to the console."""
    return message.type == "error" and "Failed to load resource" not in message.text


def answered(route: Route, answer: Answer, fetched: dict[str, int], problems: list[str]) -> None:
    """This page, or one of our own files; asking for anything else is a failure."""
    path = route.request.url.removeprefix(HERE.rstrip("/")).partition("?")[0]
    if path == "/":
        headers = {name: value for name, value in answer.items() if name != "Content-Length"}
        route.fulfill(status=answer.status_code, headers=headers, body=answer.content)
    elif path.startswith("/assets/"):
        file = finders.find(parts(path)[1])
        assert file, path
        fetched[path] = Path(file).stat().st_size
        route.fulfill(path=file, content_type=mimetypes.guess_type(path)[0])
    else:
        problems.append(f"A page asks for {route.request.url}")
        route.fulfill(status=404, body="")


def signed_in(user: User | None, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    if user is not None:
        client.force_login(user)
    return client


def is_page(answer: Answer) -> bool:
    return answer.get("Content-Type", "").startswith("text/html") and answer.status_code not in (301, 302)


def decorate(house: House) -> None:
    """A bit of everything on the pages that have room for it."""
    for number, kind in enumerate(("text", "textarea", "dropdown", "multiselect", "checkbox", "date", "decimal")):
        CustomFieldFactory(
            name=f"f{number}", label=f"Field {number}", field_type=kind, options=["S", "M"],
            customer_can_view=True, customer_can_edit=True, help_text="Some help",
        )  # fmt: skip
    content = (
        "# One\n\nSome *text*.\n\n## Two\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n# Three\n\n`x`, [link](/help/)\n\n> y"
    )
    article = ArticleFactory(title="Find your invoice", slug="find", content=content, status="published")
    house.ticket.custom_fields["f3"] = ["S"]
    house.ticket.save()
    owner = house.people["owner"]
    assert owner is not None
    inform(house.ticket, email="somebody@example.com", actor=owner)
    for status in ("open", "pending", "in_progress"):
        TicketFactory(customer=owner, status=status)
    for number in range(25):
        ReplyFactory(ticket=house.ticket, content=f"Answer {number}: https://example.com", user=house.people["staff"])
    house.names["open_article"] = article.slug


def test_every_page_can_be_read_by_everybody(house: House, shown: tuple[Show, list[str]], settings: Any) -> None:
    show, problems = shown
    settings.GUEST_TICKETS = True
    decorate(house)
    seen = set()
    for role in ("guest", "owner", "staff"):
        client = signed_in(house.people[role])
        for name, rows in MATRIX.items():
            for row in rows:
                if name == "sign-out":
                    continue
                answer = getattr(client, row.method)(address(house, name, row), row.data or {})
                template = answer.templates[0].name if answer.templates else ""
                kind = (template, answer.status_code)
                if is_page(answer) and b"<!doctype" in answer.content and kind not in seen:
                    seen.add(kind)
                    show(f"{name} {row.method} {role}", answer)
    assert len(seen) > 20
    assert not problems, "\n".join(problems)


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("owner", "/requests/{number}/reply", {"content": ""}),
    ("owner", "/requests/{number}/people", {"email": "x"}),
    ("owner", "/requests/new", {"subject": "x", "cf_f1": "y"}),
    ("owner", "/portal/account", {"name": ""}),
    ("owner", "/portal/account/password", {}),
    ("owner", "/portal/account/email", {}),
    ("guest", "/requests/new", {"subject": "x"}),
    ("guest", "/portal/sign-up", {"email": "x"}),
    ("guest", "/portal/sign-in", {"email": "x@example.com", "password": "wrong-one"}),
    ("guest", "/portal/reset", {"email": "x@example.com"}),
    ("guest", "/portal/survey/{survey}", {}),
]


def test_what_is_refused_or_broken_can_be_read_as_well(
    house: House, shown: tuple[Show, list[str]], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, problems = shown
    settings.GUEST_TICKETS = True
    decorate(house)
    for role, path, data in REFUSED:
        show(path, signed_in(house.people[role]).post(path.format(**house.names), data))
    guest, new = signed_in(None), signed_in(UserFactory(plain_password="x" * 9, claimed_at=timezone.now()))
    show("an empty list of somebody unproven", new.get("/requests/"))
    show("the form of a guest", guest.get("/requests/new?subject=find"))
    show("suggestions", with_suggestions(guest))
    show("an expired form", signed_in(None, enforce_csrf_checks=True).post("/portal/sign-in", {}))
    show("no page", guest.get("/help/nothing"))
    show("no result", guest.get("/help/search?q=nothing"))
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    show("unreadable", guest.post("/portal/sign-in", {"a": "1", "b": "2", "c": "3"}))
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    show("too large", guest.post("/portal/sign-in", {"email": "x" * 99}))
    monkeypatch.setattr("portal.help_pages.find", None)
    show("broken", guest.get("/help/search?q=x"))
    assert not problems, "\n".join(problems)


def with_suggestions(client: Client) -> Answer:
    """The first page with what the script puts into it while somebody types."""
    piece = client.get("/help/suggest?q=invoice").content.decode()
    assert "Find your" in piece
    home = client.get("/help/")
    before, found, after = home.content.decode().partition('id="found"')
    opening, end, rest = after.partition(">")
    home.content = f"{before}{found}{opening}{end}{piece}{rest}".encode()
    return home
