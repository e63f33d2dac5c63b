"""Beside a ticket: its properties, people, time, links, promises, and why rules ran."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from automation.services import create_rule
from helpdesk.errors import NotFound
from outbox.models import OutgoingMail
from sla.services import create_policy
from tests.desk import at, signed_in, words_of
from tests.factories import (
    AgentGroupFactory,
    CompanyFactory,
    CustomFieldFactory,
    NoteFactory,
    TicketFactory,
    TimeEntryFactory,
    UserFactory,
)
from tests.forms_in_pages import Fields
from tickets import services
from tickets.copies import inform, stop_informing
from tickets.merging import merge_tickets
from tickets.models import Status, Ticket, TicketLink, TimeEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def browser(agent: User) -> Client:
    return signed_in(agent)


@pytest.fixture
def ticket(customer: User) -> Any:
    return TicketFactory(customer=customer, subject="Smoke & <fire>")


def form_of(ticket: Ticket, **changed: Any) -> dict[str, Any]:
    """The form of properties as the page fills it, with some of it changed."""
    was = {
        "status": ticket.status,
        "priority": ticket.priority,
        "assignee": ticket.assignee_id or "",
        "group": ticket.group_id or "",
        "category": ticket.category or "",
        "tags": ", ".join(ticket.tags),
        "due_date": "",
    }
    return {**{f"was_{name}": value for name, value in was.items()}, **was, **changed}


def test_properties_are_changed_one_by_one(browser: Client, ticket: Ticket, agent: User) -> None:
    group: Any = AgentGroupFactory()
    form = form_of(ticket)
    services.update_ticket(ticket, actor=None, priority="urgent")  # meanwhile, by somebody else
    changed = {
        "assignee": agent.pk,
        "group": group.pk,
        "category": "Fire",
        "tags": "eu, vip",
        "due_date": "2027-01-02T10:30",
    }
    assert browser.post(at(ticket, "change/"), {**form, **changed}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.group, ticket.category, ticket.tags) == (agent, group, "Fire", ["eu", "vip"])
    assert (ticket.priority, f"{ticket.due_date:%Y-%m-%d %H:%M}") == ("urgent", "2027-01-02 10:30")
    browser.post(at(ticket, "change/"), {"subject": "Only smoke", "was_subject": ticket.subject})
    ticket.refresh_from_db()
    assert ticket.subject == "Only smoke"


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "gone"},
        {"assignee": "x"},
        {"due_date": "soon"},
        {"category": "x" * 101},
        {"tags": "x" * 1000},
        {"subject": " "},
    ],
)
def test_a_property_that_is_refused_stays_in_the_form(browser: Client, ticket: Ticket, changed: dict[str, str]) -> None:
    answer = browser.post(at(ticket, "change/"), form_of(ticket, was_subject="x", **{"category": "Kept", **changed}))
    assert answer.status_code == 422
    assert len(words_of(answer)) == 1
    ticket.refresh_from_db()
    assert ticket.category is None
    if "category" not in changed:
        assert 'value="Kept"' in answer.content.decode()


def test_a_refused_form_holds_everything_that_was_typed(browser: Client, ticket: Ticket, agent: User) -> None:
    group: Any = AgentGroupFactory()
    services.update_ticket(ticket, actor=None, category="Fire", tags=["eu"])
    ticket.refresh_from_db()
    typed = {
        "status": "pending",
        "priority": "urgent",
        "assignee": str(agent.pk),
        "group": str(group.pk),
        "category": "",
        "tags": "x" * 100,
        "due_date": "2027-01-02T10:30",
    }
    again = Fields.of(browser.post(at(ticket, "change/"), form_of(ticket, **typed)).content.decode(), "ws-change")
    assert {name: again[name] for name in typed} == {name: [text] for name, text in typed.items()}
    assert (again["was_category"], again["was_priority"]) == (["Fire"], [ticket.priority])


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (
            {"do": "log_time", "minutes": "1h", "note": "Called <Cleo>", "billable": "on"},
            "Type the minutes as a whole number.",
        ),
        ({"do": "link", "number": "#999"}, "There is no ticket with this number."),
        ({"do": "parent", "number": "999"}, "There is no ticket with this number."),
        ({"do": "merge", "number": "999"}, "There is no ticket with this number."),
        ({"do": "inform", "email": "nobody"}, "Enter a valid email address."),
    ],
)
def test_what_is_refused_beside_a_ticket_stays_in_its_form(
    browser: Client, ticket: Ticket, sent: dict[str, str], said: str
) -> None:
    answer = browser.post(at(ticket, "do/"), sent)
    assert (answer.status_code, words_of(answer)) == (422, [said])
    form = {"log_time": "ws-log-time", "inform": "ws-inform"}.get(sent["do"], "ws-relate")
    again = Fields.of(answer.content.decode(), form)
    assert {name: again[name] for name in sent if name != "do"} == {
        name: [text] for name, text in sent.items() if name != "do"
    }


FIELDS = [
    ("text", [], "Blue", "Blue"),
    ("textarea", [], "One\r\ntwo", "One\ntwo"),
    ("number", [], "42", 42),
    ("decimal", [], "4.5", 4.5),
    ("dropdown", ["a", "b"], "b", "b"),
    ("multiselect", ["a", "b"], ["a", "b"], ["a", "b"]),
    ("date", [], "2026-01-02", "2026-01-02"),
    ("checkbox", [], "true", True),
]


@pytest.mark.parametrize(("kind", "options", "typed", "stored"), FIELDS, ids=[field[0] for field in FIELDS])
def test_custom_fields_are_shown_and_saved_by_their_type(
    browser: Client, ticket: Ticket, kind: str, options: list[str], typed: Any, stored: Any
) -> None:
    CustomFieldFactory(name="extra", label="Extra", field_type=kind, options=options)
    assert "Extra" in browser.get(at(ticket)).content.decode()
    form = {"has_field_extra": "1", "was_field_extra": "", "field_extra": typed}
    assert browser.post(at(ticket, "change/"), form).status_code == 302
    ticket.refresh_from_db()
    assert ticket.custom_fields == {"extra": stored}
    [item] = browser.get(at(ticket)).context["fields"]
    emptied = {"has_field_extra": "1", "was_field_extra": item["was"]}
    assert browser.post(at(ticket, "change/"), emptied).status_code == 302
    ticket.refresh_from_db()
    assert ticket.custom_fields == ({"extra": False} if kind == "checkbox" else {})


@pytest.mark.parametrize("typed", ["many", "9" * 30])
def test_a_custom_field_that_does_not_fit_is_explained_and_kept(browser: Client, ticket: Ticket, typed: str) -> None:
    CustomFieldFactory(name="count", label="Count", field_type="number")
    answer = browser.post(at(ticket, "change/"), {"has_field_count": "1", "was_field_count": "", "field_count": typed})
    assert words_of(answer) == ["Count must be a whole number."]
    assert f'value="{typed}"' in answer.content.decode()


def test_buttons_of_the_side_go_through_the_verbs(browser: Client, ticket: Ticket, agent: User) -> None:
    other: Any = TicketFactory()

    def do(name: str, **given: Any) -> Any:
        answer = browser.post(at(ticket, "do/"), {"do": name, **given}, follow=True)
        assert answer.status_code == 200
        ticket.refresh_from_db()
        return ticket

    assert do("take").assignee == agent
    assert do("resolve").status == Status.RESOLVED
    assert browser.post(at(ticket, "do/"), {"do": "survey"}).status_code == 422  # asked already
    assert do("archive").archived_at is not None
    assert do("restore").status == Status.OPEN
    do("link", number=f"#{other.ticket_number}")
    assert TicketLink.objects.count() == 2
    do("unlink", number=str(other.ticket_number))
    assert not TicketLink.objects.exists()
    assert do("parent", number=str(other.ticket_number)).parent_ticket == other
    assert do("no_parent").parent_ticket is None
    do("log_time", minutes="25", note="Reading", billable="on")
    entry = TimeEntry.objects.get()
    assert (entry.user, entry.time_spent, entry.note, entry.billable) == (agent, 25, "Reading", True)
    do("delete_time", entry=entry.pk)
    do("start_timer")
    running = TimeEntry.objects.get()
    do("toggle_timer", entry=running.pk)
    running.refresh_from_db()
    assert not running.timer_running


def test_merging_shows_both_tickets_and_warns_of_different_customers_before_it_is_done(
    browser: Client, ticket: Ticket
) -> None:
    other: Any = TicketFactory(subject="Much <smoke>", customer=UserFactory(name="Nora"))
    number = {"do": "merge", "number": f"#{other.ticket_number}", "queue": "view=all"}
    page = browser.post(at(ticket, "do/"), number).content.decode()
    for shown in (
        "Smoke &amp; &lt;fire&gt;",
        "Much &lt;smoke&gt;",
        "Cleo Customer",
        "Nora",
        "2 different customers",
        "everybody read on",
    ):
        assert shown in page
    assert f'value="{other.pk}" checked' in page  # the one that was typed is kept
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    told = {"ids": [ticket.pk, other.pk], "merge_value": other.pk, "confirmed": "yes", "from_ticket": 1, "do": "merge"}
    answer = browser.post("/admin/tickets/bulk/", {**told, "queue": "view=all", "joins": "yes"})
    assert answer["Location"] == f"{at(other)}?view=all"
    ticket.refresh_from_db()
    assert ticket.status == Status.CLOSED
    assert [copy.email for copy in other.copies.all()] == ["cleo@example.org"]
    first, second = (TicketFactory(customer=other.customer) for _ in range(2))
    plain = browser.post(at(first, "do/"), {"do": "merge", "number": str(second.ticket_number)}).content.decode()
    for nothing_to_decide in ("different customers", "everybody read on"):
        assert nothing_to_decide not in plain
    again = browser.post(at(ticket, "do/"), {"do": "merge", "number": str(ticket.ticket_number)}, follow=True)
    assert words_of(again)[-1:] == ["A ticket cannot be merged into itself."]


def test_what_a_merge_has_hidden_says_so_and_why(browser: Client, ticket: Ticket, agent: User) -> None:
    other = TicketFactory(customer=UserFactory(name="Nora"))
    for author in (other.customer, agent):
        services.add_reply(other, user_id=author.pk, content="Of Nora")
    services.add_reply(ticket, user_id=agent.pk, content="Inside", is_internal=True)
    merge_tickets(ticket, source_ids=[other.pk], actor=agent)
    told = browser.get(at(ticket))
    found = [(message.content, message.hidden_from) for message in told.context["timeline"].messages]
    whence = f"#{other.ticket_number}"
    assert found[1:-1] == [("Of Nora", whence), ("Of Nora", whence), ("Inside", "")]
    assert f"Hidden from Cleo Customer, since it was written on {whence}" in told.content.decode()
    third = TicketFactory(customer=UserFactory())
    merge_tickets(third, source_ids=[ticket.pk], actor=agent)
    messages = browser.get(at(third)).context["timeline"].messages
    assert next(one.hidden_from for one in messages if one.content == "Of Nora") == "another ticket"
    assert [one.hidden_from for one in messages if one.content == "Inside"] == [f"#{ticket.ticket_number}"]


@pytest.mark.parametrize(
    "given",
    [
        {"do": ""},
        {"do": "nothing"},
        {"do": "link", "number": "x"},
        {"do": "link", "number": "99999999999999999999"},
        {"do": "merge", "number": "1000000"},
        {"do": "log_time", "minutes": "0"},
        {"do": "log_time", "minutes": "-5"},
        {"do": "delete_time", "entry": "x"},
        {"do": "toggle_timer", "entry": "550e8400-e29b-41d4-a716-446655440000"},
        {"do": "survey"},
    ],
)
def test_buttons_that_make_no_sense_say_why(browser: Client, ticket: Ticket, given: dict[str, str]) -> None:
    answer = browser.post(at(ticket, "do/"), given, follow=True)
    assert len(words_of(answer)) == 1
    assert not ticket.activities.exists()


def test_people_are_kept_informed_by_agents_too(browser: Client, ticket: Ticket) -> None:
    for email in ("Tom@example.com", "tom@EXAMPLE.com", "cleo@example.org", "nobody"):
        browser.post(at(ticket, "do/"), {"do": "inform", "email": email})
    copy = ticket.copies.get()
    assert copy.email == "Tom@example.com"
    page = browser.get(at(ticket)).content.decode()
    assert "Tom@example.com" in page
    assert "and 1 kept informed" in page
    assert OutgoingMail.objects.get().to == ["Tom@example.com"]
    assert "Gus Agent wants you to follow" in OutgoingMail.objects.get().text
    browser.post(at(ticket, "do/"), {"do": "stop_informing", "copy": "x"})
    browser.post(at(ticket, "do/"), {"do": "stop_informing", "copy": copy.pk})
    assert not ticket.copies.exists()
    page = browser.get(at(ticket)).content.decode()
    for told in ("keeps tom@example.com informed", "informs tom@example.com no longer"):
        assert page.count(told) == 1


def test_nobody_decides_on_readers_of_a_ticket_that_went_to_others(ticket: Ticket, agent: User) -> None:
    copy = inform(ticket, email="tom@example.com", actor=agent)
    nothing = Ticket.objects.none()
    for late in (
        lambda: inform(ticket, email="eve@example.com", actor=agent, visible=nothing),
        lambda: stop_informing(ticket, copy=copy.pk, actor=agent, visible=nothing),
    ):
        with pytest.raises(NotFound), transaction.atomic():
            late()
    assert ticket.copies.get() == copy


def test_all_time_is_counted_and_a_timer_that_runs_is_never_out_of_sight(
    browser: Client, ticket: Ticket, agent: User
) -> None:
    now = timezone.now()
    started = {"user": agent, "timer_running": True, "timer_started_at": now, "created_at": now - timedelta(days=9)}
    timer = TimeEntryFactory(ticket=ticket, time_spent=0, **started)
    TimeEntryFactory.create_batch(60, ticket=ticket, time_spent=2)
    answer = browser.get(at(ticket))
    assert (answer.context["timer"], answer.context["minutes"], answer.context["times"]) == (timer, 120, 61)
    assert "2 h in all" in answer.content.decode()


def test_the_customer_and_the_company_are_one_click_away(browser: Client) -> None:
    ticket: Any = TicketFactory(customer=UserFactory(company=CompanyFactory()))
    page = browser.get(at(ticket)).content.decode()
    for address in (
        f"/admin/people/contact/{ticket.customer_id}/change/",
        f"/admin/companies/company/{ticket.customer.company_id}/change/",
    ):
        assert f'href="{address}"' in page
        assert browser.get(address).status_code == 200


def test_whoever_hands_a_ticket_away_is_taken_back_to_the_queue() -> None:
    agent = UserFactory(agent=True, ticket_scope="restricted")
    ticket, other = TicketFactory(assignee=agent), UserFactory(agent=True)
    answer = signed_in(agent).post(at(ticket, "change/"), form_of(ticket, assignee=other.pk, queue="view=mine"))
    assert answer["Location"] == "/admin/tickets/?view=mine"


def test_an_answer_by_which_a_rule_hands_the_ticket_away_leads_to_the_queue(admin: User) -> None:
    agent: Any = UserFactory(agent=True, ticket_scope="restricted")
    actions = [{"type": "assign_to", "value": str(UserFactory(agent=True).pk)}]
    create_rule(actor=admin, name="Hand over", rule_type="ticket_update", trigger="replied", actions=actions)
    ticket = TicketFactory(assignee=agent)
    sent = {"content": "Done.", "kind": "reply", "do": "send", "queue": "view=mine"}
    answer = signed_in(agent).post(at(ticket, "reply/"), sent)
    assert answer["Location"] == "/admin/tickets/?view=mine"


def test_a_ticket_is_deleted_by_a_post_of_its_own(browser: Client, ticket: Ticket) -> None:
    assert browser.post(at(ticket, "delete/"), {"queue": "view=all"})["Location"] == "/admin/tickets/?view=all"
    assert not Ticket.objects.exists()


def test_promises_and_rules_explain_themselves(browser: Client, admin: User, customer: User) -> None:
    create_policy(actor=admin, name="Gold", priority="medium", first_response_time=60, resolution_time=600)
    create_rule(
        actor=admin,
        name="Printers are urgent",
        rule_type="ticket_creation",
        conditions=[{"field": "category", "operator": "is", "value": "printer"}],
        actions=[{"type": "set_priority", "value": "urgent"}],
    )
    bakers = AgentGroupFactory(name="Bakers")
    take = {"type": "set_group", "value": str(bakers.pk)}
    acme = CompanyFactory(name="Acme")
    nobodys = [
        {"field": "groupId", "operator": "is_empty", "value": None},
        {"field": "customerId", "operator": "is", "value": str(customer.pk)},
        {"field": "customer.companyId", "operator": "is_not", "value": str(acme.pk)},
    ]
    create_rule(actor=admin, name="Ovens go to bakers", rule_type="ticket_creation", conditions=nobodys, actions=[take])
    ticket = services.create_ticket(
        actor=admin, customer_id=customer.pk, subject="Hot", description="Very", category="oven"
    )
    page = browser.get(at(ticket)).content.decode()
    assert "Policy “Gold”" in page
    rules = browser.get(at(ticket, "rules/")).content.decode()
    assert "Printers are urgent" in rules
    assert "Did not run" in rules
    assert "<strong>oven</strong>" in rules
    assert "Set group <strong>Bakers</strong>" in rules
    told = " ".join(re.sub("<[^>]+>", "", rules).split())
    for words in (
        "Group is empty; it was empty",
        f"Customer is {customer.name}; it was {customer.name}",
        "Customer: company is not Acme; it was empty",
    ):
        assert words in told


def test_a_rule_in_the_history_leads_to_why_it_ran(browser: Client, admin: User, customer: User) -> None:
    urgent = {"rule_type": "ticket_creation", "actions": [{"type": "set_priority", "value": "urgent"}]}
    create_rule(actor=admin, name="All are urgent", **urgent)
    ticket = services.create_ticket(actor=admin, customer_id=customer.pk, subject="Hot", description="Very")
    page = browser.get(at(ticket), {"view": "all"}).content.decode()
    link = unescape(page.split("ran the rule “All are urgent” <a")[1].split('href="')[1].split('"')[0])
    assert "view=all" in link
    assert "All are urgent" in browser.get(link).content.decode()
    past = browser.get(at(ticket, "rules/"), {"at": "2020-01-01T00:00:00+00:00"}).content.decode()
    assert "All are urgent" not in past


def test_a_message_says_on_demand_who_reads_it_and_how_it_came(browser: Client, ticket: Ticket) -> None:
    NoteFactory(ticket=ticket)
    page = browser.get(at(ticket)).content.decode()
    for told in ("Cleo Customer &lt;cleo@example.org&gt;", "agents and admins only", "<dd>by the API</dd>"):
        assert told in page


def test_history_calls_custom_fields_by_their_labels(browser: Client, ticket: Ticket, agent: User) -> None:
    CustomFieldFactory(name="order_no", label="Order: number")
    for value in ("A1", "B2: b", None):
        services.update_ticket(ticket.pk, actor=agent, custom_fields={"order_no": value, "gone": value})
    page = browser.get(at(ticket))
    told = [event.text for entry in page.context["timeline"].entries for event in getattr(entry, "events", [])]
    assert sorted(told) == [
        "changed Order: number from A1 to B2: b",
        "changed gone from A1 to B2: b",
        "removed Order: number, which was B2: b",
        "removed gone, which was B2: b",
        "set Order: number to A1",
        "set gone to A1",
    ]
