"""The portal in a real browser: the whole way of a customer, with scripts and without, on a desk and on a phone.

And what tries to run there: nothing does, nothing comes from elsewhere, and no policy has to step in.
"""

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
from outbox.delivery import send_due
from tests.browser import WIDE, Browse
from tests.factories import ArticleFactory, CustomFieldFactory, ReplyFactory, TicketFactory, UserFactory
from tests.vectors import VECTORS
from tickets.attachments import Upload, attach_file
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
        page.locator("#q").fill("charging")
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


# --- What tries to run --------------------------------------------------------------------------------

FILES = [
    ("picture.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ("page.html", "text/html", b"<script>alert(1)</script>"),
    ("photo.png", "text/html", b"<script>alert(1)</script>"),
]  # fmt: skip
# What a person does without meaning to: looking, pointing, tabbing through.
TOUCH_EVERYTHING = """() => {
    for (const one of document.querySelectorAll("*"))
        for (const what of ["mouseover", "mouseenter", "focus", "load", "error", "toggle", "pointerover"])
            one.dispatchEvent(new Event(what));
}"""


def harmed(page: Page) -> bool:
    page.evaluate(TOUCH_EVERYTHING)
    return bool(page.evaluate("window.harmed === true"))


@pytest.fixture
def hostile(mia: User, agent: User) -> Ticket:
    """A request in which everything that people can write tries to run."""
    ticket = TicketFactory(customer=mia, subject=VECTORS[0], description="\n".join(VECTORS))
    for number, vector in enumerate(VECTORS):
        ReplyFactory(ticket=ticket, content=vector, user=UserFactory(agent=True, name=vector))
        attach_file(ticket, actor=mia, filename=vector, content=BytesIO(b"x"), size=1)
        CustomFieldFactory(
            name=f"x{number}", label=f"L {vector}", help_text=vector, customer_can_view=True, customer_can_edit=True
        )
        ticket.custom_fields[f"x{number}"] = vector
    ticket.save()
    return ticket


def test_nothing_that_people_write_runs_in_a_browser(browse: Browse, mia: User, agent: User, hostile: Ticket) -> None:
    content = "\n\n".join(f"{vector}\n\n# {vector}" for vector in VECTORS)
    article = ArticleFactory(title=f"Lamp {VECTORS[0]}", excerpt=VECTORS[1], content=content, status="published")
    for number, vector in enumerate(VECTORS):
        ArticleFactory(title=f"Lamp {vector}", slug=f"v{number}", content=f"Lamp {vector}", status="published")
    page = browse(mia)
    page.on("dialog", lambda dialog: pytest.fail(f"A script ran: {dialog.message}"))
    page.add_init_script("window.alert = () => { window.harmed = true; }")
    path = f"/requests/{hostile.ticket_number}"
    page.goto(path)
    expect(page.get_by_text(VECTORS[0]).first).to_be_visible()
    assert not harmed(page)
    page.get_by_role("link", name="Earlier messages").click()
    assert not harmed(page)
    for address in (
        "/requests/",
        f"/requests/new?subject={VECTORS[1]}",
        f"/help/articles/{article.slug}",
        "/help/search?q=lamp",
    ):
        page.goto(address)
        assert not harmed(page), address
    page.goto("/help/")
    page.locator("#q").press_sequentially("lamp")
    expect(page.locator("#found a")).to_have_count(5)
    assert not harmed(page)


def test_hostile_files_are_saved_and_never_opened(browse: Browse, mia: User) -> None:
    ticket = TicketFactory(customer=mia)
    files = [
        attach_file(ticket, actor=mia, filename=name, content=BytesIO(content), size=len(content), mime_type=kind)
        for name, kind, content in FILES
    ]
    page = browse(mia)
    page.on("dialog", lambda dialog: pytest.fail(f"A script ran: {dialog.message}"))
    page.goto(f"/requests/{ticket.ticket_number}")
    for file in files:
        with page.expect_download() as saved:
            page.evaluate(
                "address => { location.href = address; }", f"/requests/{ticket.ticket_number}/files/{file.pk}"
            )
        assert saved.value.suggested_filename == file.filename
    assert page.url.endswith(f"/requests/{ticket.ticket_number}")


def test_no_mail_runs_where_nothing_protects_its_reader(browse: Browse, hostile: Ticket, agent: User) -> None:
    """Opened without any policy, as a careless mail program might."""
    add_reply(hostile, user_id=agent.pk, content="\n".join(VECTORS))
    send_due()
    html = mail.outbox[-1].alternatives[0][0]
    page = browse()
    page.on("dialog", lambda dialog: pytest.fail(f"A script ran: {dialog.message}"))
    page.add_init_script("window.alert = () => { window.harmed = true; }")
    page.goto("about:blank")
    page.set_content(html)
    expect(page.get_by_text(VECTORS[2]).first).to_be_visible()
    assert not harmed(page)
    page.set_content("<img src=x onerror=alert(1)>")
    page.wait_for_function("window.harmed")  # harm would have been noticed


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
