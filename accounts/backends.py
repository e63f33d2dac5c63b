"""How Django finds the user behind a session, and what an account may do."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from .models import User


class AccountBackend(BaseBackend):
    """Sessions only: every sign-in goes through accounts.portal_accounts, which throttles and takes equal time."""

    def authenticate(self, request: HttpRequest | None, **credentials: object) -> None:
        return None

    def get_user(self, user_id: str) -> User | None:
        return User.objects.active().filter(pk=user_id).first()
