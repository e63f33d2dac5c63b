"""How Django finds the user behind a session, and what an account may do."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from .models import User


class AccountBackend(BaseBackend):
    """Sessions only: every sign-in goes through accounts.portal_accounts, which throttles and takes equal time."""

    def authenticate(self, request: HttpRequest | None, **credentials: object) -> None:
        return None

    def get_user(self, user_id: str) -> User | None:
        # Each page asks: the first of several would be sorted, which takes Django three times as long to write.
        try:
            return User.objects.active().get(pk=user_id)
        except User.DoesNotExist:
            return None
