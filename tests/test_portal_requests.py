"""Requests in the portal: sent, followed, answered, solved, rated, and shared."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from csat.models import Survey
from knowledge_base.models import SolvedQuestion
from sla.services import create_policy
from tests.factories import ArticleFactory, CompanyFactory, CustomFieldFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.models import Attachment, Reply, Ticket
from tickets.services import add_reply, update_ticket

pytestmark = pytest.mark.django_db

REQUEST = {"subject": "The printer is on fire", "description": "It smokes."}


def text_of(answer: Any) -> str:
    return answer.content.decode()


def path_of(ticket: Ticket, rest: str = "") -> str:
    return f"/requests/{ticket.ticket_number}{rest}"


@pytest.fixture
def ticket(mia: User) -> Ticket:
    return TicketFactory(customer=mia, subject="Printer on fire")


# --- Sending ------------------------------------------------------------------------------------------


def test_a_request_begins_with_what_it_is_about_and_articles_that_may_answer_it(browser: Client) -> None:
    ArticleFactory(title="Printers on fire", status="published")
    first = text_of(browser.get("/requests/new"))
    assert 'name="subject"' in first
    assert 'name="description"' not in first
    second = text_of(browser.get("/requests/new", {"subject": "printer fire"}))
    assert "Does one of these answer it?" in second
    assert 'value="printer fire"' in second
    assert 'name="description"' in second


def test_an_article_that_solved_it_is_counted(browser: Client, mia: User) -> None:
    article = ArticleFactory(status="published")
    answer = browser.post(f"/help/articles/{article.slug}/solved", {"question": "printer fire"}, follow=True)
    assert "We are glad that this solved it." in text_of(answer)
    solved = SolvedQuestion.objects.get()
    assert (solved.article_id, solved.user_id, solved.question) == (article.pk, mia.pk, "printer fire")


def test_a_sent_request_is_a_ticket_of_the_portal(browser: Client, mia: User) -> None:
    files = [SimpleUploadedFile("a.txt", b"aaa"), SimpleUploadedFile("b.svg", b"<svg onload=alert(1)>")]
    answer = browser.post("/requests/new", {**REQUEST, "files": files})
    ticket = Ticket.objects.get()
    assert answer["Location"] == path_of(ticket, "/sent")
    assert (ticket.customer, ticket.filed_by, ticket.source, ticket.status) == (mia, mia, "portal", "open")
    assert sorted(Attachment.objects.values_list("filename", "file_size")) == [("a.txt", 3), ("b.svg", 21)]
    assert f"#{ticket.ticket_number}" in text_of(browser.get(answer["Location"]))


def test_the_expected_reply_comes_from_the_promise(browser: Client, mia: User) -> None:
    create_policy(actor=None, name="Medium", priority="medium", first_response_time=90, resolution_time=600)
    User.objects.filter(pk=mia.pk).update(time_zone="Europe/Berlin")
    with time_machine.travel("2026-03-02T08:00:00Z", tick=False):
        sent = browser.post("/requests/new", REQUEST, follow=True)
        assert "We expect to reply by 2 Mar 2026, 10:30 (CET)." in text_of(sent)
        page = path_of(Ticket.objects.get())
        assert "We expect to reply by" in text_of(browser.get(page))
    with time_machine.travel("2026-03-02T12:00:00Z"):
        assert "We expect to reply by" not in text_of(browser.get(page)), "a promise that is broken is not repeated"


def test_a_form_that_is_sent_twice_makes_one_request(browser: Client) -> None:
    once = re.search(r'name="once" value="([^"]+)"', text_of(browser.get("/requests/new", {"subject": "Help"})))
    assert once
    for _ in range(2):
        browser.post("/requests/new", {**REQUEST, "once": once[1]})
    assert Ticket.objects.count() == 1
    browser.post("/requests/new", {**REQUEST, "description": "And now the curtains", "once": once[1]})
    assert Ticket.objects.filter(description="And now the curtains").count() == 1, "words that are new are kept"


def test_what_is_missing_is_said_and_nothing_is_lost(browser: Client) -> None:
    CustomFieldFactory(name="order", label="Order number", customer_can_edit=True, is_required=True)
    answer = browser.post("/requests/new", {**REQUEST, "description": ""})
    page = text_of(answer)
    assert answer.status_code == 400
    assert 'value="The printer is on fire"' in page
    assert re.search(r'<a href="#description">.*</a>: This field is required', page)
    assert re.search(r'<a href="#cf_order">Order number</a>: This field is required', page)
    assert re.search(r'id="description"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="description"', page)
    assert not Ticket.objects.exists()


# Type, options, what is typed, what is stored.
FIELDS: list[tuple[str, list[str], Any, Any]] = [
    ("text", [], "A-17", "A-17"),
    ("textarea", [], "two\r\nlines", "two\nlines"),
    ("number", [], "17", 17),
    ("decimal", [], "1.5", 1.5),
    ("dropdown", ["S", "M"], "M", "M"),
    ("multiselect", ["S", "M", "L"], ["S", "L"], ["S", "L"]),
    ("date", [], "2026-02-28", "2026-02-28"),
    ("checkbox", [], "on", True),
    ("text", [], "", None),
    ("number", [], "", None),
    ("multiselect", ["S"], [], None),
]


@pytest.mark.parametrize(("kind", "options", "typed", "stored"), FIELDS)
def test_custom_fields_are_stored_as_their_type_asks(
    browser: Client, kind: str, options: list[str], typed: Any, stored: Any
) -> None:
    CustomFieldFactory(name="extra", field_type=kind, options=options, customer_can_edit=True, customer_can_view=True)
    assert browser.post("/requests/new", {**REQUEST, "cf_extra": typed}).status_code == 302
    assert Ticket.objects.get().custom_fields.get("extra") == stored
    assert browser.get(path_of(Ticket.objects.get())).status_code == 200


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("number", "x"),
        ("number", str(2**70)),
        ("decimal", "nan"),
        ("dropdown", "XXL"),
        ("date", "soon"),
        ("text", "\x00"),
    ],
)
def test_custom_fields_refuse_what_does_not_fit(browser: Client, kind: str, typed: str) -> None:
    CustomFieldFactory(name="extra", field_type=kind, options=["S"], customer_can_edit=True)
    assert browser.post("/requests/new", {**REQUEST, "cf_extra": typed}).status_code == 400
    assert not Ticket.objects.exists()


# can view, can edit, is required → whether the form asks
ASKED = [
    ((True, True, False), True),
    ((False, True, False), True),
    ((True, False, True), True),
    ((True, False, False), False),
    ((False, False, True), False),
]


@pytest.mark.parametrize(("flags", "asked"), ASKED)
def test_customers_are_asked_for_what_is_theirs(browser: Client, flags: tuple[bool, ...], asked: bool) -> None:
    view, edit, required = flags
    CustomFieldFactory(name="extra", customer_can_view=view, customer_can_edit=edit, is_required=required)
    page = text_of(browser.get("/requests/new", {"subject": "Help"}))
    assert ('name="cf_extra"' in page) is asked
    answer = browser.post("/requests/new", {**REQUEST, "cf_extra": "said"})
    assert answer.status_code == 302, "what is not asked for cannot be missing"
    assert Ticket.objects.get().custom_fields == ({"extra": "said"} if asked else {})


def test_files_have_limits_that_are_said_beforehand(browser: Client, settings: Any) -> None:
    settings.ATTACHMENT_MAX_SIZE = 1024 * 1024
    assert "Up to 10 files of 1 MB each." in text_of(browser.get("/requests/new", {"subject": "Help"}))
    large = SimpleUploadedFile("large.bin", b"x" * (1024 * 1024 + 1))
    assert browser.post("/requests/new", {**REQUEST, "files": [large]}).status_code == 400
    many = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)]
    assert browser.post("/requests/new", {**REQUEST, "files": many}).status_code == 400
    assert not Ticket.objects.exists()
    assert not Attachment.objects.exists()


def test_requests_are_throttled(browser: Client, mia: User) -> None:
    User.objects.filter(pk=mia.pk).update(email_verified_at=None, claimed_at=timezone.now())
    codes = [browser.post("/requests/new", {**REQUEST, "once": str(n)}).status_code for n in range(12)]
    assert codes == [302] * 10 + [429] * 2


def test_all_unproven_accounts_of_one_network_store_so_much_a_day_and_no_more(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def a_file() -> SimpleUploadedFile:
        return SimpleUploadedFile("a.txt", b"x" * 2048)

    settings.ATTACHMENT_MAX_SIZE = 2048
    monkeypatch.setattr("tickets.customers.UPLOADS_FROM_NETWORK", 1)
    codes = []
    for network, is_proven in (("1.1.1.1", False), ("1.1.1.1", False), ("2.2.2.2", False), ("1.1.1.1", True)):
        client = Client(REMOTE_ADDR=network)
        claimed = {"claimed_at": timezone.now(), "email_verified_at": timezone.now() if is_proven else None}
        client.force_login(UserFactory(**claimed))
        answer = client.post("/requests/new", {**REQUEST, "files": [a_file()]})
        codes.append(answer.status_code)
        said = "Please confirm your email address, or send this without files."
        assert (said in answer.content.decode()) == (answer.status_code == 429)
    assert codes == [302, 429, 302, 302]
    client = Client(REMOTE_ADDR="2.2.2.2")
    ticket = Ticket.objects.exclude(customer__email_verified_at=None).get()
    User.objects.filter(pk=ticket.customer_id).update(email_verified_at=None, claimed_at=ticket.created_at)
    client.force_login(ticket.customer)
    answer = client.post(f"/requests/{ticket.ticket_number}/reply", {"content": "Here", "files": [a_file()]})
    assert answer.status_code == 429, "answers count as well"


# --- Following ----------------------------------------------------------------------------------------


def test_requests_are_grouped_in_plain_words(browser: Client, mia: User) -> None:
    for status in ("pending", "open", "in_progress", "resolved", "closed"):
        TicketFactory(customer=mia, status=status, subject=f"This is {status}")
    page = text_of(browser.get("/requests/"))
    order = [page.index(words) for words in ("Waiting for you", "is pending", "With us", "is open", "is resolved")]
    assert order == sorted(order)


def test_solved_requests_come_page_by_page(browser: Client, mia: User) -> None:
    now = timezone.now()
    for number in range(45):
        TicketFactory(
            customer=mia, status="closed", subject=f"Old {number:02}.", created_at=now - timedelta(hours=number)
        )
    seen: list[str] = []
    path = "/requests/"
    while path:
        page = text_of(browser.get(path))
        seen += re.findall(r"Old \d\d\.", page)
        more = re.search(r'href="(\?[^"]*before=\d+)"', page)
        path = f"/requests/{more[1].replace('&amp;', '&')}" if more else ""
    assert seen == [f"Old {number:02}." for number in range(45)]


def test_the_timeline_speaks_plain_words(browser: Client, ticket: Ticket, agent: User, mia: User) -> None:
    for status in ("in_progress", "pending", "resolved"):
        update_ticket(ticket, actor=agent, status=status, priority="urgent")
    add_reply(ticket, user_id=mia.pk, content="Not yet")
    browser.post(path_of(ticket, "/solve"))
    browser.post(path_of(ticket, "/reopen"))
    page = text_of(browser.get(path_of(ticket)))
    told = [
        "We are working on it.",
        "We are waiting for your answer.",
        "We marked this request as solved.",
        "Not yet",
        "You reopened this request.",
        "You marked this request as solved.",
        "You reopened this request.",
    ]
    place = 0
    for words in told:
        place = page.index(words, place) + 1
    assert "urgent" not in page.lower()


def test_writing_back_opens_a_request_again_and_takes_files(browser: Client, ticket: Ticket, agent: User) -> None:
    update_ticket(ticket, actor=agent, status="resolved")
    answer = browser.post(path_of(ticket, "/reply"), {"content": "More", "files": [SimpleUploadedFile("c.txt", b"c")]})
    assert answer.status_code == 302
    ticket.refresh_from_db()
    assert ticket.status == "open"
    reply = Reply.objects.get()
    assert Attachment.objects.get().reply == reply
    assert browser.post(path_of(ticket, "/reply"), {"content": " "}).status_code == 400


def test_solving_asks_for_nothing_that_agents_have_to_fill_in(browser: Client, ticket: Ticket) -> None:
    CustomFieldFactory(name="cause", required_on_close=True)
    browser.post(path_of(ticket, "/solve"))
    ticket.refresh_from_db()
    assert ticket.status == "resolved"


def test_customers_correct_the_fields_they_may_change(browser: Client, ticket: Ticket) -> None:
    CustomFieldFactory(name="order", customer_can_view=True, customer_can_edit=True)
    CustomFieldFactory(name="fixed", customer_can_view=True)
    browser.post(path_of(ticket, "/fields"), {"cf_order": "A-1", "cf_fixed": "mine"})
    ticket.refresh_from_db()
    assert ticket.custom_fields == {"order": "A-1"}
    browser.post(path_of(ticket, "/fields"), {"cf_order": ""})
    ticket.refresh_from_db()
    assert ticket.custom_fields == {}


# --- Rating -------------------------------------------------------------------------------------------


def test_a_solved_request_can_be_rated_and_rated_anew(browser: Client, ticket: Ticket, settings: Any) -> None:
    assert 'name="rating"' not in text_of(browser.get(path_of(ticket)))
    browser.post(path_of(ticket, "/rate"), {"rating": "5"})
    assert not Survey.objects.exists(), "nothing is solved yet"
    browser.post(path_of(ticket, "/solve"))
    assert 'name="rating"' in text_of(browser.get(path_of(ticket)))
    for rating, feedback in (("2", "Slow"), ("5", "Great after all")):
        browser.post(path_of(ticket, "/rate"), {"rating": rating, "feedback": feedback})
    survey = Survey.objects.get()
    assert (survey.rating, survey.feedback) == (5, "Great after all")
    assert "Thank you for your rating" in text_of(browser.get(path_of(ticket)))
    browser.post(path_of(ticket, "/rate"), {"rating": "9"})
    assert Survey.objects.get().rating == 5
    settings.CSAT_SURVEYS = False
    assert 'name="rating"' not in text_of(browser.get(path_of(ticket)))
    assert browser.post(path_of(ticket, "/rate"), {"rating": "1"}).status_code == 404


# --- Other people -------------------------------------------------------------------------------------


def test_somebody_kept_informed_is_told_without_a_word_of_the_request(
    browser: Client, ticket: Ticket, mia: User, django_capture_on_commit_callbacks: Any
) -> None:
    User.objects.filter(pk=mia.pk).update(name="Buy at https://spam.example")
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(path_of(ticket, "/people"), {"email": " Tom@Example.com "})
        browser.post(path_of(ticket, "/people"), {"email": "tom@example.com"})
    assert [copy.email for copy in ticket.copies.all()] == ["Tom@Example.com"]
    (sent,) = mail.outbox
    assert sent.to == ["Tom@Example.com"]
    assert path_of(ticket) in sent.body
    assert "Printer" not in f"{sent.subject} {sent.body}"
    assert "spam.example" not in f"{sent.subject} {sent.body}"
    assert mia.email in sent.body
    tom = Client()
    tom.force_login(UserFactory(email="TOM@example.com", signed_up=True))
    assert tom.get(path_of(ticket)).status_code == 200
    browser.post(path_of(ticket, f"/people/{ticket.copies.get().pk}/remove"))
    assert tom.get(path_of(ticket)).status_code == 404


@pytest.mark.parametrize("email", ["nonsense", "mia@example.org", "", "a@b.de\nBcc: c@d.de"])
def test_only_others_with_an_address_are_kept_informed(browser: Client, ticket: Ticket, email: str) -> None:
    assert browser.post(path_of(ticket, "/people"), {"email": email}).status_code == 400
    assert not ticket.copies.exists()


def test_whoever_has_proven_no_mailbox_has_us_write_to_nobody(browser: Client, mia: User) -> None:
    User.objects.filter(pk=mia.pk).update(email_verified_at=None, claimed_at=timezone.now() - timedelta(hours=1))
    ticket = TicketFactory(customer=mia, filed_by=mia, source="portal")
    assert 'action="/requests/' in text_of(browser.get(path_of(ticket)))
    assert "Also kept informed" not in text_of(browser.get(path_of(ticket)))
    assert browser.post(path_of(ticket, "/people"), {"email": "tom@example.com"}).status_code == 403
    assert mail.outbox == []


def test_people_kept_informed_are_few(browser: Client, ticket: Ticket) -> None:
    codes = [browser.post(path_of(ticket, "/people"), {"email": f"p{n}@example.com"}).status_code for n in range(11)]
    assert codes == [302] * 10 + [400]


def test_a_company_shares_only_while_it_allows_it(browser: Client, mia: User) -> None:
    company = CompanyFactory()
    User.objects.filter(pk=mia.pk).update(company=company)
    theirs = TicketFactory(customer=UserFactory(company=company, name="Carl Colleague"))
    ReplyFactory(ticket=theirs)
    assert browser.get(path_of(theirs)).status_code == 404
    for shares, status in ((True, 200), (False, 404)):
        company.shares_tickets = shares
        company.save()
        assert browser.get(path_of(theirs)).status_code == status
        assert (f">{company.name}</a>" in text_of(browser.get("/requests/"))) is shares


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_many_times_at_once_makes_one_request(mia: User, at_once: Any) -> None:
    def attempt(_: int) -> int:
        client = Client()
        client.force_login(mia)
        return client.post("/requests/new", {**REQUEST, "once": "the same"}).status_code

    assert at_once(6, attempt) == [302] * 6
    assert Ticket.objects.count() == 1
