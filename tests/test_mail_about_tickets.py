"""Mail about tickets: what staff answers in public reaches whom it is for, once, and nothing else leaves."""

import re
from collections.abc import Callable
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from io import BytesIO
from typing import Any
from unittest.mock import Mock

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.erasing import erase_person
from accounts.models import User
from automation.services import create_rule
from email_channel import writing
from email_channel.models import TicketMail
from helpdesk.senders import as_sender
from outbox.delivery import send_due
from outbox.models import OutgoingMail
from tests.client import ApiClient
from tests.factories import PASSWORD, TicketFactory, UserFactory
from tickets.answering import Upload, answer, write_note
from tickets.attachments import attach_file
from tickets.copies import inform
from tickets.customers import file_request
from tickets.guests import file_held, hold_request
from tickets.merging import for_each, merge_tickets
from tickets.models import Reply, Ticket, TicketCopy
from tickets.services import add_note, add_reply, create_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(mia: User) -> Ticket:
    return TicketFactory(customer=mia, subject="Printer <b>on fire</b>")


def left() -> list[Any]:
    """What waits is sent, and has left."""
    send_due()
    return mail.outbox


def parts_of(message: Any) -> tuple[str, str]:
    return message.body, message.alternatives[0][0]


# --- What is mailed, and what is not ------------------------------------------------------------------

Act = Callable[[Ticket, User], object]
DOORS: list[tuple[str, Act, int]] = [
    ("a public answer", lambda ticket, agent: add_reply(ticket, user_id=agent.pk, content="Hello"), 1),
    ("an answer on a page", lambda ticket, agent: answer(ticket, actor=agent, content="Hello", seen=None), 1),
    ("an internal answer", lambda t, agent: add_reply(t, user_id=agent.pk, content="Hello", is_internal=True), 0),
    ("a note", lambda ticket, agent: add_note(ticket, user_id=agent.pk, content="Hello"), 0),
    ("a note that is not private", lambda t, agent: add_note(t, user_id=agent.pk, content="H", is_private=False), 0),
    ("a note with a file", lambda ticket, agent: write_note(ticket, actor=agent, content="Hello"), 0),
    ("a file", lambda t, agent: attach_file(t, actor=agent, filename="a", content=BytesIO(b"x"), size=1), 0),
    ("what the customer writes", lambda ticket, _: add_reply(ticket, user_id=ticket.customer_id, content="Hello"), 0),
    (
        "one verb for many",
        lambda t, agent: for_each(
            [t.pk], lambda key: add_reply(key, user_id=agent.pk, content="Hello"), visible=Ticket.objects.all()
        ),
        1,
    ),
]


@pytest.mark.parametrize(("act", "count"), [row[1:] for row in DOORS], ids=[row[0] for row in DOORS])
def test_public_answers_leave_and_nothing_else_does(ticket: Ticket, agent: User, act: Act, count: int) -> None:
    act(ticket, agent)
    assert [message.to for message in left()] == [["mia@example.org"]] * count


def test_answers_by_the_api_leave_and_a_repeated_request_mails_nothing_more(
    api: ApiClient, ticket: Ticket, agent: User
) -> None:
    body = {"userId": str(agent.pk), "content": "Hello"}
    for _ in range(2):
        made = api.post(f"/api/tickets/{ticket.pk}/replies", body, headers={"Idempotency-Key": "once-only-please"})
        assert made.status_code == 201
    assert len(left()) == 1


def test_answers_of_rules_leave(ticket: Ticket, agent: User, admin: User, mia: User) -> None:
    create_rule(
        actor=admin,
        name="Greet",
        rule_type="ticket_creation",
        actions=[{"type": "reply", "value": {"content": "We are on it", "userId": str(agent.pk)}}],
    )
    file_request(customer=mia, subject="Lamp", description="Dark", custom_fields={}, asked=())
    (sent,) = left()
    assert "We are on it" in sent.body, "the answer, and no receipt beside it"


def test_what_is_rolled_back_mails_nothing(ticket: Ticket, agent: User) -> None:
    with transaction.atomic():
        add_reply(ticket, user_id=agent.pk, content="Hello")
        transaction.set_rollback(True)
    assert left() == []
    assert not TicketMail.objects.exists()


def test_one_answer_is_mailed_once_to_each_reader_even_if_it_is_told_twice(ticket: Ticket, agent: User) -> None:
    reply = add_reply(ticket, user_id=agent.pk, content="Hello")
    first = TicketMail.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        TicketMail.objects.create(
            ticket=ticket,
            reply=reply,
            email=first.email,
            email_key=first.email_key,
            message_id="<other>",
            language="en",
        )


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once(at_once: Any, settings: Any) -> None:
    settings.MAIL_IN_BACKGROUND = True
    mia, agent = UserFactory(signed_up=True), UserFactory(agent=True)
    ticket = TicketFactory(customer=mia)
    with transaction.atomic():
        for number in range(4):
            add_reply(ticket, user_id=agent.pk, content=f"Answer {number}")
    at_once(3, lambda _: send_due())
    assert len(mail.outbox) == len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 4


def test_a_merge_mails_nothing(ticket: Ticket, agent: User, mia: User) -> None:
    other = TicketFactory(customer=mia)
    add_reply(other, user_id=agent.pk, content="Hello")
    assert len(left()) == 1
    merge_tickets(ticket, source_ids=[other.pk], actor=agent)
    assert len(left()) == 1


@pytest.mark.parametrize("name", ["MAIL_REPLIES", "MAIL_RECEIPTS"])
def test_each_kind_can_be_turned_off(mia: User, agent: User, settings: Any, name: str) -> None:
    setattr(settings, name, False)
    ticket = file_request(customer=mia, subject="Lamp", description="Dark", custom_fields={}, asked=())
    add_reply(ticket, user_id=agent.pk, content="Hello")
    assert len(left()) == 1


# --- Who gets it --------------------------------------------------------------------------------------

READERS: list[tuple[str, dict[str, Any], bool, bool]] = [
    # The customer, whether their own account filed the ticket, whether they are written to.
    ("proven", {"signed_up": True}, True, True),
    ("no account", {}, False, True),
    ("an unproven account, about what staff filed", {"plain_password": PASSWORD}, False, True),
    ("an unproven account, about what it filed itself", {"plain_password": PASSWORD}, True, False),
    ("switched off", {"signed_up": True, "is_active": False}, False, False),
    ("our own mailbox", {"email": "HelpDesk@localhost"}, False, False),
]


@pytest.mark.parametrize(("person", "filed", "written"), [row[1:] for row in READERS], ids=[row[0] for row in READERS])
def test_mailboxes_that_may_be_somebody_elses_get_nothing(
    agent: User, person: dict[str, Any], filed: bool, written: bool
) -> None:
    customer = UserFactory(**person)
    ticket = TicketFactory(customer=customer, filed_by=customer if filed else agent)
    add_reply(ticket, user_id=agent.pk, content="Hello")
    assert [message.to[0] for message in left()] == [customer.email] * written


def copy_to(ticket: Ticket, email: str, added_by: User) -> None:
    TicketCopy.objects.create(
        ticket=ticket, email=email, email_key=email.lower(), added_by=added_by, by_staff=added_by.is_staff
    )


def test_people_kept_informed_read_the_answer_once_their_address_is_proven(
    ticket: Ticket, agent: User, mia: User
) -> None:
    proven, known = UserFactory(signed_up=True), UserFactory(plain_password=PASSWORD)
    gone = UserFactory(signed_up=True, is_active=False)
    for email in (
        proven.email,
        known.email,
        gone.email,
        "Tom@Example.com",
        mia.email,
        agent.email,
        "helpdesk@localhost",
    ):
        copy_to(ticket, email, mia)
    copy_to(ticket, "boss@example.com", agent)
    add_reply(ticket, user_id=agent.pk, content="The secret answer")
    told = {message.to[0]: message for message in left()}
    assert {email: "secret" in f"{message.subject} {parts_of(message)}" for email, message in told.items()} == {
        mia.email: True,
        proven.email: True,
        "boss@example.com": True,
        known.email: False,
        "Tom@Example.com": False,
    }
    notice = told["Tom@Example.com"]
    assert f"#{ticket.ticket_number}" in notice.subject
    assert "Printer" not in f"{notice.subject} {parts_of(notice)}"
    assert all(len(message.to) == 1 and not message.cc for message in told.values())


def test_nobody_is_mailed_what_they_wrote_themselves(agent: User) -> None:
    ticket = TicketFactory(customer=agent)
    add_reply(ticket, user_id=agent.pk, content="To myself")
    assert left() == []


def test_whoever_has_no_account_is_led_to_the_request_by_way_of_one(agent: User, customer: User) -> None:
    ticket = TicketFactory(customer=customer)
    add_reply(ticket, user_id=agent.pk, content="Hello")
    found = re.search(r"(/portal/sign-up\?next=%2Frequests%2F\d+)\s", left()[0].body)
    assert found
    browser = Client()
    assert f'name="next" value="/requests/{ticket.ticket_number}"' in browser.get(found[1]).content.decode()
    User.objects.filter(pk=customer.pk).update(email_verified_at=timezone.now())
    customer.refresh_from_db()
    browser.force_login(customer)
    assert browser.get(found[1])["Location"] == f"/requests/{ticket.ticket_number}"


def test_rules_write_to_no_mailbox_that_may_be_somebody_elses(admin: User) -> None:
    value = {"to": "customer", "subject": "{{ticket.subject}}", "body": "Hello"}
    create_rule(
        actor=admin, name="Greet", rule_type="ticket_creation", actions=[{"type": "send_email", "value": value}]
    )
    unproven, proven = UserFactory(plain_password=PASSWORD), UserFactory(signed_up=True)
    for customer in (unproven, proven):
        create_ticket(actor=customer, customer_id=customer.pk, subject="Buy now", description="x", source="api")
    assert [message.to for message in left()] == [[proven.email]]


def test_colleagues_who_asked_themselves_are_led_to_their_own_pages(agent: User) -> None:
    ticket = TicketFactory(customer=UserFactory(agent=True))
    add_reply(ticket, user_id=agent.pk, content="Hello")
    assert f"/admin/tickets/{ticket.ticket_number}/" in left()[0].body


# --- What it says -------------------------------------------------------------------------------------


def test_an_answer_in_text_and_html(ticket: Ticket, agent: User) -> None:
    content = "Hello **Mia**,\n<script>alert(1)</script>\nsee https://example.com/a?b=1&c=2"
    upload = Upload('in"voice<b>.pdf', BytesIO(b"x" * 2048), 2048, "application/pdf")
    answer(ticket, actor=agent, content=content, seen=None, uploads=[upload])
    (sent,) = left()
    text, html = parts_of(sent)
    assert content in text
    assert "<script" not in html
    assert "<b>" not in html
    assert 'href="https://example.com/a?b=1&amp;c=2"' in html
    assert "Hello **Mia**,<br>" in html
    for words in (text, html):
        assert f"/requests/{ticket.ticket_number}" in words
        assert re.search(rf"/requests/{ticket.ticket_number}/files/[0-9a-f-]{{36}}", words)
    assert 'in"voice<b>.pdf (2.0' in text.replace("\xa0", " ")
    assert not sent.attachments
    assert sent.subject == f"Re: Printer <b>on fire</b> [#{ticket.ticket_number}]"


def test_mails_of_one_ticket_are_one_conversation_and_start_no_loop(ticket: Ticket, agent: User) -> None:
    for number in range(3):
        add_reply(ticket, user_id=agent.pk, content=f"Answer {number}")
    headers = [dict(message.message().items()) for message in left()]
    ids = [found["Message-ID"] for found in headers]
    assert set(ids) == set(TicketMail.objects.values_list("message_id", flat=True))
    beginning = headers[0]["In-Reply-To"]
    assert [found["In-Reply-To"] for found in headers] == [beginning, *ids[:2]]
    assert all(found["References"].split()[0] == beginning for found in headers)
    for found in headers:
        assert found["Auto-Submitted"] == "auto-generated"
        assert found["X-Auto-Response-Suppress"] == "All"
        assert found["From"] == '"Gus Agent (HelpDesk)" <helpdesk@localhost>'


ODD_NAMES = ["Zoë Ünal", 'A "B" <c@evil.example>', "A\r\nBcc: evil@example.com", "x" * 300, "名前"]


@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_odd_names_and_subjects_make_proper_mails(mia: User, name: str) -> None:
    agent = UserFactory(agent=True, name=name[:200])
    ticket = TicketFactory(customer=mia, subject=f"{name}\nX-Evil: 1")
    add_reply(ticket, user_id=agent.pk, content="Hello")
    (sent,) = left()
    message: Message = sent.message()
    assert not {"Bcc", "X-Evil"} & set(message.keys())
    assert str(message["From"]).endswith("<helpdesk@localhost>")
    assert sent.recipients() == [mia.email]
    assert OutgoingMail.objects.get().state == "sent"


LONG_NAMES = ["Zoë", "ü" * 100, "名前" * 50, '"ä" <ü@x>, ' * 9]


@pytest.mark.parametrize("name", LONG_NAMES, ids=range(len(LONG_NAMES)))
def test_long_names_are_folded_into_words_that_mail_servers_take(mia: User, name: str) -> None:
    agent = UserFactory(agent=True, name=name)
    add_reply(TicketFactory(customer=mia), user_id=agent.pk, content="Hello")
    sent = left()[0].message()
    assert all(len(line) <= 78 for line in sent.as_bytes().split(b"\n\n")[0].splitlines() if line.startswith(b"From"))
    assert max(len(word) for word in sent["From"].split()) <= 75
    shown, address = parseaddr(sent["From"])
    assert "".join(str(make_header(decode_header(shown))).split()) == "".join(f"{name} (HelpDesk)".split())
    assert address == "helpdesk@localhost"


def test_a_sender_with_a_domain_in_any_script_mails_answers(ticket: Ticket, agent: User, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = as_sender("Hilfe für Sie <hilfe@müller.example>")
    add_reply(ticket, user_id=agent.pk, content="Hello")
    sent = left()[0].message()
    assert str(sent["From"]).endswith("<hilfe@xn--mller-kva.example>")
    assert str(sent["Message-ID"]).endswith("@xn--mller-kva.example>")
    assert sent.as_bytes()


@pytest.mark.parametrize("proven", [True, False])
def test_an_answer_whose_mail_cannot_be_laid_out_is_kept_and_leaves_as_it_was_typed(
    agent: User, mia: User, monkeypatch: pytest.MonkeyPatch, proven: bool
) -> None:
    ticket = TicketFactory(customer=mia, subject="Printer")
    reader = UserFactory(signed_up=proven)
    copy_to(ticket, reader.email, mia)
    monkeypatch.setattr(writing, "render_to_string", Mock(side_effect=ValueError("No such tag")))
    reply = add_reply(ticket, user_id=agent.pk, content="The secret answer")
    told = {message.to[0]: message for message in left()}
    assert Reply.objects.get() == reply
    assert f"/requests/{ticket.ticket_number}" in told[mia.email].body
    assert {email: "secret" in message.body for email, message in told.items()} == {
        mia.email: True,
        reader.email: proven,
    }
    assert "Printer" not in f"{told[reader.email].subject} {told[reader.email].body}"


LANGUAGES = [("de", "en", "de"), ("", "de", "de"), ("", "fr", "en")]


@pytest.mark.parametrize(("own", "browser", "expected"), LANGUAGES)
def test_mails_are_in_the_language_of_their_reader(
    mia: User, agent: User, own: str, browser: str, expected: str
) -> None:
    """Their own, or that of the page from which the request came."""
    User.objects.filter(pk=mia.pk).update(language=own)
    client = Client(headers={"accept-language": browser})
    client.force_login(mia)
    client.post("/requests/new", {"subject": "Lamp", "description": "Dark"})
    add_reply(Ticket.objects.get(), user_id=agent.pk, content="Hello")
    receipt, reply = left()
    for message in (receipt, reply):
        assert f'<html lang="{expected}">' in parts_of(message)[1]
        assert ("Guten Tag Mia Member" in message.body) is (expected == "de")


# --- Receipts -----------------------------------------------------------------------------------------

RECEIPTS: list[tuple[str, dict[str, Any], str, int]] = [
    ("from the portal", {"signed_up": True}, "portal", 1),
    ("from an unproven account", {"plain_password": PASSWORD}, "portal", 0),
    ("by the API", {"signed_up": True}, "api", 0),
]


@pytest.mark.parametrize(("person", "source", "count"), [row[1:] for row in RECEIPTS], ids=[r[0] for r in RECEIPTS])
def test_requests_that_people_send_themselves_are_confirmed(person: dict[str, Any], source: str, count: int) -> None:
    customer = UserFactory(**person)
    create_ticket(actor=customer, customer_id=customer.pk, subject="Lamp", description="Dark", source=source)
    sent = left()
    assert len(sent) == count
    if sent:
        assert sent[0].subject == f"Lamp [#{Ticket.objects.get().ticket_number}]"
        assert sent[0].extra_headers["Auto-Submitted"] == "auto-replied"


def test_guests_are_told_the_number_once_they_have_confirmed(settings: Any) -> None:
    settings.GUEST_TICKETS = True
    hold_request(
        name="Gill", email="gill@example.com", subject="Lamp", description="Dark", custom_fields={}, address="10.0.0.1"
    )
    (asked,) = left()
    link = re.search(r"/requests/confirm/(\S+)", asked.body)
    assert link
    ticket = file_held(link[1])
    _, receipt = left()
    assert f"#{ticket.ticket_number}" in receipt.body
    assert "sign up with gill@example.com" in receipt.body


def test_what_staff_files_for_somebody_is_not_confirmed(mia: User, agent: User) -> None:
    create_ticket(actor=agent, customer_id=mia.pk, subject="Lamp", description="Dark", source="portal")
    assert left() == []


def test_an_erased_address_is_in_no_mail_any_more(agent: User, admin: User) -> None:
    customer = UserFactory(email="zoe@quilliam.example", name="Zoë")
    ticket = TicketFactory(customer=customer)
    add_reply(ticket, user_id=agent.pk, content="Hello")
    erase_person(customer.pk, actor=admin)
    assert not TicketMail.objects.exists()
    assert left() == []
    assert Reply.objects.exists()


def test_whoever_is_informed_no_longer_gets_nothing_more(ticket: Ticket, agent: User, mia: User) -> None:
    inform(ticket, email="tom@example.com", actor=mia)
    TicketCopy.objects.all().delete()
    add_reply(ticket, user_id=agent.pk, content="Hello")
    assert [message.to[0] for message in left() if "copied" not in message.body][-1] == mia.email
    assert TicketMail.objects.conversation().count() == 1
