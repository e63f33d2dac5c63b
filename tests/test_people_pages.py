"""The pages of contacts, companies, agents, groups: what they change, and for whom."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AgentGroup, Role, User
from audit.models import Entry
from companies.models import Company
from tests.factories import (
    AgentGroupFactory,
    CompanyFactory,
    CustomFieldFactory,
    GroupMemberFactory,
    TicketFactory,
    UserFactory,
)
from tests.test_two_factor import switched_on
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

CONTACTS = reverse("admin:people_contact_changelist")


def a_person(**values: Any) -> User:
    return UserFactory(**values)


def a_company(**values: Any) -> Company:
    return CompanyFactory(**values)


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def desk(admin: User) -> Client:
    return signed_in(admin)


def change_page(person: Any, kind: str = "people_contact") -> str:
    return reverse(f"admin:{kind}_change", args=[person.pk])


def listed(browser: Client, query: str = "") -> list[str]:
    return [row.name for row in browser.get(CONTACTS + query).context["cl"].result_list]


# --- Contacts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("quill", ["Zoë Quilliam"]),
        ("zoë quill", ["Zoë Quilliam"]),
        ("QUILLIAM", ["Zoë Quilliam"]),
        ("acme", ["Bob Builder"]),
        ("bob@acme.example", ["Bob Builder"]),
        ("bob zoë", []),
        ("%", ["Bob Builder", "Zoë Quilliam"]),
        ("' OR 1=1 --", []),
    ],
)
def test_contacts_are_found_by_beginnings_of_words(desk: Client, words: str, found: list[str]) -> None:
    a_person(name="Zoë Quilliam", username="zq", email="zoe@example.org")
    a_person(name="Bob Builder", username="bob", email="bob@acme.example")
    assert sorted(row.name for row in desk.get(CONTACTS, {"q": words}).context["cl"].result_list) == found


def test_the_list_shows_contacts_alone_and_asks_few_questions(desk: Client, agent: User) -> None:
    company = a_company()
    for person in UserFactory.create_batch(12, company=company):
        TicketFactory.create_batch(2, customer=person)
    User.objects.filter(username="person1").update()
    with CaptureQueriesContext(connection) as queries:
        names = listed(desk)
    assert len(names) == 12
    assert agent.name not in names
    assert len(queries) <= 10, [query["sql"] for query in queries]


def test_a_contact_is_created_and_changed_through_the_verbs(desk: Client, admin: User) -> None:
    CustomFieldFactory(entity_type="contact", name="seats", field_type="number", label="Seats")
    CustomFieldFactory(entity_type="contact", name="plan", field_type="dropdown", label="Plan", options=["A", "B"])
    company = a_company()
    new = {
        "name": "Ann",
        "email": "Ann@Example.org",
        "tags": "vip, eu",
        "company": str(company.pk),
        "custom_seats": "5",
    }
    desk.post(reverse("admin:people_contact_add"), new)
    contact = User.objects.get(email_key="ann@example.org")
    assert (contact.name, contact.tags, contact.company, contact.username) == ("Ann", ["vip", "eu"], company, "ann")
    assert (contact.role, contact.custom_fields) == (Role.CUSTOMER, {"seats": 5})
    assert not contact.has_usable_password()

    desk.post(change_page(contact), {**new, "name": "Anne", "company": "", "custom_seats": "", "custom_plan": "B"})
    contact.refresh_from_db()
    assert (contact.name, contact.company, contact.custom_fields) == ("Anne", None, {"plan": "B"})


def test_what_a_verb_refuses_stands_in_the_form(desk: Client, customer: User) -> None:
    CustomFieldFactory(entity_type="contact", name="seats", field_type="number", label="Seats", is_required=True)
    answer = desk.post(reverse("admin:people_contact_add"), {"name": "X", "email": customer.email, "custom_seats": "1"})
    assert "Email already exists" in answer.content.decode()
    answer = desk.post(reverse("admin:people_contact_add"), {"name": "X", "email": "new@example.org"})
    assert "Seats is required" in answer.content.decode()
    unfit = {"name": "X", "email": "new@example.org", "custom_seats": "9" * 30}
    assert "Seats must be a whole number" in desk.post(reverse("admin:people_contact_add"), unfit).content.decode()
    assert not User.objects.filter(email="new@example.org").exists()


def test_the_help_of_a_custom_field_is_text(desk: Client) -> None:
    CustomFieldFactory(entity_type="contact", help_text="As in <b>1 & 2</b>")
    page = desk.get(reverse("admin:people_contact_add")).content.decode()
    assert "As in &lt;b&gt;1 &amp; 2&lt;/b&gt;" in page
    assert "<b>1" not in page


def test_unknown_custom_fields_and_other_peoples_changes_survive_a_form(desk: Client) -> None:
    contact = a_person(custom_fields={"old": "kept"}, phone="1")
    page = change_page(contact)
    form = {"name": "New", "email": contact.email, "phone": "1", "tags": ""}
    desk.post(page, form)
    contact.refresh_from_db()
    assert (contact.name, contact.custom_fields, contact.phone) == ("New", {"old": "kept"}, "1")


def test_agents_see_only_the_tickets_that_they_may_see(agent: User, customer: User) -> None:
    mine = TicketFactory(customer=customer, assignee=agent, subject="Mine to see")
    hidden = TicketFactory(customer=customer, subject="Hidden from me")
    for scope, shown in (("restricted", [mine]), ("global", [hidden, mine])):
        User.objects.filter(pk=agent.pk).update(ticket_scope=scope)
        browser = signed_in(agent)
        page = browser.get(change_page(customer))
        assert page.context["tickets"] == shown
        [row] = browser.get(CONTACTS).context["cl"].result_list
        assert row.open_tickets == len(shown)


def test_agents_who_do_not_see_all_tickets_change_no_address_and_merge_nobody(customer: User) -> None:
    browser = signed_in(a_person(agent=True, ticket_scope="group"))
    form = {"name": customer.name, "email": "mine@example.org", "tags": ""}
    assert "see all tickets" in browser.post(change_page(customer), form).content.decode()
    other = a_person()
    browser.post(reverse("admin:people_contact_merge", args=[customer.pk]), {"email": other.email, "confirmed": "yes"})
    other.refresh_from_db()
    assert other.merged_into is None


@pytest.mark.parametrize("page", ["people_contact_change", "people_contact_merge", "people_contact_erase"])
def test_pages_of_contacts_open_for_no_colleague(desk: Client, agent: User, page: str) -> None:
    assert desk.get(reverse(f"admin:{page}", args=[agent.pk])).status_code in (302, 403)


def test_no_page_ever_shows_a_hash(desk: Client, admin: User) -> None:
    contact, colleague = a_person(signed_up=True), a_person(agent=True)
    for address in (CONTACTS, change_page(contact), change_page(colleague, "people_agent")):
        page = desk.get(address).content.decode()
        assert contact.password not in page
        assert colleague.password not in page


def test_two_contacts_are_compared_and_then_merged(desk: Client) -> None:
    kept, other = a_person(name="Ann Smith"), a_person(name="Ann Smyth", phone="42")
    TicketFactory(customer=other)
    page = reverse("admin:people_contact_merge", args=[kept.pk])
    assert "No other contact has this address" in desk.get(page, {"email": "nobody@example.org"}).content.decode()
    shown = desk.get(page, {"email": other.email.upper()}).content.decode()
    assert "1 ticket that you see moves to Ann Smith" in shown
    desk.post(page, {"email": other.email})
    assert Ticket.objects.get().customer == other
    desk.post(page, {"email": other.email, "confirmed": "yes"})
    assert Ticket.objects.get().customer == kept
    assert listed(desk) == ["Ann Smith"]
    shown = desk.get(change_page(kept)).content.decode()
    assert other.email in shown
    assert f'href="{page}"' in shown


def test_a_person_is_erased_only_when_their_address_is_typed(desk: Client, customer: User) -> None:
    page = reverse("admin:people_contact_erase", args=[customer.pk])
    desk.get(page)
    assert "is not the address of" in desk.post(page, {"email": "else@example.org"}).content.decode()
    assert not User.objects.filter(erased_at__isnull=False).exists()
    assert desk.post(page, {"email": customer.email.upper()}).status_code == 302
    customer.refresh_from_db()
    assert customer.erased_at
    assert desk.get(change_page(customer)).status_code == 200
    assert desk.get(page).status_code == 403


def test_a_contact_is_deactivated_and_comes_back(desk: Client, customer: User) -> None:
    for name, active in (("deactivate", False), ("reactivate", True)):
        desk.post(reverse(f"admin:people_contact_{name}", args=[customer.pk]))
        customer.refresh_from_db()
        assert customer.is_active is active
    assert Entry.objects.count() == 2


# --- Companies, agents, groups ------------------------------------------------------------------------


def test_a_company_is_created_changed_and_removed(desk: Client) -> None:
    CustomFieldFactory(entity_type="company", name="plan", field_type="text", label="Plan")
    new = {
        "name": "Acme",
        "domains": "Acme.example, acme.org",
        "health_score": "at_risk",
        "account_tier": "premium",
        "renewal_date": "2027-05-01",
        "custom_plan": "Gold",
    }
    desk.post(reverse("admin:companies_company_add"), new)
    company = Company.objects.get()
    assert (company.domains, company.custom_fields) == (["acme.example", "acme.org"], {"plan": "Gold"})
    assert (company.health_score, company.account_tier) == ("at_risk", "premium")
    assert company.renewal_date
    page = change_page(company, "companies_company")
    assert "is not a domain" in desk.post(page, {**new, "domains": "no domain"}).content.decode()
    contact = a_person(company=company)
    assert contact.name in desk.get(page).content.decode()
    desk.post(reverse("admin:companies_company_delete", args=[company.pk]), {"post": "yes"})
    contact.refresh_from_db()
    assert contact.company is None


def test_an_agent_is_created_promoted_and_given_a_password(desk: Client) -> None:
    new = {
        "name": "Mary",
        "email": "mary@example.org",
        "username": "mary",
        "role": "agent",
        "ticket_scope": "group",
        "is_active": "on",
        "password": "secret-words",
    }
    desk.post(reverse("admin:people_agent_add"), new)
    mary = User.objects.get(username="mary")
    assert (mary.role, mary.ticket_scope, mary.check_password("secret-words")) == ("agent", "group", True)
    page = change_page(mary, "people_agent")
    desk.post(page, {**new, "role": "admin", "password": ""})
    mary.refresh_from_db()
    assert (mary.role, mary.check_password("secret-words")) == ("admin", True)
    desk.post(page, {**new, "role": "admin", "password": "other-words"})
    mary.refresh_from_db()
    assert mary.check_password("other-words")
    assert [entry.action for entry in Entry.objects.order_by("id")] == ["created", "changed", "password_set"]


def test_the_last_admin_stays_one(desk: Client, admin: User) -> None:
    form = {"name": "A", "email": admin.email, "username": "ada", "role": "agent", "ticket_scope": "global"}
    assert "last active admin" in desk.post(change_page(admin, "people_agent"), form).content.decode()


def test_an_admin_resets_a_second_factor_on_the_page_of_the_agent(desk: Client, agent: User) -> None:
    switched_on(agent)
    assert "Reset two-factor login" in desk.get(change_page(agent, "people_agent")).content.decode()
    desk.post(reverse("admin:people_agent_reset_two_factor", args=[agent.pk]))
    agent.refresh_from_db()
    assert agent.two_factor_at is None
    assert "Reset two-factor login" not in desk.get(change_page(agent, "people_agent")).content.decode()


def test_members_of_a_group_are_ticked(desk: Client, agent: User) -> None:
    other, gone = a_person(agent=True), a_person(agent=True, is_active=False)
    desk.post(
        reverse("admin:accounts_agentgroup_add"),
        {"name": "Billing", "assignment_method": "load_balanced", "auto_assign": "on", "members": [str(agent.pk)]},
    )
    group = AgentGroup.objects.get()
    assert (group.auto_assign, group.assignment_method) == (True, "load_balanced")
    GroupMemberFactory(group=group, user=gone)
    page = change_page(group, "accounts_agentgroup")
    assert agent.name in desk.get(page).content.decode()
    desk.post(page, {"name": "Money", "assignment_method": "load_balanced", "members": [str(other.pk)]})
    group.refresh_from_db()
    assert group.name == "Money"
    assert set(group.members.values_list("user", flat=True)) == {other.pk, gone.pk}


def test_load_is_what_is_open_and_assigned(desk: Client, agent: User) -> None:
    group = AgentGroupFactory()
    TicketFactory.create_batch(2, assignee=agent, group=group)
    TicketFactory(group=group)
    TicketFactory(assignee=agent, group=group, status="closed", resolved_at=timezone.now())
    rows = desk.get(reverse("admin:people_agent_changelist")).context["cl"].result_list
    assert {row.name: row.open_tickets for row in rows}[agent.name] == 2
    [row] = desk.get(reverse("admin:accounts_agentgroup_changelist")).context["cl"].result_list
    assert (row.open_tickets, row.unassigned) == (3, 1)
