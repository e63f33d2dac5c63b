"""Whoever works in the pages all day fetches style sheets and scripts once, and the new ones on the day they change."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse

from accounts.models import User
from helpdesk import assets

pytestmark = pytest.mark.django_db

LINKED = re.compile(r'(?:src|href)="(/(?:static|assets)/[^"]+)"')


@pytest.mark.parametrize("page", ["admin:queue", "admin:automation_automationrule_changelist", "portal:home", "docs"])
def test_what_a_page_links_to_is_kept_for_good(page: str, client: Client, admin: User) -> None:
    client.force_login(admin)
    linked = LINKED.findall(client.get(reverse(page)).content.decode())
    assert linked
    for address in linked:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer["Cache-Control"], address


def test_so_is_what_a_file_links_to_in_its_own_folder(client: Client) -> None:
    folder = static("unfold/fonts/inter/styles.css").rpartition("/")[0]
    assert "immutable" in client.get(f"{folder}/Inter-Regular.woff2")["Cache-Control"]


def test_addresses_change_with_the_content(tmp_path: Path, settings: Any) -> None:
    settings.STATICFILES_DIRS = [tmp_path]
    found = set()
    for content in ("a { color: red }", "a { color: blue }", ""):
        (tmp_path / "sheet.css").write_text(content)
        get_finder.cache_clear()
        found.add(assets.mark.__wrapped__())
    get_finder.cache_clear()
    assert len(found) == 3


def test_what_another_version_links_to_is_served_but_not_kept(client: Client) -> None:
    answer = client.get("/assets/0123456789/portal/portal.css")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize("path", ["", "0123456789", "0123456789/", "0123456789/nothing.css", "x/../../manage.py"])
def test_there_is_nothing_else(path: str, client: Client) -> None:
    assert client.get(f"/assets/{path}").status_code == 404


def test_while_files_are_worked_on_they_are_asked_for_anew(settings: Any) -> None:
    settings.DEBUG = True
    assert static("portal/portal.css") == "/static/portal/portal.css"


def test_charts_that_no_page_draws_are_not_sent_with_every_page(client: Client) -> None:
    assert len(client.get(static("unfold/js/chart/chart.js")).getvalue()) < 200
