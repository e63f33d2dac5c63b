"""When something is refused, comes twice or breaks, customers read why, in their language, and lose nothing."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from accounts.models import User
from portal.request_pages import CHANGES
from portal.search_limits import A_MINUTE
from tests.factories import ArticleFactory, CustomFieldFactory, TicketFactory
from tickets.files import path_of
from tickets.models import Attachment, Reply, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(mia: User) -> Ticket:
    return TicketFactory(customer=mia)


def text_of(answer: Any) -> str:
    return answer.content.decode()


# --- The frame of a page that answers a form ----------------------------------------------------------

REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("/requests/{number}/reply", {"content": " "}),
    ("/requests/{number}/people", {"email": "nonsense"}),
    ("/requests/{number}/fields", {"cf_size": "x" * 5000}),
    ("/requests/new", {"subject": ""}),
    ("/portal/account", {"name": ""}),
    ("/portal/account/password", {"password": ""}),
    ("/portal/sign-in", {"email": "nonsense"}),
    ("/portal/account/picture", {}),
]


@pytest.mark.parametrize(("path", "data"), REFUSED, ids=[path for path, _ in REFUSED])
def test_language_and_colours_of_a_refused_form_lead_to_a_page(
    browser: Client, ticket: Ticket, path: str, data: dict[str, Any]
) -> None:
    CustomFieldFactory(name="size", customer_can_view=True, customer_can_edit=True)
    answer = browser.post(path.format(number=ticket.ticket_number), data, follow=True)
    for back in re.findall(r'name="next" value="([^"]*)"', text_of(answer)):
        assert browser.get(back).status_code in (200, 302)
        assert resolve(back.partition("?")[0])


def test_asking_for_the_mail_again_works_on_the_page_of_a_refused_form(mia: User, browser: Client) -> None:
    User.objects.filter(pk=mia.pk).update(email_verified_at=None, claimed_at=timezone.now())
    ticket = TicketFactory(customer=mia, filed_by=mia, source="portal", created_at=timezone.now())
    page = text_of(browser.post(f"/requests/{ticket.ticket_number}/reply", {"content": ""}))
    assert page.count(f'name="next" value="/requests/{ticket.ticket_number}"') == 2


def test_whoever_is_signed_out_meanwhile_comes_back_to_the_request(ticket: Ticket) -> None:
    answer = Client().post(f"/requests/{ticket.ticket_number}/reply", {"content": "More"})
    assert answer["Location"] == f"/portal/sign-in?next=%2Frequests%2F{ticket.ticket_number}"


def test_a_page_that_is_not_there_says_what_to_do(mia: User, browser: Client) -> None:
    told = {"may have to sign in": Client(), "belong to another account": browser}
    for words, client in told.items():
        assert words in text_of(client.get("/help/nothing"))
    User.objects.filter(pk=mia.pk).update(email_verified_at=None)
    theirs, nobodys = (text_of(browser.get(f"/requests/{n}")) for n in (TicketFactory().ticket_number, 999_999))
    assert "once you have confirmed your address" in theirs
    assert "once you have confirmed your address" in nobodys


# --- Sent twice ---------------------------------------------------------------------------------------


def test_a_message_that_is_sent_twice_is_said_once(browser: Client, ticket: Ticket) -> None:
    path = f"/requests/{ticket.ticket_number}"
    once = re.search(r'name="once" value="([^"]+)"', text_of(browser.get(path)))
    assert once
    for _ in range(2):
        answer = browser.post(f"{path}/reply", {"content": "More", "once": once[1]}, follow=True)
        assert answer.status_code == 200
    assert "has been sent already" in text_of(answer)
    assert Reply.objects.count() == 1
    for words in ("Another one", "A third one"):
        browser.post(f"{path}/reply", {"content": words})
    assert Reply.objects.count() == 3


def test_words_that_were_changed_while_the_first_ones_were_on_their_way_are_kept(
    browser: Client, ticket: Ticket, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    path = f"/requests/{ticket.ticket_number}/reply"
    forms = [("More", b""), ("More words", b""), ("More words", b"a file"), ("More words", b"b file")]
    for content, file in forms * 2:
        files = {"files": SimpleUploadedFile("a.txt", file)} if file else {}
        browser.post(path, {"content": content, "once": "one page", **files})
    assert [reply.content for reply in Reply.objects.order_by("created_at", "id")] == [form[0] for form in forms]
    said = set()
    for attachment in Attachment.objects.all():
        said.add(path_of(attachment).read_bytes())
    assert said == {b"a file", b"b file"}


def test_a_message_that_was_refused_can_be_sent_again(browser: Client, ticket: Ticket, settings: Any) -> None:
    path = f"/requests/{ticket.ticket_number}/reply"
    settings.ATTACHMENT_MAX_SIZE = 10
    large = SimpleUploadedFile("large.txt", b"x" * 100)
    answer = browser.post(path, {"content": "Kept words", "once": "a", "files": [large]})
    assert answer.status_code == 400
    page = text_of(answer)
    assert 'name="once" value="a"' in page
    assert "Kept words" in page
    assert "Please choose your files again." in page
    assert browser.post(path, {"content": "Kept words", "once": "a"}).status_code == 302
    assert (Reply.objects.count(), Attachment.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_sent_many_times_at_once_is_said_once(mia: User, ticket: Ticket, at_once: Any) -> None:
    def attempt(_: int) -> int:
        client = Client()
        client.force_login(mia)
        path = f"/requests/{ticket.ticket_number}/reply"
        return client.post(path, {"content": "More", "once": "the same"}).status_code

    assert at_once(4, attempt) == [302] * 4
    assert Reply.objects.count() == 1


def test_guests_keep_what_they_ticked(settings: Any) -> None:
    settings.GUEST_TICKETS = True
    CustomFieldFactory(name="parts", field_type="multiselect", options=["Lamp", "Cord", "Bulb"], customer_can_edit=True)
    page = text_of(Client().post("/requests/new", {"subject": "x", "cf_parts": ["Lamp", "Bulb"]}))
    assert re.findall(r'value="(\w+)"[^>]* checked', page) == ["Lamp", "Bulb"]


def test_choices_are_told_together_with_their_help(browser: Client) -> None:
    CustomFieldFactory(
        name="parts", field_type="multiselect", options=["A"], customer_can_edit=True, help_text="All that apply"
    )
    page = text_of(browser.get("/requests/new?subject=x"))
    described = re.search(r'<fieldset aria-describedby="([\w ]+)"', page)
    assert described
    assert f'id="{described[1]}"' in page


# --- Too much, unreadable, broken ---------------------------------------------------------------------

WORDS = {
    413: ("This is too much at once", "Das ist zu viel auf einmal"),
    400: ("We could not read this", "Wir konnten das nicht lesen"),
    500: ("Something went wrong", "Da ist etwas schiefgegangen"),
}


def broken(client: Client, status: int, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    if status == 413:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        return client.post("/portal/sign-in", {"email": "x" * 1000})
    if status == 400:
        settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
        return client.post("/portal/sign-in", {f"f{number}": "x" for number in range(9)})

    def fall(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("portal.help_pages.find", fall)
    return client.get("/help/search?q=x")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("status", WORDS)
def test_what_cannot_be_answered_is_a_page_of_ours(
    status: int, language: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    client = Client(headers={"accept-language": language}, raise_request_exception=False)
    answer = broken(client, status, monkeypatch, settings)
    page = text_of(answer)
    assert answer.status_code == status
    assert WORDS[status][language == "de"] in page
    assert f'<html lang="{language}"' in page
    assert "secret" not in page
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "portal.css" in page


def test_a_host_that_is_not_ours_gets_the_page_that_knows_no_host() -> None:
    answer = Client(raise_request_exception=False).get("/help/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil" not in text_of(answer)


# --- Too often ----------------------------------------------------------------------------------------


def test_searches_are_limited_for_each_network_and_account(browser: Client) -> None:
    ArticleFactory(title="Lamp", status="published")
    guest = Client()
    for _ in range(A_MINUTE):
        last = guest.get("/help/suggest?q=")
    assert last.status_code == 200
    for path in ("/help/suggest?q=lamp", "/help/search?q=lamp"):
        answer = guest.get(path)
        assert (answer.status_code, answer["Retry-After"]) == (429, "60")
        assert Client(REMOTE_ADDR="10.9.9.9").get(path).status_code == 200
        assert browser.get(path).status_code == 200
    assert guest.get("/help/").status_code == 200


def test_changes_of_a_request_are_limited(browser: Client, ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.request_pages.CHANGES", type(CHANGES)(2, 60))
    path = f"/requests/{ticket.ticket_number}"
    for verb in ("solve", "reopen"):
        browser.post(f"{path}/{verb}")
    page = text_of(browser.post(f"{path}/solve", follow=True))
    assert "Too many attempts" in page
    ticket.refresh_from_db()
    assert ticket.status == "open"
