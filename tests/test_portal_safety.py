"""What people wrote never runs, pages weigh little and ask nobody else, and each takes as many queries as is said."""

import re
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from portal.branding import brand_of, contrast, parse, style_of
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
from tickets.attachments import attach_file
from tickets.models import Attachment, Ticket

pytestmark = pytest.mark.django_db

# After the lists of OWASP and PortSwigger: as HTML, as Markdown, as an address, and out of an attribute.
VECTORS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<object data=javascript:alert(1)></object>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';</style>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    '![x](x"onerror="alert(1))',
    '[x](https://example.com "onmouseover=alert(1)")',
    '<https://example.com/"onmouseover="alert(1)>',
    "javascript:alert(1)",
    'https://example.com/"onmouseover=alert(1)',
    "https://example.com/<script>alert(1)</script>",
    "{{ 7*7 }}{% debug %}",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "# <img src=x onerror=alert(1)>",
    "\u202egnp.exe",
]
BAD_TAG = re.compile(
    r"<(script(?! src=\"/static/portal/portal\.js)|iframe|object|embed|base|style|math|body [^>]*on)", re.IGNORECASE
)
BAD_ATTRIBUTE = re.compile(
    r"<[a-z][^>]*?\s(on[a-z]+|style)\s*=|<[a-z][^>]*?\s(?:href|src|action|data|formaction)\s*=\s*[\"']?\s*(javascript|data:text|vbscript)",
    re.IGNORECASE,
)
OUTSIDE = re.compile(
    r"<(?:link(?! rel=\"canonical)|script|img|source|iframe)[^>]+(?:href|src)=\"(?:https?:)?//", re.IGNORECASE
)


def text_of(answer: Any) -> str:
    return answer.content.decode()


def harmless(html: str) -> bool:
    """No tag and no attribute that runs; what stands inside a quoted value is only text."""
    attributes = re.sub(r"\s(?:value|content|title|alt|aria-label|placeholder)=\"[^\"<>]*\"", "", html)
    return not BAD_TAG.search(html) and not BAD_ATTRIBUTE.search(attributes)


@pytest.fixture
def mia(db: None) -> User:
    return UserFactory(username="mia", name="Mia Member", signed_up=True)


@pytest.fixture
def browser(mia: User) -> Client:
    client = Client()
    client.force_login(mia)
    return client


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
    for path, name in (*asked, (f"/help/articles/{article.slug}", "for"), ("/portal/sign-in", "next")):
        assert harmless(text_of(browser.get(path, {name: vector}))), path


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


# --- Weight -------------------------------------------------------------------------------------------

MOST = 60 * 1024  # bytes of HTML, CSS and JavaScript on the first visit


@pytest.fixture
def busy(mia: User) -> Ticket:
    """A request with a long conversation, in a help centre with many articles."""
    category = FolderFactory().category
    for number in range(30):
        folder = FolderFactory(category=category)
        ArticleFactory(
            folder=folder, category=category, content="# One\n\n# Two\n\n# Three\n\nword " * 20, status="published"
        )
        FolderFactory(name=f"Other {number}")
    ticket = TicketFactory(customer=mia)
    for _ in range(20):
        ReplyFactory(ticket=ticket, content="Some words. " * 20)
        TicketFactory(customer=mia)
    return ticket


def test_a_first_visit_weighs_little_and_asks_nobody_else(browser: Client, busy: Ticket) -> None:
    slug = ArticleFactory(status="published", content="Some words, https://example.com. " * 100).slug
    for path in (
        "/help/",
        f"/help/articles/{slug}",
        "/requests/",
        f"/requests/{busy.ticket_number}",
        "/requests/new?subject=word",
        "/portal/account",
    ):
        page = text_of(browser.get(path))
        assert not OUTSIDE.search(page)
        files = re.findall(r'(?:href|src)="(/static/[^"?]+)', page)
        assert {file.rsplit(".", 1)[1] for file in files} == {"css", "js", "svg"}
        weight = len(page.encode()) + sum(len(b"".join(browser.get(file))) for file in set(files))
        assert weight <= MOST, f"{path}: {weight} bytes"
        assert not re.search(r"\sstyle=|<style|<script(?! src)", page)


# --- Queries ------------------------------------------------------------------------------------------

# Page, and its queries for a guest and for somebody signed in (session and person among them).
QUERIES = {
    "/help/": (2, 4),
    "/help/search?q=word": (2, 4),
    "/help/suggest?q=word": (2, 4),
    "/help/categories/{category}": (3, 5),
    "/help/folders/{folder}": (2, 4),
    "/help/articles/{slug}": (5, 7),
    "/sitemap.xml": (3, 5),
    "/help/feed.xml": (1, 3),
    "/portal/sign-in": (0, 2),
    "/requests/": (0, 7),
    "/requests/new": (0, 2),
    "/requests/new?subject=word": (0, 5),
    "/requests/{number}": (0, 8),
    "/requests/{number}/sent": (0, 3),
    "/portal/account": (0, 2),
    "/portal/account/sessions": (0, 3),
}


@pytest.mark.parametrize("path", QUERIES)
def test_pages_take_as_many_queries_as_is_said_however_much_there_is(
    browser: Client, mia: User, busy: Ticket, path: str
) -> None:
    company = CompanyFactory(shares_tickets=True)
    User.objects.filter(pk=mia.pk).update(company=company)
    folder = FolderFactory()
    article = ArticleFactory(folder=folder, category=folder.category, status="published", content="word")
    ArticleFactory(folder=folder, category=folder.category, status="published", content="word")
    TicketFactory(customer=mia, status="resolved", resolved_at=timezone.now())
    address = path.format(category=folder.category_id, folder=folder.pk, slug=article.slug, number=busy.ticket_number)
    found = []
    for client in (Client(), browser):
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        found.append(len(asked))
    # SQLite is asked how common a word is; PostgreSQL knows.
    fewer = int(connection.vendor == "postgresql" and "word" in path)
    assert found == [max(0, count - fewer) for count in QUERIES[path]]


# --- Branding -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("color", ["#1d4ed8", "#ffeb3b", "#000000", "#ffffff", "#ff0000", "#00a86b", "#777777"])
def test_any_colour_of_a_brand_can_be_read(color: str) -> None:
    style = style_of(color)
    light, dark = re.findall(r"--accent:(#\w{6})", style)[:2]
    assert contrast(parse(light), (255, 255, 255)) >= 4.5
    assert contrast(parse(light), parse("#f6f7f9")) >= 4.5
    assert contrast(parse(dark), parse("#181e29")) >= 4.5


def test_the_brand_is_on_every_page(settings: Any) -> None:
    settings.BRAND_NAME, settings.BRAND_COLOR = "Globex <Care>", "#00a86b"
    settings.BRAND_LOGO_URL = "https://cdn.globex.example/logo.svg"
    settings.BRAND_LINKS = {"Imprint": "https://globex.example/imprint"}
    settings.BRAND_WELCOME = "Ask Globex"
    answer = Client().get("/help/")
    page = text_of(answer)
    assert "Globex &lt;Care&gt;" in page
    assert '<a href="https://globex.example/imprint">Imprint</a>' in page
    assert "Ask Globex" in page
    assert "https://cdn.globex.example" in answer["Content-Security-Policy"]
    sheet = re.search(r'href="(/portal/brand/\w+\.css)"', page)
    assert sheet
    style = Client().get(sheet[1])
    assert "immutable" in style["Cache-Control"]
    assert "--accent:" in text_of(style)
    assert brand_of("x", "", "", (), "").style == ""


# --- Language -----------------------------------------------------------------------------------------

LANGUAGES: list[tuple[str, str, str, str]] = [
    # What the browser asks for, what its cookie says, what the account says, what comes.
    ("de-AT,de;q=0.9", "", "", "de"),
    ("fr", "", "", "en"),
    ("de", "en", "", "en"),
    ("en", "", "de", "de"),
    ("en", "de", "en", "de"),
    ("", "xx", "yy", "en"),
]


@pytest.mark.parametrize(("asked", "cookie", "own", "expected"), LANGUAGES)
def test_pages_speak_the_readers_language(mia: User, asked: str, cookie: str, own: str, expected: str) -> None:
    User.objects.filter(pk=mia.pk).update(language=own)
    client = Client(headers={"accept-language": asked})
    client.force_login(mia)
    if cookie:
        client.cookies["language"] = cookie
    answer = client.get("/help/")
    assert f'<html lang="{expected}"' in text_of(answer)
    assert answer["Content-Language"] == expected


def test_language_and_colours_are_chosen_without_a_script(browser: Client, mia: User) -> None:
    browser.post("/portal/preferences", {"language": "de", "next": "/help/"})
    browser.post("/portal/preferences", {"theme": "dark"})
    page = text_of(browser.get("/help/"))
    assert '<html lang="de" data-theme="dark">' in page
    mia.refresh_from_db()
    assert mia.language == "de"
    browser.post("/portal/preferences", {"theme": "system", "language": "xx"})
    assert '<html lang="de">' in text_of(browser.get("/help/"))


def test_the_api_and_the_admin_pages_stay_as_they_are(admin: User) -> None:
    german = Client(headers={"accept-language": "de"})
    assert german.get("/api/nothing").json()["error"] == "Not found."
    german.force_login(admin)
    assert b'lang="de"' not in german.get("/admin/").content


def test_no_id_stands_twice_in_a_page(browser: Client, busy: Ticket) -> None:
    CustomFieldFactory(name="main", customer_can_view=True, customer_can_edit=True)
    slug = ArticleFactory(status="published", content="# Main\n\n# Main\n\n# Q").slug
    for path in (
        f"/requests/{busy.ticket_number}",
        "/requests/new?subject=x",
        "/portal/account",
        f"/help/articles/{slug}",
    ):
        ids = re.findall(r'\sid="([^"]+)"', text_of(browser.get(path)))
        assert sorted(ids) == sorted(set(ids)), path


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
    assert browser.get(path, asked).status_code in (200, 400)
