"""Dashboard and reports: every figure equals what one gets by going through the tickets one by one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import AgentGroup, User
from csat.models import Survey
from reports.dashboard import dashboard
from reports.periods import Period, chosen_period
from reports.ranges import report
from reports.tally import fold
from tests import slow_figures
from tests.client import ApiClient
from tests.factories import (
    AgentGroupFactory,
    GroupMemberFactory,
    ReplyFactory,
    TicketFactory,
    TimeEntryFactory,
    UserFactory,
)
from tickets.models import Ticket, TimeEntry

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 31, 10, 17, 3, 250_000, tzinfo=UTC)  # two days after clocks change in Europe
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"]
DASHBOARD = (
    "totalTickets openTickets resolvedToday avgResponseTime unassignedTickets overdueTickets slaBreached byStatus "
    "byPriority"
)
REPORT = (
    "period summary ticketVolume resolutionTime categoryDistribution priorityDistribution agentPerformance byGroup "
    "byTag backlog slaByPriority timeLogged"
)


class Undo(Exception):
    pass


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


MINUTES = st.integers(min_value=0, max_value=45 * 24 * 60)
MOMENTS = st.builds(lambda minutes, micro: ago(minutes).replace(microsecond=micro), MINUTES, st.integers(0, 999_999))
DEADLINES = st.none() | st.integers(-4_000, 4_000).map(ago)
PLACES = st.none() | st.integers(0, 2)
FACTS: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["open", "pending", "in_progress", "resolved", "closed"]),
    "priority": st.sampled_from(["low", "medium", "high", "urgent"]),
    "category": st.sampled_from([None, "billing", "technical", "Ünïcode 100 %"]),
    "assignee": PLACES,
    "group": PLACES,
    "tags": st.lists(st.sampled_from(["eu", "vip", "100 %s", "ß"]), unique=True, max_size=3),
    "moments": st.lists(MOMENTS, min_size=4, max_size=4).map(sorted),  # filed, answered, resolved, archived
    "answered": st.booleans(),
    "archived": st.sampled_from([False, False, False, True]),
    "sla_deadline": DEADLINES,
    "first_response_deadline": DEADLINES,
    "due_date": DEADLINES,
    "rating": st.none() | st.integers(1, 5),
    "minutes": st.none() | st.integers(0, 500),
}
TICKETS = st.fixed_dictionaries(FACTS)
# What happens afterwards: which ticket, what to it.
EVENTS = st.tuples(
    st.integers(0, 9), st.sampled_from(["become", "delete", "fold", "lose_group", "lose_agent"]), TICKETS
)


def columns(facts: dict[str, Any], agents: list[User], groups: list[AgentGroup]) -> dict[str, Any]:
    _, answered, resolved, archived = facts["moments"]
    return {
        **{name: facts[name] for name in ("status", "priority", "category", "tags")},
        **{name: facts[name] for name in ("sla_deadline", "first_response_deadline", "due_date")},
        "assignee": None if facts["assignee"] is None else agents[facts["assignee"]],
        "group": None if facts["group"] is None else groups[facts["group"]],
        "first_response_at": answered if facts["answered"] else None,
        "resolved_at": resolved if facts["status"] in ("resolved", "closed") else None,
        "archived_at": archived if facts["archived"] else None,
    }


def live_through(
    stories: list[dict[str, Any]], events: list[Any], agents: list[User], groups: list[AgentGroup], customer: User
) -> None:
    tickets: list[Any] = []
    for facts in stories:
        values = columns(facts, agents, groups)
        ticket: Any = TicketFactory(customer=customer, created_at=facts["moments"][0], **values)
        tickets.append(ticket)
        if facts["rating"] and ticket.resolved_at:
            Survey.objects.create(
                ticket=ticket,
                resolved_at=ticket.resolved_at,
                customer=customer,
                agent=ticket.assignee,
                rating=facts["rating"],
                responded_at=facts["moments"][3],
            )
        if facts["minutes"] is not None:
            spent = {"time_spent": facts["minutes"], "billable": facts["answered"]}
            TimeEntryFactory(ticket=ticket, user=agents[0], created_at=facts["moments"][2], **spent)
    for place, event, facts in events:
        chosen = Ticket.objects.filter(pk=tickets[place % len(tickets)].pk) if tickets else Ticket.objects.none()
        if event == "become" and (known := chosen.first()):
            values = columns(facts, agents, groups)
            for name in ("first_response_at", "resolved_at", "archived_at"):
                values[name] = values[name] and max(values[name], known.created_at)
            chosen.update(**values)
        elif event == "delete":
            TimeEntry.objects.filter(ticket__in=chosen).delete()
            chosen.delete()
        elif event == "lose_group":
            Ticket.objects.filter(group=groups[place % 3]).update(group=None)
        elif event == "lose_agent":
            Ticket.objects.filter(assignee=agents[place % 3]).update(assignee=None)
        else:
            fold(now=NOW)


@given(
    stories=st.lists(TICKETS, max_size=8),
    events=st.lists(EVENTS, max_size=5),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    last=st.integers(0, 10),
    days=st.sampled_from([1, 7, 30, 100, 400]),
    scope=st.sampled_from(["global", "group", "restricted"]),
)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_every_figure_equals_a_slow_recomputation(
    stories: list[dict[str, Any]],
    events: list[Any],
    zone: ZoneInfo,
    last: int,
    days: int,
    scope: str,
) -> None:
    until = NOW.astimezone(zone).date() - timedelta(days=last)
    period = Period(until - timedelta(days=days - 1), until, zone)
    try:
        with transaction.atomic():
            agents = [UserFactory(agent=True, ticket_scope=scope) for _ in range(3)]
            groups = AgentGroupFactory.create_batch(3)
            GroupMemberFactory(group=groups[0], user=agents[0])
            live_through(stories, events, agents, groups, UserFactory())

            def seen(ticket: Ticket) -> bool:
                own = ticket.assignee_id == agents[0].pk
                return scope == "global" or own or (scope == "group" and ticket.group_id == groups[0].pk)

            visible = Ticket.objects.visible_to(agents[0])
            board = slow_figures.dashboard(NOW, zone, seen)
            told = slow_figures.report(period.first, period.last, zone, seen)
            assert dashboard(visible, now=NOW, zone=zone) == board
            assert report(period, visible) == told
            if scope != "global":
                board = slow_figures.dashboard(NOW, zone, everything)
                told = slow_figures.report(period.first, period.last, zone, everything)
            assert dashboard(None, now=NOW, zone=zone) == board
            assert report(period, None) == told
            raise Undo
    except Undo:
        pass


def everything(ticket: Ticket) -> bool:
    return True


def test_an_empty_desk_has_figures_without_averages(api: ApiClient) -> None:
    stats = api.get("/api/dashboard/stats").json()
    assert list(stats) == DASHBOARD.split()
    assert stats["totalTickets"] == 0
    assert stats["avgResponseTime"] is None
    assert stats["byStatus"] == {"open": 0, "pending": 0, "in_progress": 0, "resolved": 0, "closed": 0}
    assert stats["byPriority"] == {"low": 0, "medium": 0, "high": 0, "urgent": 0}
    found = api.get("/api/reports").json()
    assert list(found) == REPORT.split()
    assert len(found["ticketVolume"]) == 30
    empty = {
        "totalTickets": 0,
        "resolvedTickets": 0,
        "avgResolutionTime": None,
        "avgFirstResponseTime": None,
        "satisfaction": None,
        "satisfiedPercent": None,
        "surveyAnswers": 0,
        "slaCompliance": None,
    }
    assert found["summary"] == {**empty, "previous": empty}
    assert found["categoryDistribution"] == found["agentPerformance"] == found["byGroup"] == found["byTag"] == []


def test_what_happens_through_the_api_shows_at_once(api: ApiClient, agent: User, customer: User) -> None:
    body = {"subject": "x", "description": "y", "customerId": str(customer.pk), "category": "billing", "tags": ["eu"]}
    first, second = (api.post("/api/tickets", {**body, "priority": p}).json()["id"] for p in ("high", "low"))
    api.post(f"/api/tickets/{first}/replies", {"userId": str(agent.pk), "content": "Hello"})
    api.patch(f"/api/tickets/{first}", {"status": "resolved", "assigneeId": str(agent.pk)})
    api.post("/api/csat-surveys", {"ticketId": first, "rating": 4})
    stats = api.get("/api/dashboard/stats").json()
    counted = {name: stats[name] for name in ("totalTickets", "openTickets", "resolvedToday", "unassignedTickets")}
    assert counted == {"totalTickets": 2, "openTickets": 1, "resolvedToday": 1, "unassignedTickets": 1}
    assert stats["avgResponseTime"] == 0.0
    assert stats["byPriority"] == {"low": 1, "medium": 0, "high": 1, "urgent": 0}
    found = api.get("/api/reports?range=7d").json()
    assert found["summary"]["totalTickets"] == 2
    assert found["summary"]["satisfaction"] == 4.0
    assert found["summary"]["avgResolutionTime"] == 0.0
    assert found["ticketVolume"][-1] | {"name": "", "date": ""} == {"name": "", "date": "", "tickets": 2, "resolved": 1}
    assert found["categoryDistribution"] == [{"name": "billing", "value": 2}]
    assert found["byTag"] == [{"name": "eu", "value": 2}]
    assert found["backlog"][-1]["open"] == 1
    (performance,) = found["agentPerformance"]
    assert performance["id"] == str(agent.pk)
    assert (performance["name"], performance["resolved"], performance["satisfaction"]) == ("Gus Agent", 1, 4.0)
    api.post(f"/api/tickets/{second}/archive")
    api.delete(f"/api/tickets/{first}")
    assert api.get("/api/dashboard/stats").json()["totalTickets"] == 0
    assert api.get("/api/reports?range=7d").json()["summary"]["totalTickets"] == 1


@pytest.mark.parametrize(
    ("status", "facts", "figures"),
    [
        ("open", {"due_date": -5}, {"overdue_tickets": 1, "sla_breached": 0}),
        ("open", {"due_date": 5}, {"overdue_tickets": 0, "sla_breached": 0}),
        ("pending", {"sla_deadline": -5}, {"overdue_tickets": 1, "sla_breached": 1}),
        ("open", {"sla_deadline": -5, "due_date": -9}, {"overdue_tickets": 1, "sla_breached": 1}),
        ("open", {"first_response_deadline": -5}, {"overdue_tickets": 0, "sla_breached": 1}),
        ("open", {"first_response_deadline": -5, "first_response_at": -6}, {"overdue_tickets": 0, "sla_breached": 0}),
        ("open", {"first_response_deadline": -5, "first_response_at": -4}, {"overdue_tickets": 0, "sla_breached": 1}),
        ("resolved", {"sla_deadline": -5, "due_date": -5}, {"overdue_tickets": 0, "sla_breached": 0}),
    ],
)
def test_what_late_means(status: str, facts: dict[str, int], figures: dict[str, int]) -> None:
    TicketFactory(status=status, created_at=ago(60), **{name: ago(-minutes) for name, minutes in facts.items()})
    found = dashboard(None, now=NOW, zone=ZoneInfo("UTC"))
    assert {name: found[name] for name in figures} == figures


@pytest.mark.parametrize(
    ("zone", "today"), [("UTC", 1), ("Europe/Berlin", 2), ("America/Los_Angeles", 1), ("Pacific/Kiritimati", 0)]
)
def test_today_begins_at_midnight_of_the_time_zone(zone: str, today: int) -> None:
    for minutes in (60 * 3, 60 * 11 + 30):  # 07:17 and, the evening before, 22:47 UTC
        TicketFactory(status="resolved", created_at=ago(5000), resolved_at=ago(minutes))
    assert dashboard(None, now=NOW, zone=ZoneInfo(zone))["resolved_today"] == today


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, "2026-03-02", "2026-03-31"),
        ({"range": "7d"}, "2026-03-25", "2026-03-31"),
        ({"range": "1y"}, "2025-04-01", "2026-03-31"),
        ({"range": "7d", "timezone": "Pacific/Kiritimati"}, "2026-03-26", "2026-04-01"),
        ({"range": "7d", "to": "2026-01-31"}, "2026-01-25", "2026-01-31"),
        ({"from": "2026-01-01"}, "2026-01-01", "2026-03-31"),
        ({"from": "2026-01-01", "to": "2026-01-01"}, "2026-01-01", "2026-01-01"),
    ],
)
def test_which_days_are_meant(query: dict[str, str], first: str, last: str) -> None:
    period = chosen_period(query, now=datetime(2026, 3, 31, 11, tzinfo=UTC))
    assert (str(period.first), str(period.last)) == (first, last)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("range=8d", "range must be one of: 7d, 30d, 90d, 1y."),
        ("from=yesterday", "from must be a date such as 2025-12-18."),
        ("from=2025-02-30", "from must be a date such as 2025-12-18."),
        ("to=2025-1-1", "to must be a date such as 2025-12-18."),
        ("from=2025-02-02&to=2025-02-01", "from must not be later than to."),
        ("from=1999-01-01&to=1999-02-01", "A report can begin on 2000-01-01 and end today."),
        ("from=2025-01-01&to=9999-12-31", "A report can begin on 2000-01-01 and end today."),
        ("from=2001-01-01&to=2025-01-01", "A report covers five years at most."),
        ("timezone=Mars/Olympus", "timezone must be a name such as Europe/Berlin."),
        ("timezone=../../etc/passwd", "timezone must be a name such as Europe/Berlin."),
    ],
)
def test_nonsense_is_refused_with_a_sentence(api: ApiClient, query: str, sentence: str) -> None:
    response = api.get(f"/api/reports?{query}")
    assert (response.status_code, response.json()["error"]) == (400, sentence)


@pytest.mark.parametrize(
    ("zone", "first", "days"),
    [
        ("UTC", date(2026, 3, 28), 3),
        ("Europe/Berlin", date(2026, 3, 28), 3),
        ("Europe/Berlin", date(2025, 10, 1), 400),
        ("America/St_Johns", date(2026, 10, 31), 3),
        ("America/Havana", date(2026, 3, 7), 3),  # clocks change at midnight
        ("America/Sao_Paulo", date(2018, 11, 3), 3),
        ("Australia/Lord_Howe", date(2026, 4, 4), 3),  # by half an hour
        ("Asia/Kathmandu", date(2026, 1, 1), 3),
        ("Pacific/Apia", date(2011, 12, 28), 5),  # a day is left out
    ],
)
def test_every_quarter_of_an_hour_counts_to_its_day(zone: str, first: date, days: int) -> None:
    period = Period(first, first + timedelta(days=days - 1), ZoneInfo(zone))
    for moment in range(int(period.begin.timestamp()), int(period.end.timestamp()), 900):
        ahead = [seconds for since, seconds in period.ahead if since <= moment][-1]
        day = date(1970, 1, 1) + timedelta(days=(moment + ahead) // 86_400)
        assert day == datetime.fromtimestamp(moment, period.zone).date()


def test_who_and_what_is_deleted_meanwhile_is_left_out(agent: User) -> None:
    """On PostgreSQL each statement sees what was committed before it: names may be gone that were counted."""
    group, resolved = AgentGroupFactory(), {"status": "resolved", "resolved_at": NOW - timedelta(hours=1)}
    for assignee in (agent, UserFactory(agent=True)):
        TicketFactory(group=group, assignee=assignee, created_at=NOW - timedelta(hours=3), **resolved)
    TicketFactory(created_at=NOW - timedelta(hours=5), **resolved)
    gone: list[Any] = []

    def meddle(execute: Any, sql: str, *rest: Any) -> Any:
        if not gone and 'FROM "accounts_user"' in sql:
            gone.extend([agent.pk, group.pk])
            Ticket.objects.filter(group=group).update(group=None)
            AgentGroup.objects.filter(pk=group.pk).delete()
            Ticket.objects.filter(assignee=agent).update(assignee=None)
            User.objects.filter(pk=agent.pk).delete()
        return execute(sql, *rest)

    with connection.execute_wrapper(meddle):
        found = report(chosen_period({}, now=NOW), None)
    assert gone
    assert found["by_group"] == [{"id": None, "name": None, "tickets": 3, "resolved": 3, "avg_resolution_time": 2.7}]
    assert [row["resolved"] for row in found["agent_performance"]] == [1]


@pytest.mark.parametrize("path", ["/api/dashboard/stats", "/api/reports"])
def test_figures_need_the_scope_for_tickets(api_with: Any, anonymous: ApiClient, path: str) -> None:
    assert anonymous.get(path).status_code == 401
    assert api_with("users:read", "tickets:write").get(path).status_code == 403
    assert api_with("tickets:read").get(path).status_code == 200
    assert api_with("tickets:read").post(path).status_code == 405


@pytest.mark.parametrize(("scope", "seen"), [("global", 4), ("group", 2), ("restricted", 1)])
def test_a_signed_in_agent_gets_figures_over_the_tickets_they_may_see(scope: str, seen: int) -> None:
    agent = UserFactory(agent=True, ticket_scope=scope)
    group = GroupMemberFactory(user=agent).group
    for facts in ({"assignee": agent}, {"group": group}, {}, {"assignee": UserFactory(agent=True)}):
        ReplyFactory(ticket=TicketFactory(**facts))
    session = ApiClient()
    session.force_login(agent)
    assert session.get("/api/dashboard/stats").json()["totalTickets"] == seen
    assert session.get("/api/reports").json()["summary"]["totalTickets"] == seen
