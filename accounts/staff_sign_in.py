"""How staff sign in: the same promises as for customers, in another door."""

from django.contrib.auth.hashers import check_password, make_password

from helpdesk.errors import SignInFailed

from .emails import matching_key
from .models import User
from .throttling import PER_ACCOUNT, PER_ADDRESS, forget, hit, network_of


def sign_in_staff(*, email: str, password: str, address: str) -> User:
    """The agent or admin behind the credentials; raises SignInFailed alike, and in equal time, for whatever is wrong.

    Attempts count together with those in the portal; raises TooManyAttempts.
    """
    account = matching_key(email)
    hit("sign-in from", network_of(address), PER_ADDRESS)
    hit("sign-in to", account, PER_ACCOUNT)
    user = User.objects.staff().filter(email_key=account).first()
    if user is None or not user.has_usable_password():
        make_password(password)
        raise SignInFailed
    if not check_password(password, user.password):
        raise SignInFailed
    forget("sign-in to", account)
    return user
