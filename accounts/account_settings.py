"""What customers change of their own account: profile, password, address.

Until the mailbox is proven there is little to change: a claimer neither sees nor overwrites what an agent stored, and
must not swap the address either, or they would prove a mailbox of their own and read what belongs to another.
"""

from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone

from helpdesk.errors import Forbidden, Invalid

from . import mails, tokens
from .emails import checked_email, matching_key
from .models import Role, User
from .services import hashed_password, store
from .signals import user_saved
from .throttling import MAILS, PER_ACCOUNT, hit

UNPROVEN = "Please confirm your email address first."
MAX_PHONE = 50  # characters
MAX_NAME = 200


@dataclass(frozen=True)
class Profile:
    """What somebody says of themself."""

    name: str
    phone: str = ""
    language: str = ""
    time_zone: str = ""


def change_profile(user: User, profile: Profile) -> User:
    """Store a profile; raises Invalid. An unproven account has a name of its own, and no phone yet."""
    check_profile(profile)
    with transaction.atomic():
        locked = lock(user)
        values: dict[str, Any] = {"language": profile.language, "time_zone": profile.time_zone}
        if locked.email_verified_at:
            values |= {"name": profile.name.strip(), "phone": profile.phone.strip() or None}
        else:
            values |= {"claimed_name": profile.name.strip()}
        save(locked, values)
    return locked


def check_profile(profile: Profile) -> None:
    if not profile.name.strip() or len(profile.name) > MAX_NAME:
        raise Invalid(name=f"A name has 1 to {MAX_NAME} characters.")
    if len(profile.phone) > MAX_PHONE:
        raise Invalid(phone=f"At most {MAX_PHONE} characters are allowed.")
    if profile.time_zone and profile.time_zone not in available_timezones():
        raise Invalid(time_zone="There is no such time zone.")


def choose_language(user: User, language: str) -> None:
    with transaction.atomic():
        save(lock(user), {"language": language[:10]})


def change_password(user: User, *, current: str, new: str) -> User:
    """Replace the password; every other session ends with the old one. Raises Invalid and TooManyAttempts."""
    require_password(user, current)
    hashed = hashed_password(new)
    with transaction.atomic():
        locked = lock(user)
        if locked.password != user.password:
            raise Invalid(current="Your password has just been changed elsewhere.")
        locked.password, locked.updated_at = hashed, timezone.now()
        locked.save(update_fields=["password", "updated_at"])
    return locked


def request_email_change(user: User, *, email: str, password: str) -> None:
    """Mail a link to the new address; nothing changes until it is opened.

    Whether somebody else has that address is not said: then a mail goes to nobody.
    """
    if user.email_verified_at is None:
        raise Forbidden(UNPROVEN)
    checked = checked_email(email)
    require_password(user, password)
    if matching_key(checked) == user.email_key:
        raise Invalid(email="This is your address already.")
    hit("email change", str(user.pk), MAILS)
    hit("email change to", matching_key(checked), MAILS)
    free = not User.objects.filter(email_key=matching_key(checked)).exists()
    mails.send_email_change(user, checked, reachable=free)


def confirm_email_change(token: str) -> User:
    """The link in the new mailbox was opened: it is the address from now on. The old one is told."""
    user_id, state, email = tokens.read_change(token)
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
        if user is None or not is_still_possible(user) or tokens.change_state(user, email) != state:
            raise Invalid(tokens.TOO_LATE)
        before, now = user.email, timezone.now()
        user.email, user.email_key = email, matching_key(email)
        user.email_verified_at, user.updated_at = now, now
        try:
            store(user, ["email", "email_key", "email_verified_at", "updated_at"])
        except Invalid:  # somebody else has it by now
            raise Invalid(tokens.TOO_LATE) from None
        mails.send_email_changed(user, before)
        user_saved.send(User, user=user, actor=user, created=False, changes={"email": (before, email)})
    return user


def is_still_possible(user: User) -> bool:
    return user.is_active and user.role == Role.CUSTOMER and user.email_verified_at is not None


# --- What the verbs are made of -----------------------------------------------------------------------


def require_password(user: User, password: str) -> None:
    """Whoever found an open browser does not have the password; attempts count like those of signing in."""
    hit("sign-in to", user.email_key, PER_ACCOUNT)
    if not check_password(password, user.password):
        raise Invalid(current="This is not your password.")


def lock(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def save(user: User, values: dict[str, Any]) -> None:
    """Write what differs, and tell everybody of what they may want to know."""
    changes = {key: (old, new) for key, new in values.items() if (old := getattr(user, key)) != new}
    if not changes:
        return
    for key, (_, new) in changes.items():
        setattr(user, key, new)
    user.updated_at = max(timezone.now(), user.updated_at)
    user.save(update_fields=[*changes, "updated_at"])
    told = {key: change for key, change in changes.items() if key in ("name", "phone", "avatar_url")}
    if told:
        user_saved.send(User, user=user, actor=user, created=False, changes=told)
