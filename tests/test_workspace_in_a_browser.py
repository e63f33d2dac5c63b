"""An agent's day in a real browser: by mouse, by keyboard alone, and without any script."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Count, Q
from playwright.sync_api import Page, expect

from accounts.models import User
from email_channel.models import TicketMail
from tests.browser import NARROW, WIDE, Browse, session_of
from tests.factories import CannedResponseFactory, TicketFactory
from tickets import services
from tickets.models import ACTIVE_STATUSES, Attachment, Reply, Status, Ticket
from workspace.models import Draft

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "/admin/tickets/"
LOOKED_AT_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def tickets(agent: User, customer: User, settings: Any, tmp_path: Path) -> list[Any]:
    settings.MEDIA_ROOT = str(tmp_path)
    made = [TicketFactory(subject=f"Printer {name}", customer=customer, assignee=agent) for name in ("A", "B", "C")]
    CannedResponseFactory(title="Plug", shortcut="plug", content="Dear {{customer.name}}, pull the plug.")
    return made


def answers(ticket: Ticket) -> list[str]:
    return list(Reply.objects.filter(ticket=ticket).values_list("content", flat=True))


def is_open(page: Page, subject: str) -> None:
    """And listens to keys."""
    expect(page.locator(".has-script").get_by_role("heading", name=subject, exact=True)).to_be_visible()


def lose(page: Page, cookie: str) -> None:
    """Once nothing is under way whose answer would bring it again."""
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies(name=cookie)


def test_from_many_tickets_taken_at_once_to_a_canned_answer_to_the_next(
    browse: Browse, agent: User, customer: User, tickets: list[Any]
) -> None:
    TicketFactory.create_batch(50, customer=customer)
    page = browse(agent)
    page.goto(f"{QUEUE}?view=unassigned")
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_text("50 selected")).to_be_visible()
    page.get_by_role("button", name="Assign to me").click()
    expect(page.get_by_text("50 tickets assigned to you.")).to_be_visible()
    assert Ticket.objects.filter(assignee=agent).count() == 53
    page.get_by_role("link", name="My open tickets").first.click()
    page.get_by_label("Sort by").select_option("createdAt")
    page.wait_for_url("**sort=createdAt**")
    page.get_by_role("link", name="Printer A").click()
    text = page.get_by_label("Message", exact=True)
    text.click()
    text.press_sequentially("/plu")
    page.get_by_role("option", name="Plug").wait_for()
    text.press("Enter")
    expect(text).to_have_value("Dear Cleo Customer, pull the plug.")
    page.get_by_role("button", name="Send & resolve").click()
    expect(page.get_by_text("Sent, and resolved.")).to_be_visible()
    assert answers(tickets[0]) == ["Dear Cleo Customer, pull the plug."]
    tickets[0].refresh_from_db()
    assert tickets[0].status == Status.RESOLVED
    following = tickets[1].ticket_number
    expect(page.get_by_role("link", name=f"Next: #{following}")).to_have_attribute(
        "href", f"{QUEUE}{following}/?view=mine&sort=createdAt"
    )


def test_everything_goes_by_keyboard(
    browse: Browse, agent: User, tickets: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browse(agent)
    keys = page.keyboard
    # One goes anywhere from every page.
    page.goto("/admin/account/")
    keys.press("Control+k")
    page.get_by_role("combobox", name="Go to").fill("Printer B")
    page.get_by_role("option", name=f"#{tickets[1].ticket_number} Printer B").click()
    is_open(page, "Printer B")
    keys.press("e")
    expect(page.locator("#ws-head").get_by_text("Resolved")).to_be_visible()
    keys.press("j")
    is_open(page, "Printer C")
    # Values that are passed on the way to another are not saved.
    page.get_by_label("Status").focus()
    for key in ("ArrowDown", "ArrowDown", "Tab"):
        keys.press(key)
    expect(page.locator("#ws-head").get_by_text("In progress")).to_be_visible()
    assert list(tickets[2].activities.values_list("new_value", flat=True)) == ["in_progress"]
    # The list goes on where a page of it ends.
    monkeypatch.setattr("workspace.queues.PAGE", 2)
    page.goto(f"{QUEUE}?view=all&sort=-createdAt")
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    keys.press("Escape")
    for key in ("j", "j", "k", "j", "j"):
        keys.press(key)
    expect(page.locator(".has-script").get_by_role("link", name="Printer A")).to_be_visible()
    keys.press("j")
    keys.press("Enter")
    is_open(page, "Printer A")
    keys.press("n")
    keys.type("Jenny knows. ?")  # letters are letters while one types
    keys.press("Control+Enter")
    expect(page.locator(".has-script").get_by_text("Your note is saved.")).to_be_visible()
    assert tickets[0].notes.get().content == "Jenny knows. ?"
    keys.press("Control+k")
    keys.type(f"#{tickets[2].ticket_number}")
    expect(page.locator(".ws-palette [aria-selected=true]")).to_have_text(f"Open ticket #{tickets[2].ticket_number}")
    keys.press("Enter")
    is_open(page, "Printer C")


def test_an_answer_stops_at_what_came_meanwhile_and_goes_anyway(
    browse: Browse, agent: User, tickets: list[Any]
) -> None:
    ticket = tickets[0]
    lost = {"kind": "survey", "email": "cleo@example.com", "email_key": "cleo@example.com", "message_id": "<1@lost>"}
    TicketMail.objects.create(ticket=ticket, outcome="failed", **lost)
    page = browse(agent)
    page.goto(f"{QUEUE}{ticket.ticket_number}/")
    text = page.get_by_label("Message", exact=True)
    text.fill("Buy a new one.")
    page.locator("[data-files]").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"})
    page.get_by_role("button", name="Dismiss").click()  # within the conversation
    expect(page.get_by_text("dismissed the mail to cleo@example.com")).to_be_visible()
    expect(page.locator("[data-chosen]")).to_contain_text("a.txt")
    services.add_reply(ticket, user_id=ticket.customer_id, content="It works again!")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("A newer message has arrived.")).to_be_visible()
    expect(page.get_by_text("It works again!")).to_be_visible()
    expect(text).to_have_value("Buy a new one.")
    assert answers(ticket) == ["It works again!"]
    assert page.url.endswith(f"{QUEUE}{ticket.ticket_number}/")  # where going on, or loading it again, is harmless
    expect(page.locator("[data-chosen]")).to_contain_text("a.txt")
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_text("Sent.", exact=True)).to_be_visible()
    assert Attachment.objects.get().filename == "a.txt"
    assert answers(ticket) == ["It works again!", "Buy a new one."]


def test_drafts_and_properties_are_kept_without_a_button(browse: Browse, agent: User, tickets: list[Any]) -> None:
    ticket = tickets[0]
    page = browse(agent)
    page.goto(f"{QUEUE}{ticket.ticket_number}/")
    page.get_by_label("Message", exact=True).fill("Dear Cleo")
    page.get_by_text("Log time").click()
    page.get_by_label("Minutes").fill("25")
    page.get_by_label("Priority").select_option("urgent")
    expect(page.locator("#ws-head").get_by_text("Urgent")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Dear Cleo")
    expect(page.get_by_label("Minutes")).to_have_value("25")  # begun in another form
    ticket.refresh_from_db()
    assert ticket.priority == "urgent"
    # Whoever works by keyboard stays in the section whose control has gone; a double click acts once.
    page.get_by_text("Nobody else. Add somebody").click()
    page.get_by_label("Email address").fill("copy@example.com")
    page.get_by_label("Email address").press("Enter")
    page.get_by_role("button", name="Inform copy@example.com no longer").press("Enter")
    expect(page.locator("#ws-customer h2")).to_be_focused()
    page.locator("#ws-side form:has([name=minutes]) button[type=submit]").dblclick()
    expect(page.get_by_text("25 min").first).to_be_visible()
    expect(page.get_by_text("Draft kept")).to_be_visible()
    # A change that the server cannot keep says so, and whoever has to sign in for it comes back to the ticket.
    page.route("**/change/", lambda route: route.fulfill(status=500, body="Sorry"))
    page.get_by_label("Priority").select_option("low")
    expect(page.get_by_text("The server could not save what you changed.")).to_be_visible()
    expect(page.get_by_label("Priority")).to_have_value("low")
    page.unroute("**/change/")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Priority").select_option("high")
    expect(page.locator("input[name=username]")).to_be_visible()
    assert "change" not in page.url
    assert ticket.time_entries.count() == 1
    page.context.add_cookies([session_of(agent, page.url.partition("/admin")[0])])
    page.goto(f"{QUEUE}{ticket.ticket_number}/")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Dear Cleo")
    # Whoever has been signed out meanwhile finds the text again as well.
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Message", exact=True).fill("Dear Cleo, pull")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("input[name=username]")).to_be_visible()
    assert Draft.objects.get().content == "Dear Cleo"
    # What was written elsewhere meanwhile can be put before it, so that neither is lost.
    Draft.objects.update(content="From the office")
    page.context.add_cookies([session_of(agent, page.url.partition("/admin")[0])])
    page.goto(f"{QUEUE}{ticket.ticket_number}/")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Dear Cleo, pull")
    page.get_by_role("button", name="Add the draft on the server").click()
    both = "From the office\n\nDear Cleo, pull"
    expect(page.get_by_label("Message", exact=True)).to_have_value(both)
    # Logging out in the middle of a word keeps the word.
    page.locator("#logout-form").evaluate("form => form.requestSubmit()")
    expect(page.get_by_label("Message", exact=True)).to_have_count(0)
    assert Draft.objects.get().content == both


def test_whoever_is_signed_out_is_told_before_anything_is_lost_by_it(
    browse: Browse, agent: User, tickets: list[Any]
) -> None:
    page = browse(agent)
    told, link = page.get_by_role("alert"), page.get_by_role("link", name="Log in")
    page.goto(QUEUE)
    lose(page, settings.SESSION_COOKIE_NAME)
    page.evaluate(LOOKED_AT_AGAIN)
    expect(told).to_contain_text("Your session has ended.")
    link.click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.context.add_cookies([session_of(agent, page.url.partition("/admin")[0])])
    address = f"{QUEUE}{tickets[0].ticket_number}/"
    page.goto(address)
    page.get_by_label("Message", exact=True).fill("Dear Cleo")
    lose(page, settings.CSRF_COOKIE_NAME)  # as of another session, begun in another tab
    page.evaluate(LOOKED_AT_AGAIN)
    expect(told).to_contain_text("You have signed in or out elsewhere")
    page.get_by_role("link", name="Reload").click()
    expect(told).to_have_count(0)  # the page has gone, which held the text as well
    is_open(page, "Printer A")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Dear Cleo")
    lose(page, settings.SESSION_COOKIE_NAME)
    page.evaluate(LOOKED_AT_AGAIN)
    expect(told).to_contain_text("Your session has ended.")
    expect(link).to_have_attribute("href", address)


def test_a_ticket_that_is_begun_is_not_left_by_accident(browse: Browse, agent: User) -> None:
    page = browse(agent)
    page.goto(f"{QUEUE}new/")
    asks = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert not page.evaluate(asks)
    page.get_by_label("Subject").fill("Lamp")
    page.locator("#logout-form").dispatch_event("submit")  # of another form
    assert page.evaluate(asks)
    page.get_by_label("Customer’s email").fill("nobody@example")
    page.get_by_label("Description").fill("Dark")
    page.get_by_role("button", name="File ticket").click()
    expect(page.get_by_role("status").first).to_contain_text("Nobody has this address yet.")
    assert page.evaluate(asks), "it was refused"


def test_the_essentials_need_no_script(browse: Browse, agent: User, tickets: list[Any]) -> None:
    page = browse(agent, javascript=False, size=NARROW)
    page.goto(f"{QUEUE}?view=mine&sort=createdAt")
    assert page.get_by_label("Sort by").evaluate("list => list.offsetWidth") > 120
    page.get_by_role("link", name="Printer A").click()
    page.get_by_label("Message", exact=True).fill("Without a script.")
    page.get_by_role("button", name="Send & set pending").click()
    assert answers(tickets[0]) == ["Without a script."]
    page.get_by_label("Priority").select_option("high")
    page.get_by_role("button", name="Save changes").click()
    tickets[0].refresh_from_db()
    assert (tickets[0].status, tickets[0].priority) == (Status.PENDING, "high")


def test_on_a_phone_the_view_that_is_shown_is_in_sight(browse: Browse, agent: User) -> None:
    page = browse(agent, size=NARROW)
    page.goto(f"{QUEUE}?view=all")
    expect(page.locator(".ws-views [aria-current]")).to_be_in_viewport(ratio=1)


@pytest.mark.skipif(not os.environ.get("SCREENSHOTS"), reason="Only when pictures for the documentation are wanted.")
def test_pictures_for_the_documentation(browse: Browse, shot: Callable[..., None]) -> None:
    call_command("seed_demo", tickets=400)
    by_work = Count("assigned_tickets", filter=Q(assigned_tickets__status__in=ACTIVE_STATUSES))
    agent = User.objects.filter(role="agent").annotate(work=by_work).order_by("-work", "pk")[0]
    told = Ticket.objects.visible_to(agent).filter(
        status__in=ACTIVE_STATUSES, customer__company__isnull=False, notes__isnull=False
    )
    ticket = told.annotate(said=Count("replies", distinct=True)).order_by("-said", "-pk")[0]
    pages = {"home": "/admin/", "queue": f"{QUEUE}?view=all", "ticket": f"{QUEUE}{ticket.ticket_number}/?view=all"}
    for look, size, dark in (("", WIDE, False), ("-narrow", NARROW, False), ("-dark", WIDE, True)):
        page = browse(agent, size=size, dark=dark)
        for name, path in pages.items():
            page.goto(path)
            if name == "home":
                page.locator("#ws-figures svg").first.wait_for()
            page.wait_for_load_state("networkidle")  # with the numbers of saved views
            shot(page, f"{name}{look}")
