"""What a list of tickets says of itself, and how it is narrowed to what waits for an answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.desk import signed_in
from tests.factories import (
    AgentGroupFactory,
    CompanyFactory,
    GroupMemberFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets import services
from tickets.models import Ticket
from workspace import queues

pytestmark = pytest.mark.django_db

QUEUE = "/admin/tickets/"
NOW = timezone.now()


@pytest.fixture
def browser(agent: User) -> Client:
    return signed_in(agent)


def listed(browser: Client, query: str) -> set[str]:
    return {row["subject"] for row in browser.get(f"{QUEUE}?{query}").context["found"].rows}


def test_a_queue_is_that_of_whoever_asks_and_follows_their_rights_at_once() -> None:
    ada, bob = UserFactory.create_batch(2, agent=True)
    group = AgentGroupFactory()
    for agent in (ada, bob):
        TicketFactory(subject=f"of {agent.username}", assignee=agent)
    TicketFactory(subject="of the group", group=group)

    def seen(agent: User) -> tuple[set[str], set[str], set[str], list[str]]:
        browser = signed_in(agent)
        numbers = browser.get(f"{QUEUE}counts/").json()
        lists = (listed(browser, f"view={view}") for view in ("mine", "groups", "all"))
        return (*lists, [numbers[view] for view in ("mine", "unassigned", "groups")])

    own, other = {f"of {ada.username}"}, {f"of {bob.username}"}
    everything = own | other | {"of the group"}
    assert seen(ada) == (own, set(), everything, ["1", "1", "0"])
    assert seen(bob) == (other, set(), everything, ["1", "1", "0"])
    GroupMemberFactory(user=bob, group=group)
    assert seen(bob) == (other, {"of the group"}, everything, ["1", "1", "1"])
    assert seen(ada) == (own, set(), everything, ["1", "1", "0"])
    User.objects.filter(pk=bob.pk).update(ticket_scope="group")
    assert seen(bob) == (other, {"of the group"}, other | {"of the group"}, ["1", "1", "1"])
    User.objects.filter(pk=bob.pk).update(ticket_scope="restricted")
    assert seen(bob) == (other, set(), other, ["1", "0", "0"])
    User.objects.filter(pk=bob.pk).update(ticket_scope="global")
    assert seen(bob) == (other, {"of the group"}, everything, ["1", "1", "1"])


def test_a_ticket_that_nobody_has_answered_shows_the_message_that_opened_it(browser: Client, customer: User) -> None:
    ticket: Any = TicketFactory(customer=customer, description="It <burns> since noon")
    other: Any = TicketFactory(description="Old words")
    ReplyFactory(ticket=other, content="We come at once")
    rows = browser.get(f"{QUEUE}?view=all").context["found"].rows
    last = {row["number"]: row["last"] for row in rows}
    assert (last[ticket.ticket_number]["by"], last[ticket.ticket_number]["text"]) == (
        customer.name,
        "It <burns> since noon",
    )
    assert not last[ticket.ticket_number]["from_staff"]
    assert last[other.ticket_number]["text"] == "We come at once"


def test_a_narrowed_list_says_how_many_tickets_it_holds(
    browser: Client, customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    TicketFactory.create_batch(3, customer=customer, priority="urgent")
    TicketFactory(priority="low")
    query = "view=all&priority=urgent"
    whole = browser.get(f"{QUEUE}?{query}").text
    assert '<span data-count="here">3</span> found' in whole
    monkeypatch.setattr(queues, "PAGE", 2)
    paged = browser.get(f"{QUEUE}?{query}").text
    assert '<span data-count="here"></span> found' in paged
    assert f'data-counts="{QUEUE}counts/?{query.replace("&", "&amp;")}"' in paged
    assert browser.get(f"{QUEUE}counts/?{query}").json()["here"] == "3"
    assert "here" not in browser.get(f"{QUEUE}counts/").json()
    assert browser.get(f"{QUEUE}counts/?priority=none").json()["here"] == ""


@pytest.fixture
def waiting(customer: User, agent: User) -> None:
    """Tickets in every state of waiting, called after it."""

    def made(subject: str, **values: Any) -> Ticket:
        ticket: Any = TicketFactory(customer=customer, subject=subject)
        Ticket.objects.filter(pk=ticket.pk).update(**values)
        return ticket

    made("new")
    made("answered", first_response_at=NOW)
    made("asked again", first_response_at=NOW, unanswered_since=NOW)
    made("done", resolved_at=NOW, status="resolved")
    made("late", first_response_at=NOW, due_date=NOW - timedelta(days=1))
    made("in half an hour", first_response_at=NOW, sla_deadline=NOW + timedelta(minutes=30))
    made("tonight", first_response_at=NOW, due_date=NOW + timedelta(hours=8))


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("needsReply=true", {"new", "asked again"}),
        ("needsReply=false", {"answered", "done", "late", "in half an hour", "tonight"}),
        ("due=overdue", {"late"}),
        ("due=hour", {"in half an hour"}),
        ("due=day", {"in half an hour", "tonight"}),
        ("due=day&needsReply=true", set()),
    ],
)
def test_lists_are_narrowed_to_what_waits(waiting: None, browser: Client, query: str, subjects: set[str]) -> None:
    assert listed(browser, f"view=all&{query}") == subjects


def test_filters_read_as_words_above_the_list(browser: Client) -> None:
    query = "view=all&due=hour&needsReply=true&overdue=false&createdAfter=2026-10-31"
    chips = browser.get(f"{QUEUE}?{query}").context["chips"]
    assert {chip["title"]: chip["text"] for chip in chips} == {
        "Since": "Oct 31, 2026",
        "Overdue": "no",
        "Due": "Within the hour",
        "Needs a reply": "yes",
    }


def test_an_unknown_span_is_explained(browser: Client) -> None:
    answer = browser.get(f"{QUEUE}?view=all&due=soon", follow=True)
    assert "due must be one of: overdue, hour, day." in answer.text


# --- Finding by a few letters -------------------------------------------------------------------------


def found(browser: Client, of: str, text: str) -> list[tuple[str, str]]:
    answer = browser.get(f"{QUEUE}find/", {"of": of, "q": text}).json()["found"]
    return [(one["text"], one.get("hint", "")) for one in answer]


def test_customers_and_companies_are_found_by_a_few_letters(browser: Client) -> None:
    acme: Any = CompanyFactory(name="Acme Anvils")
    UserFactory(name="Wile Coyote", email="wile@acme.example", company=acme)
    UserFactory(name="Wile Gone", is_active=False)
    UserFactory(name="Wile Agent", agent=True)
    assert found(browser, "customer", "wil") == [("wile@acme.example", "Wile Coyote, Acme Anvils")]
    assert found(browser, "company", "anv") == [("Acme Anvils", "")]
    assert found(browser, "customer", "") == found(browser, "company", "") == found(browser, "gods", "a") == []


def test_tickets_are_found_by_number_and_words_as_far_as_they_are_seen() -> None:
    restricted: Any = UserFactory(agent=True, ticket_scope="restricted")
    own: Any = TicketFactory(subject="Smoke in the kitchen", assignee=restricted)
    other: Any = TicketFactory(subject="Smoke in the attic")
    browser = signed_in(restricted)
    seen = [(f"#{own.ticket_number}", "Smoke in the kitchen")]
    assert found(browser, "ticket", "smoke") == found(browser, "ticket", f"#{own.ticket_number}") == seen
    assert found(browser, "ticket", str(other.ticket_number)) == found(browser, "ticket", "sm") == []


def test_a_company_is_named_in_any_case_and_may_have_a_comma(browser: Client) -> None:
    acme: Any = CompanyFactory(name="Acme Anvils, Inc.")
    TicketFactory(subject="Crack", customer=UserFactory(company=acme))
    TicketFactory(subject="Other")
    assert listed(browser, "view=all&company=acme+anvils%2C+inc.") == {"Crack"}
    form = browser.get(f"{QUEUE}?view=all&company=Acme+Anvils%2C+Inc.").text
    assert 'name="company" class="hd-input" value="Acme Anvils, Inc."' in form
    assert listed(browser, "view=all&company=null") == set()


def test_a_ticket_is_resolved_and_waits_no_more(browser: Client, agent: User) -> None:
    ticket: Any = TicketFactory(subject="Crack")
    assert listed(browser, "view=all&needsReply=true") == {"Crack"}
    services.update_ticket(ticket, actor=agent, status="resolved")
    assert listed(browser, "view=all&needsReply=true") == set()


# --- Searching ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "leads"), [("q={}", True), ("view=mine&q=%23{}&sort=due", True), ("view=all&q={}", False)]
)
def test_a_ticket_number_opens_its_ticket(browser: Client, query: str, leads: bool) -> None:
    ticket: Any = TicketFactory()
    answer = browser.get(f"{QUEUE}?{query.format(ticket.ticket_number)}")
    assert (answer.status_code == 302) == leads
    if leads:
        assert answer["Location"] == f"{QUEUE}{ticket.ticket_number}/"


def test_what_is_not_found_in_a_view_can_be_looked_for_in_all(browser: Client) -> None:
    TicketFactory(subject="Smoke in the attic")
    page = browser.get(f"{QUEUE}?view=mine&q=smoke&sort=due&priority=medium").text
    assert 'href="?view=all&amp;priority=medium&amp;q=smoke"' in page
    for query in ("view=all&q=gone", "view=mine&priority=low"):
        assert not browser.get(f"{QUEUE}?{query}").context["elsewhere"]


# --- A new desk ---------------------------------------------------------------------------------------


def test_a_desk_without_any_ticket_says_how_they_come(browser: Client) -> None:
    for page in (f"{QUEUE}?view=unassigned", "/admin/"):
        shown = browser.get(page).text
        assert (
            "There are no tickets yet. They arrive from the portal and by the API, or you write the first one." in shown
        )
        assert f'href="{QUEUE}new/">New ticket</a>' in shown
    services.update_ticket(TicketFactory().pk, actor=None, status="closed")
    assert "All clear" in browser.get(f"{QUEUE}?view=unassigned").text
    assert "There are no tickets yet" not in browser.get("/admin/").text
