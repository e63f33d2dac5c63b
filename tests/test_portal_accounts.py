"""How customers get, prove, lose and enter an account."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts import throttling
from accounts.models import RateWindow, User
from accounts.portal_accounts import sign_in
from accounts.staff_sign_in import sign_in_staff
from accounts.throttling import network_of
from helpdesk.errors import HelpDeskError
from tests.client import ApiClient
from tests.factories import PASSWORD, CompanyFactory, TicketFactory, UserFactory
from tickets.models import Ticket
from tickets.services import create_ticket

pytestmark = pytest.mark.django_db


def sign_up(email: str = "john@example.com", password: str = "securepassword123", name: str = "John Doe") -> Any:
    return ApiClient().post("/api/portal/signup", {"name": name, "email": email, "password": password})


def log_in(email: str, password: str = "securepassword123", client: ApiClient | None = None) -> Any:
    return (client or ApiClient()).post("/api/portal/login", {"email": email, "password": password})


def link(page: str) -> str:
    """The path of a link in the mail that was sent last."""
    found = re.search(rf"https?://[^/]+(/portal/{page}/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


@pytest.fixture(autouse=True)
def _mails_leave(django_capture_on_commit_callbacks: Any) -> Any:
    """Tests run in a transaction that never commits: what would leave after commit leaves at once."""
    from unittest.mock import patch

    with patch("django.db.transaction.on_commit", lambda act, **_: act()):
        yield


def test_a_fresh_account_needs_only_name_address_and_password() -> None:
    made = sign_up()
    assert made.status_code == 201
    assert made.json()["username"] == "john"
    assert made.json()["emailVerified"] is False
    assert log_in("JOHN@example.com ").json() == made.json()
    assert [m.to for m in mail.outbox] == [["john@example.com"]]


def test_usernames_count_up() -> None:
    UserFactory(username="john3")
    names = [sign_up(f"john@example{n}.com").json()["username"] for n in range(3)]
    assert names == ["john", "john2", "john4"]


def test_signing_up_joins_the_company_of_the_domain() -> None:
    company = CompanyFactory(domains=["globex.example"])
    made = sign_up("john@Globex.example").json()
    assert User.objects.get(pk=made["id"]).company_id == company.pk


def test_a_claim_keeps_and_hides_what_is_stored() -> None:
    contact = UserFactory(
        username="vip", email="Jane@Example.com", name="Jane Secret", phone="+49 30 1", custom_fields={"a": 1}
    )
    claimed = sign_up("jane@example.com", name="Claimer")
    assert claimed.status_code == 201
    assert (claimed.json()["id"], claimed.json()["name"]) == (str(contact.pk), "Claimer")
    shown = log_in("jane@example.com")
    assert shown.status_code == 200
    for answer in (claimed, shown):
        assert "Secret" not in answer.content.decode()
        assert "+49" not in answer.content.decode()
        assert answer.json()["emailVerified"] is False
    contact.refresh_from_db()
    kept = User.objects.values_list("name", "phone", "custom_fields").get(pk=contact.pk)
    assert kept == ("Jane Secret", "+49 30 1", {"a": 1})
    assert mail.outbox[-1].to == ["Jane@Example.com"], "to the stored address"
    Client().post(link("confirm"))
    assert log_in("jane@example.com").json()["name"] == "Jane Secret"


REFUSED = {
    "has a password": {"signed_up": True},
    "is staff": {"agent": True, "password": "!"},
    "is inactive": {"is_active": False},
    "is blocked for a day": {"claims_blocked_until": timezone.now() + timedelta(hours=1)},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_who_cannot_be_claimed_is_refused_alike(reason: str) -> None:
    UserFactory(email="jane@example.com", **REFUSED[reason])
    refused = sign_up("JANE@example.com")
    assert (refused.status_code, refused.json()) == (409, {"error": "Email already exists"})
    assert mail.outbox == []


@pytest.mark.parametrize("lookalike", ["ＪＡＮＥ@example.com", "jane@example.com ", "JANE@EXAMPLE.COM"])
def test_spelling_variants_are_the_same_mailbox(lookalike: str) -> None:
    UserFactory(email="jane@example.com", signed_up=True)
    assert sign_up(lookalike).status_code in (400, 409)
    assert User.objects.count() == 1


def test_a_claimer_sees_only_what_was_filed_from_the_account_since(customer: User) -> None:
    old = TicketFactory(customer=customer, created_at=timezone.now() - timedelta(days=1))
    assert sign_up(customer.email).status_code == 201
    customer.refresh_from_db()
    company_mate = TicketFactory(customer=UserFactory(company=CompanyFactory()))
    values = {"customer_id": customer.pk, "subject": "x", "description": "y"}
    by_mail = create_ticket(actor=customer, source="email", **values)
    by_agent = create_ticket(actor=UserFactory(agent=True), source="portal", **values)
    own = create_ticket(actor=customer, source="portal", **values)
    visible = lambda: set(Ticket.objects.visible_to(customer))  # noqa: E731
    assert visible() == {own}
    Client().post(link("confirm"))
    customer.refresh_from_db()
    assert visible() == {old, by_mail, by_agent, own}
    assert company_mate not in visible()


def test_opening_a_link_changes_nothing(customer: User) -> None:
    sign_up(customer.email)
    for page in ("confirm", "not-me"):
        response = Client().get(link(page))
        assert response.status_code == 200
        assert b"<form" in response.content
    customer.refresh_from_db()
    assert customer.email_verified_at is None
    assert customer.has_usable_password()


def test_it_was_not_me_closes_the_account_for_a_day(customer: User) -> None:
    thief = ApiClient()
    sign_up(customer.email)
    log_in(customer.email, client=thief)
    assert Client().post(link("not-me")).status_code == 200
    assert log_in(customer.email).status_code == 401
    customer.refresh_from_db()
    session_user = User.objects.get(pk=thief.session["_auth_user_id"])
    assert session_user.get_session_auth_hash() != thief.session["_auth_user_hash"], "the session is void"
    assert sign_up(customer.email).status_code == 409
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert sign_up(customer.email).status_code == 201


def test_links_serve_only_the_claim_they_were_mailed_for(customer: User) -> None:
    sign_up(customer.email)
    confirm, disown = link("confirm"), link("not-me")
    Client().post(disown)
    User.objects.update(claims_blocked_until=None)
    sign_up(customer.email, password="another-password")
    assert Client().post(confirm).status_code == 400
    customer.refresh_from_db()
    assert customer.email_verified_at is None


def test_once_proven_nobody_can_disown(customer: User) -> None:
    sign_up(customer.email)
    confirm, disown = link("confirm"), link("not-me")
    assert Client().post(confirm).status_code == 200
    assert Client().post(confirm).status_code == 200, "twice does no harm"
    assert Client().post(disown).status_code == 400
    assert log_in(customer.email).json()["emailVerified"] is True


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "ü"])
@pytest.mark.parametrize("page", ["confirm", "not-me", "reset"])
def test_forged_links_are_refused(page: str, token: str) -> None:
    response = Client().post(f"/portal/{page}/{token}", {"password": "long-enough"})
    assert response.status_code == 400
    assert b"no longer valid" in response.content


def test_links_end_with_their_time(customer: User) -> None:
    sign_up(customer.email)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert Client().post(link("confirm")).status_code == 400


def test_a_password_reset_proves_the_mailbox_and_drops_other_sessions(customer: User) -> None:
    other = ApiClient()
    sign_up(customer.email)
    log_in(customer.email, client=other)
    assert Client().post("/portal/reset", {"email": customer.email}).status_code == 200
    browser = Client()
    path = link("reset")
    assert browser.get(path).status_code == 200
    assert b"at least 6" in browser.post(path, {"password": "short"}).content
    assert browser.post(path, {"password": "brand-new-password"}).status_code == 200
    assert browser.post(path, {"password": "again-and-again"}).status_code == 400, "a link works once"
    customer.refresh_from_db()
    assert customer.email_verified_at
    assert customer.get_session_auth_hash() != other.session["_auth_user_hash"]
    assert customer.get_session_auth_hash() == browser.session["_auth_user_hash"]
    assert log_in(customer.email, "brand-new-password").json()["emailVerified"] is True


def test_asking_for_a_reset_tells_nobody_who_has_an_account(customer: User, agent: User) -> None:
    answers = {
        Client().post("/portal/reset", {"email": e}).content.split(b"</h1>")[1]
        for e in (customer.email, "nobody@x.de", agent.email)
    }
    assert len(answers) == 1
    assert [m.to for m in mail.outbox] == [[customer.email]]


def test_every_failed_login_looks_the_same(agent: User) -> None:
    UserFactory(email="known@example.com", signed_up=True)
    UserFactory(email="off@example.com", signed_up=True, is_active=False)
    UserFactory(email="contact@example.com")
    answers = set()
    for email in ("known@example.com", "off@example.com", "contact@example.com", "nobody@example.com", agent.email):
        refused = log_in(email, "wrong-password" if email.startswith("known") else PASSWORD)
        answers.add((refused.status_code, refused.content))
    assert answers == {(401, b'{"error":"Invalid email or password"}')}


def test_every_failure_hashes_one_password(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    UserFactory(email="known@example.com", signed_up=True)
    UserFactory(email="contact@example.com")
    UserFactory(email="inactive@example.com", is_active=False)
    encode = MD5PasswordHasher.encode
    hashed: list[int] = []

    def counted(*args: Any, **options: Any) -> str:
        hashed.append(1)
        return encode(*args, **options)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    costs = set()
    for attempt in (log_in, sign_up):
        for email in ("known@example.com", "inactive@example.com"):
            hashed.clear()
            assert attempt(email, "some-password").status_code in (401, 409)
            costs.add(len(hashed))
    for email in ("nobody@example.com", "contact@example.com"):
        hashed.clear()
        assert log_in(email, "some-password").status_code == 401
        costs.add(len(hashed))
    assert costs == {1}


def test_logins_are_throttled_by_account_and_forgiven_after_success() -> None:
    UserFactory(email="known@example.com", signed_up=True)
    for _ in range(5):
        assert log_in("known@example.com", "wrong").status_code == 401
    assert log_in("known@example.com", PASSWORD).status_code == 200
    codes = [log_in("known@example.com", "wrong").status_code for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2
    refused = log_in("known@example.com", PASSWORD)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert log_in("other@example.com", "wrong").status_code == 401
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert log_in("known@example.com", PASSWORD).status_code == 200


def test_nobody_is_locked_out_by_what_others_try_elsewhere(agent: User, mia: User) -> None:
    mallory, home = "198.51.100.1", "192.0.2.7"
    for signs_in, person in ((sign_in, mia), (sign_in_staff, agent)):

        def attempt(password: str, address: str, person: User = person, signs_in: Any = signs_in) -> str:
            try:
                signs_in(email=person.email, password=password, address=address)
            except HelpDeskError as refusal:
                return type(refusal).__name__
            return "in"

        assert attempt(PASSWORD, home) == "in"
        tried = [attempt("wrong", f"{mallory}{digit}") for digit in range(12)]
        assert tried == ["SignInFailed"] * 10 + ["TooManyAttempts"] * 2
        assert [attempt(PASSWORD, address) for address in ("203.0.113.9", home)] == ["TooManyAttempts", "in"]
        tried = [attempt("wrong", home) for _ in range(12)]
        assert tried == ["SignInFailed"] * 10 + ["TooManyAttempts"] * 2
        assert attempt(PASSWORD, home) == "TooManyAttempts"
        with time_machine.travel(timezone.now() + timedelta(days=29)):
            throttling.purge(timezone.now())
            assert [attempt("wrong", mallory) for _ in range(11)][-1] == "TooManyAttempts"
            assert attempt(PASSWORD, home) == "in"
        with time_machine.travel(timezone.now() + timedelta(days=60)):
            assert [attempt("wrong", mallory) for _ in range(11)][-1] == "TooManyAttempts"
            assert attempt(PASSWORD, home) == "TooManyAttempts"


def many_more(what: str, address: str, count: int) -> None:
    """As if so many more had come from there, each with another account."""
    key = throttling.window_key(what, network_of(address))
    assert RateWindow.objects.filter(key=key).update(count=F("count") + count) == 1


def test_logins_and_signups_are_throttled_by_address() -> None:
    codes = [log_in(f"u{n}@example.com", "wrong").status_code for n in range(2)]
    many_more("sign-in from", "127.0.0.1", 97)
    codes += [log_in(f"u{n}@example.com", "wrong").status_code for n in range(99, 101)]
    assert codes == [401] * 3 + [429]
    RateWindow.objects.all().delete()
    codes = [sign_up(f"u{n}@example.com").status_code for n in range(2)]
    many_more("signup", "127.0.0.1", 97)
    codes += [sign_up(f"u{n}@example.com").status_code for n in range(99, 101)]
    assert codes == [201] * 3 + [429]


# Two addresses, and whether their attempts count together.
NEIGHBOURS = [
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
    ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ("::ffff:192.0.2.1", "192.0.2.1", True),
    ("192.0.2.1", "192.0.2.2", False),
    ("fe80::1%eth0", "fe80::2%eth0", True),
    ("no address", "no address", True),
]


@pytest.mark.parametrize(("one", "other", "together"), NEIGHBOURS)
def test_a_whole_network_of_ipv6_counts_as_one_client(one: str, other: str, together: bool) -> None:
    assert (network_of(one) == network_of(other)) is together


def test_changing_ones_ipv6_address_is_no_way_around_the_throttle() -> None:
    body = {"email": "nobody@example.com", "password": "wrong"}

    def code(number: int) -> int:
        given = {**body, "email": f"u{number}@example.com"}
        return ApiClient().post("/api/portal/login", given, REMOTE_ADDR=f"2001:db8::{number:x}").status_code

    codes = [code(number) for number in range(2)]
    many_more("sign-in from", "2001:db8::ffff", 97)
    assert [*codes, code(99), code(100)] == [401] * 3 + [429]


def test_a_portal_session_opens_no_api() -> None:
    client = ApiClient()
    sign_up()
    assert log_in("john@example.com", client=client).status_code == 200
    assert client.session["_auth_user_id"]
    assert client.get("/api/tickets").status_code == 401
    assert client.get("/api/users").status_code == 401


@pytest.mark.parametrize("policy", ["tiered", "verify_first", "invite_only"])
def test_the_claim_policy_of_the_operator(customer: User, settings: Any, policy: str) -> None:
    settings.CLAIM_POLICY = policy
    assert sign_up(customer.email).status_code == (409 if policy == "invite_only" else 201)
    if policy == "invite_only":
        assert sign_up("new@example.com").status_code == 201, "a new address is nobody's account yet"
        return
    assert log_in(customer.email).status_code == (200 if policy == "tiered" else 401)
    Client().post(link("confirm"))
    assert log_in(customer.email).status_code == 200


@pytest.mark.parametrize("problem", [ConnectionRefusedError, ValueError, RuntimeError], ids=lambda kind: kind.__name__)
def test_a_mail_server_that_is_down_does_not_undo_a_signup(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, problem: type[Exception]
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise problem

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    assert sign_up().status_code == 201
    assert "A mail could not be sent" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        {"email": "not an address"},
        {"email": "a@b"},
        {"email": "x" * 250 + "@example.com"},
        {"email": "evil@example.com\nBcc: x@y.de"},
        {"password": "12345"},
        {"password": 123456},
        {"name": " "},
        {"name": "x" * 201},
    ],
)
def test_bad_signups_are_refused(body: dict[str, Any]) -> None:
    good = {"name": "J", "email": "j@example.com", "password": "long-enough"}
    refused = ApiClient().post("/api/portal/signup", {**good, **body})
    assert refused.status_code == 400
    assert list(refused.json()["details"]) == list(body)
    assert not User.objects.exists()
