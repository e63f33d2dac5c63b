"""People in a real browser: a second factor is set up and asked for, and a file is looked at and imported."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import SecondFactor, User
from tests.axe import looked_at, sized
from tests.browser import NARROW, Browse
from tests.factories import PASSWORD, CompanyFactory, TicketFactory, UserFactory
from tests.test_two_factor import app_code

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[[Page, str], None]
UPLOAD = reverse("admin:people_import_upload", args=["contacts"])


def test_a_second_factor_is_set_up_and_asked_for(browse: Browse, shot: Shot, agent: User) -> None:
    page = browse(agent)
    page.goto("/admin/account/two-factor/")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    shot(page, "two-factor")
    problems = looked_at(page)
    page.get_by_role("textbox", name="Code").fill(app_code(agent))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator("#recovery-codes")).to_contain_text("-")
    problems += looked_at(page)
    [recovery, *_] = page.locator("#recovery-codes").inner_text().split()

    # The code of this moment is used up: signing in takes a recovery code.
    page.context.clear_cookies()
    page.emulate_media(color_scheme="dark")
    sized(page, NARROW)
    page.goto("/admin/account/")
    page.get_by_label("Email").fill(agent.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("textbox", name="Code")).to_be_visible()
    shot(page, "sign-in-code-narrow-dark")
    problems += looked_at(page)
    page.get_by_role("textbox", name="Code").fill(recovery)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/account/")
    assert SecondFactor.objects.get().confirmed_at is not None
    assert not problems, "\n".join(problems)


def test_a_file_is_looked_at_and_imported(browse: Browse, shot: Shot, admin: User, tmp_path: Path) -> None:
    known: Any = UserFactory(name="Cleo")
    file = tmp_path / "people.csv"
    file.write_text(f"name,email\nCleo Clark,{known.email}\nAnn,ann@example.org\nBob,no address\n")
    page = browse(admin)
    page.goto(UPLOAD)
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Cleo Clark")).to_be_visible()
    shot(page, "import-preview")
    problems = looked_at(page)
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("link", name="Show all contacts")).to_be_visible()  # which the trial run has not
    expect(page.get_by_text("Enter a valid email address.")).to_be_visible()
    assert set(User.objects.filter(role="customer").values_list("name", flat=True)) == {"Cleo Clark", "Ann"}
    assert not problems, "\n".join(problems)


def test_whoever_typed_something_wrong_goes_on_where_it_is(browse: Browse, admin: User) -> None:
    page = browse(admin)
    page.goto("/admin/people/agent/add/")
    for name, text in (("name", "Ann"), ("email", "ann@example.org"), ("username", "ann"), ("password", "short")):
        page.locator(f"[name={name}]").fill(text)
    page.get_by_role("button", name="Create agent").click()
    expect(page.get_by_text("This password is too short.")).to_be_visible()
    expect(page.locator("[name=password]")).to_be_focused()


def test_lists_are_filtered_and_colours_chosen_without_a_mouse(browse: Browse, admin: User) -> None:
    UserFactory(name="Cleo")
    page = browse(admin)
    page.goto("/admin/people/contact/")
    filters, keys = page.get_by_role("button", name="Filters"), page.keyboard
    filters.press("Enter")
    expect(page.get_by_role("link", name="All", exact=True)).to_be_focused()
    keys.press("Escape")
    expect(filters).to_be_focused()
    filters.press("Enter")
    page.get_by_role("link", name="Deactivated", exact=True).press("Enter")
    expect(page.get_by_text("No contacts found")).to_be_visible()
    page.get_by_role("button", name=admin.email).press("Enter")
    page.get_by_role("button", name="Dark").press("Enter")
    expect(page.locator("html")).to_have_class("dark")
    dead = page.locator("a:not([href])[x-on\\:click]")
    expect(dead).to_have_count(0)
    expect(page.get_by_role("link", name="Import", exact=True)).to_have_attribute("href", UPLOAD)
    page.goto("/admin/audit/entry/")
    expect(page.get_by_role("button", name="Filters")).to_be_visible()
    expect(dead).to_have_count(0)


@pytest.mark.skipif(not os.environ.get("SCREENSHOTS"), reason="Only when pictures for the documentation are wanted.")
def test_pictures_for_the_documentation(browse: Browse, shot: Shot, admin: User) -> None:
    known: Any = UserFactory(name="Cleo Clark", company=CompanyFactory(name="Acme"), tags=["vip"])
    TicketFactory.create_batch(2, customer=known)
    page = browse(admin)
    page.goto(f"/admin/people/contact/{known.pk}/change/")
    shot(page, "contact")
