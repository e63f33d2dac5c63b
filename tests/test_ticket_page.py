"""The page of a ticket: what it shows, answering, drafts, and who is there."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from helpdesk.errors import NotFound
from tests.desk import at, signed_in
from tests.factories import (
    AgentGroupFactory,
    CannedResponseFactory,
    CompanyFactory,
    CustomFieldFactory,
    NoteFactory,
    ReplyFactory,
    TicketFactory,
    TimeEntryFactory,
    UserFactory,
)
from tickets import services
from tickets.attachments import attach_file
from tickets.models import Attachment, Reply, Status, Ticket
from workspace.composing import GONE
from workspace.jobs import forget_presence
from workspace.models import Draft, Presence

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def browser(agent: User) -> Client:
    return signed_in(agent)


@pytest.fixture
def ticket(customer: User) -> Any:
    return TicketFactory(customer=customer, subject="Smoke & <fire>")


# --- Reading ------------------------------------------------------------------------------------------


def test_the_conversation_stands_in_order_with_notes_apart_and_what_happened_between(
    browser: Client, ticket: Ticket, agent: User
) -> None:
    services.add_reply(ticket, user_id=ticket.customer_id, content="It <burns> https://example.com/x")
    services.update_ticket(ticket, actor=agent, priority="urgent", assignee_id=agent.pk)
    services.add_note(ticket, user_id=agent.pk, content="Third one.")
    services.add_reply(ticket, user_id=agent.pk, content="Pull the plug.")
    answer = browser.get(at(ticket))
    page = answer.content.decode()
    told = answer.context["timeline"]
    assert [message.kind for message in told.messages] == ["opening", "customer", "note", "staff"]
    [stretch] = [entry for entry in told.entries if entry not in told.messages]
    assert [(event.who, event.text) for event in stretch.events] == [
        ("Gus Agent", "changed the priority from Medium to Urgent"),
        ("Gus Agent", "took the ticket"),
    ]
    assert "It &lt;burns&gt;" in page
    assert 'href="https://example.com/x"' in page
    assert "Smoke &amp; &lt;fire&gt;" in page
    assert "Internal note" in page


def test_long_conversations_begin_with_their_latest_messages(browser: Client, ticket: Ticket) -> None:
    ReplyFactory.create_batch(70, ticket=ticket)
    told = browser.get(at(ticket)).context["timeline"]
    assert (len(told.messages), told.earlier) == (60, 10)
    assert len(browser.get(at(ticket) + "?all=1").context["timeline"].messages) == 71


def test_the_tickets_beside_it_are_those_of_the_queue_it_was_opened_from(browser: Client, customer: User) -> None:
    first, middle, last = (TicketFactory(customer=customer, priority=name) for name in ("urgent", "urgent", "urgent"))
    TicketFactory(priority="low")
    context = browser.get(f"{at(middle)}?view=all&priority=urgent").context
    assert context["previous"] == f"{at(last)}?view=all&priority=urgent"
    assert context["following"] == f"{at(first)}?view=all&priority=urgent"
    assert browser.get(f"{at(middle)}?view=nonsense").status_code == 200


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999"])
def test_what_is_missing_or_hidden_is_not_found(ticket: Ticket, number: str) -> None:
    browser = signed_in(UserFactory(agent=True, ticket_scope="restricted"))
    assert browser.get(f"/admin/tickets/{number}/").status_code == 404
    for page in ("", "rules/", "canned/"):
        assert browser.get(at(ticket, page)).status_code == 404
    for page in ("reply/", "draft/", "presence/", "change/", "do/", "delete/"):
        assert browser.post(at(ticket, page), {"content": "x", "do": "send"}).status_code == 404
        assert browser.get(at(ticket, page)).status_code == 405


# --- Answering ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "status"), [("send", Status.OPEN), ("pending", Status.PENDING), ("resolve", Status.RESOLVED)]
)
def test_an_answer_is_sent_and_sets_the_status(
    browser: Client, ticket: Ticket, agent: User, how: str, status: str
) -> None:
    read = ReplyFactory(ticket=ticket, user=ticket.customer)
    Draft.objects.create(user=agent, ticket=ticket, content="Turn it")
    given = {"content": "Turn it\r\noff.", "kind": "reply", "seen": read.pk, "do": how, "queue": "view=all&cursor=x"}
    answer = browser.post(at(ticket, "reply/"), {**given, "files": SimpleUploadedFile("a.txt", b"hello")})
    assert (answer.status_code, answer["Location"]) == (302, f"{at(ticket)}?view=all#latest")
    reply = Reply.objects.get(user=agent)
    assert (reply.content, reply.is_internal) == ("Turn it\noff.", False)
    assert reply.attachments.get().filename == "a.txt"
    ticket.refresh_from_db()
    assert ticket.status == status
    assert not Draft.objects.exists()


def test_a_note_is_for_staff_and_stops_at_nothing(browser: Client, ticket: Ticket) -> None:
    ReplyFactory(ticket=ticket, user=ticket.customer)
    browser.post(at(ticket, "reply/"), {"content": "Known defect.", "kind": "note", "seen": "", "do": "resolve"})
    assert ticket.notes.get().content == "Known defect."
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN


def test_an_answer_that_crosses_is_kept_and_shown_beside_the_newer_message(
    browser: Client, ticket: Ticket, agent: User
) -> None:
    read = ReplyFactory(ticket=ticket, user=ticket.customer)
    newer = ReplyFactory(ticket=ticket, user=ticket.customer, content="It works again!")
    given = {"content": "Buy a <new> one.", "kind": "reply", "seen": read.pk, "do": "resolve"}
    answer = browser.post(at(ticket, "reply/"), given)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert not Reply.objects.filter(user=agent).exists()
    assert "Buy a &lt;new&gt; one." in page
    assert "Send anyway" in page
    assert [message.content for message in answer.context["timeline"].messages if message.is_new] == ["It works again!"]
    assert f'name="seen" value="{newer.pk}"' in page
    assert Draft.objects.get().content == "Buy a <new> one."

    browser.post(at(ticket, "reply/"), {**given, "seen": newer.pk})
    assert Reply.objects.get(user=agent).content == "Buy a <new> one."
    ticket.refresh_from_db()
    assert ticket.status == Status.RESOLVED


REFUSED = [
    ({"content": " \r\n "}, "There is nothing to send yet."),
    ({"content": "x", "do": "explode"}, "Choose how to send it."),
    ({"content": "x\x00"}, "The text contains a NUL character."),
    ({"content": "x", "do": "resolve"}, "Cause is required to close a ticket."),
    ({"content": "x" * 200_001}, "At most 200,000 characters are allowed."),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_what_cannot_be_sent_stays_in_the_form_with_the_reason(
    browser: Client, ticket: Ticket, given: dict[str, str], sentence: str
) -> None:
    CustomFieldFactory(name="cause", label="Cause", required_on_close=True)
    answer = browser.post(at(ticket, "reply/"), {"kind": "reply", "seen": "", "do": "send", **given})
    assert answer.status_code == 422
    assert answer.context["composer"]["problem"] == sentence
    assert answer.context["composer"]["content"] == given["content"]
    assert not Reply.objects.exists()


def test_pictures_are_shown_where_they_were_sent_and_other_files_named(browser: Client, ticket: Ticket) -> None:
    files = [
        SimpleUploadedFile(name, b"x", kind) for name, kind in (("a.png", "image/png"), ("b.svg", "image/svg+xml"))
    ]
    browser.post(at(ticket, "reply/"), {"content": "See.", "kind": "reply", "do": "send", "files": files})
    page = browser.get(at(ticket)).content.decode()
    picture = Attachment.objects.get(filename="a.png")
    assert page.count("<img src=") == page.count(f'<img src="/api/attachments/{picture.pk}/content"') == 1
    assert browser.get(f"/api/attachments/{picture.pk}/content")["Content-Type"] == "image/png"
    assert "attached" not in page  # they stand below their message


def test_files_of_staff_beside_a_customers_message_say_that_customers_do_not_see_them(
    browser: Client, agent: User, ticket: Ticket
) -> None:
    for actor, name in ((agent, "ours.txt"), (ticket.customer, "theirs.txt")):
        attach_file(ticket, actor=actor, filename=name, content=BytesIO(b"x"), size=1)
    ours, theirs = browser.get(at(ticket)).content.decode().split("<bdi>ours.txt")[1].split("<bdi>theirs.txt")
    assert f"Not shown to the customer, attached by {agent.name}" in ours
    assert "Not shown" not in theirs


def test_too_large_a_file_takes_nothing_with_it(browser: Client, ticket: Ticket, settings: Any) -> None:
    settings.ATTACHMENT_MAX_SIZE = 3
    file = SimpleUploadedFile("a.txt", BytesIO(b"hello").read())
    answer = browser.post(at(ticket, "reply/"), {"content": "See.", "kind": "reply", "do": "send", "files": file})
    assert answer.status_code == 422
    assert not Reply.objects.exists()
    assert not Attachment.objects.exists()


# --- Drafts and canned responses ----------------------------------------------------------------------


def test_drafts_are_kept_for_their_writer(browser: Client, ticket: Ticket, agent: User) -> None:
    post = {"content": "Dear <Cleo>", "kind": "note", "seen": ""}
    assert browser.post(at(ticket, "draft/"), post).json() == {"kept": True}
    page = browser.get(at(ticket)).content.decode()
    assert "Dear &lt;Cleo&gt;" in page
    assert 'value="note" checked' in page
    assert "Dear" not in signed_in(UserFactory(agent=True)).get(at(ticket)).content.decode()
    browser.post(at(ticket, "reply/"), {**post, "content": "Without a script", "do": "draft"})
    assert Draft.objects.get().content == "Without a script"
    assert browser.post(at(ticket, "draft/"), {**post, "content": " "}).json() == {"kept": False}
    assert not Draft.objects.exists()
    assert browser.post(at(ticket, "draft/"), {**post, "content": "\x00"}).status_code == 400


def test_a_draft_on_its_way_while_its_text_was_sent_is_not_kept(browser: Client, ticket: Ticket) -> None:
    read = ReplyFactory(ticket=ticket)
    post = {"content": "Dear Cleo, pull the plug.", "kind": "reply", "seen": read.pk}
    sent = browser.post(at(ticket, "reply/"), post, HTTP_HX_REQUEST="true")
    assert sent.json() == {"to": f"{at(ticket)}#latest"}
    assert browser.post(at(ticket, "draft/"), post).json() == {"kept": False}
    for another in ("And then", "Dear Cleo,"):  # whatever the one before began with
        assert browser.post(at(ticket, "draft/"), {**post, "content": another}).json() == {"kept": True}


@pytest.mark.parametrize("is_deleted", [True, False])
@pytest.mark.parametrize("is_late", [True, False])
def test_what_was_typed_on_a_ticket_that_went_away_is_shown_once_more(
    browser: Client, ticket: Ticket, monkeypatch: pytest.MonkeyPatch, is_deleted: bool, is_late: bool
) -> None:
    """Long ago, or in the middle of sending."""

    def goes_away(*args: Any, **kwargs: Any) -> None:
        if is_deleted:
            Ticket.objects.filter(pk=ticket.pk).delete()
        else:
            monkeypatch.setattr("workspace.ticket_pages.visible", lambda _request: Ticket.objects.none())
        raise NotFound("This ticket does not exist.")

    if is_late:
        monkeypatch.setattr("workspace.ticket_pages.carried_out", goes_away)
    else:
        with pytest.raises(NotFound):
            goes_away()
    answer = browser.post(at(ticket, "reply/"), {"content": "Dear <Cleo>", "do": "send"})
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "Dear &lt;Cleo&gt;" in page
    assert "Nothing was sent" in page
    assert 'data-copy="#ws-gone"' in page
    assert "Back to the queue" in page
    assert ticket.subject not in page
    assert not Draft.objects.exists()


def test_a_draft_from_before_the_last_message_says_so(browser: Client, ticket: Ticket) -> None:
    read = ReplyFactory(ticket=ticket)
    browser.post(at(ticket, "draft/"), {"content": "Dear", "kind": "reply", "seen": read.pk})
    sentence = "You began this draft before the last message arrived."
    assert sentence not in browser.get(at(ticket)).content.decode()
    ReplyFactory(ticket=ticket)
    assert sentence in browser.get(at(ticket)).content.decode()


def test_canned_responses_are_found_by_shortcut_and_filled(browser: Client, ticket: Ticket, agent: User) -> None:
    wanted = CannedResponseFactory(title="Greeting", shortcut="hi", content="Dear {{customer.name}}, {{agent.name}}")
    CannedResponseFactory(title="This one has hi in its title", shortcut="x", content="x")
    CannedResponseFactory(title="Other", content="x")
    found = browser.get(at(ticket, "canned/"), {"q": "/hi"}).json()["responses"]
    assert [row["title"] for row in found] == ["Greeting", "This one has hi in its title"]
    assert found[0]["text"] == "Dear Cleo Customer, Gus Agent"
    browser.post(at(ticket, "reply/"), {"content": "Well.", "kind": "reply", "do": "insert", "canned": wanted.pk})
    assert Draft.objects.get().content == "Well.\n\nDear Cleo Customer, Gus Agent"
    assert len(browser.get(at(ticket, "canned/")).json()["responses"]) == 3
    CannedResponseFactory.create_batch(60, title="A hi")
    assert browser.get(at(ticket, "canned/"), {"q": "hi"}).json()["responses"][0]["title"] == "Greeting"


# --- Who is there -------------------------------------------------------------------------------------


def test_people_at_one_ticket_see_each_other_and_that_something_new_was_written(
    browser: Client, ticket: Ticket, agent: User
) -> None:
    colleague = UserFactory(agent=True, name="Nora")
    other = signed_in(colleague)
    read = ReplyFactory(ticket=ticket)
    assert browser.post(at(ticket, "presence/"), {"seen": read.pk}).json() == {"others": [], "newer": 0}
    seen = other.post(at(ticket, "presence/"), {"seen": read.pk, "typing": "yes"}).json()
    assert seen["others"] == [{"name": "Gus Agent", "typing": False}]
    NoteFactory(ticket=ticket)
    assert browser.post(at(ticket, "presence/"), {"seen": read.pk}).json() == {
        "others": [{"name": "Nora", "typing": True}],
        "newer": 1,
    }
    assert "<bdi>Nora</bdi> is typing" in browser.get(at(ticket)).content.decode()
    Presence.objects.filter(user=colleague).update(seen_at=timezone.now() - GONE)
    assert browser.post(at(ticket, "presence/"), {"seen": read.pk}).json()["others"] == []
    browser.post(at(ticket, "presence/"), {"leave": "yes"})
    assert list(Presence.objects.values_list("user", flat=True)) == [colleague.pk]
    Presence.objects.update(seen_at=timezone.now() - timedelta(hours=2))
    forget_presence()
    assert not Presence.objects.exists()


# --- What it costs ------------------------------------------------------------------------------------


def test_a_ticket_asks_few_questions_however_much_it_holds(browser: Client, agent: User) -> None:
    company = CompanyFactory()
    customer = UserFactory(company=company)
    ticket = TicketFactory(customer=customer, assignee=agent, group=AgentGroupFactory(), parent_ticket=TicketFactory())

    def grow(count: int) -> None:
        for _ in range(count):
            reply = ReplyFactory(ticket=ticket, user=UserFactory(agent=True))
            NoteFactory(ticket=ticket, user=UserFactory(agent=True))
            TimeEntryFactory(ticket=ticket)
            services.update_ticket(ticket, actor=agent, assignee_id=reply.user_id, group_id=AgentGroupFactory().pk)
            services.update_ticket(ticket, actor=agent, linked_ticket_ids=[TicketFactory().pk])
            TicketFactory(customer=customer, parent_ticket=ticket)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(at(ticket)).status_code == 200
        return len(queries)

    grow(1)
    few = asked()
    grow(6)
    assert asked() == few <= 35
