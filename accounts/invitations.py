"""How agents and admins come by a password of their own: a link that an admin has mailed to them, good for one."""

from django.db import transaction
from django.utils import timezone

from audit.models import Action
from audit.services import record
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.transactions import in_one_transaction

from . import mails, tokens
from .models import User
from .services import hashed_password
from .throttling import MAILS, hit


@in_one_transaction
def invite(agent: User, *, actor: User | None) -> None:
    """Mail them a link to set a password; the one they have stays until then."""
    hit("invitation to", agent.email_key, MAILS)
    locked = User.objects.filter(pk=agent.pk).select_for_update(no_key=True).first()
    if locked is None or not locked.is_staff:
        raise NotFound("There is no such agent.")
    if not locked.is_active:
        raise Conflict("Whoever is switched off cannot sign in.")
    record(locked, Action.INVITED, actor=actor)
    mails.send_invitation(locked)


def invited(token: str) -> User:
    """Whose password a link sets; raises Invalid once it has, or too late."""
    user_id, state = tokens.read(token, tokens.INVITE)
    return still_meant(User.objects.staff().filter(pk=user_id).first(), state)


def accept_invitation(token: str, *, password: str) -> User:
    """Set the password: the mailbox is proven, and whatever was signed in with another one ends."""
    user_id, state = tokens.read(token, tokens.INVITE)
    hashed = hashed_password(password)
    now = timezone.now()
    with transaction.atomic():
        user = still_meant(User.objects.staff().select_for_update(no_key=True).filter(pk=user_id).first(), state)
        user.password = hashed
        user.email_verified_at = user.email_verified_at or now
        user.updated_at = max(now, user.updated_at)
        user.save(update_fields=["password", "email_verified_at", "updated_at"])
        record(user, Action.PASSWORD_SET, actor=user)
    return user


def still_meant(user: User | None, state: str) -> User:
    if user is None or tokens.password_state(user) != state:
        raise Invalid(tokens.TOO_LATE)
    return user
