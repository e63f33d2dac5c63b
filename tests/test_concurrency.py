"""Many callers at the same moment: nothing is lost, doubled or torn, on either database."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from accounts.erasing import erase_person
from accounts.models import ApiKey, User
from helpdesk.errors import Invalid
from tests.client import ApiClient
from tests.factories import ApiKeyFactory, TicketFactory, UserFactory
from tickets.models import Activity, Ticket, TicketLink
from tickets.services import create_ticket

pytestmark = pytest.mark.django_db(transaction=True)

AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


def statuses(responses: list[Any]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


def test_32_parallel_creates_get_32_numbers(api_key: ApiKey, customer: User, at_once: AtOnce) -> None:
    body = {"subject": "Rush", "description": "hour", "customerId": str(customer.pk)}
    responses = at_once(32, lambda _: ApiClient(api_key.secret).post("/api/tickets", body))
    assert statuses(responses) == {201: 32}
    assert len({r.json()["ticketNumber"] for r in responses}) == 32
    assert Activity.objects.filter(action="created").count() == 32


def test_of_16_agents_picking_one_ticket_exactly_one_gets_it(api_key: ApiKey, at_once: AtOnce) -> None:
    ticket = TicketFactory()
    agents = UserFactory.create_batch(16, agent=True)
    path = f"/api/tickets/{ticket.pk}/pick"
    responses = at_once(16, lambda n: ApiClient(api_key.secret).post(path, {"agentId": str(agents[n].pk)}))
    assert statuses(responses) == {200: 1, 409: 15}
    winner = next(r.json()["assigneeId"] for r in responses if r.status_code == 200)
    ticket.refresh_from_db()
    assert str(ticket.assignee_id) == winner
    assert Activity.objects.filter(action="assigned").count() == 1


def test_50_parallel_patches_lose_nothing(api_key: ApiKey, at_once: AtOnce) -> None:
    ticket = TicketFactory()

    def change(n: int) -> Any:
        return ApiClient(api_key.secret).patch(f"/api/tickets/{ticket.pk}", {"customFields": {f"field_{n}": n}})

    assert statuses(at_once(50, change)) == {200: 50}
    ticket.refresh_from_db()
    assert ticket.custom_fields == {f"field_{n}": n for n in range(50)}
    assert Activity.objects.filter(action="custom_field_changed").count() == 50


def test_50_parallel_signups_claim_an_account_once(customer: User, at_once: AtOnce) -> None:
    def claim(n: int) -> Any:
        body = {"name": f"Claimer {n}", "email": customer.email.upper(), "password": f"password-{n}"}
        return ApiClient().post("/api/portal/signup", body)

    responses = at_once(50, claim)
    assert statuses(responses) == {201: 1, 409: 49}
    (won,) = [n for n, r in enumerate(responses) if r.status_code == 201]
    login = ApiClient().post("/api/portal/login", {"email": customer.email, "password": f"password-{won}"})
    assert (login.status_code, login.json()["id"]) == (200, str(customer.pk))


def test_parallel_signups_of_one_local_part_get_different_usernames(db: None, at_once: AtOnce) -> None:
    def sign_up(n: int) -> Any:
        body = {"name": "John", "email": f"john@example{n}.com", "password": "securepassword123"}
        return ApiClient().post("/api/portal/signup", body)

    responses = at_once(8, sign_up)
    assert statuses(responses) == {201: 8}
    assert {r.json()["username"] for r in responses} == {"john", *(f"john{n}" for n in range(2, 9))}


def test_tickets_linking_each_other_at_once_end_up_linked_once(api_key: ApiKey, at_once: AtOnce) -> None:
    pair = TicketFactory.create_batch(2)

    def link(n: int) -> Any:
        near, far = pair[n % 2], pair[1 - n % 2]
        return ApiClient(api_key.secret).patch(f"/api/tickets/{near.pk}", {"linkedTicketIds": [str(far.pk)]})

    assert statuses(at_once(10, link)) == {200: 10}
    assert TicketLink.objects.count() == 2


def test_tickets_cannot_become_each_others_parent_at_once(api_key: ApiKey, at_once: AtOnce) -> None:
    for _ in range(5):
        pair = TicketFactory.create_batch(2)

        def adopt(n: int, pair: list[Ticket] = pair) -> Any:
            body = {"parentTicketId": str(pair[1 - n].pk)}
            return ApiClient(api_key.secret).patch(f"/api/tickets/{pair[n].pk}", body)

        assert statuses(at_once(2, adopt)) == {200: 1, 400: 1}


def test_relations_versions_and_bulk_changes_of_the_same_tickets_all_get_through(
    api_key: ApiKey, at_once: AtOnce
) -> None:
    """Whoever holds several tickets takes them in one order, and relations before tickets: nobody has to give way."""
    tickets = TicketFactory.create_batch(5)
    parent, *others = ids = [str(ticket.pk) for ticket in tickets]

    def attempt(n: int) -> Any:
        api = ApiClient(api_key.secret)
        if n % 3 == 0:
            return api.post("/api/tickets/bulk", {"ids": others, "changes": {"parentTicketId": parent}})
        body: dict[str, Any]
        if n % 3 == 1:
            body = {"linkedTicketIds": [key for key in ids if key != ids[n % 5]]}
            return api.patch(f"/api/tickets/{ids[n % 5]}", body, headers={"If-Match": "*"})
        body = {"parentTicketId": parent}
        return api.patch(f"/api/tickets/{others[n % 4]}", body, headers={"If-Match": "*"})

    responses = at_once(12, attempt)
    assert statuses(responses) == {200: 12}
    assert all(r.json().get("failed", 0) == 0 for r in responses)
    assert set(Ticket.objects.filter(pk__in=others).values_list("parent_ticket", flat=True)) == {tickets[0].pk}


def test_a_file_deleted_twice_at_once_is_logged_once(api_key: ApiKey, at_once: AtOnce) -> None:
    path = f"/api/tickets/{TicketFactory().pk}/attachments"
    file = {"filename": "a.txt", "content": "aGVsbG8="}
    key = ApiClient(api_key.secret).post(path, file).json()["id"]
    responses = at_once(4, lambda _: ApiClient(api_key.secret).delete(f"/api/attachments/{key}"))
    assert statuses(responses) == {204: 1, 404: 3}
    assert Activity.objects.filter(action="attachment_added", new_value=None).count() == 1


def test_merges_and_bulk_changes_in_opposite_order_all_get_through(api_key: ApiKey, at_once: AtOnce) -> None:
    tickets = TicketFactory.create_batch(6)
    ids = [str(ticket.pk) for ticket in tickets]

    def attempt(n: int) -> Any:
        api = ApiClient(api_key.secret)
        if n % 2:
            order = ids if n % 4 == 1 else ids[::-1]
            return api.post("/api/tickets/bulk", {"ids": order, "changes": {"category": f"c{n}"}})
        return api.post(f"/api/tickets/{ids[n % 6]}/merge", {"ticketIds": [key for key in ids if key != ids[n % 6]]})

    assert statuses(at_once(8, attempt)) == {200: 8}


def test_two_admins_cannot_retire_each_other(db: None, at_once: AtOnce) -> None:
    for _ in range(5):
        User.objects.update(role="customer")
        admins = UserFactory.create_batch(2, admin=True)
        keys = [ApiKeyFactory(owner=admin).secret for admin in admins]

        def retire(n: int, admins: list[User] = admins, keys: list[str] = keys) -> Any:
            return ApiClient(keys[n]).patch(f"/api/users/{admins[1 - n].pk}", {"role": "agent"})

        codes = statuses(at_once(2, retire))
        assert codes[200] == 1, codes
        assert User.objects.admins().count() == 1


def test_the_same_post_sent_twice_at_once_is_done_once(api_key: ApiKey, customer: User, at_once: AtOnce) -> None:
    body = {"subject": "Once", "description": "only", "customerId": str(customer.pk)}

    def send(n: int) -> Any:
        return ApiClient(api_key.secret).post("/api/tickets", body, headers={"Idempotency-Key": "rush-1"})

    responses = at_once(12, send)
    assert set(statuses(responses)) <= {201, 409}
    assert Ticket.objects.count() == 1
    assert len({r.content for r in responses if r.status_code == 201}) == 1
    assert send(0).status_code == 201, "a later retry is answered"


def test_a_timer_toggled_twice_at_once_is_back_where_it_was(api_key: ApiKey, agent: User, at_once: AtOnce) -> None:
    api = ApiClient(api_key.secret)
    entry = api.post(f"/api/tickets/{TicketFactory().pk}/time-entries", {"userId": str(agent.pk)}).json()["id"]
    assert statuses(at_once(10, lambda _: ApiClient(api_key.secret).post(f"/api/time-entries/{entry}/toggle"))) == {
        200: 10
    }
    assert api.get(f"/api/time-entries/{entry}").json()["timerRunning"] is False


WAITING = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    )
"""


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There only one transaction writes at a time.")
def test_nobody_is_read_while_they_are_erased(customer: User, admin: User) -> None:
    def file_one() -> None:
        try:
            create_ticket(actor=None, customer_id=customer.pk, subject="Late", description="Text")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            erase_person(customer.pk, actor=admin)
            late = pool.submit(file_one)
            waits = False
            while not waits:  # for what this transaction holds
                cursor.execute("SELECT pg_stat_clear_snapshot()")
                cursor.execute(WAITING)
                waits = cursor.fetchone()[0] or late.done()
        with pytest.raises(Invalid):
            late.result()
    assert not Ticket.objects.exists()
