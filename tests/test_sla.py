"""Service levels through the API: promises, pauses, changes of what was promised, and why."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from sla import jobs
from sla.models import Clock
from tests.client import ApiClient
from tests.factories import TicketFactory, UserFactory
from tests.sla_api import at, change, deadlines, file, hours, moment, policy, shown
from tickets.models import Ticket
from tickets.services import add_reply, create_ticket, update_ticket

pytestmark = pytest.mark.django_db

# --- What a new ticket is promised --------------------------------------------------------------------


def test_the_answer_to_a_new_ticket_shows_its_deadlines(api: ApiClient, customer: User) -> None:
    policy(api)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    assert ticket["firstResponseDeadline"] == shown("2025-12-17 11:00")
    assert ticket["slaDeadline"] == shown("2025-12-17 14:00")


def test_deadlines_are_counted_in_business_hours(api: ApiClient, customer: User) -> None:
    policy(api, businessHoursId=hours(api))
    with at("2025-12-19 16:30"):  # a Friday
        ticket = file(api, customer)
    assert ticket["firstResponseDeadline"] == shown("2025-12-22 09:30")
    assert ticket["slaDeadline"] == shown("2025-12-22 12:30")


def test_without_a_policy_there_is_no_deadline(api: ApiClient, customer: User) -> None:
    policy(api, priority="urgent")
    ticket = file(api, customer)
    assert (ticket["firstResponseDeadline"], ticket["slaDeadline"]) == (None, None)
    assert not Clock.objects.exists()
    assert api.get(f"/api/tickets/{ticket['id']}/sla").json()["resolution"]["state"] == "none"


def test_of_several_policies_the_newest_active_one_applies(api: ApiClient, customer: User) -> None:
    with at("2025-12-01 10:00"):
        policy(api, resolutionTime=60)
    with at("2025-12-02 10:00"):
        newest = policy(api, resolutionTime=120)
    with at("2025-12-17 10:00"):
        assert file(api, customer)["slaDeadline"] == shown("2025-12-17 12:00")
        api.patch(f"/api/sla-policies/{newest}", {"isActive": False})
        assert file(api, customer)["slaDeadline"] == shown("2025-12-17 11:00")


def test_deadlines_leave_no_trace_in_the_history(api: ApiClient, customer: User) -> None:
    policy(api)
    ticket = file(api, customer)
    assert [line["action"] for line in api.get(f"/api/tickets/{ticket['id']}/activities").json()] == ["created"]
    assert ticket["updatedAt"] == ticket["createdAt"]


def test_the_verbs_hand_on_a_ticket_with_its_deadlines(api: ApiClient, customer: User) -> None:
    policy(api)
    with at("2025-12-17 10:00"):
        ticket = create_ticket(actor=None, customer_id=customer.pk, subject="x", description="y", priority="high")
        assert ticket.sla_deadline == moment("2025-12-17 14:00")
        assert update_ticket(ticket, actor=None, status="pending").sla_deadline is None


def test_time_moves_on_by_whole_microseconds(api: ApiClient, customer: User) -> None:
    policy(api, resolutionTime=1)
    created = moment("2025-12-17 10:00") + timedelta(microseconds=123_456)
    with time_machine.travel(created, tick=False):
        ticket = file(api, customer)
    assert Ticket.objects.get(pk=ticket["id"]).sla_deadline == created + timedelta(minutes=1)


# --- Rests --------------------------------------------------------------------------------------------


# When, to which status, and the deadlines (first response, resolution) afterwards. Filed at 10:00, 1 h and 4 h.
LIVES: dict[str, list[tuple[str, str, str | None, str | None]]] = {
    "an hour of waiting moves both": [
        ("10:30", "pending", None, None),
        ("11:30", "open", "12:00", "15:00"),
    ],
    "waiting twice": [
        ("10:30", "pending", None, None),
        ("11:30", "in_progress", "12:00", "15:00"),
        ("11:45", "pending", None, None),
        ("13:45", "open", "14:00", "17:00"),
    ],
    "work goes on": [("10:30", "in_progress", "11:00", "14:00"), ("10:40", "open", "11:00", "14:00")],
    "what was late before the rest stays late": [
        ("11:30", "pending", "11:00", None),
        ("12:30", "open", "11:00", "15:00"),
    ],
    "done keeps its deadlines": [("11:30", "resolved", "11:00", "14:00"), ("11:40", "closed", "11:00", "14:00")],
    "time while resolved does not count": [
        ("10:30", "resolved", "11:00", "14:00"),
        ("12:30", "open", "13:00", "16:00"),
    ],
    "resolved while waiting": [
        ("10:30", "pending", None, None),
        ("12:30", "resolved", "13:00", "16:00"),
        ("13:30", "open", "14:00", "17:00"),
    ],
}


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_the_clock_rests_while_nobody_has_to_act(
    api: ApiClient, customer: User, life: list[tuple[str, str, str | None, str | None]]
) -> None:
    policy(api)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    for time, status, first_response, resolution in life:
        with at(f"2025-12-17 {time}"):
            found = change(api, ticket, status=status)
        expected = tuple(shown(f"2025-12-17 {due}") if due else None for due in (first_response, resolution))
        assert (found["firstResponseDeadline"], found["slaDeadline"]) == expected, (time, status)


def test_only_business_time_of_a_rest_moves_the_deadline(api: ApiClient, customer: User) -> None:
    policy(api, businessHoursId=hours(api))
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    with at("2025-12-17 16:00"):
        change(api, ticket, status="pending")
    # 14:00 was reached before the rest began.
    assert deadlines(api, ticket)[1] == shown("2025-12-17 14:00")
    with at("2025-12-17 16:30"):
        other = file(api, customer)
    with at("2025-12-17 16:45"):
        change(api, other, status="pending")
    with at("2025-12-18 10:00"):  # 15 minutes of the evening, and an hour of the morning
        found = change(api, other, status="open")
    assert found["slaDeadline"] == shown("2025-12-18 13:45")


def test_a_ticket_filed_as_pending_starts_with_a_rest(api: ApiClient, customer: User) -> None:
    policy(api)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer, status="pending")
    assert (ticket["firstResponseDeadline"], ticket["slaDeadline"]) == (None, None)
    with at("2025-12-17 12:00"):
        assert change(api, ticket, status="open")["slaDeadline"] == shown("2025-12-17 16:00")


def test_an_answer_of_the_customer_sets_the_clock_going(api: ApiClient, customer: User) -> None:
    policy(api)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer, status="pending")
    with at("2025-12-17 12:00"):
        api.post(f"/api/tickets/{ticket['id']}/replies", {"userId": str(customer.pk), "content": "here"})
    assert deadlines(api, ticket) == (shown("2025-12-17 13:00"), shown("2025-12-17 16:00"))


def test_a_ticket_that_waits_is_not_overdue(api: ApiClient, customer: User) -> None:
    policy(api)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    with at("2025-12-17 11:00"):
        change(api, ticket, status="pending")
    with at("2025-12-20 10:00"):
        assert api.get("/api/tickets?overdue=true").json() == []


# --- Changes of priority, policy and calendar ---------------------------------------------------------


def test_a_new_priority_counts_from_creation(api: ApiClient, customer: User) -> None:
    policy(api)
    policy(api, name="Urgent", priority="urgent", firstResponseTime=10, resolutionTime=60)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    with at("2025-12-17 10:05"):
        assert change(api, ticket, priority="urgent")["slaDeadline"] == shown("2025-12-17 11:00")
        assert change(api, ticket, priority="low")["slaDeadline"] is None
        assert change(api, ticket, priority="high")["slaDeadline"] == shown("2025-12-17 14:00")
        found = change(api, ticket, priority="urgent", status="resolved")
    assert found["slaDeadline"] == shown("2025-12-17 11:00")


def test_a_changed_policy_moves_open_tickets_at_once(api: ApiClient, customer: User) -> None:
    key = policy(api)
    with at("2025-12-17 10:00"):
        ticket, waiting, done = (file(api, customer) for _ in range(3))
        change(api, done, status="resolved")
        change(api, waiting, status="pending")
        before = api.get(f"/api/tickets/{ticket['id']}").json()
        api.patch(f"/api/sla-policies/{key}", {"firstResponseTime": 30, "resolutionTime": 120})
        assert deadlines(api, ticket) == (shown("2025-12-17 10:30"), shown("2025-12-17 12:00"))
        assert deadlines(api, waiting) == (None, None)
        assert deadlines(api, done)[1] == shown("2025-12-17 14:00"), "what is done is not judged anew"
        assert api.get(f"/api/tickets/{ticket['id']}").json()["updatedAt"] == before["updatedAt"]
        assert change(api, waiting, status="open")["slaDeadline"] == shown("2025-12-17 12:00")


def test_a_new_policy_takes_open_tickets_in(api: ApiClient, customer: User) -> None:
    with at("2025-12-17 10:00"):
        ticket, done = file(api, customer), file(api, customer, status="closed")
    with at("2025-12-17 11:00"):
        policy(api)
    assert deadlines(api, ticket) == (shown("2025-12-17 11:00"), shown("2025-12-17 14:00"))
    assert deadlines(api, done) == (None, None)


def test_rests_before_the_policy_count_as_rests(api: ApiClient, customer: User) -> None:
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    with at("2025-12-17 10:30"):
        change(api, ticket, status="pending")
    with at("2025-12-17 12:30"):
        change(api, ticket, status="open")
        policy(api)
    assert deadlines(api, ticket)[1] == shown("2025-12-17 16:00")


@pytest.mark.parametrize("end", ["delete", "deactivate", "other priority"])
def test_a_policy_that_ends_takes_its_deadlines_back(api: ApiClient, customer: User, end: str) -> None:
    key = policy(api)
    ticket = file(api, customer)
    waiting = change(api, file(api, customer), status="pending")
    if end == "delete":
        assert api.delete(f"/api/sla-policies/{key}").status_code == 204
    else:
        api.patch(f"/api/sla-policies/{key}", {"isActive": False} if end == "deactivate" else {"priority": "low"})
    assert deadlines(api, ticket) == (None, None)
    assert not Clock.objects.exists()
    assert change(api, waiting, status="open")["slaDeadline"] is None


def test_an_older_policy_takes_over_from_one_that_ends(api: ApiClient, customer: User) -> None:
    with at("2025-12-01 10:00"):
        policy(api)
    with at("2025-12-02 10:00"):
        newest = policy(api, resolutionTime=60)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    api.delete(f"/api/sla-policies/{newest}")
    assert deadlines(api, ticket)[1] == shown("2025-12-17 14:00")


def test_a_holiday_moves_open_tickets_and_back(api: ApiClient, customer: User) -> None:
    office = hours(api)
    policy(api, businessHoursId=office)
    with at("2025-12-24 16:00"):
        ticket = file(api, customer)
    assert deadlines(api, ticket)[1] == shown("2025-12-25 12:00")
    holiday = api.post(f"/api/business-hours/{office}/holidays", {"name": "Christmas", "date": "2025-12-25"}).json()
    assert deadlines(api, ticket)[1] == shown("2025-12-26 12:00")
    assert api.delete(f"/api/holidays/{holiday['id']}").status_code == 204
    assert deadlines(api, ticket)[1] == shown("2025-12-25 12:00")


def test_other_business_hours_move_open_tickets(api: ApiClient, customer: User) -> None:
    office = hours(api)
    policy(api, businessHoursId=office)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    api.patch(f"/api/business-hours/{office}", {"timezone": "America/New_York"})
    assert deadlines(api, ticket)[1] == shown("2025-12-17 18:00")
    nights = [{"day": day, "startTime": "22:00", "endTime": "06:00"} for day in range(7)]
    api.patch(f"/api/business-hours/{office}", {"schedule": nights, "timezone": "UTC"})
    assert deadlines(api, ticket)[1] == shown("2025-12-18 02:00")


def test_what_is_too_much_for_one_request_is_left_to_the_worker(
    api: ApiClient, customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sla.services.AT_ONCE", 3)
    monkeypatch.setattr("sla.clocks.BATCH", 2)
    key = policy(api)
    with at("2025-12-17 10:00"):
        tickets = [file(api, customer) for _ in range(8)]
        api.patch(f"/api/sla-policies/{key}", {"resolutionTime": 120})
        assert Clock.objects.stale().count() == 5
        jobs.catch_up()
    assert not Clock.objects.stale().exists()
    assert {deadlines(api, ticket)[1] for ticket in tickets} == {shown("2025-12-17 12:00")}


def test_a_ticket_written_at_the_moment_of_a_change_is_seen_to(api: ApiClient, customer: User) -> None:
    """As if its transaction had begun before the change and was committed after it."""
    key = policy(api)
    with at("2025-12-17 10:00"):
        api.patch(f"/api/sla-policies/{key}", {"resolutionTime": 120})
        late = TicketFactory(priority="high", sla_deadline=moment("2025-12-17 14:00"))
    with at("2025-12-17 10:00:30"):
        jobs.catch_up()
    late.refresh_from_db()
    assert late.sla_deadline == moment("2025-12-17 14:00"), "not while it may still be under way"
    with at("2025-12-17 10:02"):
        jobs.catch_up()
    late.refresh_from_db()
    assert late.sla_deadline == moment("2025-12-17 12:00")


# --- Why ----------------------------------------------------------------------------------------------


def explained(api: ApiClient, ticket: dict[str, Any]) -> dict[str, Any]:
    return api.get(f"/api/tickets/{ticket['id']}/sla").json()


def kinds(target: dict[str, Any]) -> list[tuple[str, float]]:
    return [(segment["kind"], segment["minutes"]) for segment in target["segments"]]


def test_the_deadlines_are_explained(api: ApiClient, customer: User, agent: User) -> None:
    office = hours(api)
    key = policy(api, businessHoursId=office)
    with at("2025-12-17 16:00"):
        ticket = file(api, customer)
    with at("2025-12-17 16:30"):
        add_reply(Ticket.objects.get(), user_id=agent.pk, content="On it")
    with at("2025-12-18 10:00"):
        change(api, ticket, status="pending")
    with at("2025-12-18 11:00"):
        change(api, ticket, status="open")
    with at("2025-12-18 11:30"):
        found = explained(api, ticket)
    assert found["policy"] == {"id": key, "name": "High"}
    assert found["businessHours"] == {"id": office, "name": "Office", "timezone": "UTC"}
    first, resolution = found["firstResponse"], found["resolution"]
    assert (first["state"], first["elapsedMinutes"], first["metAt"]) == ("met", 30, shown("2025-12-17 16:30"))
    assert first["deadline"] == shown("2025-12-17 17:00")
    assert kinds(first) == [("running", 30)]
    assert kinds(resolution) == [
        ("running", 60),
        ("closed_hours", 960),
        ("running", 60),
        ("paused", 60),
        ("running", 30),
    ]
    assert resolution["segments"][0]["from"] == shown("2025-12-17 16:00")
    assert resolution["segments"][-1]["to"] == shown("2025-12-18 11:30")
    assert (resolution["state"], resolution["elapsedMinutes"], resolution["remainingMinutes"]) == ("running", 150, 90)
    assert (resolution["targetMinutes"], resolution["deadline"]) == (240, shown("2025-12-18 13:00"))


STATES = [
    ("open", "10:30", "running"),
    ("pending", "10:30", "paused"),
    ("resolved", "10:30", "met"),
    ("closed", "13:59", "met"),
    ("resolved", "14:01", "breached"),
    ("in_progress", "14:01", "breached"),
    ("pending", "14:01", "breached"),
]


@pytest.mark.parametrize(("status", "time", "state"), STATES)
def test_states_of_a_resolution(api: ApiClient, customer: User, status: str, time: str, state: str) -> None:
    policy(api)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
    with at(f"2025-12-17 {time}"):
        change(api, ticket, status=status)
        assert explained(api, ticket)["resolution"]["state"] == state
    with at("2025-12-18 10:00"):
        assert explained(api, ticket)["resolution"]["state"] == ("breached" if state == "running" else state)


def test_an_old_ticket_is_explained_by_its_latest_segments(api: ApiClient, customer: User) -> None:
    policy(api, businessHoursId=hours(api), resolutionTime=300_000)
    with at("2022-12-17 10:00"):
        ticket = file(api, customer)
    with at("2025-12-17 10:00"):
        resolution = explained(api, ticket)["resolution"]
    assert len(resolution["segments"]) == 200
    assert resolution["hasEarlierSegments"]
    assert resolution["segments"][-1]["to"] == shown("2025-12-17 10:00")
    assert resolution["elapsedMinutes"] == 60 * 8 * 5 * 156 + 2 * 8 * 60 + 60
    ends = [segment["to"] for segment in resolution["segments"][:-1]]
    assert ends == [segment["from"] for segment in resolution["segments"][1:]]


def test_what_is_done_is_explained_by_what_it_was_measured_by(api: ApiClient, customer: User) -> None:
    key = policy(api)
    with at("2025-12-17 10:00"):
        ticket = file(api, customer)
        change(api, ticket, status="resolved")
    api.patch(f"/api/sla-policies/{key}", {"name": "New", "resolutionTime": 10})
    found = explained(api, ticket)
    assert (found["policy"]["name"], found["resolution"]["targetMinutes"]) == ("High", 240)
    api.delete(f"/api/sla-policies/{key}")
    assert explained(api, ticket)["policy"] == {"id": None, "name": "High"}


def test_who_does_not_see_the_ticket_learns_nothing(api: ApiClient, customer: User) -> None:
    ticket = file(api, customer)
    restricted = UserFactory(agent=True, ticket_scope="restricted")
    signed_in = ApiClient()
    signed_in.force_login(restricted)
    assert signed_in.get(f"/api/tickets/{ticket['id']}/sla").status_code == 404
    change(api, ticket, assigneeId=str(restricted.pk))
    assert signed_in.get(f"/api/tickets/{ticket['id']}/sla").status_code == 200
    assert api.get("/api/tickets/00000000-0000-7000-8000-000000000000/sla").status_code == 404


# What is done, and how many questions about service levels it takes.
COSTS: list[tuple[str, str, dict[str, Any], int]] = [
    ("post", "/api/tickets", {"subject": "x", "description": "y", "customerId": "{customer}", "priority": "high"}, 2),
    ("patch", "/api/tickets/{ticket}", {"status": "in_progress"}, 0),
    ("patch", "/api/tickets/{ticket}", {"status": "pending"}, 3),
    ("post", "/api/tickets/{ticket}/replies", {"userId": "{agent}", "content": "x"}, 0),
    ("get", "/api/tickets/{ticket}/sla", {}, 2),
]


@pytest.mark.parametrize(("method", "path", "body", "cost"), COSTS, ids=[f"{c[0]} {c[1]} {c[2]}" for c in COSTS])
def test_clocks_cost_few_questions(
    api: ApiClient, customer: User, agent: User, method: str, path: str, body: dict[str, Any], cost: int
) -> None:
    policy(api, businessHoursId=hours(api))
    ids = {"customer": customer.pk, "agent": agent.pk, "ticket": file(api, customer)["id"]}
    filled = {name: value.format(**ids) for name, value in body.items()}
    with CaptureQueriesContext(connection) as queries:
        assert getattr(api, method)(path.format(**ids), filled).status_code in (200, 201)
    asked = [q["sql"] for q in queries if re.search("sla_(clock|slapolicy|businesshours|holiday|change)", q["sql"])]
    assert len(asked) == cost, asked
