"""The links in account mails: signed, short-lived, and bound to a state that their use changes."""

from datetime import timedelta
from hashlib import sha256

from django.core import signing

from helpdesk.errors import Invalid

from .models import User

TOO_LATE = "This link is no longer valid."
CONFIRM = "accounts.confirm"
DISOWN = "accounts.disown"
RESET = "accounts.reset"
CHANGE = "accounts.change"
INVITE = "accounts.invite"
LIFETIME = {
    CONFIRM: timedelta(days=7),
    DISOWN: timedelta(days=7),
    RESET: timedelta(hours=2),
    CHANGE: timedelta(hours=24),
    INVITE: timedelta(days=3),
}


def write(user: User, purpose: str) -> str:
    state = password_state(user) if purpose in (RESET, INVITE) else claim_state(user)
    return signing.dumps([str(user.pk), state], salt=purpose)


def read(token: str, purpose: str) -> tuple[str, str]:
    """The id of the user and the state a token was written for; raises Invalid when forged or too old."""
    try:
        user_id, state = signing.loads(token, salt=purpose, max_age=LIFETIME[purpose])
    except (signing.BadSignature, ValueError):
        raise Invalid(TOO_LATE) from None
    return user_id, state


def change_state(user: User, email: str) -> str:
    return fingerprint(user.email_key, user.password, email)


def claim_state(user: User) -> str:
    """Changes with every claim and with the address: a token serves only the claim it was mailed for."""
    return fingerprint(user.email_key, user.claimed_at.isoformat() if user.claimed_at else "")


def password_state(user: User) -> str:
    """Changes with the password and the address: a link works once."""
    return fingerprint(user.email_key, user.password)


def write_change(user: User, email: str) -> str:
    """For the new address of an account: it serves once, and only while address and password stay as they are."""
    return signing.dumps([str(user.pk), change_state(user, email), email], salt=CHANGE)


def read_change(token: str) -> tuple[str, str, str]:
    """The id of the user, the state, and the new address; raises Invalid when forged or too old."""
    try:
        user_id, state, email = signing.loads(token, salt=CHANGE, max_age=LIFETIME[CHANGE])
    except (signing.BadSignature, ValueError):
        raise Invalid(TOO_LATE) from None
    return user_id, state, email


def fingerprint(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:32]
