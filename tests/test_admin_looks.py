"""What only a browser shows of the pages under /admin/: their frame, and names of any length."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser import NARROW, Browse
from tests.factories import (
    AgentGroupFactory,
    ArticleFactory,
    CannedResponseFactory,
    CategoryFactory,
    CompanyFactory,
    CustomFieldFactory,
    FolderFactory,
    ReplyFactory,
    TicketFactory,
    TimeEntryFactory,
    UserFactory,
)
from tickets.models import TicketCopy
from workspace import offers
from workspace.models import Presence

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE, CONTACTS = "/admin/tickets/", "/admin/people/contact/"


def bar(page: Page) -> int:
    return page.locator("#nav-sidebar").evaluate("bar => bar.offsetWidth")


def test_the_sidebar_is_a_rail_where_agents_work_until_somebody_chooses(browse: Browse, admin: User) -> None:
    page = browse(admin, size=(1280, 900))
    page.goto(CONTACTS)
    full = bar(page)
    page.goto(QUEUE)
    assert bar(page) < 64 < full
    expect(page.get_by_role("link", name="Contacts")).to_have_count(1)
    names = page.get_by_role("button", name="Names in the sidebar")
    expect(names).to_have_attribute("aria-expanded", "false")
    names.click()
    expect(names).to_have_attribute("aria-expanded", "true")
    page.reload()
    assert bar(page) == full
    names.click()
    page.goto(CONTACTS)
    assert bar(page) < 64


def test_fourteen_tickets_are_seen_at_once_on_a_small_laptop(browse: Browse, agent: User, customer: User) -> None:
    TicketFactory.create_batch(16, customer=customer, tags=["printer"], subject="Smoke comes out of the printer " * 4)
    page = browse(agent, size=(1280, 900))
    page.goto(f"{QUEUE}?view=all")
    seen = "rows => rows.filter(row => row.getBoundingClientRect().bottom <= innerHeight).length"
    assert page.locator(".ws-row").evaluate_all(seen) >= 14


def test_names_of_any_length_make_no_page_wider_than_its_window(browse: Browse, admin: User) -> None:
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    company = CompanyFactory(name=word, domains=[f"{word[:40].lower()}.example"])
    customer = UserFactory(name=word, email=f"{word[:50].lower()}@{word[:50].lower()}.example", company=company)
    colleague = UserFactory(agent=True, name=word)
    group = AgentGroupFactory(name=word)
    for kind in ("ticket", "contact", "company"):
        CustomFieldFactory(entity_type=kind, name=f"of_{kind}", label=word, field_type="dropdown", options=[word])
    ticket = TicketFactory(
        subject=word * 3, customer=customer, assignee=colleague, group=group, tags=[word], category=word
    )
    ReplyFactory(ticket=ticket, user=colleague, content=word * 4)
    TimeEntryFactory(ticket=ticket, user=colleague, note=word * 2)
    TicketCopy.objects.create(ticket=ticket, email=customer.email, email_key=customer.email)
    Presence.objects.create(ticket=ticket, user=colleague, seen_at=timezone.now())
    CannedResponseFactory(title=word * 2)
    folder = FolderFactory(name=word, category=CategoryFactory(name=word))
    article = ArticleFactory(title=word * 3, folder=folder, category=folder.category)
    page = browse(admin)
    wide = []
    for path in (
        "/admin/",
        QUEUE,
        f"{QUEUE}{ticket.ticket_number}/",
        f"{QUEUE}new/",
        CONTACTS,
        f"{CONTACTS}{customer.pk}/change/",
        f"{CONTACTS}{customer.pk}/erase/",
        f"/admin/companies/company/{company.pk}/change/",
        reverse("admin:accounts_agentgroup_changelist"),
        reverse("admin:tickets_cannedresponse_changelist"),
        reverse("admin:knowledge_base_folder_changelist"),
        reverse("admin:knowledge_base_article_versions", args=[article.pk]),
    ):
        page.goto(path)
        for width in (1280, 768, 360):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append(f"{path} at {width}")
        page.set_viewport_size({"width": 1280, "height": 800})
    assert not wide


def test_on_a_phone_what_is_done_to_many_tickets_opens_above_them(browse: Browse, agent: User) -> None:
    ticket = TicketFactory(assignee=agent)
    page = browse(agent, size=NARROW)
    page.goto(f"{QUEUE}?view=mine")
    page.get_by_label(f"Select #{ticket.ticket_number}").check()
    change = page.get_by_label("Change", exact=True)
    expect(page.get_by_role("button", name="Assign to me")).to_be_visible()
    expect(change).to_be_hidden()
    page.get_by_role("button", name="More").click()
    change.select_option("priority=urgent")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".ws-priority").first).to_have_text("Urgent")


def test_a_list_with_filters_is_read_and_narrowed_without_scripts(browse: Browse, admin: User, customer: User) -> None:
    page = browse(admin, javascript=False)
    page.goto(CONTACTS)
    page.get_by_role("link", name="Deactivated").click()
    expect(page.get_by_role("link", name=customer.name)).to_have_count(0)
    page.goto(CONTACTS)
    page.get_by_role("link", name=customer.name).click()
    expect(page.locator("#id_name")).to_have_value(customer.name)


def test_a_phone_without_scripts_leads_to_every_page_and_out(browse: Browse, admin: User) -> None:
    page = browse(admin, javascript=False, size=NARROW)
    page.goto(QUEUE)
    page.get_by_role("link", name="Business hours").click()
    expect(page.get_by_role("heading", name="Business hours", level=1)).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()


@pytest.mark.parametrize("size", [(1440, 900), NARROW])
def test_of_many_agents_those_found_for_selected_tickets_are_in_sight(
    size: tuple[int, int], browse: Browse, agent: User, customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "FEW", 0)
    TicketFactory.create_batch(20, customer=customer)
    page = browse(agent, size=size)
    page.goto(f"{QUEUE}?view=all")
    page.get_by_role("checkbox", name="Select #").first.check()
    if size == NARROW:
        page.get_by_role("button", name="More", exact=True).click()
    page.get_by_label("Assign to", exact=True).press_sequentially(agent.name[:3])
    expect(page.get_by_role("option", name=agent.name)).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("option", name=agent.name)).to_have_count(0)
    expect(page.get_by_role("button", name="Merge")).to_be_visible()
