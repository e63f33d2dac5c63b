"""What agents see of mails about a ticket: who was written to, when, and whether it has left."""

import re
from datetime import timedelta
from importlib import import_module
from smtplib import SMTPRecipientsRefused
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.erasing import erase_person
from accounts.merging import merge_contacts
from accounts.models import User
from accounts.services import update_user
from automation.services import create_rule
from email_channel.facts import LATE
from email_channel.models import TicketMail
from email_channel.undelivered import send_again
from helpdesk.errors import Conflict
from helpdesk.ids import new_id
from outbox.delivery import send_due
from outbox.models import OutgoingMail, State
from outbox.services import forget_old, retry
from tests.client import ApiClient
from tests.desk import at, signed_in
from tests.factories import ReplyFactory, TicketFactory, UserFactory
from tickets.copies import inform, stop_informing
from tickets.customers import file_request
from tickets.merging import merge_tickets
from tickets.models import Activity, Reply, Ticket
from tickets.services import add_note, add_reply, delete_ticket, update_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]

SEND = "django.core.mail.backends.locmem.EmailBackend.send_messages"
REFUSED = SMTPRecipientsRefused({"mia@example.org": (550, b"No such mailbox")})


@pytest.fixture
def browser(agent: User) -> Client:
    return signed_in(agent)


@pytest.fixture
def ticket(mia: User) -> Ticket:
    return TicketFactory(customer=mia, subject="Lamp <b>")


@pytest.fixture
def answer(ticket: Ticket, agent: User) -> Reply:
    return add_reply(ticket, user_id=agent.pk, content="Turn it off")


def fails(problem: Exception) -> None:
    """What waits is tried, in vain."""
    with patch(SEND, side_effect=problem):
        send_due()


def text_of(response: Any, begin: str = "") -> str:
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode().partition(begin or "<")[2]).split())


def mails_of(browser: Client, ticket: Ticket, message: Any = None) -> str:
    return text_of(browser.get(at(ticket, "mails/") + (f"?message={message.pk}" if message else "")), 'id="ws-mails-')


# --- One message --------------------------------------------------------------------------------------


def test_a_mail_waits_and_then_has_left_with_the_headers_that_it_left_with(
    browser: Client, ticket: Ticket, answer: Reply, mailoutbox: list[Any]
) -> None:
    waiting = mails_of(browser, ticket, answer)
    assert "Waiting mia@example.org It has not been tried yet" in waiting
    assert f"Subject Re: Lamp &lt;b&gt; [#{ticket.ticket_number}]" in waiting
    send_due()
    (sent,) = mailoutbox
    shown = browser.get(at(ticket, f"mails/?message={answer.pk}")).content.decode()
    assert "Handed to the mail server on" in shown
    for name in ("Message-ID", "In-Reply-To", "References"):
        value = sent.extra_headers[name].replace("<", "&lt;").replace(">", "&gt;")
        assert f"<dt>{name}</dt><dd>{value}</dd>" in shown


def test_a_mail_that_is_tried_again_says_how_often_and_when(browser: Client, ticket: Ticket, answer: Reply) -> None:
    with time_machine.travel("2026-07-01T12:00:00Z", tick=False):
        OutgoingMail.objects.update(due_at=timezone.now())
        fails(ConnectionRefusedError("Nobody there"))
    told = "Tried 1 time, next try on Wednesday, July 1, 2026, 12:01:00 UTC. ConnectionRefusedError: Nobody there"
    assert told in mails_of(browser, ticket, answer)


def test_a_customer_whom_an_answer_never_reached_is_seen_without_opening_anything(
    browser: Client, ticket: Ticket, answer: Reply
) -> None:
    assert "Not delivered" not in text_of(browser.get(at(ticket)))
    fails(REFUSED)
    told = "Not delivered to mia@example.org. The mail server refused the address: 550 No such mailbox"
    assert told in text_of(browser.get(at(ticket)))
    shown = mails_of(browser, ticket, answer)
    assert "after 1 attempt. The mail server refused the address: 550 No such mailbox" in shown


def test_what_waits_for_long_is_seen_as_well(browser: Client, ticket: Ticket, answer: Reply) -> None:
    assert "Not sent yet" not in text_of(browser.get(at(ticket)))
    TicketMail.objects.update(created_at=timezone.now() - LATE - timedelta(seconds=1))
    assert "Not sent yet to mia@example.org." in text_of(browser.get(at(ticket)))
    send_due()
    assert "Not sent yet" not in text_of(browser.get(at(ticket)))


# --- What agents do about it --------------------------------------------------------------------------


def press(browser: Client, ticket: Ticket, name: str, mail: Any = None) -> str:
    """The button below the message; what the page then says above everything."""
    form = {"do": name, "mail": str((mail or TicketMail.objects.latest("created_at")).pk)}
    done = browser.post(at(ticket, "do/"), form, follow=True)
    return " ".join(str(message) for message in done.context["messages"])


def history(api: ApiClient, ticket: Ticket) -> list[str]:
    told = api.get(f"/api/tickets/{ticket.pk}/activities").json()
    return [row["action"] for row in told if row["action"].startswith("mail_")]


def test_any_agent_sends_it_again_once(
    api: ApiClient, browser: Client, ticket: Ticket, answer: Reply, mailoutbox: list[Any]
) -> None:
    fails(REFUSED)
    assert "Send again to mia@example.org" in text_of(browser.get(at(ticket)))
    assert press(browser, ticket, "send_mail_again") == "The mail to mia@example.org is sent again."
    assert press(browser, ticket, "send_mail_again") == "This mail is being sent again already."
    assert press(browser, ticket, "dismiss_mail") == "This mail is being sent, and may still arrive."
    page = text_of(browser.get(at(ticket)))
    assert "Not delivered" not in page
    assert "Gus Agent had the mail to mia@example.org sent again" in page
    send_due()
    assert len(mailoutbox) == 1
    assert "text of this mail is not kept" in press(browser, ticket, "send_mail_again")
    assert "Sent mia@example.org" in mails_of(browser, ticket, answer)
    assert history(api, ticket) == ["mail_sent_again"]


def test_what_is_dismissed_is_not_pointed_at_until_it_fails_again(
    api: ApiClient, browser: Client, ticket: Ticket, answer: Reply
) -> None:
    fails(REFUSED)
    for _ in range(2):
        assert press(browser, ticket, "dismiss_mail") == "The mail to mia@example.org is dismissed."
    page = text_of(browser.get(at(ticket)))
    assert "Not delivered" not in page
    assert "Gus Agent dismissed the mail to mia@example.org, which did not arrive" in page
    assert re.search("Failed mia@example.org .* Dismissed on", mails_of(browser, ticket, answer))
    press(browser, ticket, "send_mail_again")
    fails(REFUSED)
    assert "Not delivered" in text_of(browser.get(at(ticket)))
    assert history(api, ticket) == ["mail_dismissed", "mail_sent_again"]


def test_nobody_is_sent_again_what_they_may_not_read_any_more(browser: Client, ticket: Ticket, agent: User) -> None:
    copy = inform(ticket, email="max@example.org", actor=agent)
    assert copy
    send_due()
    add_reply(ticket, user_id=agent.pk, content="For both of you")
    fails(REFUSED)
    mail = TicketMail.objects.get(email="max@example.org", reply__isnull=False)
    stop_informing(ticket, copy=copy.pk, actor=agent)
    assert "Nobody reads this ticket at max@example.org any more." in press(browser, ticket, "send_mail_again", mail)
    assert OutgoingMail.objects.failed().count() == 2


def test_after_a_merge_it_is_the_readers_of_the_kept_ticket_who_count(
    browser: Client, ticket: Ticket, agent: User, mia: User
) -> None:
    own, foreign = TicketFactory(customer=mia), TicketFactory()
    inform(own, email="max@example.org", actor=agent)
    send_due()
    for other in (own, foreign):
        add_reply(other, user_id=agent.pk, content="Hello")
    fails(REFUSED)
    merge_tickets(ticket, source_ids=[own.pk], actor=agent, keep_informed=True)
    merge_tickets(ticket, source_ids=[foreign.pk], actor=agent)
    stop_informing(ticket, copy=ticket.copies.get(email="max@example.org").pk, actor=agent)
    to_max, to_mia, hidden = (
        TicketMail.objects.get(reply__isnull=False, email=email)
        for email in ("max@example.org", mia.email, foreign.customer.email)
    )
    assert "Nobody reads this ticket at max@example.org any more." in press(browser, ticket, "send_mail_again", to_max)
    assert "This message is internal now" in press(browser, ticket, "send_mail_again", hidden)
    assert press(browser, ticket, "send_mail_again", to_mia) == "The mail to mia@example.org is sent again."


@pytest.mark.parametrize("tried_by", ["the worker", "an admin"])
def test_what_is_tried_again_leaves_only_to_whoever_may_read_it_then(
    browser: Client, ticket: Ticket, agent: User, mailoutbox: list[Any], tried_by: str
) -> None:
    copy = inform(ticket, email="max@example.org", actor=agent)
    assert copy
    send_due()
    add_reply(ticket, user_id=agent.pk, content="For both of you")
    fails(REFUSED if tried_by == "an admin" else ConnectionRefusedError("Nobody there"))
    stop_informing(ticket, copy=copy.pk, actor=agent)
    mailoutbox.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        retry(OutgoingMail.objects.failed().values_list("pk", flat=True), now=timezone.now())
        send_due()
        page, mails = text_of(browser.get(at(ticket))), mails_of(browser, ticket)
    assert [mail.to for mail in mailoutbox] == [["mia@example.org"]]
    assert re.search("Withdrawn max@example.org Taken back on .* Nobody reads this ticket at max@example.org", mails)
    assert "Not delivered to max@example.org. Nobody reads this ticket at" in page
    assert not OutgoingMail.objects.exclude(state=State.SENT).exists()


def test_an_answer_leaves_late_to_a_contact_who_turned_out_to_be_another_one(
    ticket: Ticket, answer: Reply, admin: User, mia: User, customer: User, mailoutbox: list[Any]
) -> None:
    fails(ConnectionRefusedError("Nobody there"))
    merge_contacts(customer, merged_id=mia.pk, actor=admin)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        send_due()
    assert [mail.to for mail in mailoutbox] == [["mia@example.org"]]


def test_an_answer_leaves_late_to_a_reader_who_turned_out_to_be_another_one(
    ticket: Ticket, agent: User, admin: User, customer: User, mailoutbox: list[Any]
) -> None:
    max_, moritz = (UserFactory(role="customer", email=f"{name}@example.org") for name in ("max", "moritz"))
    inform(ticket, email=max_.email, actor=agent)
    send_due()
    add_reply(ticket, user_id=agent.pk, content="For both of you")
    fails(ConnectionRefusedError("Nobody there"))
    mailoutbox.clear()
    merge_contacts(moritz, merged_id=max_.pk, actor=admin)
    inform(ticket, email=moritz.email, actor=agent)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        send_due()
    answers = [mail.to[0] for mail in mailoutbox if "For both of you" in mail.body]
    assert sorted(answers) == ["max@example.org", "mia@example.org"]


def test_no_answer_leaves_late_to_a_former_address_of_whoever_is_written_to_no_more(
    browser: Client, ticket: Ticket, answer: Reply, admin: User, mia: User, customer: User, mailoutbox: list[Any]
) -> None:
    fails(ConnectionRefusedError("Nobody there"))
    merge_contacts(customer, merged_id=mia.pk, actor=admin)
    update_user(customer, actor=admin, is_active=False)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        send_due()
    assert not mailoutbox
    assert "Nobody reads this ticket at mia@example.org any more." in text_of(browser.get(at(ticket)))


def test_what_waits_is_deleted_with_its_ticket(
    ticket: Ticket, answer: Reply, agent: User, admin: User, mia: User, mailoutbox: list[Any]
) -> None:
    moved, kept = TicketFactory(customer=mia), TicketFactory(customer=mia)
    add_reply(moved, user_id=agent.pk, content="Elsewhere")
    merge_tickets(kept, source_ids=[moved.pk], actor=agent)
    fails(REFUSED)
    retry(
        OutgoingMail.objects.filter(pk=TicketMail.objects.get(reply=answer).pk).values_list("pk", flat=True),
        now=timezone.now(),
    )
    delete_ticket(ticket, actor=admin)
    delete_ticket(kept, actor=admin)
    send_due()
    assert not mailoutbox
    assert not OutgoingMail.objects.exclude(state=State.SENT).exists()


def test_mails_of_other_tickets_are_nobodys_to_send_or_dismiss(
    browser: Client, ticket: Ticket, answer: Reply, agent: User
) -> None:
    fails(REFUSED)
    other = TicketFactory(assignee=agent)
    for name in ("send_mail_again", "dismiss_mail"):
        assert press(browser, other, name) == "This mail is not about this ticket."
        assert browser.post(at(other, "do/"), {"do": name, "mail": "x"}).status_code == 422
        User.objects.filter(pk=agent.pk).update(ticket_scope="restricted")
        assert (
            browser.post(at(ticket, "do/"), {"do": name, "mail": str(TicketMail.objects.get().pk)}).status_code == 404
        )
        User.objects.filter(pk=agent.pk).update(ticket_scope="global")
    assert OutgoingMail.objects.failed().exists()


@pytest.mark.django_db(transaction=True)
def test_of_agents_and_a_worker_at_once_one_sends_it_and_once(
    admin: User, agent: User, ticket: Ticket, mailoutbox: list[Any], at_once: Any
) -> None:
    with patch(SEND, side_effect=REFUSED):  # what is committed is tried at once
        add_reply(ticket, user_id=agent.pk, content="Turn it off")
    mail, seen = TicketMail.objects.get().pk, Ticket.objects.all()

    def again(number: int) -> str:
        if number == 3:
            return str(send_due())
        try:
            send_again(ticket.pk, mail=mail, actor=admin, visible=seen)
        except Conflict:
            return "late"
        return "sent"

    assert at_once(4, again).count("sent") == 1
    send_due()
    assert len(mailoutbox) == 1
    assert Activity.objects.filter(action="mail_sent_again").count() == 1


def test_what_the_outbox_has_forgotten_is_still_known(
    admin: User, browser: Client, ticket: Ticket, answer: Reply
) -> None:
    send_due()
    lost = add_reply(ticket, user_id=answer.user_id, content="And on again")
    fails(REFUSED)
    OutgoingMail.objects.update(created_at=timezone.now() - timedelta(days=91))
    assert forget_old(timezone.now()) == 2
    assert "Handed to the mail server on" in mails_of(browser, ticket, answer)
    shown = mails_of(signed_in(admin), ticket, lost)
    assert "550 No such mailbox Its text is not kept any more" in shown
    assert "Send again" not in shown
    assert "Not delivered to mia@example.org" in text_of(browser.get(at(ticket)))


OLDER: list[tuple[str | None, str]] = [
    (State.SENT, "Sent mia@example.org It has left; when exactly was not written down."),
    (State.WAITING, "Waiting mia@example.org"),
    (State.FAILED, "Failed mia@example.org Given up. ValueError: No mail"),
    (None, "Not known mia@example.org Whether it has left is not known any more."),
]


@pytest.mark.parametrize(("state", "told"), OLDER)
def test_mails_of_older_versions_say_what_the_outbox_knows(
    browser: Client, ticket: Ticket, answer: Reply, state: str | None, told: str
) -> None:
    mail = TicketMail.objects.get()
    TicketMail.objects.update(kind=None, subject=None, in_reply_to=None, references=None, outcome=None)
    OutgoingMail.objects.all().delete()
    if state:
        OutgoingMail.objects.create(key=mail.outbox_key, state=state, error="ValueError: No mail" * (state == "failed"))
    shown = mails_of(browser, ticket, answer)
    assert told in shown
    assert "Subject not kept" in shown


def test_what_had_failed_before_the_update_is_marked_by_it(browser: Client, ticket: Ticket, answer: Reply) -> None:
    fails(REFUSED)
    TicketMail.objects.update(outcome=None, error=None)
    assert "Not delivered" not in text_of(browser.get(at(ticket)))
    (row,) = OutgoingMail.objects.all()
    row.delete()
    row.pk = new_id()  # as older versions had it
    row.save(force_insert=True)
    import_module("email_channel.migrations.0004_outcomes_of_what_has_not_left").note(apps, None)
    assert "Not delivered to mia@example.org. The mail server refused" in text_of(browser.get(at(ticket)))
    assert retry([row.pk], now=timezone.now()) == 1
    send_due()
    assert "Sent mia@example.org Handed to the mail server on" in mails_of(browser, ticket, answer)


def test_whoever_may_not_read_an_answer_was_told_that_there_is_one(
    browser: Client, ticket: Ticket, agent: User, mia: User
) -> None:
    inform(ticket, email="tom@example.com", actor=mia)
    reply = add_reply(ticket, user_id=agent.pk, content="Turn it off")
    shown = mails_of(browser, ticket, reply)
    assert "mia@example.org" in shown
    assert "To tom@example.com Subject There is an answer" in shown
    assert "That there is an answer, without its words" in shown


def test_nobody_was_mailed_about_a_note_or_by_whom_mail_is_switched_off(
    browser: Client, ticket: Ticket, agent: User, settings: Any
) -> None:
    note = add_note(ticket, user_id=agent.pk, content="Hot")
    assert "Nobody was mailed about this message." in mails_of(browser, ticket, note)
    settings.MAIL_REPLIES = False
    reply = add_reply(ticket, user_id=agent.pk, content="Turn it off")
    assert "Nobody was mailed about this message. Answers are not mailed here." in mails_of(browser, ticket, reply)


# --- What else is mailed about a ticket ---------------------------------------------------------------


def test_what_a_rule_mails_stands_with_the_message_that_led_to_it(
    browser: Client, ticket: Ticket, admin: User, agent: User
) -> None:
    mailing = [{"type": "send_email", "value": {"to": "boss@example.com", "subject": "Look", "body": "At it"}}]
    create_rule(actor=admin, name="R", rule_type="ticket_update", trigger="customer_replied", actions=mailing)
    create_rule(actor=admin, name="C", rule_type="ticket_creation", actions=mailing)
    create_rule(actor=admin, name="N", rule_type="ticket_update", trigger="note_added", actions=mailing)
    reply = add_reply(ticket, user_id=ticket.customer_id, content="It burns")
    note = add_note(ticket, user_id=agent.pk, content="Hot")
    filed = file_request(customer=ticket.customer, subject="Fan", description="Loud", custom_fields={}, asked=())
    for place, message in ((ticket, reply), (ticket, note), (filed, filed)):
        assert "Waiting boss@example.com" in mails_of(browser, place, message)
    assert "That the request has arrived" in mails_of(browser, filed, filed), "a rule's mail is no answer"
    fails(ValueError("No mail"))
    assert "Not delivered to boss@example.com, as a rule wanted. ValueError: No mail" in text_of(
        browser.get(at(ticket))
    )


def test_mails_that_belong_to_no_message_are_told_where_they_failed(
    browser: Client, ticket: Ticket, agent: User, mia: User
) -> None:
    inform(ticket, email="tom@example.com", actor=agent)
    for priority in ("urgent", "low", "high", "urgent"):
        update_ticket(ticket, actor=agent, priority=priority)
    assert "could not deliver" not in text_of(browser.get(at(ticket)))
    fails(ValueError("No mail"))
    page = browser.get(at(ticket))
    assert "HelpDesk could not deliver the mail" in text_of(page)
    assert "to tom@example.com" in text_of(page)
    assert not any(entry.is_long for entry in page.context["timeline"].entries if hasattr(entry, "is_long"))
    assert "tom@example.com Given up" in mails_of(browser, ticket)


def test_mails_follow_their_message_into_another_ticket(
    browser: Client, ticket: Ticket, agent: User, mia: User
) -> None:
    other = TicketFactory(customer=mia)
    reply = add_reply(other, user_id=agent.pk, content="Hello")
    fails(REFUSED)
    merge_tickets(ticket, source_ids=[other.pk], actor=agent)
    assert "Failed mia@example.org" in mails_of(browser, ticket, reply)
    assert "Failed mia@example.org" in mails_of(browser, ticket)
    assert "Not delivered to mia@example.org" in text_of(browser.get(at(ticket)))
    assert "Not delivered" not in text_of(browser.get(at(other)))
    assert TicketMail.objects.get().ticket_id == other.pk


# --- Who may see it, and what is erased ---------------------------------------------------------------


def test_mails_are_seen_by_whoever_sees_the_ticket(browser: Client, ticket: Ticket, answer: Reply, mia: User) -> None:
    elsewhere = TicketFactory()
    foreign = ReplyFactory(ticket=elsewhere)
    for page in (f"?message={foreign.pk}", f"?message={elsewhere.pk}", "?message=x", "?message="):
        assert browser.get(at(ticket, "mails/") + page).status_code == 404
    restricted = signed_in(UserFactory(agent=True, ticket_scope="restricted"))
    assert restricted.get(at(ticket, "mails/")).status_code == 404
    for stranger in (signed_in(mia), Client()):
        assert b"Message-ID" not in stranger.get(at(ticket, "mails/"), follow=True).content


def test_what_was_mailed_about_an_erased_customer_does_not_name_them(browser: Client, admin: User, agent: User) -> None:
    zoe = UserFactory(name="Zoë", email="zoe@quilliam.example")
    subject = "{{customer.name}} {{customer.email}}"
    mailing = [{"type": "send_email", "value": {"to": agent.email, "subject": subject, "body": "Look"}}]
    create_rule(actor=admin, name="C", rule_type="ticket_creation", actions=mailing)
    ticket = file_request(customer=zoe, subject="Lamp", description="Dark", custom_fields={}, asked=())
    assert "Subject Zoë zoe@quilliam.example" in mails_of(browser, ticket)
    erase_person(zoe.pk, actor=admin)
    shown = mails_of(browser, ticket)
    assert f"Withdrawn {agent.email} Taken back on" in shown
    assert "quilliam" not in shown.lower()
    assert "zoë" not in shown.lower()


# --- What it costs ------------------------------------------------------------------------------------


def test_however_many_mails_there_are_pages_ask_as_few_questions(
    browser: Client, ticket: Ticket, agent: User, mia: User
) -> None:
    def asked(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(at(ticket, page)).status_code == 200
        return len(queries)

    def grow(count: int) -> None:
        for _ in range(count):
            add_reply(ticket, user_id=agent.pk, content="Hello")
            fails(REFUSED)

    grow(1)
    few = [asked(page) for page in ("", "mails/")]
    for number in range(5):
        inform(ticket, email=f"tom{number}@example.com", actor=agent)
    grow(4)
    assert [asked(page) for page in ("", "mails/")] == few


def test_what_is_written_down_never_has_a_mail_sent_twice(ticket: Ticket, answer: Reply, mailoutbox: list[Any]) -> None:
    with patch("email_channel.services.note_outcome", side_effect=RuntimeError("Broken")):
        assert send_due() == 1
    assert OutgoingMail.objects.get().state == State.SENT
    assert send_due() == 0
    assert len(mailoutbox) == 1
