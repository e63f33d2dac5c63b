"""Two-factor login of staff: switching it on and off, signing in in two steps, and what it must withstand."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_otp.oath import hotp
from PIL import Image

from accounts import two_factor
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.services import update_user
from accounts.throttling import RateWindow
from audit.models import Action, Entry
from helpdesk.errors import Conflict, Forbidden, SignInFailed, TooManyAttempts
from tests.client import ApiClient
from tests.factories import PASSWORD, ApiKeyFactory, TicketFactory, UserFactory
from tickets.services import add_reply

pytestmark = pytest.mark.django_db

LOGIN, CODE, SET_UP = "/admin/login/", "/admin/login/code/", "/admin/login/set-up/"
MINE = "/admin/account/two-factor/"


def app_code(user: User, *, at: datetime | None = None, steps: int = 0) -> str:
    """What the user's app shows now, or some steps of thirty seconds later."""
    factor = SecondFactor.objects.get(user=user)
    step = int((at or timezone.now()).timestamp()) // 30 + steps
    return f"{hotp(two_factor.shared_secret(factor), step):06}"


def switched_on(user: User) -> list[str]:
    """Give the user a second factor; returns the recovery codes. The code it took is from a while ago."""
    two_factor.begin(user)
    before = timezone.now() - timedelta(minutes=5)
    return two_factor.confirm(user, code=app_code(user, at=before), now=before)


@pytest.fixture
def guarded(agent: User) -> User:
    switched_on(agent)
    return agent


@pytest.fixture
def required(settings: Any) -> None:
    settings.REQUIRE_TWO_FACTOR = True


def by_password(browser: Client, user: User, target: str = "") -> Any:
    address = f"{LOGIN}?next={target}" if target else LOGIN
    return browser.post(address, {"username": user.email, "password": PASSWORD})


def is_in(browser: Client) -> bool:
    """Whether a browser opens pages, and the API: always both or neither."""
    page = browser.get("/admin/account/").status_code == 200
    assert (browser.get("/api/tickets").status_code == 200) is page
    return page


# --- Signing in ---------------------------------------------------------------------------------------


def test_without_a_second_factor_the_password_is_enough(agent: User) -> None:
    browser = Client()
    assert by_password(browser, agent)["Location"] == "/admin/"
    assert is_in(browser)


def test_with_a_second_factor_nobody_is_signed_in_before_the_code(guarded: User) -> None:
    browser = Client()
    answer = by_password(browser, guarded, "/admin/tickets/")
    assert answer["Location"] == f"{CODE}?next=%2Fadmin%2Ftickets%2F"
    assert not is_in(browser)
    assert "_auth_user_id" not in browser.session
    before = browser.session.session_key

    assert browser.get(answer["Location"]).status_code == 200
    entered = browser.post(CODE, {"code": app_code(guarded), "next": "/admin/tickets/"})
    assert entered["Location"] == "/admin/tickets/"
    assert is_in(browser)
    assert browser.session.session_key != before


def test_the_code_may_be_typed_with_spaces_and_a_clock_may_be_half_a_minute_wrong(guarded: User) -> None:
    now = timezone.now()
    for steps in (-1, 0, 1):
        code = app_code(guarded, at=now, steps=steps)
        two_factor.check_code(guarded, code=f" {code[:3]} {code[3:]} ", now=now)


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_codes_of_other_times_are_refused(guarded: User, steps: int) -> None:
    now = timezone.now()
    with pytest.raises(SignInFailed):
        two_factor.check_code(guarded, code=app_code(guarded, at=now, steps=steps), now=now)


@pytest.mark.parametrize("code", ["", " ", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "0" * 4000, "\ud800"])
def test_what_is_no_code_is_refused(guarded: User, code: str) -> None:
    with pytest.raises(SignInFailed):
        two_factor.check_code(guarded, code=code, now=timezone.now())


def test_no_code_works_twice_nor_one_from_before_it(guarded: User) -> None:
    now = timezone.now()
    early, late = app_code(guarded, at=now), app_code(guarded, at=now, steps=1)
    two_factor.check_code(guarded, code=late, now=now)
    for code in (late, early):
        with pytest.raises(SignInFailed):
            two_factor.check_code(guarded, code=code, now=now)


@pytest.mark.django_db(transaction=True)
def test_of_many_uses_of_one_code_at_the_same_moment_one_wins(
    at_once: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_factor, "FEW_CODES", two_factor.Limit(100, 900))
    user = UserFactory(agent=True)
    [recovery, *_] = switched_on(user)
    now = timezone.now()
    for code in (app_code(user, at=now), recovery):

        def attempt(_: int, code: str = code) -> bool:
            try:
                two_factor.check_code(user, code=code, now=now)
            except SignInFailed:
                return False
            return True

        assert sorted(at_once(8, attempt)) == [False] * 7 + [True]


def test_a_recovery_code_works_once(agent: User) -> None:
    [code, *others] = switched_on(agent)
    browser = Client()
    by_password(browser, agent)
    assert browser.post(CODE, {"code": code.upper().replace("-", " ")}).status_code == 302
    assert is_in(browser)
    again = Client()
    by_password(again, agent)
    assert again.post(CODE, {"code": code}).status_code == 200
    assert not is_in(again)
    assert RecoveryCode.objects.count() == len(others) == 9


def test_codes_are_throttled_by_account_whatever_browser_tries(guarded: User) -> None:
    for attempt in range(6):
        browser = Client()
        by_password(browser, guarded)
        page = browser.post(CODE, {"code": "000000"}).content.decode()
        assert ("Too many attempts" in page) is (attempt == 5)
    browser = Client()
    by_password(browser, guarded)
    browser.post(CODE, {"code": app_code(guarded)})
    assert not is_in(browser)


def test_a_guesser_has_few_tries_a_day(guarded: User) -> None:
    for attempt in range(24):
        RateWindow.objects.filter(key__startswith="code of").delete()
        with pytest.raises(TooManyAttempts if attempt >= 20 else SignInFailed):
            two_factor.check_code(guarded, code="000000", now=timezone.now())


CHANGES: dict[str, Callable[[User], Any]] = {
    "has another password": lambda user: update_user(user, actor=None, password="another-one"),
    "was switched off": lambda user: update_user(user, actor=None, is_active=False),
    "is a customer now": lambda user: update_user(user, actor=None, role="customer"),
    "has no second factor any more": lambda user: two_factor.reset(user, actor=None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_between_password_and_code_the_account_must_not_change(guarded: User, change: str) -> None:
    browser = Client()
    by_password(browser, guarded)
    code = app_code(guarded)
    CHANGES[change](guarded)
    assert browser.post(CODE, {"code": code})["Location"] == LOGIN
    assert not is_in(browser)


def test_the_code_comes_within_minutes_of_the_password(guarded: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Client()
    by_password(browser, guarded)
    monkeypatch.setattr("helpdesk.signing_in.MINUTES", 0)
    assert browser.post(CODE, {"code": app_code(guarded)})["Location"] == LOGIN


@pytest.mark.parametrize("address", [CODE, SET_UP])
def test_the_second_step_needs_the_first(guarded: User, address: str) -> None:
    assert Client().get(address)["Location"] == LOGIN
    assert Client().post(address, {"code": app_code(guarded)})["Location"] == LOGIN


def test_signing_in_leads_to_no_other_site(guarded: User) -> None:
    browser = Client()
    by_password(browser, guarded)
    code = app_code(guarded)
    assert browser.post(CODE, {"code": code, "next": "https://evil.example/"})["Location"] == "/admin/"


def test_keys_have_no_second_factor(required: None, guarded: User, admin: User) -> None:
    for owner in (guarded, admin):
        assert ApiClient(ApiKeyFactory(owner=owner).secret).get("/api/tickets").status_code == 200


# --- Switching on and off -----------------------------------------------------------------------------


def test_an_agent_switches_it_on_and_only_this_browser_stays_in(agent: User) -> None:
    here, elsewhere = Client(), Client()
    for browser in (here, elsewhere):
        by_password(browser, agent)
    assert "Set it up" in here.get(MINE).content.decode()
    assert here.post(f"{MINE}begin/")["Location"] == MINE
    page = here.get(MINE).content.decode()
    assert "<svg" in page
    assert two_factor.typed_secret(SecondFactor.objects.get()) in page
    wrong = here.post(f"{MINE}confirm/", {"code": "000000"}).content.decode()
    assert "This code is not valid" in wrong
    agent.refresh_from_db()
    assert agent.two_factor_at is None

    answer = here.post(f"{MINE}confirm/", {"code": app_code(agent)})
    assert "no-store" in answer["Cache-Control"]
    codes = answer.context["codes"]
    assert len(set(codes)) == 10
    assert all(code in answer.content.decode() for code in codes)
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert [entry.action for entry in Entry.objects.all()] == [Action.TWO_FACTOR_ON]


def test_looking_at_the_page_begins_nothing(agent: User) -> None:
    browser = Client()
    browser.force_login(agent)
    browser.get(MINE)
    assert browser.get(f"{MINE}begin/").status_code == 405
    assert not SecondFactor.objects.exists()


def test_neither_secret_nor_codes_stand_in_the_database(agent: User) -> None:
    codes = switched_on(agent)
    factor = SecondFactor.objects.get()
    assert two_factor.typed_secret(factor) not in factor.secret
    stored = " ".join(RecoveryCode.objects.values_list("code_hash", flat=True))
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)


def test_with_another_secret_key_only_recovery_codes_and_a_reset_help(agent: User, admin: User, settings: Any) -> None:
    [code, *_] = switched_on(agent)
    settings.SECRET_KEY = "another"
    with pytest.raises(SignInFailed):
        two_factor.check_code(agent, code="123456", now=timezone.now())
    two_factor.check_code(agent, code=code, now=timezone.now())
    two_factor.reset(agent, actor=admin)


@pytest.mark.parametrize(
    ("password", "code", "off"), [(PASSWORD, "right", True), ("wrong", "right", False), (PASSWORD, "000000", False)]
)
def test_switching_off_needs_the_password_and_a_code(guarded: User, password: str, code: str, off: bool) -> None:
    browser = Client()
    browser.force_login(guarded)
    given = {"password": password, "code": app_code(guarded) if code == "right" else code}
    browser.post(f"{MINE}disable/", given)
    guarded.refresh_from_db()
    assert (guarded.two_factor_at is None) is off
    assert SecondFactor.objects.exists() is RecoveryCode.objects.exists() is not off
    assert Entry.objects.filter(action=Action.TWO_FACTOR_OFF).exists() is off
    assert is_in(browser)


def test_new_recovery_codes_void_the_old_ones(guarded: User) -> None:
    old = set(RecoveryCode.objects.values_list("pk", flat=True))
    browser = Client()
    browser.force_login(guarded)
    assert len(browser.post(f"{MINE}codes/", {"code": app_code(guarded)}).context["codes"]) == 10
    assert not old & set(RecoveryCode.objects.values_list("pk", flat=True))


def test_an_admin_resets_the_second_factor_of_somebody_else(admin: User, guarded: User) -> None:
    browser = Client()
    browser.force_login(guarded)
    two_factor.reset(guarded, actor=admin)
    assert not is_in(browser)
    entry = Entry.objects.get(action=Action.TWO_FACTOR_RESET)
    assert (entry.actor_id, entry.subject_id) == (admin.pk, guarded.pk)
    assert by_password(browser, guarded)["Location"] == "/admin/"
    with pytest.raises(Conflict):
        two_factor.reset(guarded, actor=admin)


def test_nobody_else_resets_and_nobody_resets_their_own(admin: User, guarded: User) -> None:
    switched_on(admin)
    for actor, user in ((guarded, admin), (admin, admin), (guarded, guarded)):
        with pytest.raises(Forbidden):
            two_factor.reset(user, actor=actor)


def test_whoever_becomes_a_customer_loses_it_and_customers_get_none(admin: User, guarded: User) -> None:
    update_user(guarded, actor=admin, role="customer")
    assert not SecondFactor.objects.exists()
    with pytest.raises(Forbidden):
        two_factor.begin(guarded)


# --- Required -----------------------------------------------------------------------------------------


def test_required_is_set_up_on_the_way_in(required: None, agent: User) -> None:
    browser = Client()
    answer = by_password(browser, agent, "/admin/tickets/")
    assert answer["Location"] == f"{SET_UP}?next=%2Fadmin%2Ftickets%2F"
    assert not is_in(browser)
    assert "<svg" in browser.get(answer["Location"]).content.decode()
    assert browser.post(SET_UP, {"code": "000000"}).status_code == 200
    assert not is_in(browser)
    done = browser.post(SET_UP, {"code": app_code(agent), "next": "/admin/tickets/"})
    assert len(done.context["codes"]) == 10
    assert 'href="/admin/tickets/"' in done.content.decode()
    assert is_in(browser)


def test_required_of_somebody_who_is_in_already_opens_nothing_but_its_page(settings: Any, agent: User) -> None:
    browser = Client()
    by_password(browser, agent)
    settings.REQUIRE_TWO_FACTOR = True
    assert browser.get("/admin/")["Location"] == browser.post("/admin/account/", {})["Location"] == MINE
    assert browser.get("/api/tickets").status_code == 401
    assert browser.get(MINE).status_code == 200
    browser.post(f"{MINE}begin/")
    browser.post(f"{MINE}confirm/", {"code": app_code(agent)})
    assert is_in(browser)


def test_required_cannot_be_switched_off(required: None, guarded: User) -> None:
    with pytest.raises(Forbidden):
        two_factor.disable(guarded, password=PASSWORD, code=app_code(guarded), now=timezone.now())


# --- Password and profile -----------------------------------------------------------------------------


def test_a_new_password_ends_every_other_session(agent: User) -> None:
    here, elsewhere = Client(), Client()
    for browser in (here, elsewhere):
        by_password(browser, agent)
    given = {"current": PASSWORD, "new": "entirely-new", "again": "entirely-new"}
    assert here.post("/admin/account/password/", given).status_code == 302
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert Entry.objects.get().action == Action.PASSWORD_SET


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"current": "wrong"}, "This is not your password."),
        ({"again": "other"}, "The two are not the same."),
        ({"new": "short", "again": "short"}, "This password is too short"),
    ],
)
def test_a_password_that_is_refused_stays_what_it_was(agent: User, given: dict[str, str], said: str) -> None:
    browser = Client()
    browser.force_login(agent)
    new = {"current": PASSWORD, "new": "entirely-new", "again": "entirely-new", **given}
    assert said in browser.post("/admin/account/password/", new).content.decode()
    assert by_password(Client(), agent).status_code == 302


def test_guesses_of_the_current_password_are_throttled(agent: User) -> None:
    browser = Client()
    browser.force_login(agent)
    guess = {"current": "wrong", "new": "entirely-new", "again": "entirely-new"}
    for _ in range(10):
        browser.post("/admin/account/password/", guess)
    assert "Too many attempts" in browser.post("/admin/account/password/", guess).content.decode()


def test_agents_say_who_they_are_and_nothing_about_their_rights(agent: User) -> None:
    browser = Client()
    browser.force_login(agent)
    given = {"name": "Gustav", "phone": "123", "is_away": "on", "role": "admin", "email": "x@y.zz"}
    assert browser.post("/admin/account/", given).status_code == 302
    agent.refresh_from_db()
    assert (agent.name, agent.phone, agent.is_away, agent.role) == ("Gustav", "123", True, "agent")
    assert agent.email == "gus@example.org"
    assert Entry.objects.get().changes == {"name": ["Gus Agent", "Gustav"], "phone": [None, "123"]}
    refused = browser.post("/admin/account/", {"name": ""})
    assert refused.status_code == 200


def test_a_picture_is_kept_here_and_shown_where_the_policy_lets_it_be_seen(
    agent: User, django_capture_on_commit_callbacks: Any
) -> None:
    browser = Client()
    browser.force_login(agent)
    drawn = BytesIO()
    Image.new("RGB", (400, 300), "teal").save(drawn, "PNG")
    said = {"name": "Gus Agent", "phone": ""}
    refused = browser.post("/admin/account/", {**said, "avatar": BytesIO(b"no picture")})
    assert "This is no picture we can read" in refused.context["form"].errors["avatar"][0]
    drawn.seek(0)
    assert browser.post("/admin/account/", {**said, "avatar": drawn}).status_code == 302
    agent.refresh_from_db()
    face = f"/portal/avatars/{(agent.avatar_url or '').rpartition('/')[2]}"
    assert browser.get(face)["Content-Type"] == "image/webp"
    ticket: Any = TicketFactory(customer__signed_up=True, assignee=agent)
    add_reply(ticket, user_id=agent.pk, content="Hello")
    for path in ("/admin/account/", "/admin/", f"/admin/tickets/{ticket.ticket_number}/"):
        assert f'src="{face}"' in browser.get(path).content.decode(), path
    browser.force_login(ticket.customer)
    assert f'src="{face}"' in browser.get(f"/requests/{ticket.ticket_number}").content.decode()
    browser.force_login(agent)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/admin/account/", {**said, "remove_avatar": "on"})
    assert browser.get(face).status_code == 404
    assert [list(entry.changes) for entry in Entry.objects.order_by("pk")] == [["avatar_url"], ["avatar_url"]]


def test_agents_see_where_they_are_signed_in_and_sign_out_there(agent: User, admin: User) -> None:
    firefox, phone, old = (Client(headers={"user-agent": name}) for name in ("Firefox Linux", "iPhone Safari", "x"))
    for browser in (firefox, phone, old):
        by_password(browser, agent)
    listed = firefox.get("/admin/account/sessions/")
    shown = {one["browser"]: one["name"] for one in listed.context["sessions"]}
    assert set(shown) == {"Firefox, Linux", "Safari, iOS", ""}
    assert listed.context["own"] == shown["Firefox, Linux"]
    assert not any(str(one.session.session_key) in listed.content.decode() for one in (firefox, phone, old))

    stranger = Client()
    stranger.force_login(admin)
    stranger.post("/admin/account/sessions/end/", {"session": shown["Safari, iOS"]})
    assert is_in(phone), "nobody signs out others"
    firefox.post("/admin/account/sessions/end/", {"session": shown["Safari, iOS"]})
    assert (is_in(firefox), is_in(phone), is_in(old), is_in(stranger)) == (True, False, True, True)
    firefox.post("/admin/account/sessions/end-others/")
    assert (is_in(firefox), is_in(old), is_in(stranger)) == (True, False, True)
