"""Answers that cross with newer messages, files that go with them, and since when customers wait."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from helpdesk.errors import HelpDeskError, Invalid
from tests.factories import CustomFieldFactory, NoteFactory, ReplyFactory, TicketFactory, UserFactory
from tickets import services
from tickets.answering import NewerMessages, Upload, answer, last_message, write_note
from tickets.merging import for_each, merge_tickets
from tickets.models import Attachment, Reply, Status, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def ticket(customer: User) -> Ticket:
    return TicketFactory(customer=customer)


def upload(name: str = "a.txt", size: int = 5) -> Upload:
    return Upload(name, BytesIO(b"hello"), size, "text/plain")


# --- Crossing -----------------------------------------------------------------------------------------


def test_an_answer_is_sent_when_nothing_is_newer(ticket: Ticket, agent: User) -> None:
    read = ReplyFactory(ticket=ticket, user=ticket.customer)
    reply = answer(ticket, actor=agent, content="Try this.", seen=read.pk, status=Status.PENDING)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.first_response_at) == (Status.PENDING, reply.created_at)


@pytest.mark.parametrize("newer", [ReplyFactory, NoteFactory])
def test_an_answer_stops_at_a_newer_message_and_says_which(
    ticket: Ticket, agent: User, newer: Callable[..., Any]
) -> None:
    read = ReplyFactory(ticket=ticket, user=ticket.customer)
    written = newer(ticket=ticket)
    with pytest.raises(NewerMessages) as stopped, transaction.atomic():
        answer(ticket, actor=agent, content="Too late.", seen=read.pk, status=Status.RESOLVED)
    assert [message.pk for message in stopped.value.messages] == [written.pk]
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert not Reply.objects.filter(content="Too late.").exists()
    answer(ticket, actor=agent, content="Too late.", seen=written.pk)
    assert Reply.objects.filter(content="Too late.").count() == 1


def test_whoever_has_read_nothing_stops_at_any_message(ticket: Ticket, agent: User) -> None:
    answer(ticket, actor=agent, content="First.", seen=None)
    with pytest.raises(NewerMessages), transaction.atomic():
        answer(ticket, actor=agent, content="First.", seen=None)
    assert last_message(ticket.pk) == Reply.objects.get().pk


def test_a_note_crosses_with_anything(ticket: Ticket, agent: User) -> None:
    ReplyFactory(ticket=ticket, user=ticket.customer)
    note = write_note(ticket, actor=agent, content="Their third printer.", uploads=[upload()])
    assert note.content == "Their third printer."
    assert Attachment.objects.get().reply_id is None


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_to_one_message_only_one_is_sent(at_once: Callable[..., list[Any]]) -> None:
    ticket = TicketFactory()
    read = ReplyFactory(ticket=ticket, user=ticket.customer)
    agents = UserFactory.create_batch(6, agent=True)

    def attempt(number: int) -> str:
        try:
            answer(ticket.pk, actor=agents[number], content=f"Answer {number}", seen=read.pk)
        except NewerMessages:
            return "stopped"
        return "sent"

    assert sorted(at_once(6, attempt)) == ["sent", *["stopped"] * 5]
    assert Reply.objects.exclude(pk=read.pk).count() == 1


# --- Files --------------------------------------------------------------------------------------------


def test_files_belong_to_the_answer(ticket: Ticket, agent: User) -> None:
    reply = answer(ticket, actor=agent, content="See these.", seen=None, uploads=[upload("a.txt"), upload("b.txt")])
    assert list(reply.attachments.values_list("filename", flat=True)) == ["a.txt", "b.txt"]


def test_a_refused_file_takes_everything_back(ticket: Ticket, agent: User, settings: Any, tmp_path: Path) -> None:
    settings.ATTACHMENT_MAX_SIZE = 100
    with pytest.raises(Invalid), transaction.atomic():
        answer(ticket, actor=agent, content="See.", seen=None, uploads=[upload(), upload(size=101)])
    assert not Reply.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_closing_asks_for_keeps_the_answer_back_with_its_files(
    ticket: Ticket, agent: User, tmp_path: Path
) -> None:
    CustomFieldFactory(name="cause", label="Cause", required_on_close=True)
    with pytest.raises(HelpDeskError, match="Cause"), transaction.atomic():
        answer(ticket, actor=agent, content="Done.", seen=None, status=Status.RESOLVED, uploads=[upload(), upload()])
    assert not Reply.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- Since when customers wait ------------------------------------------------------------------------


def test_customers_wait_from_their_first_message_until_they_are_answered(ticket: Ticket, agent: User) -> None:
    def waits() -> Any:
        ticket.refresh_from_db()
        return ticket.unanswered_since

    assert waits() is None
    first = services.add_reply(ticket, user_id=ticket.customer_id, content="Hello?")
    services.add_reply(ticket, user_id=ticket.customer_id, content="Anybody?")
    assert waits() == first.created_at
    services.add_reply(ticket, user_id=agent.pk, content="Among us.", is_internal=True)
    services.add_note(ticket, user_id=agent.pk, content="A note.")
    services.add_reply(ticket, user_id=agent.pk, content="Thank you for writing.", cause=object())
    assert waits() == first.created_at
    services.add_reply(ticket, user_id=agent.pk, content="Here I am.")
    assert waits() is None
    services.add_reply(ticket, user_id=ticket.customer_id, content="Thanks.")
    assert waits() is not None
    services.update_ticket(ticket, actor=agent, status=Status.RESOLVED)
    assert waits() is None


def test_a_merge_brings_along_what_waits(ticket: Ticket, agent: User) -> None:
    other = TicketFactory(customer=ticket.customer)
    services.add_reply(ticket, user_id=agent.pk, content="An answer.")
    asked = services.add_reply(other, user_id=other.customer_id, content="And this?")
    services.add_reply(other, user_id=other.customer_id, content="Hello?")
    merge_tickets(ticket, source_ids=[other.pk], actor=agent)
    ticket.refresh_from_db()
    assert ticket.unanswered_since == asked.created_at


# --- One verb for many --------------------------------------------------------------------------------


def test_each_ticket_says_what_became_of_it(ticket: Ticket, agent: User) -> None:
    ticket.tags = ["VIP"]
    ticket.save()
    hidden, other = TicketFactory(), TicketFactory()
    seen = Ticket.objects.exclude(pk=hidden.pk)
    told = for_each(
        [ticket.pk, hidden.pk, other.pk],
        lambda key: services.tag_ticket(key, add=["vip", "eu"], actor=agent),
        visible=seen,
    )
    assert [(row["success"], row["error"]) for row in told] == [(True, None), (False, "Not found."), (True, None)]
    assert list(Ticket.objects.order_by("ticket_number").values_list("tags", flat=True)) == [
        ["VIP", "eu"],
        [],
        ["vip", "eu"],
    ]
    services.tag_ticket(ticket, remove=["vip"], actor=agent)
    ticket.refresh_from_db()
    assert ticket.tags == ["eu"]
