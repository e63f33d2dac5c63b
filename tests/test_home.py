"""The home page: what to do next, how it goes, and the first steps of a new admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import GroupMember, User
from csat.models import Survey
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
    services.update_ticket(TicketFactory().pk, actor=None, status="closed")
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


def test_every_figure_leads_to_the_tickets_it_is_about(browser: Client, customer: User) -> None:
    now = timezone.now()
    hour, long_ago = timedelta(hours=1), now - timedelta(days=40)
    done = {"status": "resolved", "resolved_at": now}
    quick: Any = TicketFactory(
        subject="quick", created_at=now - 3 * hour, first_response_at=now - hour, sla_deadline=now + hour, **done
    )
    TicketFactory(subject="open", created_at=now - hour)
    late = {"first_response_at": long_ago + hour, "sla_deadline": now - hour}
    TicketFactory(subject="late", created_at=long_ago, **late, **done)
    TicketFactory(subject="free", created_at=long_ago, priority="low", **done)
    TicketFactory(subject="old", created_at=long_ago, priority="high")
    Survey.objects.create(ticket=quick, customer=customer, resolved_at=now, rating=5, responded_at=now)

    shown = browser.get("/admin/figures/?range=7d").context

    def led(to: str) -> set[str]:
        return {row["subject"] for row in browser.get(f"/admin/tickets/?{to}").context["found"].rows}

    assert {card["title"]: led(card["to"]) for card in shown["cards"]} == {
        "Created": {"quick", "open"},
        "Resolved": {"quick", "late", "free"},
        "First reply": {"quick"},
        "Resolution": {"quick", "late", "free"},
        "Resolved in time": {"quick", "late"},
        "Satisfaction": {"quick"},
    }
    assert {bar["name"]: (bar["told"], led(bar["to"])) for bar in shown["kept"] if bar["told"] != "–"} == {
        "Medium": ("50 %", {"quick", "late"})
    }
    assert {bar["name"]: (bar["told"], led(bar["to"])) for bar in shown["first"] if bar["told"] != "–"} == {
        "Medium": ("2 h", {"quick"})
    }
    assert [bar["name"] for bar in shown["first"]] == ["Urgent", "High", "Medium", "Low"]
    weekdays = {bar["name"]: led(bar["to"]) for bar in shown["weekdays"] if led(bar["to"])}
    assert weekdays == {f"{now:%a}": {"quick", "late", "free"}}
    page = browser.get(f"/admin/tickets/?{shown['cards'][4]['to']}").content.decode()
    assert "With a target" in page


def test_the_countdown_is_of_what_is_due_next_and_customers_who_wrote_last_come_first(browser: Client) -> None:
    now = timezone.now()
    first, second, third = (now + timedelta(minutes=minutes) for minutes in (10, 20, 30))
    TicketFactory(subject="target", sla_deadline=second, unanswered_since=now - timedelta(hours=3))
    TicketFactory(subject="date", due_date=third, unanswered_since=now - timedelta(hours=1))
    reply = {"first_response_deadline": first, "sla_deadline": third}
    TicketFactory(subject="reply", **reply, unanswered_since=now - timedelta(hours=2))
    shown = browser.get("/admin/").context
    assert (shown["soonest"].what, f"{shown['soonest'].moment:%F %T}") == ("First reply", f"{first:%F %T}")
    assert [row["subject"] for row in shown["rows"]] == ["reply", "target", "date"]
    assert [row["subject"] for row in shown["replies"]] == ["date", "reply", "target"]


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


def test_figures_are_not_kept_beyond_what_an_agent_may_see() -> None:
    agent, group = UserFactory(agent=True, ticket_scope="group"), AgentGroupFactory()
    TicketFactory.create_batch(2, group=group)
    browser = signed_in(agent)

    def now() -> str:
        return browser.get("/admin/figures/").context["cards"][0]["now"]

    assert now() == "0"
    GroupMember.objects.create(group=group, user=agent)
    assert now() == "2"
    User.objects.filter(pk=agent.pk).update(ticket_scope="restricted")
    assert now() == "0"


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
