"""The home page: what to do next, how it goes, and the first steps of a new admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.factories import AgentGroupFactory, ReplyFactory, TicketFactory, UserFactory
from tickets import services
from workspace.models import Preferences

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def browser(agent: User) -> Client:
    return signed_in(agent)


def tiles(browser: Client) -> dict[str, str]:
    return {view.name: number for view, number in browser.get("/admin/").context["tiles"]}


def test_tiles_count_and_lead_to_the_queue(browser: Client, agent: User, customer: User) -> None:
    now = timezone.now()
    urgent = TicketFactory(customer=customer, assignee=agent, sla_deadline=now + timedelta(minutes=20))
    TicketFactory(customer=customer, due_date=now - timedelta(hours=1))
    services.add_reply(urgent, user_id=customer.pk, content="Well?")
    assert tiles(browser) == {"mine": "1", "unassigned": "1", "soon": "1", "overdue": "1", "replies": "1"}
    answer = browser.get("/admin/")
    page = answer.content.decode()
    assert 'href="/admin/tickets/?view=overdue"' in page
    assert f'href="/admin/tickets/{urgent.ticket_number}/?view=mine"' in page
    assert answer.context["soonest"].moment == urgent.sla_deadline.replace(
        microsecond=urgent.sla_deadline.microsecond // 1000 * 1000
    )


def test_whoever_has_nothing_to_do_sees_what_nobody_does(browser: Client) -> None:
    assert "Every open ticket has an owner." in browser.get("/admin/").content.decode()
    TicketFactory(subject="Lonely")
    page = browser.get("/admin/").content.decode()
    assert "Nothing waits for you; these wait for an owner" in page
    assert "Lonely" in page


def test_figures_stand_beside_those_of_as_many_days_before(browser: Client, agent: User, customer: User) -> None:
    now = timezone.now()
    for days in (1, 2, 3, 10):
        TicketFactory(
            customer=customer, created_at=now - timedelta(days=days), assignee=agent, resolved_at=now, status="resolved"
        )
    answer = browser.get("/admin/figures/?range=7d")
    created = answer.context["cards"][0]
    assert (created["now"], created["before"], created["change"]) == ("3", "1", 200)
    bars = answer.context["volume"]["bars"]
    assert [bar["created"]["value"] for bar in bars] == [0, 0, 0, 1, 1, 1, 0]
    assert answer.context["load"] == []
    for bar in bars:
        queue = browser.get(f"/admin/tickets/?{bar['to_created']}").context["found"]
        assert len(queue.rows) == bar["created"]["value"]
        queue = browser.get(f"/admin/tickets/?{bar['to_resolved']}").context["found"]
        assert len(queue.rows) == bar["resolved"]["value"]


@pytest.mark.parametrize("asked", ["7d", "30d", "90d", "1y"])
def test_figures_of_an_empty_desk_teach(browser: Client, asked: str) -> None:
    page = browser.get(f"/admin/figures/?range={asked}").content.decode()
    assert "No open ticket is assigned." in page
    assert "Targets live in SLA policies." in page or "–" in page


def test_a_range_that_is_none_is_explained(browser: Client) -> None:
    answer = browser.get("/admin/figures/?range=x", follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["range must be one of: 7d, 30d, 90d, 1y."]


def test_agents_see_figures_of_what_they_may_see() -> None:
    agent = UserFactory(agent=True, ticket_scope="restricted", name="Ada")
    TicketFactory(assignee=agent)
    TicketFactory.create_batch(3, assignee=UserFactory(agent=True))
    own = signed_in(agent).get("/admin/figures/").context
    assert (own["cards"][0]["now"], [row["name"] for row in own["load"]]) == ("1", ["Ada"])
    everybody = signed_in(UserFactory(admin=True)).get("/admin/figures/").context
    assert everybody["cards"][0]["now"] == "4"


def test_a_new_admin_is_led_through_the_first_steps(admin: User) -> None:
    browser = signed_in(admin)

    def done() -> dict[str, bool]:
        return {step["title"]: step["is_done"] for step in browser.get("/admin/").context["steps"]}

    assert done() == {
        "Choose a password of your own": False,
        "Bring in your agents": False,
        "Make groups": False,
        "Promise times": False,
        "Let rules do the routine": False,
        "Create an API key": False,
        "Send real mail": True,
    }
    for step in browser.get("/admin/").context["steps"]:
        assert not step["link"] or browser.get(step["link"]).status_code == 200
    UserFactory(agent=True)
    AgentGroupFactory()
    assert [title for title, is_done in done().items() if is_done] == [
        "Bring in your agents",
        "Make groups",
        "Send real mail",
    ]
    browser.post("/admin/preferences/", {"checklist": "off"})
    assert done() == {}
    browser.post("/admin/preferences/", {"checklist": "on"})
    assert len(done()) == 7


def test_agents_are_not_led_through_settings(browser: Client) -> None:
    assert browser.get("/admin/").context["steps"] == []


def test_shortcuts_can_be_switched_off(browser: Client, agent: User) -> None:
    assert 'data-shortcuts="on"' in browser.get("/admin/").content.decode()
    browser.post("/admin/preferences/", {"shortcuts": "off"})
    assert 'data-shortcuts="off"' in browser.get("/admin/").content.decode()
    assert Preferences.objects.get(user=agent).checklist
    assert browser.get("/admin/preferences/", {"shortcuts": "on"}).status_code == 405


def test_home_asks_few_questions_however_many_tickets_there_are(browser: Client, agent: User, customer: User) -> None:
    def asked(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200
        return len(queries)

    def grow(count: int) -> None:
        for _ in range(count):
            due: Any = {"sla_deadline": timezone.now() + timedelta(minutes=9), "unanswered_since": timezone.now()}
            ReplyFactory(ticket=TicketFactory(customer=UserFactory(), assignee=agent, **due), user=customer)

    grow(1)
    few = asked("/admin/")
    grow(9)
    assert asked("/admin/") == few <= 14
