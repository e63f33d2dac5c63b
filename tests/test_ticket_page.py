"""The page of a ticket: what it shows, answering, drafts, who is there, and what is done from its side."""

from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from automation.services import create_rule
from helpdesk.errors import NotFound
from outbox.models import OutgoingMail
from sla.services import create_policy
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
from tickets.copies import inform, stop_informing
from tickets.merging import merge_tickets
from tickets.models import Attachment, Reply, Status, Ticket, TicketLink, TimeEntry
from workspace.composing import GONE
from workspace.jobs import forget_presence
from workspace.models import Draft, Presence

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def browser(agent: User) -> Client:
    return signed_in(agent)


@pytest.fixture
def ticket(customer: User) -> Any:
    return TicketFactory(customer=customer, subject="Smoke & <fire>")


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def at(ticket: Ticket, page: str = "") -> str:
    return f"/admin/tickets/{ticket.ticket_number}/{page}"


def words_of(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


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
def test_what_was_typed_on_a_ticket_that_went_away_is_shown_once_more(
    browser: Client, ticket: Ticket, monkeypatch: pytest.MonkeyPatch, is_deleted: bool
) -> None:
    def goes_away(*args: Any, **kwargs: Any) -> None:
        if is_deleted:
            Ticket.objects.filter(pk=ticket.pk).delete()
        else:
            monkeypatch.setattr("workspace.ticket_pages.visible", lambda _request: Ticket.objects.none())
        raise NotFound("This ticket does not exist.")

    monkeypatch.setattr("workspace.ticket_pages.carried_out", goes_away)
    answer = browser.post(at(ticket, "reply/"), {"content": "Dear <Cleo>", "do": "send"})
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "Dear &lt;Cleo&gt;" in page
    assert "Nothing was sent" in page
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
    assert "Nora is typing" in browser.get(at(ticket)).content.decode()
    Presence.objects.filter(user=colleague).update(seen_at=timezone.now() - GONE)
    assert browser.post(at(ticket, "presence/"), {"seen": read.pk}).json()["others"] == []
    browser.post(at(ticket, "presence/"), {"leave": "yes"})
    assert list(Presence.objects.values_list("user", flat=True)) == [colleague.pk]
    Presence.objects.update(seen_at=timezone.now() - timedelta(hours=2))
    forget_presence()
    assert not Presence.objects.exists()


# --- The side -----------------------------------------------------------------------------------------


def form_of(ticket: Ticket, **changed: Any) -> dict[str, Any]:
    """The form of properties as the page fills it, with some of it changed."""
    was = {
        "status": ticket.status,
        "priority": ticket.priority,
        "assignee": ticket.assignee_id or "",
        "group": ticket.group_id or "",
        "category": ticket.category or "",
        "tags": ", ".join(ticket.tags),
        "due_date": "",
    }
    return {**{f"was_{name}": value for name, value in was.items()}, **was, **changed}


def test_properties_are_changed_one_by_one(browser: Client, ticket: Ticket, agent: User) -> None:
    group: Any = AgentGroupFactory()
    form = form_of(ticket)
    services.update_ticket(ticket, actor=None, priority="urgent")  # meanwhile, by somebody else
    changed = {
        "assignee": agent.pk,
        "group": group.pk,
        "category": "Fire",
        "tags": "eu, vip",
        "due_date": "2027-01-02T10:30",
    }
    assert browser.post(at(ticket, "change/"), {**form, **changed}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.group, ticket.category, ticket.tags) == (agent, group, "Fire", ["eu", "vip"])
    assert (ticket.priority, f"{ticket.due_date:%Y-%m-%d %H:%M}") == ("urgent", "2027-01-02 10:30")
    browser.post(at(ticket, "change/"), {"subject": "Only smoke", "was_subject": ticket.subject})
    ticket.refresh_from_db()
    assert ticket.subject == "Only smoke"


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "gone"},
        {"assignee": "x"},
        {"due_date": "soon"},
        {"category": "x" * 101},
        {"tags": "x" * 1000},
        {"subject": " "},
    ],
)
def test_a_property_that_is_refused_stays_in_the_form(browser: Client, ticket: Ticket, changed: dict[str, str]) -> None:
    answer = browser.post(at(ticket, "change/"), form_of(ticket, was_subject="x", **{"category": "Kept", **changed}))
    assert answer.status_code == 422
    assert len(words_of(answer)) == 1
    ticket.refresh_from_db()
    assert ticket.category is None
    if "category" not in changed:
        assert 'value="Kept"' in answer.content.decode()


FIELDS = [
    ("text", [], "Blue", "Blue"),
    ("textarea", [], "One\r\ntwo", "One\ntwo"),
    ("number", [], "42", 42),
    ("decimal", [], "4.5", 4.5),
    ("dropdown", ["a", "b"], "b", "b"),
    ("multiselect", ["a", "b"], ["a", "b"], ["a", "b"]),
    ("date", [], "2026-01-02", "2026-01-02"),
    ("checkbox", [], "true", True),
]


@pytest.mark.parametrize(("kind", "options", "typed", "stored"), FIELDS, ids=[field[0] for field in FIELDS])
def test_custom_fields_are_shown_and_saved_by_their_type(
    browser: Client, ticket: Ticket, kind: str, options: list[str], typed: Any, stored: Any
) -> None:
    CustomFieldFactory(name="extra", label="Extra", field_type=kind, options=options)
    assert "Extra" in browser.get(at(ticket)).content.decode()
    form = {"has_field_extra": "1", "was_field_extra": "", "field_extra": typed}
    assert browser.post(at(ticket, "change/"), form).status_code == 302
    ticket.refresh_from_db()
    assert ticket.custom_fields == {"extra": stored}
    [item] = browser.get(at(ticket)).context["fields"]
    emptied = {"has_field_extra": "1", "was_field_extra": item["was"]}
    assert browser.post(at(ticket, "change/"), emptied).status_code == 302
    ticket.refresh_from_db()
    assert ticket.custom_fields == ({"extra": False} if kind == "checkbox" else {})


def test_a_custom_field_that_does_not_fit_is_explained_and_kept(browser: Client, ticket: Ticket) -> None:
    CustomFieldFactory(name="count", label="Count", field_type="number")
    answer = browser.post(at(ticket, "change/"), {"has_field_count": "1", "was_field_count": "", "field_count": "many"})
    assert words_of(answer) == ["Count must be a whole number."]
    assert 'value="many"' in answer.content.decode()


def test_buttons_of_the_side_go_through_the_verbs(browser: Client, ticket: Ticket, agent: User) -> None:
    other: Any = TicketFactory()

    def do(name: str, **given: Any) -> Any:
        answer = browser.post(at(ticket, "do/"), {"do": name, **given}, follow=True)
        assert answer.status_code == 200
        ticket.refresh_from_db()
        return ticket

    assert do("take").assignee == agent
    assert do("resolve").status == Status.RESOLVED
    do("survey")
    assert do("archive").archived_at is not None
    assert do("restore").status == Status.OPEN
    do("link", number=f"#{other.ticket_number}")
    assert TicketLink.objects.count() == 2
    do("unlink", number=str(other.ticket_number))
    assert not TicketLink.objects.exists()
    assert do("parent", number=str(other.ticket_number)).parent_ticket == other
    assert do("no_parent").parent_ticket is None
    do("log_time", minutes="25", note="Reading", billable="on")
    entry = TimeEntry.objects.get()
    assert (entry.user, entry.time_spent, entry.note, entry.billable) == (agent, 25, "Reading", True)
    do("delete_time", entry=entry.pk)
    do("start_timer")
    running = TimeEntry.objects.get()
    do("toggle_timer", entry=running.pk)
    running.refresh_from_db()
    assert not running.timer_running


def test_merging_shows_both_tickets_and_warns_of_different_customers_before_it_is_done(
    browser: Client, ticket: Ticket
) -> None:
    other: Any = TicketFactory(subject="Much <smoke>", customer=UserFactory(name="Nora"))
    number = {"do": "merge", "number": f"#{other.ticket_number}", "queue": "view=all"}
    page = browser.post(at(ticket, "do/"), number).content.decode()
    for shown in (
        "Smoke &amp; &lt;fire&gt;",
        "Much &lt;smoke&gt;",
        "Cleo Customer",
        "Nora",
        "2 different customers",
        "everybody read on",
    ):
        assert shown in page
    assert f'value="{other.pk}" checked' in page  # the one that was typed is kept
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    told = {"ids": [ticket.pk, other.pk], "merge_value": other.pk, "confirmed": "yes", "from_ticket": 1, "do": "merge"}
    answer = browser.post("/admin/tickets/bulk/", {**told, "queue": "view=all", "joins": "yes"})
    assert answer["Location"] == f"{at(other)}?view=all"
    ticket.refresh_from_db()
    assert ticket.status == Status.CLOSED
    assert [copy.email for copy in other.copies.all()] == ["cleo@example.org"]
    first, second = (TicketFactory(customer=other.customer) for _ in range(2))
    plain = browser.post(at(first, "do/"), {"do": "merge", "number": str(second.ticket_number)}).content.decode()
    for nothing_to_decide in ("different customers", "everybody read on"):
        assert nothing_to_decide not in plain
    again = browser.post(at(ticket, "do/"), {"do": "merge", "number": str(ticket.ticket_number)}, follow=True)
    assert words_of(again)[-1:] == ["A ticket cannot be merged into itself."]


def test_what_a_merge_has_hidden_says_so_and_why(browser: Client, ticket: Ticket, agent: User) -> None:
    other = TicketFactory(customer=UserFactory(name="Nora"))
    for author in (other.customer, agent):
        services.add_reply(other, user_id=author.pk, content="Of Nora")
    services.add_reply(ticket, user_id=agent.pk, content="Inside", is_internal=True)
    merge_tickets(ticket, source_ids=[other.pk], actor=agent)
    told = browser.get(at(ticket))
    found = [(message.content, message.hidden_from) for message in told.context["timeline"].messages]
    whence = f"#{other.ticket_number}"
    assert found[1:-1] == [("Of Nora", whence), ("Of Nora", whence), ("Inside", "")]
    assert f"Hidden from Cleo Customer, since it was written on {whence}" in told.content.decode()
    third = TicketFactory(customer=UserFactory())
    merge_tickets(third, source_ids=[ticket.pk], actor=agent)
    messages = browser.get(at(third)).context["timeline"].messages
    assert next(one.hidden_from for one in messages if one.content == "Of Nora") == "another ticket"
    assert [one.hidden_from for one in messages if one.content == "Inside"] == [f"#{ticket.ticket_number}"]


@pytest.mark.parametrize(
    "given",
    [
        {"do": ""},
        {"do": "nothing"},
        {"do": "link", "number": "x"},
        {"do": "link", "number": "99999999999999999999"},
        {"do": "merge", "number": "1000000"},
        {"do": "log_time", "minutes": "0"},
        {"do": "log_time", "minutes": "-5"},
        {"do": "delete_time", "entry": "x"},
        {"do": "toggle_timer", "entry": "550e8400-e29b-41d4-a716-446655440000"},
        {"do": "survey"},
    ],
)
def test_buttons_that_make_no_sense_say_why(browser: Client, ticket: Ticket, given: dict[str, str]) -> None:
    answer = browser.post(at(ticket, "do/"), given, follow=True)
    assert len(words_of(answer)) == 1
    assert not ticket.activities.exists()


def test_people_are_kept_informed_by_agents_too(browser: Client, ticket: Ticket) -> None:
    for email in ("Tom@example.com", "tom@EXAMPLE.com", "cleo@example.org", "nobody"):
        browser.post(at(ticket, "do/"), {"do": "inform", "email": email})
    copy = ticket.copies.get()
    assert copy.email == "Tom@example.com"
    page = browser.get(at(ticket)).content.decode()
    assert "Tom@example.com" in page
    assert "and 1 kept informed" in page
    assert OutgoingMail.objects.get().to == ["Tom@example.com"]
    assert "Gus Agent wants you to follow" in OutgoingMail.objects.get().text
    browser.post(at(ticket, "do/"), {"do": "stop_informing", "copy": "x"})
    browser.post(at(ticket, "do/"), {"do": "stop_informing", "copy": copy.pk})
    assert not ticket.copies.exists()
    page = browser.get(at(ticket)).content.decode()
    for told in ("keeps tom@example.com informed", "informs tom@example.com no longer"):
        assert page.count(told) == 1


def test_nobody_decides_on_readers_of_a_ticket_that_went_to_others(ticket: Ticket, agent: User) -> None:
    copy = inform(ticket, email="tom@example.com", actor=agent)
    nothing = Ticket.objects.none()
    for late in (
        lambda: inform(ticket, email="eve@example.com", actor=agent, visible=nothing),
        lambda: stop_informing(ticket, copy=copy.pk, actor=agent, visible=nothing),
    ):
        with pytest.raises(NotFound), transaction.atomic():
            late()
    assert ticket.copies.get() == copy


def test_all_time_is_counted_and_a_timer_that_runs_is_never_out_of_sight(
    browser: Client, ticket: Ticket, agent: User
) -> None:
    now = timezone.now()
    started = {"user": agent, "timer_running": True, "timer_started_at": now, "created_at": now - timedelta(days=9)}
    timer = TimeEntryFactory(ticket=ticket, time_spent=0, **started)
    TimeEntryFactory.create_batch(60, ticket=ticket, time_spent=2)
    answer = browser.get(at(ticket))
    assert (answer.context["timer"], answer.context["minutes"], answer.context["times"]) == (timer, 120, 61)
    assert "2 h in all" in answer.content.decode()


def test_the_customer_and_the_company_are_one_click_away(browser: Client) -> None:
    ticket: Any = TicketFactory(customer=UserFactory(company=CompanyFactory()))
    page = browser.get(at(ticket)).content.decode()
    for address in (
        f"/admin/people/contact/{ticket.customer_id}/change/",
        f"/admin/companies/company/{ticket.customer.company_id}/change/",
    ):
        assert f'href="{address}"' in page
        assert browser.get(address).status_code == 200


def test_whoever_hands_a_ticket_away_is_taken_back_to_the_queue() -> None:
    agent = UserFactory(agent=True, ticket_scope="restricted")
    ticket, other = TicketFactory(assignee=agent), UserFactory(agent=True)
    answer = signed_in(agent).post(at(ticket, "change/"), form_of(ticket, assignee=other.pk, queue="view=mine"))
    assert answer["Location"] == "/admin/tickets/?view=mine"


def test_an_answer_by_which_a_rule_hands_the_ticket_away_leads_to_the_queue(admin: User) -> None:
    agent: Any = UserFactory(agent=True, ticket_scope="restricted")
    actions = [{"type": "assign_to", "value": str(UserFactory(agent=True).pk)}]
    create_rule(actor=admin, name="Hand over", rule_type="ticket_update", trigger="replied", actions=actions)
    ticket = TicketFactory(assignee=agent)
    sent = {"content": "Done.", "kind": "reply", "do": "send", "queue": "view=mine"}
    answer = signed_in(agent).post(at(ticket, "reply/"), sent)
    assert answer["Location"] == "/admin/tickets/?view=mine"


def test_a_ticket_is_deleted_by_a_post_of_its_own(browser: Client, ticket: Ticket) -> None:
    assert browser.post(at(ticket, "delete/"), {"queue": "view=all"})["Location"] == "/admin/tickets/?view=all"
    assert not Ticket.objects.exists()


def test_promises_and_rules_explain_themselves(browser: Client, admin: User, customer: User) -> None:
    create_policy(actor=admin, name="Gold", priority="medium", first_response_time=60, resolution_time=600)
    create_rule(
        actor=admin,
        name="Printers are urgent",
        rule_type="ticket_creation",
        conditions=[{"field": "category", "operator": "is", "value": "printer"}],
        actions=[{"type": "set_priority", "value": "urgent"}],
    )
    ticket = services.create_ticket(
        actor=admin, customer_id=customer.pk, subject="Hot", description="Very", category="oven"
    )
    page = browser.get(at(ticket)).content.decode()
    assert "Policy “Gold”" in page
    rules = browser.get(at(ticket, "rules/")).content.decode()
    assert "Printers are urgent" in rules
    assert "Did not run" in rules
    assert "<strong>oven</strong>" in rules


def test_a_rule_in_the_history_leads_to_why_it_ran(browser: Client, admin: User, customer: User) -> None:
    urgent = {"rule_type": "ticket_creation", "actions": [{"type": "set_priority", "value": "urgent"}]}
    create_rule(actor=admin, name="All are urgent", **urgent)
    ticket = services.create_ticket(actor=admin, customer_id=customer.pk, subject="Hot", description="Very")
    page = browser.get(at(ticket), {"view": "all"}).content.decode()
    link = unescape(page.split("ran the rule “All are urgent” <a")[1].split('href="')[1].split('"')[0])
    assert "view=all" in link
    assert "All are urgent" in browser.get(link).content.decode()
    past = browser.get(at(ticket, "rules/"), {"at": "2020-01-01T00:00:00+00:00"}).content.decode()
    assert "All are urgent" not in past


def test_a_message_says_on_demand_who_reads_it_and_how_it_came(browser: Client, ticket: Ticket) -> None:
    NoteFactory(ticket=ticket)
    page = browser.get(at(ticket)).content.decode()
    for told in ("Cleo Customer &lt;cleo@example.org&gt;", "agents and admins only", "<dd>by the API</dd>"):
        assert told in page


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
