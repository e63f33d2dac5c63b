"""The admin pages for those who use a keyboard, a screen reader or a phone, by day and by night."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from automation.admin.recipes import RECIPES
from email_channel.models import Outcome, TicketMail
from helpdesk.ids import new_id
from outbox.models import OutgoingMail, State
from tests.axe import PHONE, looked_at, sized
from tests.browser import Browse, session_of
from tests.factories import (
    ApiKeyFactory,
    ArticleFactory,
    CustomFieldFactory,
    NoteFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets.services import add_reply
from workspace.queues import Queue

pytestmark = pytest.mark.django_db

# One page of each kind: other lists, forms and confirmations are made of the same templates.
PAGES = (
    "accounts_apikey_changelist",
    "automation_automationrule_changelist",
    "sla_businesshours_add",
    "audit_entry_changelist",
    "people_contact_changelist",
    "people_agent_add",
    "account",
    "account_sessions",
    "account_two_factor",
    "new_ticket",
)


def test_pages_can_be_read_by_everybody(
    browse: Browse, admin: User, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    ApiKeyFactory(name="A name " * 20)
    CustomFieldFactory(entity_type="ticket")
    article: Any = ArticleFactory(content="# Refunds\n\nWithin [14 days](https://example.com).")
    mia: Any = UserFactory(name="Mia " + "x" * 60, phone="+49 30 123456")
    ticket: Any = TicketFactory(customer=mia, assignee=admin, subject="y" * 150, sla_deadline=now, unanswered_since=now)
    ReplyFactory(ticket=ticket, user=mia, content="Hello? " + "x" * 300)
    NoteFactory(ticket=ticket, user=agent, content="Known.")
    add_reply(ticket, user_id=agent.pk, content="Wait.")
    OutgoingMail.objects.update(state=State.FAILED, error="z" * 200)
    TicketMail.objects.update(outcome=Outcome.FAILED, settled_at=now, error="z" * 200)

    page = browse(admin)
    page.goto("/admin/")
    page.locator(".ws-figures svg").first.wait_for()
    problems = looked_at(page, outside=".nobody")
    for path in (
        *(reverse(f"admin:{name}") for name in PAGES),
        f"{reverse('admin:automation_automationrule_add')}?recipe={RECIPES[-1].key}",
        reverse("admin:knowledge_base_article_change", args=[article.pk]),
        reverse("admin:people_contact_change", args=[mia.pk]),
        reverse("admin:people_contact_erase", args=[mia.pk]),
        reverse("admin:ticket_mails", args=[ticket.ticket_number]),
    ):
        problems += looked_at(page, path)
    page.goto(reverse("admin:ticket", args=[ticket.ticket_number]))
    page.locator(".ws-facts > summary").last.click()
    expect(page.locator(".ws-facts").last.get_by_text("Given up on")).to_be_visible()  # fetched when it is opened
    problems += looked_at(page)
    problems += looked_at(page, f"{reverse('admin:queue')}?view=all")
    # What a queue asks and tells.
    page.get_by_label("Select all on this page").check()
    problems += looked_at(page)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="for good?")).to_be_visible()
    problems += looked_at(page)
    page.locator("[name=ids]").first.evaluate("(field, id) => { field.value = id; }", str(new_id()))
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="1 refused")).to_be_visible()
    problems += looked_at(page)

    # What goes wrong, and who may not come in.
    problems += looked_at(page, "/admin/nothing/")
    with monkeypatch.context() as patch:
        patch.setattr(Queue, "page", lambda _queue: 1 / 0)
        problems += looked_at(page, f"{reverse('admin:queue')}?view=all")
    expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
    page.context.add_cookies([session_of(agent, page.url.partition("/admin")[0])])
    problems += looked_at(page, reverse("admin:accounts_apikey_changelist"))
    page.context.clear_cookies()
    page.goto("/admin/login/")
    expect(page.get_by_label("Email")).to_be_focused()
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Invalid email or password")).to_be_visible()
    problems += looked_at(page)
    assert not problems, "\n".join(problems)


def test_the_sidebar_is_skipped_by_keyboard(browse: Browse, admin: User) -> None:
    page = browse(admin)
    page.goto(reverse("admin:accounts_apikey_changelist"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Names in the sidebar")).to_be_focused()
    sized(page, PHONE)
    menu, leave = (page.get_by_role("button", name=f"{verb} the menu") for verb in ("Open", "Close"))
    menu.press("Enter")
    leave.press("Enter")
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    expect(leave).to_be_visible()
    page.keyboard.press("Escape")
    expect(leave).to_be_hidden()
