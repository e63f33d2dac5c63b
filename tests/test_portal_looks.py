"""The portal in its readers' language and colours, under the brand's."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.branding import brand_of, contrast, parse, style_of

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return answer.content.decode()


# --- Branding -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("color", ["#1d4ed8", "#ffeb3b", "#000000", "#ffffff", "#ff0000", "#00a86b", "#777777"])
def test_any_colour_of_a_brand_can_be_read(color: str) -> None:
    style = style_of(color)
    ((light, dark),) = re.findall(r"--accent:light-dark\((#\w{6}),(#\w{6})\)", style)
    assert contrast(parse(light), (255, 255, 255)) >= 4.5
    assert contrast(parse(light), parse("#f6f7f9")) >= 4.5
    assert contrast(parse(dark), parse("#181e29")) >= 4.5


def test_the_brand_is_on_every_page(settings: Any, browser: Client) -> None:
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
    with time_machine.travel(timezone.now() + timedelta(hours=1)):  # when a visit is noted in the session
        style, own = browser.get(sheet[1]), browser.get("/help/")
    # What shared caches keep says nothing of anybody, least of all their session.
    assert ("public" in style["Cache-Control"], bool(style.cookies)) == (True, False)
    assert ("public" in own["Cache-Control"], bool(own.cookies)) == (False, True)


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
