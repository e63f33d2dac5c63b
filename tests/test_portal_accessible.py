"""No page of the portal keeps anybody out: every address, as guests and customers see it, light and dark, on a phone.

The pages come from the table of addresses in test_portal_access, so none can be forgotten; what is only seen when
something is refused or broken is added. They are rendered here and shown to the browser by this process, which is a
good deal quicker than a server.
"""

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route

from accounts.models import User
from helpdesk.assets import parts
from tests.axe import WRITE, serious
from tests.factories import ArticleFactory, CustomFieldFactory, ReplyFactory, TicketFactory, UserFactory
from tests.portal_house import House
from tests.test_portal_access import MATRIX, address
from tickets.copies import inform

pytestmark = pytest.mark.django_db

HERE = "http://localhost/"
MOST = 60 * 1024  # bytes of HTML, CSS and JavaScript on the first visit
PHONE = {"width": 360, "height": 740}
Answer = Any


class Reader:
    """Opens pages in light and dark, and keeps what is wrong with them.

    The first page with a Content-Security-Policy is visited. Those after it are written into its document, where that
    policy holds and axe-core and the style sheet are there already: half of the work of a visit. Scripts run again for
    each, among the names of the last: a `const` outside of all blocks would be a second one of its name.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.problems: list[str] = []
        self.name = ""
        self.answer: Answer = None
        self.pages: dict[str, Page] = {}
        self.files: dict[str, int] = {}  # what any page so far has asked for: a style sheet is fetched once for all

    def show(self, name: str, answer: Answer) -> None:
        self.name, self.answer = name, answer
        page = self.opened(answer)
        found = serious(page, touched=True)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("is wider than a phone")
        page.emulate_media(color_scheme="dark")
        found += [f"in the dark: {problem}" for problem in serious(page, only=["color-contrast"])]
        weight = len(answer.content) + sum(self.files.values())
        if weight > MOST:
            found.append(f"weighs {weight} bytes")
        self.problems.extend(f"{name}: {problem}" for problem in found)

    def opened(self, answer: Answer) -> Page:
        policy = answer["Content-Security-Policy"]
        if page := self.pages.get(policy):
            page.emulate_media(color_scheme="light")
            page.evaluate(WRITE, answer.content.decode())
            return page
        page = self.pages[policy] = self.context.new_page()
        page.emulate_media(color_scheme="light")
        page.on(
            "console",
            lambda message: self.problems.append(f"{self.name}: {message.text}") if is_ours(message) else None,
        )
        page.on("pageerror", lambda error: self.problems.append(f"{self.name}: {error}"))
        page.route("**/*", self.answered)
        page.goto(HERE)
        return page

    def answered(self, route: Route) -> None:
        """This page, or one of our own files; asking for anything else is a failure."""
        path = route.request.url.removeprefix(HERE.rstrip("/")).partition("?")[0]
        if path == "/":
            headers = {name: value for name, value in self.answer.items() if name != "Content-Length"}
            route.fulfill(status=self.answer.status_code, headers=headers, body=self.answer.content)
        elif file := finders.find(parts(path)[1] or "nothing"):
            self.files[path] = Path(file).stat().st_size
            route.fulfill(path=file, content_type=mimetypes.guess_type(path)[0])
        else:
            self.problems.append(f"{self.name} asks for {route.request.url}")
            route.fulfill(status=404, body="")


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Reader]:
    context = chromium.new_context(viewport=PHONE, reduced_motion="reduce")
    yield Reader(context)
    context.close()


def is_ours(message: Any) -> bool:
    """A refused form is an answer like others; Chromium writes every status of 400 and above to the console."""
    return message.type == "error" and "Failed to load resource" not in message.text


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


def test_every_page_can_be_read_by_everybody(house: House, reader: Reader, settings: Any) -> None:
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
                    reader.show(f"{name} {row.method} {role}", answer)
    assert len(seen) > 20
    assert not reader.problems, "\n".join(reader.problems)


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
    house: House, reader: Reader, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GUEST_TICKETS = True
    decorate(house)
    for role, path, data in REFUSED:
        reader.show(path, signed_in(house.people[role]).post(path.format(**house.names), data))
    guest, new = signed_in(None), signed_in(UserFactory(plain_password="x" * 9, claimed_at=timezone.now()))
    reader.show("an empty list of somebody unproven", new.get("/requests/"))
    reader.show("the form of a guest", guest.get("/requests/new?subject=find"))
    reader.show("suggestions", with_suggestions(guest))
    reader.show("an expired form", signed_in(None, enforce_csrf_checks=True).post("/portal/sign-in", {}))
    reader.show("no page", guest.get("/help/nothing"))
    reader.show("no result", guest.get("/help/search?q=nothing"))
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    reader.show("unreadable", guest.post("/portal/sign-in", {"a": "1", "b": "2", "c": "3"}))
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    reader.show("too large", guest.post("/portal/sign-in", {"email": "x" * 99}))
    monkeypatch.setattr("portal.help_pages.find", None)
    reader.show("broken", guest.get("/help/search?q=x"))
    assert not reader.problems, "\n".join(reader.problems)


def with_suggestions(client: Client) -> Answer:
    """The first page with what the script puts into it while somebody types."""
    piece = client.get("/help/suggest?q=invoice").content.decode()
    assert "Find your" in piece
    home = client.get("/help/")
    before, found, after = home.content.decode().partition('id="found"')
    opening, end, rest = after.partition(">")
    home.content = f"{before}{found}{opening}{end}{piece}{rest}".encode()
    return home
