"""People who are kept informed: who is told how much, who is told once, and how they leave."""

from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.emails import matching_key
from accounts.models import Role, User
from email_channel.models import TicketMail
from helpdesk.errors import Invalid
from outbox.delivery import send_due
from tests.factories import PASSWORD, TicketFactory, UserFactory
from tickets.copies import inform, stop_informing
from tickets.merging import merge_tickets
from tickets.models import Activity, Ticket, TicketCopy
from tickets.services import add_reply, update_ticket

pytestmark = pytest.mark.django_db

SECRET = "The secret answer"


@pytest.fixture
def ticket(mia: User) -> Ticket:
    return TicketFactory(customer=mia, subject="Printer")


def copy_to(ticket: Ticket, email: str, added_by: User, *, by_staff: bool = False) -> TicketCopy:
    return TicketCopy.objects.create(
        ticket=ticket, email=email, email_key=matching_key(email), added_by=added_by, by_staff=by_staff
    )


def told(ticket: Ticket, author: User) -> dict[str, bool]:
    """Who is written to about an answer, and whether the mail says what it is; nobody twice."""
    send_due()
    mail.outbox.clear()
    add_reply(ticket, user_id=author.pk, content=SECRET)
    send_due()
    found = {one.to[0]: any(SECRET in str(text) for text in (one.body, one.alternatives[0][0])) for one in mail.outbox}
    assert len(found) == len(mail.outbox)
    return found


# --- Who is told how much -----------------------------------------------------------------------------


def becomes_staff(added_by: User) -> None:
    User.objects.filter(pk=added_by.pk).update(role=Role.AGENT)


def is_merged_into_staff(added_by: User) -> None:
    TicketCopy.objects.filter(added_by=added_by).update(added_by=UserFactory(agent=True))


LATER: list[Callable[[User], None]] = [becomes_staff, is_merged_into_staff]


@pytest.mark.parametrize("later", LATER)
def test_strangers_whom_a_customer_added_read_nothing_when_that_customer_becomes_staff(
    ticket: Ticket, agent: User, mia: User, later: Callable[[User], None]
) -> None:
    inform(ticket, email="tom@example.com", actor=mia)
    later(mia)
    assert told(ticket, agent) == {mia.email: True, "tom@example.com": False}


def test_whom_staff_added_reads_on_when_that_colleague_leaves(ticket: Ticket, agent: User, mia: User) -> None:
    colleague = UserFactory(agent=True)
    inform(ticket, email="boss@example.com", actor=colleague)
    User.objects.filter(pk=colleague.pk).update(role=Role.CUSTOMER)
    assert told(ticket, agent) == {mia.email: True, "boss@example.com": True}


def test_whoever_was_added_before_sides_were_remembered_counts_by_what_is_known(agent: User, mia: User) -> None:
    once_a_customer = UserFactory(agent=True)
    theirs, other = TicketFactory(customer=once_a_customer), TicketFactory(customer=mia)
    copies = [copy_to(theirs, "a@example.com", once_a_customer), copy_to(other, "b@example.com", mia)]
    by_agent = [copy_to(one, "c@example.com", agent) for one in (theirs, other)]
    import_module("tickets.migrations.0011_copies_by_staff").remember(apps, None)
    assert set(TicketCopy.objects.filter(by_staff=True)) == set(by_agent)
    assert set(TicketCopy.objects.filter(by_staff=False)) == set(copies)


def merged_away(into: User, email: str) -> User:
    return UserFactory(email=email, is_active=False, merged_into=into)


def test_a_former_address_is_not_proven_by_the_present_one(ticket: Ticket, agent: User, mia: User) -> None:
    proven = UserFactory(signed_up=True)
    merged_away(proven, "former@example.com")
    copy_to(ticket, "former@example.com", mia)
    assert told(ticket, agent) == {mia.email: True, "former@example.com": False}


def test_each_person_is_written_to_once_where_they_may_read(ticket: Ticket, agent: User, mia: User) -> None:
    colleague = UserFactory(signed_up=True)
    for person, address in [(mia, "mia@old.example"), (colleague, "col@old.example"), (agent, "gus@old.example")]:
        merged_away(person, address)
        copy_to(ticket, address, mia)
    copy_to(ticket, colleague.email, mia)
    assert told(ticket, agent) == {mia.email: True, colleague.email: True}


@pytest.mark.parametrize(
    ("sender", "ours"),
    [("Help <Help@Example.com>", "help@example.com"), ("help@xn--mller-kva.example", "help@müller.example")],
)
def test_we_do_not_write_to_ourselves(agent: User, mia: User, settings: Any, sender: str, ours: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    theirs = TicketFactory(customer=mia)
    copy_to(theirs, ours, agent, by_staff=True)
    assert told(theirs, agent) == {mia.email: True}
    assert told(TicketFactory(customer=UserFactory(email=ours)), agent) == {}
    for refused in (
        lambda: inform(TicketFactory(customer=mia), email=ours, actor=agent),
        lambda: inform(TicketFactory(customer=mia), email=ours, actor=mia),
    ):
        with pytest.raises(Invalid) as problem, transaction.atomic():
            refused()
        assert "Our own mails" in problem.value.sentence


def test_however_many_are_informed_it_takes_as_many_statements(ticket: Ticket, agent: User, mia: User) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            add_reply(ticket, user_id=agent.pk, content="Hello")
        return len(asked)

    add_reply(ticket, user_id=agent.pk, content="The first response, which is noted")
    alone = statements()
    for number in range(10):
        copy_to(ticket, UserFactory(signed_up=number % 2).email, mia)
    assert statements() == alone + 1, "one more, for who they are"
    assert TicketMail.objects.count() == 2 + 11


JOINING: list[tuple[str, dict[str, Any], bool, bool]] = [
    # The customer of the other ticket, whether their own account filed it, whether they read the answers by mail.
    ("proven", {"signed_up": True}, True, True),
    ("no account", {}, False, True),
    ("an unproven account, of whose ticket staff knows", {"plain_password": PASSWORD}, False, True),
    ("an unproven account, which filed it itself", {"plain_password": PASSWORD}, True, False),
]


@pytest.mark.parametrize(("person", "filed", "reads"), [row[1:] for row in JOINING], ids=[row[0] for row in JOINING])
def test_whoever_joins_by_a_merge_is_told_so_and_no_more_than_their_mailbox_may_know(
    ticket: Ticket, agent: User, mia: User, person: dict[str, Any], filed: bool, reads: bool
) -> None:
    customer = UserFactory(language="de", **person)
    other = TicketFactory(customer=customer, filed_by=customer if filed else agent)
    merge_tickets(ticket, source_ids=[other.pk], actor=agent, keep_informed=True)
    send_due()
    (joined,) = mail.outbox
    assert joined.to == [str(customer.email)]
    assert joined.subject == (f"Sie können die Anfrage #{ticket.ticket_number} mitverfolgen")
    assert told(ticket, agent) == {mia.email: True, customer.email: reads}


# --- How they leave -----------------------------------------------------------------------------------


def way_out(message: Any) -> str:
    """The path behind the link at the foot, which is that of the button of mail programs."""
    link = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in message.body
    assert f'href="{link}"' in message.alternatives[0][0]
    return urlsplit(link).path


def test_every_mail_to_whoever_is_kept_informed_shows_a_way_out_and_no_other(
    ticket: Ticket, agent: User, mia: User
) -> None:
    inform(ticket, email="tom@example.com", actor=mia)
    inform(ticket, email="boss@example.com", actor=agent)
    add_reply(ticket, user_id=agent.pk, content="Hello")
    send_due()
    for message in mail.outbox:
        if message.to == [mia.email]:
            assert "List-Unsubscribe" not in message.extra_headers
            assert "/leave/" not in f"{message.body}{message.alternatives[0][0]}"
        else:
            assert way_out(message).startswith("/requests/leave/")
    assert len(mail.outbox) == 5


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}], ids=["the page", "a mail program"])
def test_strangers_leave_by_a_button_and_not_by_opening_the_page(
    ticket: Ticket, agent: User, mia: User, body: dict[str, str]
) -> None:
    inform(ticket, email="tom@example.com", actor=mia)
    send_due()
    path, stranger = way_out(mail.outbox[0]), Client(enforce_csrf_checks=True, headers={"accept-language": "de"})
    for _ in range(2):
        shown = stranger.get(path).content.decode()
        assert "tom@example.com" in shown
        assert "Nicht mehr auf dem Laufenden halten" in shown
        assert "Printer" not in shown
    assert told(ticket, agent) == {mia.email: True, "tom@example.com": False}
    for _ in range(2):
        assert stranger.post(path, body).status_code == 200
        assert stranger.get(path).status_code == 200
    assert told(ticket, agent) == {mia.email: True}
    assert not TicketCopy.objects.exists()


@pytest.mark.parametrize("token", ["nonsense", "0" * 32, "0" * 32 + ":forged", "%00", "ü"])
def test_a_way_out_that_nobody_was_given_changes_nothing(ticket: Ticket, mia: User, token: str) -> None:
    inform(ticket, email="tom@example.com", actor=mia)
    for call in (Client().get, Client().post):
        assert call(f"/requests/leave/{token}").status_code == 404
    assert TicketCopy.objects.exists()


def test_keys_that_may_not_read_people_do_not_learn_who_reads_along(api_with: Any, ticket: Ticket, agent: User) -> None:
    copy = inform(ticket, email="boss@example.com", actor=agent)
    assert copy
    stop_informing(ticket, copy=copy.pk, actor=agent)
    update_ticket(ticket, actor=agent, priority="urgent")
    everything = [("informed", None, "boss@example.com"), ("informed", "boss@example.com", None)]
    for scopes, told in ((["users:read"], everything), ([], [("informed", None, None)] * 2)):
        key = api_with("tickets:read", *scopes)
        path = f"/api/tickets/{ticket.pk}"
        lists = [key.get(f"{path}/activities{query}").json() for query in ("", "?limit=5")]
        for rows in (*lists, key.get(f"{path}?include=activities").json()["activities"]):
            found = [(row["action"], row["oldValue"], row["newValue"]) for row in rows]
            assert found == [*told, ("priority_changed", "medium", "urgent")]


def test_history_tells_who_reads_along_through_every_door(ticket: Ticket, agent: User, mia: User) -> None:
    by_customer = inform(ticket, email="Tom@example.com", actor=mia)
    inform(ticket, email="boss@example.com", actor=agent)
    stop_informing(ticket, copy=by_customer.pk, actor=mia)
    stop_informing(ticket, copy=by_customer.pk, actor=agent)  # who does not anyway
    source = TicketFactory(customer=mia, description="Old")
    inform(source, email="eve@example.com", actor=agent)
    merge_tickets(ticket, source_ids=[source.pk], actor=agent, keep_informed=True)
    told = Activity.objects.filter(ticket=ticket, action="informed")
    assert list(told.order_by("created_at", "id").values_list("user", "old_value", "new_value")) == [
        (mia.pk, None, "tom@example.com"),
        (agent.pk, None, "boss@example.com"),
        (mia.pk, "tom@example.com", None),
        (agent.pk, None, "eve@example.com"),
    ]
