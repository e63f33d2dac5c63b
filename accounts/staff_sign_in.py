"""How staff sign in, and what they change of their own account: the same promises as for customers, in another door.

Who has a second factor is not signed in before its code: see accounts.two_factor.
"""

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from audit.models import Action
from audit.services import record, record_change, snapshot
from helpdesk.errors import Conflict, Forbidden, Invalid, SignInFailed
from helpdesk.transactions import in_one_transaction

from .emails import matching_key
from .models import User
from .services import hashed_password
from .signals import user_saved
from .throttling import PER_ACCOUNT, forget, hit, hit_sign_in, note_sign_in


def sign_in_staff(*, email: str, password: str, address: str) -> User:
    """The agent or admin behind the credentials; raises SignInFailed alike, and in equal time, for whatever is wrong.

    Attempts count together with those in the portal; raises TooManyAttempts.
    """
    account = matching_key(email)
    hit_sign_in(account, address)
    user = User.objects.staff().filter(email_key=account).first()
    if user is None or not user.has_usable_password():
        make_password(password)
        raise SignInFailed
    if not check_password(password, user.password):
        raise SignInFailed
    note_sign_in(account, address)
    return user


def change_own_password(user: User, *, current: str, new: str) -> None:
    """A new password for oneself; every session but the caller's ends, and that has to be bound anew.

    Guesses of the current one count as attempts to sign in; call this outside of any transaction.
    """
    hit("sign-in to", user.email_key, PER_ACCOUNT)
    if not check_password(current, user.password):
        raise Invalid(current="This is not your password.")
    hashed = hashed_password(new)
    with transaction.atomic():
        # Somebody else may have set another one meanwhile: theirs stays.
        if not User.objects.staff().filter(pk=user.pk, password=user.password).update(password=hashed):
            raise Conflict("Your password was changed meanwhile. Please sign in again.")
        record(user, Action.PASSWORD_SET, actor=user)
    user.password = hashed
    forget("sign-in to", user.email_key)


@in_one_transaction
def change_own_profile(user: User, *, name: str, phone: str | None, is_away: bool) -> User:
    """What agents and admins say of themselves; their address, role and scope are for admins."""
    locked = User.objects.select_for_update(no_key=True).filter(pk=user.pk).get()
    require_staff(locked)
    wanted = {"name": name.strip(), "phone": phone or None, "is_away": is_away}
    if not wanted["name"]:
        raise Invalid(name="May not be blank.")
    before = snapshot(locked)
    changes = {key: (old, new) for key, new in wanted.items() if (old := getattr(locked, key)) != new}
    if changes:
        for key, (_, new) in changes.items():
            setattr(locked, key, new)
        locked.updated_at = max(timezone.now(), locked.updated_at)
        locked.save(update_fields=[*changes, "updated_at"])
        record_change(locked, before, actor=user)
        user_saved.send(User, user=locked, actor=user, created=False, changes=changes)
    return locked


def require_staff(user: User) -> None:
    if not user.is_staff:
        raise Forbidden("This is for agents and admins.")
