"""What customers change of their own account, and where they are signed in."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core import mail
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts import account_settings, avatar_files, avatars, sessions, tokens
from accounts.account_settings import Profile
from accounts.erasing import erase_person
from accounts.merging import merge_contacts
from accounts.models import AccountSession, User
from helpdesk.errors import Forbidden, HelpDeskError, Invalid, TooManyAttempts
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> User:
    return UserFactory(username="mia", name="Mia Member", signed_up=True)


@pytest.fixture
def claimer() -> User:
    """Somebody who signed up with the address of a contact, and has proven nothing."""
    return UserFactory(
        name="Stored Name", phone="+49 30 1", plain_password=PASSWORD, claimed_at=timezone.now(), claimed_name="Typed"
    )


@pytest.fixture(autouse=True)
def _mails_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.transaction.on_commit", lambda act, **_: act())


def picture(kind: str = "PNG", size: tuple[int, int] = (400, 300), **options: Any) -> BytesIO:
    written = BytesIO()
    Image.new("RGB", size, "teal").save(written, kind, **options)
    return written


# --- Profile ------------------------------------------------------------------------------------------


def test_a_profile_is_stored_and_told(member: User) -> None:
    profile = Profile(name=" Mia M. ", phone=" +49 ", language="de", time_zone="Europe/Berlin")
    changed = account_settings.change_profile(member, profile)
    assert (changed.name, changed.phone, changed.language, changed.time_zone) == (
        "Mia M.",
        "+49",
        "de",
        "Europe/Berlin",
    )
    before = changed.updated_at
    assert account_settings.change_profile(member, profile).updated_at == before, "nothing changed"


@pytest.mark.parametrize(
    "profile",
    [
        Profile(name=" "),
        Profile(name="x" * 201),
        Profile(name="x", phone="1" * 51),
        Profile(name="x", time_zone="Mars"),
    ],
)
def test_what_is_no_profile_is_refused(member: User, profile: Profile) -> None:
    with pytest.raises(Invalid):
        account_settings.change_profile(member, profile)


def test_a_claimer_neither_sees_nor_overwrites_what_is_stored(claimer: User) -> None:
    account_settings.change_profile(claimer, Profile(name="Another", phone="666"))
    claimer.refresh_from_db()
    assert (claimer.name, claimer.phone, claimer.own_name) == ("Stored Name", "+49 30 1", "Another")


# --- Password -----------------------------------------------------------------------------------------


def test_a_password_is_changed_with_the_present_one(member: User) -> None:
    with pytest.raises(Invalid) as wrong:
        account_settings.change_password(member, current="wrong", new="a-new-password")
    assert "current" in wrong.value.details
    with pytest.raises(Invalid):
        account_settings.change_password(member, current=PASSWORD, new="12345")
    changed = account_settings.change_password(member, current=PASSWORD, new="a-new-password")
    assert changed.check_password("a-new-password")


def test_guessing_the_present_password_is_throttled(member: User) -> None:
    refused: list[type[HelpDeskError]] = []
    for _ in range(12):
        try:
            account_settings.change_password(member, current="wrong", new="a-new-password")
        except HelpDeskError as problem:
            refused.append(type(problem))
    assert refused == [Invalid] * 10 + [TooManyAttempts] * 2


# --- Address ------------------------------------------------------------------------------------------


def ask(user: User, email: str = "new@example.com") -> str:
    account_settings.request_email_change(user, email=email, password=PASSWORD)
    found = re.search(r"/portal/new-email/(\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


def test_an_address_changes_once_the_new_mailbox_has_answered(member: User) -> None:
    old = member.email
    token = ask(member, "New@Example.com")
    assert mail.outbox[-1].to == ["New@Example.com"]
    assert User.objects.get(pk=member.pk).email == old
    changed = account_settings.confirm_email_change(token)
    assert (changed.email, changed.email_key) == ("New@Example.com", "new@example.com")
    assert changed.email_verified_at
    assert mail.outbox[-1].to == [old]
    with pytest.raises(Invalid):
        account_settings.confirm_email_change(token)


def test_a_claimer_cannot_swap_the_address(claimer: User) -> None:
    with pytest.raises(Forbidden):
        account_settings.request_email_change(claimer, email="thief@example.com", password=PASSWORD)
    with pytest.raises(Invalid):
        account_settings.confirm_email_change(tokens.write_change(claimer, "thief@example.com"))
    claimer.refresh_from_db()
    assert claimer.email_verified_at is None


def test_nobody_learns_which_addresses_are_taken(member: User) -> None:
    UserFactory(email="taken@example.com", signed_up=True)
    account_settings.request_email_change(member, email="Taken@example.com", password=PASSWORD)
    assert mail.outbox == []
    with pytest.raises(Invalid):
        account_settings.confirm_email_change(tokens.write_change(member, "taken@example.com"))


@pytest.mark.parametrize("change", [{"password": "x"}, {"is_active": False}, {"role": "agent"}])
def test_a_link_ends_with_what_it_was_written_for(member: User, change: dict[str, Any]) -> None:
    token = ask(member)
    User.objects.filter(pk=member.pk).update(**change)
    with pytest.raises(Invalid):
        account_settings.confirm_email_change(token)


@pytest.mark.parametrize(("email", "password"), [("new@example.com", "wrong"), ("nonsense", PASSWORD)])
def test_a_change_of_address_needs_an_address_and_the_password(member: User, email: str, password: str) -> None:
    with pytest.raises(Invalid):
        account_settings.request_email_change(member, email=email, password=password)


def test_mails_about_addresses_are_throttled(member: User) -> None:
    for number in range(5):
        ask(member, f"n{number}@example.com")
    with pytest.raises(TooManyAttempts):
        ask(member, "n6@example.com")


# --- Pictures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_drawn_anew_as_a_small_square(member: User, kind: str) -> None:
    secret = b"taken at home"
    options = {"exif": b"Exif\x00\x00" + secret} if kind == "JPEG" else {}
    content = picture(kind, **options)
    content.write(b"<script>alert(1)</script>")
    changed = avatars.set_avatar(member, content=content, size=1000)
    path = avatar_files.own_file(changed.avatar_url)
    assert path
    with Image.open(path) as stored:
        assert (stored.format, stored.size) == ("WEBP", (256, 256))
    assert secret not in path.read_bytes()
    assert b"script" not in path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, b"GIF89a" + b"\xff" * 99],
)
def test_what_is_no_picture_is_refused(member: User, content: bytes) -> None:
    with pytest.raises(Invalid):
        avatars.set_avatar(member, content=BytesIO(content), size=len(content))


def test_pictures_have_limits(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid):
        avatars.set_avatar(member, content=picture(), size=avatars.MAX_SIZE + 1)
    monkeypatch.setattr(avatars, "MAX_PIXELS", 100 * 100)
    avatars.set_avatar(member, content=picture("GIF", (100, 100)), size=1000)
    with pytest.raises(Invalid):
        avatars.set_avatar(member, content=picture("GIF", (101, 100)), size=1000)


def test_a_former_picture_goes_and_foreign_ones_are_left_alone(member: User) -> None:
    first = avatar_files.own_file(avatars.set_avatar(member, content=picture(), size=1).avatar_url)
    second = avatar_files.own_file(avatars.set_avatar(member, content=picture(), size=1).avatar_url)
    assert first
    assert second
    assert (first.exists(), second.exists()) == (False, True)
    assert avatars.remove_avatar(member).avatar_url is None
    assert not second.exists()
    assert avatar_files.own_file("https://elsewhere.example/face.webp") is None
    assert avatar_files.own_file("https://elsewhere.example/portal/avatars/../../secret") is None
    assert FileSystemStorage().listdir("avatars")[1] is not None


def test_a_claimer_changes_no_picture(claimer: User) -> None:
    with pytest.raises(Forbidden):
        avatars.set_avatar(claimer, content=picture(), size=1)


def test_a_picture_goes_with_its_person(member: User) -> None:
    path = avatar_files.own_file(avatars.set_avatar(member, content=picture(), size=1).avatar_url)
    assert path
    erase_person(member, actor=None)
    assert not path.exists()


def test_of_two_that_become_one_a_picture_stays(member: User) -> None:
    other = UserFactory(signed_up=True)
    paths = [
        avatar_files.own_file(avatars.set_avatar(user, content=picture(), size=1).avatar_url)
        for user in (member, other)
    ]
    merge_contacts(member, merged_id=other.pk, actor=None)
    assert [path.exists() for path in paths if path] == [True, False]
    third = UserFactory(signed_up=True)
    kept = avatar_files.own_file(avatars.set_avatar(third, content=picture(), size=1).avatar_url)
    last = UserFactory(signed_up=True)
    merge_contacts(last, merged_id=third.pk, actor=None)
    last.refresh_from_db()
    assert avatar_files.own_file(last.avatar_url) == kept
    assert kept
    assert kept.exists()


# --- Sessions -----------------------------------------------------------------------------------------


@pytest.fixture
def signed_in(member: User) -> Callable[[str], Client]:
    def client(agent: str) -> Client:
        browser = Client(headers={"user-agent": agent})
        answer = browser.post(
            "/api/portal/login", {"email": member.email, "password": PASSWORD}, content_type="application/json"
        )
        assert answer.status_code == 200
        return browser

    return client


def test_people_see_where_they_are_signed_in_and_end_it_there(member: User, signed_in: Callable[[str], Client]) -> None:
    now = timezone.now()
    here, there = signed_in("Firefox"), signed_in("Chrome \x00\udcff")
    found = {one.browser: one for one in sessions.sessions_of(member, now)}
    assert set(found) == {"Firefox", "Chrome ?"}
    assert all(one.started_at and one.seen_at for one in found.values())
    stranger = UserFactory(signed_up=True)
    name = sessions.name_of(found["Chrome ?"])
    assert str(there.session.session_key) not in name
    assert not sessions.end_session(stranger, name, now)
    assert sessions.end_session(member, name, now)
    assert not sessions.end_session(member, name, now)
    assert "_auth_user_id" in here.session
    assert not AccountSession.objects.filter(session_key=there.cookies["helpdesk_session"].value).exists()


def test_signing_out_everywhere_ends_all_sessions_but_one(member: User, signed_in: Callable[[str], Client]) -> None:
    here = signed_in("Firefox")
    signed_in("Chrome"), signed_in("Safari")
    assert sessions.end_other_sessions(member, keep=here.session.session_key) == 2
    assert [one.browser for one in sessions.sessions_of(member, timezone.now())] == ["Firefox"]
    assert sessions.end_other_sessions(member) == 1


def test_a_visit_is_noted_every_quarter_of_an_hour(member: User) -> None:
    store = sessions.SessionStore()
    start = timezone.now()
    sessions.note_visit(store, start)
    store.modified = False
    sessions.note_visit(store, start + sessions.SEEN_EVERY / 2)
    assert not store.modified
    sessions.note_visit(store, start + sessions.SEEN_EVERY * 2)
    assert store.modified
