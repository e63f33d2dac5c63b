"""Pages of settings and articles in a real browser: by mouse, by keyboard alone, and without any script."""

import json
import os
import re
import shlex
import shutil
import subprocess
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Route, expect

from accounts.models import User
from automation.models import AutomationRule
from automation.services import create_rule
from knowledge_base.models import Article
from sla.models import BusinessHours
from tests.axe import sized
from tests.browser import NARROW, Browse
from tests.factories import PASSWORD, CategoryFactory, TicketFactory, UserFactory
from tickets.models import Priority
from tickets.services import create_ticket

pytestmark = pytest.mark.django_db(transaction=True)

RULE = reverse("admin:automation_automationrule_add")
KEYS = reverse("admin:accounts_apikey_changelist")
KEY = reverse("admin:accounts_apikey_add")


# --- Automation rules -------------------------------------------------------------------------------------


def rule(name: str) -> None:
    create_rule(
        actor=None, name=name, rule_type="ticket_creation", actions=[{"type": "add_tag", "value": [name.lower()]}]
    )


def order() -> list[str]:
    return list(AutomationRule.objects.values_list("name", flat=True))


def test_by_mouse_alone_technical_tickets_become_urgent_before_all_else(
    browse: Browse, admin: User, customer: User, shot: Any
) -> None:
    TicketFactory(category="technical", customer=customer, subject="An older one")
    rule("Billing")
    rule("Returns")
    page = browse(admin)
    page.goto(RULE)
    page.get_by_role("combobox", name="When").select_option("A ticket is created")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("What to ask about").select_option("Category")
    page.get_by_label("Value").click()
    page.get_by_role("option", name="technical").click()
    page.get_by_role("button", name="Add action").click()
    page.get_by_label("What to do").select_option("Set priority")
    page.get_by_role("group", name="Action 1").get_by_label("Value").select_option("Urgent")
    page.get_by_role("button", name="Try it").click()
    page.get_by_text("An older one").wait_for()
    shot(page, "automation-rule")
    page.get_by_role("button", name="Create rule").click()
    name = "Category is technical → Set priority: urgent"
    page.get_by_role("link", name=name).first.wait_for()
    shot(page, "automation-rules")
    ticket = create_ticket(actor=None, subject="S", description="D", customer_id=customer.pk, category="technical")
    ticket.refresh_from_db()
    assert ticket.priority == Priority.URGENT

    handle, target = page.locator(".hd-order__handle").nth(2), page.locator("[data-key]").first
    with page.expect_response("**/order/"):
        handle.hover()
        page.mouse.down()
        box = target.bounding_box()
        assert box
        page.mouse.move(box["x"] + 20, box["y"] + 5, steps=5)
        page.mouse.up()
    page.get_by_text("The new order is saved.").wait_for(state="attached")
    assert order() == [name, "Billing", "Returns"]


def test_by_keyboard_alone_a_rule_is_built_and_moved(browse: Browse, admin: User, shot: Any) -> None:
    UserFactory(agent=True, name="Zoe Agent")
    rule("First")
    page = browse(admin, size=(390, 500), dark=True)
    page.goto(RULE)
    page.get_by_role("button", name="Add action").focus()
    page.keyboard.press("Enter")
    page.locator("#a-0-type:focus").wait_for()
    # What is refused opens where it is wrong.
    page.get_by_role("button", name="Create rule").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Action 1: choose what to do")).to_be_in_viewport()
    page.wait_for_load_state()  # with all of its scripts
    sized(page, NARROW)
    page.locator("#a-0-type").focus()
    page.keyboard.type("Assign")
    assert not page.locator("#a-0-text").count(), "what is passed on the way changes nothing"
    page.keyboard.press("Tab")
    page.locator("#a-0-text").focus()
    page.get_by_role("option", name="Ada Admin").wait_for()
    answers: list[Route] = []
    page.route("**&q=zoe", lambda route: answers.append(route))
    page.keyboard.type("zoe")
    while not answers:
        page.wait_for_timeout(10)
    # While the answer is on its way, nothing else can be chosen; when it comes, the choice stays where it is.
    page.keyboard.press("ArrowDown")
    with page.expect_response("**&q=zoe"):
        answers[0].continue_()
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_text([re.compile("Zoe Agent")])
    page.keyboard.press("Enter")
    assert page.locator("#a-0-text").input_value() == "Zoe Agent"
    page.get_by_role("button", name="Create rule").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Assign to: Zoe Agent").first.wait_for()
    shot(page, "automation-rules-narrow-dark")
    page.get_by_role("button", name="Move up").nth(1).focus()
    page.keyboard.press("Enter")
    page.get_by_text("was moved up").wait_for()
    assert order() == ["Assign to: Zoe Agent", "First"]


def test_without_scripts_a_rule_is_built_all_the_same(browse: Browse, admin: User) -> None:
    page = browse(admin, javascript=False)
    page.goto(RULE)
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("What to ask about").select_option("Status")
    page.get_by_role("button", name="Add action").click()
    page.get_by_text("Nothing is saved yet.").wait_for()
    page.get_by_label("How to compare").select_option("is")
    page.get_by_label("What to do").select_option("Add tag")
    page.get_by_role("button", name="Create rule").click()
    page.get_by_text("Action 1: the value of add_tag must be a tag").wait_for()
    page.get_by_label("Tags").fill("new, fresh")
    page.get_by_role("button", name="Create rule").click()
    page.get_by_text("then Add tag: new, fresh").wait_for()
    saved = AutomationRule.objects.get()
    assert saved.conditions == [{"field": "status", "operator": "is", "value": "open"}]
    assert saved.actions == [{"type": "add_tag", "value": ["new", "fresh"]}]


def test_a_part_of_a_page_that_cannot_come_leaves_what_was_built(browse: Browse, admin: User) -> None:
    page = browse(admin)
    page.goto(RULE)
    page.get_by_label("Name", exact=True).fill("Old tickets")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("What to ask about").wait_for()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Add action").click()
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended. What you typed stays when you save now")
    expect(page.get_by_label("What to ask about")).to_be_visible()
    page.get_by_role("button", name="Create rule").click()
    page.get_by_label("Email").fill(admin.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("What to ask about")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Old tickets")


# --- Business hours and articles --------------------------------------------------------------------------


def test_a_week_is_drawn_as_it_is_typed(browse: Browse, admin: User, shot: Any) -> None:
    page = browse(admin)
    page.goto(reverse("admin:sla_businesshours_add"))
    page.locator("[name=name]").fill("Office")
    saturday = page.get_by_role("group", name="Saturday")
    saturday.get_by_role("button", name="Add an interval").click()
    saturday.get_by_label("To").fill("12:00")
    assert saturday.locator(".hd-week__bar rect").get_attribute("width") == "12.5"
    page.get_by_role("group", name="Monday").get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Add a holiday").click()
    page.get_by_label("Date").fill("2026-12-25")
    page.locator("[name=holiday-name]").fill("Christmas")
    shot(page, "business-hours")
    page.get_by_role("button", name="Create calendar").click()
    page.get_by_text("Tue–Fri 09:00–17:00; Sat 09:00–12:00").wait_for()
    assert BusinessHours.objects.get().holidays.get().name == "Christmas"


def test_an_article_is_written_with_buttons_and_previewed(browse: Browse, agent: User, shot: Any) -> None:
    CategoryFactory(name="Billing")
    page = browse(agent)
    page.goto(reverse("admin:knowledge_base_article_add"))
    page.get_by_label("Title", exact=False).first.fill("How do I get a refund?")
    text = page.get_by_label("Text", exact=True)
    text.fill("Press Refund")
    text.evaluate("field => field.setSelectionRange(6, 12)")
    page.get_by_role("button", name="Bold").click()
    page.locator("#preview strong", has_text="Refund").wait_for()
    shot(page, "article")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="How do I get a refund?").first.wait_for()
    assert Article.objects.get().content == "Press **Refund**"


# --- API keys ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("curl") and "CI" not in os.environ, reason="No curl on this machine.")
def test_a_key_is_made_copied_and_revoked(browse: Browse, admin: User, customer: User, shot: Any) -> None:
    page = browse(admin)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(KEY)
    assert re.sub(r"\s*chevron_right\s*", " > ", page.get_by_label("Breadcrumb").inner_text().strip()) == (
        "Settings > API Keys > Create New Key"
    )
    page.get_by_role("textbox", name="Name").fill("Web shop")
    page.get_by_role("button", name="Create New Key").click()
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    shot(page, "api-key")
    secret = page.evaluate("navigator.clipboard.readText()")
    shown = page.locator("#try").inner_text()
    assert secret in shown
    assert curled(shown) == (200, [])
    filed = {"subject": "From the shop", "description": "By curl", "customerId": str(customer.pk)}
    status, ticket = curled(
        f"{shown} --header 'Content-Type: application/json' --data {shlex.quote(json.dumps(filed))}"
    )
    assert (status, ticket["subject"]) == (201, "From the shop")

    page.reload()
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert [one["subject"] for one in curled(shown)[1]] == ["From the shop"]
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_text("The key “Web shop” is revoked.").wait_for()
    assert curled(shown)[0] == 401
    for name, address in (("API Keys", KEYS), ("Create New Key", KEY)):
        expect(page.get_by_role("link", name=name).first).to_have_attribute("href", address)


def curled(line: str) -> tuple[int, Any]:
    """What the program answers to a line from the page, run as it stands there."""
    curl, *words = shlex.split(line)
    assert curl == "curl"
    told = subprocess.run(
        ["curl", "--silent", "--max-time", "20", "--write-out", "\n%{http_code}", *words],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    body, _, status = told.stdout.rpartition("\n")
    return int(status), json.loads(body)
