"""What tries to run, in a real browser: nothing does, nothing comes from elsewhere, and no policy has to step in."""

from io import BytesIO

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from accounts.models import User
from outbox.delivery import send_due
from tests.browser import Browse
from tests.factories import ArticleFactory, CustomFieldFactory, ReplyFactory, TicketFactory, UserFactory
from tests.vectors import VECTORS
from tickets.attachments import attach_file
from tickets.models import Ticket
from tickets.services import add_reply

pytestmark = pytest.mark.django_db(transaction=True)

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
