"""The pages around an account: coming in, going, and changing what is one's own."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import AccountSession, User
from tests.factories import PASSWORD, TicketFactory, UserFactory

pytestmark = pytest.mark.django_db

NEW = {"name": "Jo Doe", "email": "jo@example.com", "password": "a-long-password"}


@pytest.fixture(autouse=True)
def _mails_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.transaction.on_commit", lambda act, **_: act())


@pytest.fixture
def browser(mia: User) -> Client:
    return signed_in(mia)


def signed_in(user: User, agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0") -> Client:
    client = Client(headers={"user-agent": agent})
    assert client.post("/portal/sign-in", {"email": user.email, "password": PASSWORD}).status_code == 302
    return client


def text_of(answer: Any) -> str:
    return answer.content.decode()


def link(page: str) -> str:
    found = re.search(rf"https?://[^/]+(/portal/{page}/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


# --- Coming and going ---------------------------------------------------------------------------------


def test_signing_up_signs_in_and_says_what_is_seen_until_the_address_is_confirmed() -> None:
    client = Client()
    answer = client.post("/portal/sign-up", {**NEW, "next": "/requests/new"})
    assert answer["Location"] == "/requests/new"
    page = text_of(client.get("/requests/"))
    assert "Until you open the link, you see only the requests that you send from this account from now on" in page
    assert "Until you open the link" not in text_of(client.get(link("confirm"))), "one button at a time"
    assert "Until you open the link" not in text_of(client.post(link("confirm")))
    assert "Until you open the link" not in text_of(client.get("/requests/"))


def test_mails_speak_the_language_of_the_page_on_which_an_address_was_confirmed() -> None:
    client = Client(headers={"accept-language": "de"})
    client.post("/portal/sign-up", NEW)
    client.post(link("confirm"))
    assert User.objects.get().language == "de"
    User.objects.update(language="en")
    client.post(link("confirm"))
    assert User.objects.get().language == "en"


def test_a_claimer_reads_their_own_name_and_nothing_that_was_stored() -> None:
    contact = UserFactory(email="jo@example.com", name="Stored Name", phone="+49 30 1", custom_fields={"x": "y"})
    TicketFactory(customer=contact, subject="An older request")
    client = Client()
    client.post("/portal/sign-up", NEW)
    for path in ("/requests/", "/portal/account", "/portal/account/sessions", "/requests/new?subject=x"):
        page = text_of(client.get(path))
        assert "Jo Doe" in page
        assert not any(secret in page for secret in ("Stored", "+49", "older request"))
    Client().post(link("confirm"))
    assert "An older request" in text_of(client.get("/requests/"))


@pytest.mark.parametrize(
    "known", [{"signed_up": True}, {"agent": True}, {"is_active": False}, {"claims_blocked_until": timezone.now()}]
)
def test_a_known_address_is_refused_as_the_api_does(known: dict[str, Any]) -> None:
    if "claims_blocked_until" in known:
        known = {"claims_blocked_until": timezone.now() + timedelta(hours=1)}
    UserFactory(email="jo@example.com", **known)
    client = Client()
    answer = client.post("/portal/sign-up", NEW)
    assert answer.status_code == 409
    assert "There is an account with this address already." in text_of(answer)
    assert "_auth_user_id" not in client.session
    assert mail.outbox == []


def test_with_the_strict_policy_the_mail_comes_first(settings: Any) -> None:
    settings.CLAIM_POLICY = "verify_first"
    client = Client()
    assert "Check your mail" in text_of(client.post("/portal/sign-up", NEW))
    assert "_auth_user_id" not in client.session


def test_every_failed_sign_in_looks_the_same(agent: User) -> None:
    UserFactory(email="known@example.com", signed_up=True)
    UserFactory(email="contact@example.com")
    pages = set()
    for email in ("known@example.com", "contact@example.com", "nobody@example.com", agent.email):
        answer = Client().post("/portal/sign-in", {"email": email, "password": "wrong"})
        assert answer.status_code == 401
        pages.add(text_of(answer).split('role="alert"')[1].split("</div>")[0])
    assert len(pages) == 1


def test_signing_in_is_throttled_together_with_the_api() -> None:
    UserFactory(email="known@example.com", signed_up=True)
    wrong = {"email": "known@example.com", "password": "wrong"}
    codes = [Client().post("/portal/sign-in", wrong).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    assert Client().post("/api/portal/login", wrong, content_type="application/json").status_code == 429


def test_signing_in_gives_the_session_another_key(mia: User) -> None:
    client = Client()
    client.get("/requests/new?subject=x")
    client.session.save()
    before = client.session.session_key
    client.post("/portal/sign-in", {"email": mia.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_signing_out_needs_a_form(browser: Client) -> None:
    assert browser.get("/portal/sign-out").status_code == 405
    browser.post("/portal/sign-out")
    assert browser.get("/requests/").status_code == 302


def test_guests_come_back_to_what_they_wanted(mia: User) -> None:
    client = Client()
    sent = client.get("/requests/new?subject=Where is it?")["Location"]
    page = text_of(client.get(sent))
    back = re.findall(r'name="next" value="([^"]+)"', page)[-1]
    answer = client.post("/portal/sign-in", {"email": mia.email, "password": PASSWORD, "next": back})
    assert answer["Location"] == "/requests/new?subject=Where%20is%20it?"


# --- Changing -----------------------------------------------------------------------------------------


def test_a_profile_is_changed_and_acts_at_once(browser: Client, mia: User) -> None:
    values = {"name": "Mia M.", "phone": "+49 1", "language": "de", "time_zone": "Europe/Berlin"}
    page = text_of(browser.post("/portal/account", values, follow=True))
    assert '<html lang="de"' in page
    assert "Ihr Profil ist gespeichert." in page
    mia.refresh_from_db()
    assert {name: getattr(mia, name) for name in values} == values
    assert browser.post("/portal/account", {**values, "time_zone": "Mars"}).status_code == 400


def test_a_picture_is_shown_and_kept_private_to_its_name(browser: Client, mia: User) -> None:
    drawn = BytesIO()
    Image.new("RGB", (300, 300), "teal").save(drawn, "PNG")
    drawn.seek(0)
    drawn.name = "me.png"
    browser.post("/portal/account/picture", {"avatar": drawn})
    mia.refresh_from_db()
    path = (mia.avatar_url or "").removeprefix("http://127.0.0.1:8000")
    assert f'src="{path}"' in text_of(browser.get("/portal/account"))
    answer = Client().get(path)
    assert answer["Content-Type"] == "image/webp"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    for other in ("/portal/avatars/x.webp", "/portal/avatars/..%2fsecret", f"{path}x"):
        assert Client().get(other).status_code == 404
    browser.post("/portal/account/picture", {"remove": "1"})
    assert Client().get(path).status_code == 404


def test_pictures_from_elsewhere_are_not_shown(browser: Client, mia: User) -> None:
    User.objects.filter(pk=mia.pk).update(avatar_url="https://elsewhere.example/me.png")
    assert "elsewhere.example" not in text_of(browser.get("/portal/account"))


def test_a_new_password_signs_out_everywhere_else(browser: Client, mia: User) -> None:
    other = signed_in(mia, "Chrome")
    wrong = browser.post("/portal/account/password", {"current": "wrong", "new": "another-password"})
    assert (wrong.status_code, "This is not your password." in text_of(wrong)) == (400, True)
    browser.post("/portal/account/password", {"current": PASSWORD, "new": "another-password"})
    assert browser.get("/requests/").status_code == 200
    assert other.get("/requests/").status_code == 302


def test_a_new_address_is_proven_first(browser: Client, mia: User) -> None:
    browser.post("/portal/account/email", {"email": "new@example.com", "current": PASSWORD})
    path = link("new-email")
    assert Client().get(path).status_code == 200
    mia.refresh_from_db()
    assert mia.email == "mia@example.org"
    assert Client().post(path).status_code == 200
    mia.refresh_from_db()
    assert mia.email == "new@example.com"
    assert Client().post(path).status_code == 400


def test_sessions_are_listed_and_ended(browser: Client, mia: User) -> None:
    other = signed_in(mia, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Safari/604.1")
    page = text_of(browser.get("/portal/account/sessions"))
    assert "Firefox, Linux" in page
    assert "Safari, iOS" in page
    assert not any(session.session_key in page for session in AccountSession.objects.all())
    name = re.search(r'name="session" value="(\w+)"', page)
    assert name
    browser.post("/portal/account/sessions/end", {"session": name[1]})
    assert other.get("/requests/").status_code == 302
    assert browser.get("/requests/").status_code == 200
    again = signed_in(mia)
    browser.post("/portal/account/sessions/end-all")
    assert [client.get("/requests/").status_code for client in (browser, again)] == [302, 302]


def test_the_confirmation_is_mailed_again_a_few_times() -> None:
    client = Client()
    client.post("/portal/sign-up", NEW)
    for _ in range(7):
        client.post("/portal/account/confirm")
    assert len(mail.outbox) == 1 + 5


def test_mails_speak_the_readers_language(mia: User) -> None:
    User.objects.filter(pk=mia.pk).update(language="de")
    Client().post("/portal/reset", {"email": mia.email})
    assert mail.outbox[-1].subject == "Neues Passwort setzen"
    assert 'lang="de"' in str(mail.outbox[-1].alternatives[0])
    Client(headers={"accept-language": "de"}).post("/portal/sign-up", NEW)
    assert mail.outbox[-1].subject == "Bitte bestätigen Sie Ihre E-Mail-Adresse"
    User.objects.filter(pk=mia.pk).update(language="")
    Client(headers={"accept-language": "en"}).post("/portal/reset", {"email": mia.email})
    assert mail.outbox[-1].subject == "Set a new password"


@pytest.mark.parametrize("path", ["/portal/sign-up", "/portal/sign-in", "/portal/reset", "/portal/account"])
@pytest.mark.parametrize("junk", [{}, {"email": "\x00", "name": "\x00", "password": "\x00"}, {"email": "x" * 5000}])
def test_nonsense_is_asked_for_again(browser: Client, path: str, junk: dict[str, str]) -> None:
    assert browser.post(path, {**junk, "x": "1"}).status_code == 400
