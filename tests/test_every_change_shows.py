"""Whatever happens to a ticket shows in its history and as `updatedAt`, on every ticket that it touches."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import User
from tests.client import ApiClient
from tests.factories import TicketFactory
from tickets.models import Ticket

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def logged(api: ApiClient, ticket: Ticket) -> list[tuple[str, str | None, str | None]]:
    return [(a["action"], a["oldValue"], a["newValue"]) for a in api.get(f"/api/tickets/{ticket.pk}/activities").json()]


def age(*tickets: Ticket) -> None:
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(updated_at=LONG_AGO)


def is_fresh(api: ApiClient, ticket: Ticket) -> bool:
    return api.get(f"/api/tickets/{ticket.pk}").json()["updatedAt"] > "2026"


def test_both_ends_of_a_link_show_it(api: ApiClient) -> None:
    near, far = TicketFactory.create_batch(2)
    for links in ([str(far.pk)], []):
        age(near, far)
        api.patch(f"/api/tickets/{near.pk}", {"linkedTicketIds": links})
        assert is_fresh(api, near)
        assert is_fresh(api, far)
    number = f"#{near.ticket_number}"
    assert logged(api, far) == [("linked", None, number), ("linked", number, None)]
    age(far)
    body = {"subject": "S", "description": "D", "customerId": str(near.customer_id), "linkedTicketIds": [str(far.pk)]}
    assert api.post("/api/tickets", body).status_code == 201
    assert is_fresh(api, far)


def test_children_and_links_say_that_a_ticket_was_deleted(api: ApiClient) -> None:
    gone = TicketFactory()
    child, linked = TicketFactory(parent_ticket=gone), TicketFactory()
    api.patch(f"/api/tickets/{gone.pk}", {"linkedTicketIds": [str(linked.pk)]})
    age(child, linked)
    assert api.delete(f"/api/tickets/{gone.pk}").status_code == 204
    assert logged(api, child) == [("linked", f"parent #{gone.ticket_number}", None)]
    assert logged(api, linked)[-1] == ("linked", f"#{gone.ticket_number}", None)
    assert is_fresh(api, child)
    assert is_fresh(api, linked)


# What is done to a time entry (its path, the API) and the line it leaves in the history.
TIME: list[tuple[Callable[[ApiClient, str], Any], tuple[str | None, str | None] | None]] = [
    (lambda api, path: api.patch(path, {"timeSpent": 12}), ("10 min", "12 min")),
    (lambda api, path: api.patch(path, {"note": "Call"}), None),
    (lambda api, path: api.post(f"{path}/toggle"), None),
    (lambda api, path: api.post(f"{path}/toggle"), None),
    (lambda api, path: api.delete(path), ("12 min", None)),
]


def test_time_spent_shows_on_the_ticket(api: ApiClient, agent: User) -> None:
    ticket = TicketFactory()
    age(ticket)
    entry = api.post(f"/api/tickets/{ticket.pk}/time-entries", {"userId": str(agent.pk), "timeSpent": 10}).json()
    assert is_fresh(api, ticket)
    lines: list[tuple[str | None, str | None]] = [(None, "10 min")]
    for do, line in TIME:
        age(ticket)
        assert do(api, f"/api/time-entries/{entry['id']}").status_code < 300
        assert is_fresh(api, ticket)
        lines += [line] if line else []
        assert logged(api, ticket) == [("time_logged", *each) for each in lines]


@pytest.mark.parametrize("change", [{"timeSpent": 10}, {"note": None, "billable": False}, {}])
def test_a_time_entry_that_stays_as_it_is_leaves_the_ticket_alone(
    api: ApiClient, agent: User, change: dict[str, Any]
) -> None:
    ticket = TicketFactory()
    entry = api.post(f"/api/tickets/{ticket.pk}/time-entries", {"userId": str(agent.pk), "timeSpent": 10}).json()
    age(ticket)
    assert api.patch(f"/api/time-entries/{entry['id']}", change).status_code == 200
    assert not is_fresh(api, ticket)
