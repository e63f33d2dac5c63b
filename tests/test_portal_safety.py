"""What people wrote never runs, nothing leads elsewhere, and nonsense has an answer."""

import re
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from tests.factories import (
    PASSWORD,
    ArticleFactory,
    CustomFieldFactory,
    FolderFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tests.vectors import VECTORS
from tickets.attachments import attach_file
from tickets.models import Attachment, Ticket

pytestmark = pytest.mark.django_db

BAD_TAG = re.compile(
    r"<(script(?! src=\"/assets/\w+/portal/portal\.js)|iframe|object|embed|base|style|math|body [^>]*on)", re.IGNORECASE
)
BAD_ATTRIBUTE = re.compile(
    r"<[a-z][^>]*?\s(on[a-z]+|style)\s*=|<[a-z][^>]*?\s(?:href|src|action|data|formaction)\s*=\s*[\"']?\s*(javascript|data:text|vbscript)",
    re.IGNORECASE,
)


def text_of(answer: Any) -> str:
    return answer.content.decode()


def harmless(html: str) -> bool:
    """No tag and no attribute that runs; what stands inside a quoted value is only text."""
    attributes = re.sub(r"\s(?:value|content|title|alt|aria-label|placeholder)=\"[^\"<>]*\"", "", html)
    return not BAD_TAG.search(html) and not BAD_ATTRIBUTE.search(attributes)


def test_harm_is_noticed() -> None:
    assert not harmless("<p><script>alert(1)</script></p>")
    assert not harmless('<img src="x" onerror="alert(1)">')
    assert not harmless('<a href="javascript:alert(1)">x</a>')
    assert harmless('<a href="https://example.com">x</a> &lt;script&gt;')


# --- What people wrote --------------------------------------------------------------------------------


def test_a_request_shows_what_was_written_as_text(browser: Client, mia: User) -> None:
    ticket = TicketFactory(customer=mia, subject="All of it", description="\n".join(VECTORS))
    for number, vector in enumerate(VECTORS):
        TicketFactory(customer=mia, subject=vector)
        ReplyFactory(ticket=ticket, content=vector, user=UserFactory(agent=True, name=vector))
        attach_file(ticket, actor=mia, filename=vector, content=BytesIO(b"x"), size=1)
        shown = {"label": f"L {vector}", "help_text": vector, "placeholder": vector}
        CustomFieldFactory(name=f"x{number}", customer_can_view=True, customer_can_edit=True, **shown)
        ticket.custom_fields[f"x{number}"] = vector
    ticket.save()
    for path in (f"/requests/{ticket.ticket_number}", "/requests/", "/requests/new?subject=x"):
        page = text_of(browser.get(path))
        assert harmless(page), path
        assert "{{ 7*7 }}" in page or "new" in path


# Each stands in the title of a page, in a search box, in the name of an account …
@pytest.mark.parametrize("vector", [VECTORS[0], VECTORS[16], VECTORS[18], VECTORS[20], VECTORS[31]])
def test_places_that_hold_one_text_are_no_way_in(browser: Client, mia: User, vector: str) -> None:
    mia.name = vector
    mia.save()
    number = TicketFactory(customer=mia, subject=vector).ticket_number
    article = ArticleFactory(title=vector, seo_title=vector, seo_description=vector, status="published")
    for path in (
        f"/requests/{number}",
        f"/requests/{number}/sent",
        "/portal/account",
        f"/help/articles/{article.slug}",
    ):
        assert harmless(text_of(browser.get(path))), path
    asked = [("/requests/", "q"), ("/requests/new", "subject"), ("/help/search", "q"), ("/help/suggest", "q")]
    for path, name in (*asked, (f"/help/articles/{article.slug}", "for")):
        assert harmless(text_of(browser.get(path, {name: vector}))), path
    assert harmless(text_of(Client().get("/portal/sign-in", {"next": vector})))


def test_the_help_centre_shows_nothing_that_runs() -> None:
    folder = FolderFactory(name="All", category__name="All")
    for vector in VECTORS:
        values = {"title": vector, "excerpt": vector, "status": "published"}
        content = f"{vector}\n\n# {vector}\n\nword"
        ArticleFactory(folder=folder, category=folder.category, content=content, **values)
        other = FolderFactory(
            name=vector, description=vector, category__name=vector, category__description=vector, category__icon=vector
        )
        shelf = FolderFactory(name=vector, description=vector, category=folder.category)
        for place in (other, shelf):
            ArticleFactory(folder=place, category=place.category, content="x", status="published")
    everything = "\n\n".join(f"{vector}\n\n# {vector}" for vector in VECTORS)
    article = ArticleFactory(folder=folder, category=folder.category, content=everything, status="published")
    client = Client()
    paths = (f"/help/categories/{folder.category_id}", f"/help/folders/{folder.pk}", f"/help/articles/{article.slug}")
    for path in ("/help/", *paths, "/help/search?q=word", "/help/suggest?q=word"):
        page = text_of(client.get(path))
        assert harmless(page), path


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("a.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.html", "text/html", b"<script>alert(1)</script>"),
        ("a.xml", "text/xml", b"<?xml-stylesheet href='javascript:alert(1)'?><x/>"),
        ("a.png", "text/html; charset=utf-8", b"<script>alert(1)</script>"),
        ('a"; filename="b.html', "text/html\r\nX-Evil: 1", b"x"),
    ],
)
def test_files_are_downloads_that_no_browser_opens_in_place(
    browser: Client, name: str, kind: str, content: bytes
) -> None:
    upload = SimpleUploadedFile(name, content, content_type=kind)
    browser.post("/requests/new", {"subject": "x", "description": "y", "files": [upload]})
    file = Attachment.objects.get()
    answer = browser.get(f"/requests/{Ticket.objects.get().ticket_number}/files/{file.pk}")
    assert answer.getvalue() == content
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "X-Evil" not in answer


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_no_form_leads_to_another_site(mia: User, target: str) -> None:
    client = Client()
    page = client.post("/portal/preferences", {"theme": "dark", "next": target})
    assert page["Location"] == "/help/"
    signed_in = client.post("/portal/sign-in", {"email": mia.email, "password": PASSWORD, "next": target})
    assert signed_in["Location"] == "/requests/"


# --- The policy ---------------------------------------------------------------------------------------

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


@pytest.mark.parametrize("path", ["/help/", "/help/search?q=x", "/portal/sign-in", "/nothing", "/help/suggest?q=x"])
def test_every_page_has_a_strict_policy(path: str) -> None:
    answer = Client().get(path)
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert answer["X-Frame-Options"] == "DENY"
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_articles_may_show_pictures_from_elsewhere_and_nothing_more() -> None:
    article = ArticleFactory(status="published")
    policy = set(Client().get(f"/help/articles/{article.slug}")["Content-Security-Policy"].split("; "))
    assert policy - POLICY == {"img-src 'self' data: https:"}


def test_a_refused_token_gets_a_page_of_ours() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/portal/sign-in", {"email": "a@b.de", "password": "x"})
    assert answer.status_code == 403
    assert "This form has expired" in text_of(answer)
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY


def test_private_pages_are_kept_by_nobody(browser: Client) -> None:
    for path in ("/requests/", "/portal/account", "/requests/new", "/portal/sign-in"):
        assert "no-store" in browser.get(path)["Cache-Control"]
    assert browser.get("/help/")["Cache-Control"] == "private, no-cache"


# --- Nonsense -----------------------------------------------------------------------------------------

NONSENSE = [
    "/help/articles/%00",
    "/help/articles/a%00b",
    "/help/articles/" + "x" * 3000,
    "/help/articles/%ff%fe",
    "/help/articles/..%2f..%2fetc",
    "/help/categories/nonsense",
    "/requests/99999999999999999999999999",
    "/requests/0",
    "/requests/-1",
    "/requests/1/files/nonsense",
    "/portal/avatars/%00.webp",
    "/portal/brand/%00.css",
    "/nothing/at/all",
]
ODD_QUESTIONS = [
    ("/requests/", {"before": "²", "show": "\x00", "q": "\x00"}),
    ("/requests/", {"before": "9" * 40, "q": "x " * 200}),
    ("/requests/", {"before": "٣"}),
    ("/requests/new", {"subject": "\x00"}),
    ("/requests/new", {"subject": "x" * 5000}),
    ("/help/search", {"q": "\x00\ud800".encode("utf-8", "surrogatepass").decode("latin-1")}),
    ("/portal/sign-in", {"next": "\x00//evil"}),
]


@pytest.mark.parametrize("path", NONSENSE, ids=lambda path: path[:40])
def test_what_is_nowhere_is_a_page_that_says_so(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize(("path", "asked"), ODD_QUESTIONS)
def test_odd_questions_have_an_answer(browser: Client, path: str, asked: dict[str, str]) -> None:
    client = Client() if "sign-in" in path else browser
    assert client.get(path, asked).status_code in (200, 400)
