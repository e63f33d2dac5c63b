"""Outgoing mail: written with what it is about, sent once it is committed, and never lost."""

from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPAuthenticationError, SMTPRecipientsRefused, SMTPServerDisconnected
from threading import BoundedSemaphore
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from outbox import delivery, services
from outbox.delivery import DELAYS, LEASE, deliver, send_due, take
from outbox.models import OutgoingMail, State
from outbox.services import queue_mail
from outbox.signals import mail_leaving

committing = pytest.mark.django_db(transaction=True)
SEND = "django.core.mail.backends.locmem.EmailBackend.send_messages"


def queue(**given: Any) -> None:
    queue_mail(**({"to": "cleo@example.com", "subject": "Hello", "text": "A secret link"} | given))


def later(delay: timedelta) -> Any:
    return time_machine.travel(timezone.now() + delay + timedelta(seconds=1), tick=True)


@pytest.fixture
def mail_server_down() -> Any:
    with patch(SEND, side_effect=ConnectionRefusedError("Nobody there")) as sending:
        yield sending


@pytest.fixture
def waiting(db: None) -> OutgoingMail:
    """A mail whose process died before it could be sent."""
    return OutgoingMail.objects.create(to=["cleo@example.com"], subject="Hello", text="A secret link")


@committing
def test_a_mail_leaves_after_commit_and_nothing_of_it_is_kept(mailoutbox: list[Any]) -> None:
    with transaction.atomic():
        queue(html="<p>A secret link</p>", headers={"Auto-Submitted": "auto-generated"})
        assert not mailoutbox
    assert [mail.to for mail in mailoutbox] == [["cleo@example.com"]]
    assert mailoutbox[0].alternatives[0].content == "<p>A secret link</p>"
    assert mailoutbox[0].extra_headers["Auto-Submitted"] == "auto-generated"
    assert mailoutbox[0].extra_headers["Message-ID"].endswith("@localhost>")
    assert not OutgoingMail.objects.exists()


@committing
def test_what_is_rolled_back_mails_nobody(mailoutbox: list[Any]) -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert not mailoutbox
    assert not OutgoingMail.objects.exists()


@committing
def test_a_mail_with_a_key_leaves_once_and_only_the_key_is_kept(mailoutbox: list[Any]) -> None:
    for _ in range(3):
        queue(key="breach:7")
    queue(key="breach:8")
    assert len(mailoutbox) == 2
    kept = OutgoingMail.objects.get(key="breach:7")
    assert (kept.state, kept.to, kept.subject, kept.text) == (State.SENT, [], "", "")


@committing
def test_one_key_used_at_the_same_moment_is_one_mail(at_once: Callable[..., list[Any]], mailoutbox: list[Any]) -> None:
    at_once(6, lambda _: queue(key="breach:7"))
    assert len(mailoutbox) == 1


@committing
def test_the_thread_of_the_process_sends_without_being_waited_for(settings: Any, mailoutbox: list[Any]) -> None:
    settings.MAIL_IN_BACKGROUND = True
    queue()
    services.postman.submit(lambda: None).result(timeout=10)
    assert len(mailoutbox) == 1
    assert not OutgoingMail.objects.exists()


@committing
def test_more_than_the_thread_can_carry_waits_for_the_worker(
    settings: Any, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_IN_BACKGROUND = True
    full = BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(services, "bag", full)
    queue()
    assert not mailoutbox
    assert send_due() == 1
    assert len(mailoutbox) == 1


@committing
def test_several_workers_send_a_mail_once(
    at_once: Callable[..., list[Any]], mailoutbox: list[Any], waiting: OutgoingMail
) -> None:
    assert sum(at_once(6, lambda _: deliver(waiting.pk))) == 1
    assert len(mailoutbox) == 1


def test_what_a_crash_left_is_sent_when_its_lease_ends(waiting: OutgoingMail, mailoutbox: list[Any]) -> None:
    assert take(waiting.pk, timezone.now())
    assert send_due() == 0
    with later(LEASE):
        assert send_due() == 1
    assert len(mailoutbox) == 1


def test_who_lost_the_lease_changes_nothing_any_more(waiting: OutgoingMail) -> None:
    slow = take(waiting.pk, timezone.now())
    quick = take(waiting.pk, timezone.now() + LEASE + timedelta(seconds=1))
    delivery.put_off(slow, ConnectionRefusedError(), timezone.now())
    delivery.settle(slow, timezone.now())
    waiting.refresh_from_db()
    assert (waiting.lease, waiting.error) == (quick.lease, "")


def test_failures_are_tried_again_for_a_day_then_shown_and_can_be_retried(
    waiting: OutgoingMail, mail_server_down: Any
) -> None:
    moment = timezone.now()
    for _ in DELAYS:
        with time_machine.travel(moment, tick=False):
            assert send_due() == 1
            assert send_due() == 0, "not before its time"
        waiting.refresh_from_db()
        assert waiting.state == State.WAITING
        assert waiting.error == "ConnectionRefusedError: Nobody there"
        moment = waiting.due_at
    assert timedelta(hours=20) < moment - waiting.created_at < timedelta(hours=28)
    with time_machine.travel(moment, tick=False):
        send_due()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.text) == (State.FAILED, "A secret link")

    mail_server_down.side_effect = None
    assert services.retry([waiting.pk], now=timezone.now()) == 1
    assert send_due() == 1
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (SMTPRecipientsRefused({"cleo@example.com": (550, b"No such mailbox")}), State.FAILED),
        (SMTPRecipientsRefused({"cleo@example.com": (450, b"Greylisted")}), State.WAITING),
        (SMTPAuthenticationError(535, b"Wrong password"), State.WAITING),
        (SMTPServerDisconnected("Timed out"), State.WAITING),
        (ValueError("Header values can't contain newlines"), State.FAILED),
        (RuntimeError("Unknown"), State.WAITING),
    ],
    ids=lambda value: str(value),
)
def test_only_what_may_pass_is_tried_again(waiting: OutgoingMail, problem: Exception, state: State) -> None:
    with patch(SEND, side_effect=problem):
        assert deliver(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.state == state


def test_who_cannot_be_asked_whether_a_mail_may_leave_has_not_agreed(
    waiting: OutgoingMail, mailoutbox: list[Any]
) -> None:
    def broken(sender: Any, **kwargs: Any) -> str:
        raise RuntimeError("No answer")

    mail_leaving.connect(broken)
    try:
        with later(timedelta(minutes=2)):
            deliver(waiting.pk)
    finally:
        mail_leaving.disconnect(broken)
    waiting.refresh_from_db()
    assert (mailoutbox, waiting.state, waiting.error) == ([], State.WAITING, "RuntimeError: No answer")


def test_a_pass_ends_when_its_time_is_over(waiting: OutgoingMail, mailoutbox: list[Any]) -> None:
    assert send_due(seconds=0) == 0
    assert not mailoutbox


def test_a_subject_has_one_line(waiting: OutgoingMail) -> None:
    queue(subject="Hello\r\nBcc: everybody@example.com")
    assert OutgoingMail.objects.filter(subject="Hello Bcc: everybody@example.com").exists()


@committing
def test_a_mail_to_nobody_goes_nowhere(mailoutbox: list[Any]) -> None:
    queue(to=[])
    assert not mailoutbox
    assert not OutgoingMail.objects.exists()


def test_old_keys_and_failures_are_forgotten(db: None) -> None:
    now = timezone.now()
    for state, days in [
        (State.SENT, 91), (State.SENT, 89), (State.FAILED, 31), (State.FAILED, 29), (State.WAITING, 400),
    ]:  # fmt: skip
        OutgoingMail.objects.create(state=state, created_at=now - timedelta(days=days))
    assert services.forget_old(now) == 2
    assert OutgoingMail.objects.count() == 3
