"""The portal in a real browser: the whole way of a customer, with scripts and without, on a desk and on a phone."""

import os
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from playwright.sync_api import Page, expect

from accounts.models import User
from csat.models import Survey
from tests.browser import WIDE, Browse
from tests.factories import (
    ArticleFactory,
    UserFactory,
)
from tickets.attachments import Upload
from tickets.copies import inform
from tickets.customers import file_request, mark_solved
from tickets.models import Attachment, Reply, Ticket
from tickets.services import add_reply, update_ticket

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = (360, 740)
# A wide page with scripts is what the other tests see.
WAYS = [("without scripts", False, WIDE), ("with scripts on a phone", True, PHONE)]


@pytest.mark.parametrize(("javascript", "size"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_from_a_question_to_a_rating(
    browse: Browse, tmp_path: Path, javascript: bool, size: tuple[int, int], settings: Any
) -> None:
    settings.MAIL_IN_BACKGROUND = False
    ArticleFactory(title="Charging your lamp", status="published", content="Plug it in.")
    file = tmp_path / "photo of the lamp.txt"
    file.write_text("not really a photo")
    page = browse(javascript=javascript, size=size)

    page.goto("/help/")
    if javascript:
        page.locator("#q").press_sequentially("charging")
        expect(page.locator("#found").get_by_text("Charging your lamp")).to_be_visible()
        page.locator("#q").fill("")
    page.locator("#q").fill("spaceship")
    page.locator(".find button").click()
    expect(page.get_by_text("0 results for “spaceship”")).to_be_visible()
    page.get_by_role("link", name="Send a request").click()
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("Your name").fill("Lena Lamp")
    page.get_by_label("Email address").fill("lena@example.com")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Create my account").click()

    expect(page.get_by_text("Please confirm your email address.")).to_be_visible()
    expect(page.get_by_label("What is it about?")).to_have_value("spaceship")
    page.goto(mailed_link(r"/portal/confirm/\S+"))
    page.get_by_role("button", name="Yes, ").click()
    expect(page.get_by_text("Your email address is confirmed.")).to_be_visible()
    page.goto("/requests/new?subject=spaceship")
    page.get_by_label("Tell us more").fill("It does not charge.\nSee https://example.com/lamp")
    page.get_by_label("Files").set_input_files(file)
    page.get_by_role("button", name="Send the request").click()
    ticket = Ticket.objects.get()
    expect(page.get_by_text(f"#{ticket.ticket_number}")).to_be_visible()
    assert Attachment.objects.get().filename == file.name
    agent = UserFactory(agent=True, name="Gus Agent")
    add_reply(ticket, user_id=agent.pk, content="Which lamp is it?")
    update_ticket(ticket, actor=agent, status="pending")
    follow = page.get_by_role("link", name="Follow this request")
    expect(follow).to_have_attribute("href", mailed_link(rf"/requests/{ticket.ticket_number}"))
    follow.click()
    expect(page.get_by_text("It does not charge.")).to_be_visible()
    expect(page.get_by_text("Which lamp is it?")).to_be_visible()
    assert fits(page)
    page.get_by_label("Your message").fill("The red one.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Your message is sent.")).to_be_visible()
    assert Reply.objects.latest("created_at").content == "The red one."
    page.get_by_role("button", name="It is solved").click()
    page.get_by_label("5 – Very satisfied").check()
    page.get_by_role("button", name="Send my rating").click()
    expect(page.get_by_text("Thank you for your rating")).to_be_visible()
    assert Survey.objects.get().rating == 5
    ticket.refresh_from_db()
    assert ticket.status == "resolved"


def mailed_link(path: str) -> str:
    """Where the last mail leads to."""
    sent = mail.outbox[-1]
    assert sent.to == ["lena@example.com"]
    found = re.search(rf"https?://[^/\s]+({path})", sent.body)
    assert found, sent.body
    return found[1]


def fits(page: Page) -> bool:
    """Whether a page can be read without scrolling sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_files_that_are_too_large_are_said_before_they_travel(browse: Browse, tmp_path: Path, settings: Any) -> None:
    settings.ATTACHMENT_MAX_SIZE = 10
    page = browse(UserFactory(signed_up=True))
    page.goto("/requests/new?subject=Help")
    (tmp_path / "large.txt").write_text("x" * 100)
    page.get_by_label("Files").set_input_files(tmp_path / "large.txt")
    assert "too large" in page.get_by_label("Files").evaluate("input => input.validationMessage")


def test_suggestions_can_be_walked_through_by_keyboard(browse: Browse) -> None:
    for number in range(2):
        ArticleFactory(title=f"Lamp {number}", status="published")
    page = browse()
    page.goto("/help/")
    page.locator("#q").press_sequentially("lamp")
    expect(page.locator("#found a")).to_have_count(2)
    for key, place in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(page.locator("#found a").nth(place)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#found a")).to_have_count(0)


# --- Accessible ---------------------------------------------------------------------------------------


def test_a_reader_is_taken_to_what_is_wrong(browse: Browse, mia: User) -> None:
    page = browse(mia, size=PHONE)
    page.goto("/portal/account/password")
    page.get_by_role("button", name="Save").evaluate("button => button.form.noValidate = true")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_focused()


def test_everything_is_reached_by_keyboard_and_large_enough_to_touch(browse: Browse, mia: User) -> None:
    page = browse(mia, size=PHONE)
    page.goto("/requests/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    small = page.evaluate(
        """[...document.querySelectorAll("a, button, input, summary")].filter(one => {
            const box = one.getBoundingClientRect();
            return one.checkVisibility() && box.top >= 0 && (box.width < 24 || box.height < 24);
        }).map(one => one.outerHTML.slice(0, 80))"""
    )
    assert not [one for one in small if not re.search("unseen|skip", one)]


# --- Pictures -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not os.environ.get("SCREENSHOTS"), reason="Only when pictures for the documentation are wanted.")
def test_pictures_for_the_documentation(browse: Browse, shot: Callable[..., None]) -> None:
    call_command("seed_demo", tickets=30)
    mia = UserFactory(username="mia", name="Mia Keller", signed_up=True, time_zone="Europe/Berlin")
    agent = User.objects.filter(role="agent").order_by("name")[0]
    ticket = file_request(
        customer=mia,
        subject="The invoice of May is missing",
        description="Hello,\n\nI find all invoices under Company › Invoices but the one of May.\n\nBest wishes\nMia",
        custom_fields={"product": "Tidepool", "order_number": "A-1042"},
        asked=[],
        uploads=[Upload("invoices.png", BytesIO(b"x" * 48_211), 48_211, "image/png")],
    )
    update_ticket(ticket, actor=agent, status="in_progress")
    answer = f"Hello Mia,\n\nwhich of your two companies is it about?\n\nBest wishes\n{agent.name.split()[0]}"
    add_reply(ticket, user_id=agent.pk, content=answer)
    update_ticket(ticket, actor=agent, status="pending")
    inform(ticket, email="tom@example.com", actor=mia)
    done = file_request(customer=mia, subject="Invite a colleague", description="How?", custom_fields={}, asked=[])
    mark_solved(done, actor=mia)
    for subject in ("The battery is empty within hours", "Change our plan to yearly"):
        file_request(customer=mia, subject=subject, description="…", custom_fields={}, asked=[])
    for name, path, dark, size in (
        ("portal-home", "/help/", False, WIDE),
        ("portal-home-dark", "/help/", True, WIDE),
        ("portal-request", f"/requests/{ticket.ticket_number}", False, WIDE),
        ("portal-requests-phone", "/requests/", False, PHONE),
        ("portal-article-phone", "/help/articles/where-is-my-parcel", True, PHONE),
    ):
        page = browse(mia, dark=dark, size=size)
        page.goto(path)
        shot(page, name)
