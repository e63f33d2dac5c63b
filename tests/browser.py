"""A real browser for the tests of pages: Debian's Chromium, driven by Playwright against a live server.

A page that writes an error to its console, breaks its Content-Security-Policy or asks another host for anything
fails its test, whatever else it shows.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from accounts.models import User
from tests.pictures import reduced

# The first is made for this: what it shows costs a third less.
PATHS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]
IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDE, NARROW = (1440, 900), (390, 844)

Browse = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, started once for the tests of a file; without one, tests are skipped, but never in CI.

    Not for longer: while Playwright's loop runs, Django keeps other connections for this thread than without, and a
    test that forks would carry one of the latter into its child.
    """
    path = next(filter(None, map(shutil.which, PATHS)), None)
    if path is None:
        message = "No Chromium on this machine; on Debian and Ubuntu: apt-get install chromium"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    # Playwright runs a loop of its own in this thread, which Django takes for an asynchronous caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()
        connections.close_all()  # those of the loop, which nobody can reach once it has ended


@pytest.fixture
def browse(chromium: Browser, live_server: Any) -> Iterator[Browse]:
    """`browse(user, dark=True)`: a fresh page of the running server, signed in as `user` when one is given.

    Its `goto` takes paths. `size` is WIDE or NARROW; `javascript=False` switches scripts off.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        user: User | None = None,
        *,
        size: tuple[int, int] = WIDE,
        dark: bool = False,
        javascript: bool = True,
        locale: str = "en-GB",
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            locale=locale,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        if user is not None:
            context.add_cookies([session_of(user, live_server.url)])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend(strange(request.url, live_server.url)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A refused form is an answer like others; Chromium writes every status of 400 and above to the console.
    errors = [complaint for complaint in complaints if "Failed to load resource" not in complaint]
    assert not errors, errors


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """`shot(page, "queue-dark")` keeps a picture for the documentation, when SCREENSHOTS is set."""

    def keep(page: Page, name: str, **options: Any) -> None:
        if os.environ.get("SCREENSHOTS"):
            IMAGES.mkdir(exist_ok=True)
            taken = Image.open(BytesIO(page.screenshot(animations="disabled", **options)))
            reduced(taken.convert("RGB")).save(IMAGES / f"{name}.png", optimize=True)

    return keep


def session_of(user: User, url: str) -> Any:
    """The cookie of a session that is signed in already; signing in itself is tested where it belongs."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


def strange(url: str, own: str) -> list[str]:
    return [] if url.startswith((own, "data:", "blob:", "about:")) else [f"asks another host: {url}"]
