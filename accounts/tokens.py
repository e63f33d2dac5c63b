"""The links in account mails: signed, short-lived, and bound to a state that their use changes."""

from datetime import timedelta
from hashlib import sha256

from django.core import signing

from helpdesk.errors import Invalid

from .models import User

CONFIRM = "accounts.confirm"
DISOWN = "accounts.disown"
RESET = "accounts.reset"
LIFETIME = {CONFIRM: timedelta(days=7), DISOWN: timedelta(days=7), RESET: timedelta(hours=2)}


def write(user: User, purpose: str) -> str:
    state = password_state(user) if purpose == RESET else claim_state(user)
    return signing.dumps([str(user.pk), state], salt=purpose)


def read(token: str, purpose: str) -> tuple[str, str]:
    """The id of the user and the state a token was written for; raises Invalid when forged or too old."""
    try:
        user_id, state = signing.loads(token, salt=purpose, max_age=LIFETIME[purpose])
    except (signing.BadSignature, ValueError):
        raise Invalid("This link is no longer valid.") from None
    return user_id, state


def claim_state(user: User) -> str:
    """Changes with every claim and with the address: a token serves only the claim it was mailed for."""
    return fingerprint(user.email_key, user.claimed_at.isoformat() if user.claimed_at else "")


def password_state(user: User) -> str:
    """Changes with the password and the address: a link works once."""
    return fingerprint(user.email_key, user.password)


def fingerprint(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:32]
