"""The second factor of agents and admins: codes of an authenticator app (TOTP, RFC 6238), and recovery codes.

Codes are throttled by account and work once. A session is bound to the second factor (User.get_session_auth_hash), so
switching it on, off or resetting it ends every other session. API keys have nothing to do with it.

Verbs that check a code count the attempt first; call them outside of any transaction, or a failure is not counted.
"""

import base64
import secrets
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django_otp.oath import hotp

from audit.models import Action
from audit.services import record
from helpdesk.errors import Conflict, Forbidden, SignInFailed
from helpdesk.transactions import in_one_transaction

from .models import STAFF_ROLES, RecoveryCode, SecondFactor, User
from .throttling import Limit, forget, hit

ISSUER = "HelpDesk"
SECONDS = 30  # of one step
DIGITS = 6
TOLERANCE = 1  # steps by which a clock may be wrong
SECRET_LENGTH = 20  # bytes, as SHA-1 has
RECOVERY_CODES = 10
# With three codes valid at a time a guesser who has the password is right once in 45 years.
FEW_CODES = Limit(5, 15 * 60)
DAILY_CODES = Limit(20, 24 * 60 * 60)
WRONG = "This code is not valid. Codes work once, and only for about a minute."


def is_missing(user: Any) -> bool:
    """Whether this person, who is staff, may do nothing but set a second factor up."""
    return settings.REQUIRE_TWO_FACTOR and user.two_factor_at is None


# --- Switching on -------------------------------------------------------------------------------------


@in_one_transaction
def begin(user: User) -> SecondFactor:
    """A new secret to be confirmed; raises Conflict when a second factor is in force."""
    locked = lock(user)
    if locked.two_factor_at is not None:
        raise Conflict("Two-factor login is switched on already.")
    secret = cipher().encrypt(secrets.token_bytes(SECRET_LENGTH)).decode()
    fresh = {"secret": secret, "last_step": 0, "confirmed_at": None}
    return SecondFactor.objects.update_or_create(user=locked, defaults=fresh)[0]


def confirm(user: User, *, code: str, now: datetime) -> list[str]:
    """Switch on with a code of the app, which shows that it works; returns the recovery codes, once.

    The user's own session has to be bound anew; all others end.
    """
    count_attempt(user)
    with transaction.atomic():
        locked = lock(user)
        factor = SecondFactor.objects.filter(user=locked, confirmed_at__isnull=True).first()
        if factor is None:
            raise Conflict("There is nothing to confirm. Please begin again.")
        if not use_app_code(factor, code, now):
            raise SignInFailed(WRONG)
        SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=now)
        locked.two_factor_at = user.two_factor_at = now
        locked.save(update_fields=["two_factor_at"])
        record(locked, Action.TWO_FACTOR_ON, actor=user)
        codes = new_recovery_codes(locked)
    forgive(user)
    return codes


def uri(factor: SecondFactor, email: str) -> str:
    """What the QR code says to the app."""
    label = quote(f"{ISSUER}:{email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': typed_secret(factor), 'issuer': ISSUER})}"


def typed_secret(factor: SecondFactor) -> str:
    """The secret for apps without a camera."""
    return base64.b32encode(shared_secret(factor)).decode().rstrip("=")


# --- Signing in ---------------------------------------------------------------------------------------


def check_code(user: User, *, code: str, now: datetime) -> None:
    """A code of the app, or a recovery code; raises SignInFailed, TooManyAttempts. Each works once."""
    count_attempt(user)
    with transaction.atomic():
        if not use_code(user, code, now):
            raise SignInFailed(WRONG)
    forgive(user)


def use_code(user: User, code: str, now: datetime) -> bool:
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    if factor is None:
        return False
    return use_app_code(factor, code, now) or use_recovery_code(user, code)


def use_app_code(factor: SecondFactor, code: str, now: datetime) -> bool:
    """Whether the code is of this moment and new. Of several uses at once one wins: it is part of the update."""
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return False
    try:
        secret = shared_secret(factor)
    except InvalidToken:  # SECRET_KEY is another one: recovery codes still work, and an admin can reset
        return False
    for step in steps(now):
        if compare_digest(typed, f"{hotp(secret, step, DIGITS):0{DIGITS}}"):
            return bool(SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step))
    return False


def steps(now: datetime) -> Iterator[int]:
    current = int(now.timestamp()) // SECONDS
    return iter(range(current - TOLERANCE, current + TOLERANCE + 1))


def use_recovery_code(user: User, code: str) -> bool:
    return bool(RecoveryCode.objects.filter(user=user, code_hash=hash_of(code)).delete()[0])


# --- Afterwards ---------------------------------------------------------------------------------------


def disable(user: User, *, password: str, code: str, now: datetime) -> None:
    """Switch off, with the password and a code."""
    require_optional()
    count_attempt(user)
    if not check_password(password, user.password):
        raise SignInFailed("The password or the code is not right.")
    with transaction.atomic():
        locked = lock(user)
        if not use_code(locked, code, now):
            raise SignInFailed("The password or the code is not right.")
        drop(locked)
        record(locked, Action.TWO_FACTOR_OFF, actor=user)
    user.two_factor_at = None
    forgive(user)


def require_optional() -> None:
    if settings.REQUIRE_TWO_FACTOR:
        raise Forbidden("Two-factor login is required here. To move to another phone, ask an admin for a reset.")


def renew_recovery_codes(user: User, *, code: str, now: datetime) -> list[str]:
    """New recovery codes, for a code of the app; the old ones are void."""
    count_attempt(user)
    with transaction.atomic():
        locked = lock(user)
        if not use_code(locked, code, now):
            raise SignInFailed(WRONG)
        codes = new_recovery_codes(locked)
        record(locked, Action.RECOVERY_CODES, actor=user)
    forgive(user)
    return codes


@in_one_transaction
def reset(user: User, *, actor: User | None) -> None:
    """Take somebody's second factor away, who lost it: they are signed out and sign in by password.

    Raises Forbidden for whoever is no admin or means themself, Conflict when there is nothing to reset.
    """
    if actor is not None and not actor.is_admin:
        raise Forbidden("Only admins can reset somebody's second factor.")
    if actor == user:
        raise Forbidden("Your own second factor is switched off with your password and a code.")
    locked = lock(user)
    if locked.two_factor_at is None:
        raise Conflict("This person has no second factor.")
    drop(locked)
    record(locked, Action.TWO_FACTOR_RESET, actor=actor)


def drop(user: User) -> None:
    """Forget the second factor of a locked user."""
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if user.two_factor_at is not None:
        user.two_factor_at = None
        user.save(update_fields=["two_factor_at"])


# --- What the verbs are made of -----------------------------------------------------------------------


def lock(user: User) -> User:
    found = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True, role__in=STAFF_ROLES).first()
    if found is None:
        raise Forbidden("Two-factor login is for agents and admins.")
    return found


def count_attempt(user: User) -> None:
    hit("code of", str(user.pk), FEW_CODES)
    hit("codes a day of", str(user.pk), DAILY_CODES)


def forgive(user: User) -> None:
    forget("code of", str(user.pk))
    forget("codes a day of", str(user.pk))


def new_recovery_codes(user: User) -> list[str]:
    """In place of the old ones: 80 random bits each, so that a plain hash keeps them."""
    RecoveryCode.objects.filter(user=user).delete()
    codes = [grouped(base64.b32encode(secrets.token_bytes(10)).decode().lower()) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=hash_of(code)) for code in codes)
    return codes


def grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def hash_of(code: str) -> str:
    letters = "".join(character for character in code.lower() if character.isalnum())
    return sha256(letters.encode(errors="replace")).hexdigest()


def shared_secret(factor: SecondFactor) -> bytes:
    return cipher().decrypt(factor.secret.encode())


def cipher() -> Fernet:
    """Made from SECRET_KEY, which is not in the database: a copy of that alone makes no codes."""
    key = digest(settings.SECRET_KEY.encode(), b"helpdesk second factor", "sha256")
    return Fernet(base64.urlsafe_b64encode(key))
