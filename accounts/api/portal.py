"""Signup and login for customers. No API key; the login opens a session of the portal, never of the API."""

from typing import Any

from django.contrib.auth import login
from django.http import HttpResponse
from rest_framework.request import Request

from accounts import portal_accounts
from accounts.models import User
from helpdesk.api.addresses import client_address
from helpdesk.api.endpoints import ApiViewSet
from helpdesk.api.fields import moment_text

from .serializers import ProfileSerializer, SignInSerializer, SignUpSerializer

BACKEND = "accounts.backends.AccountBackend"


class PortalViewSet(ApiViewSet):
    """Accounts of customers."""

    public = True
    scope = None
    # Passwords are hashed before anything is locked, and the verbs are transactions of their own.
    atomic = False
    authentication_classes = []
    bodies = {"signup": SignUpSerializer, "login": SignInSerializer}
    answers = {"signup": ProfileSerializer, "login": ProfileSerializer}
    creates = ("signup",)

    def signup(self, request: Request) -> HttpResponse:
        """Create an account, or claim the contact that an agent created with this address."""
        user = portal_accounts.sign_up(address=client_address(request._request), **self.parsed())
        return self.answer(profile(user), 201)

    def login(self, request: Request) -> HttpResponse:
        """Sign a customer in; the answer sets the cookie of a portal session."""
        user = portal_accounts.sign_in(address=client_address(request._request), **self.parsed())
        login(request._request, user, backend=BACKEND)
        return self.answer(profile(user))


def profile(user: User) -> dict[str, Any]:
    """What the document shows of an account, and whether its mailbox is proven."""
    return {
        "id": str(user.pk),
        "username": user.username,
        "email": user.email,
        "name": user.own_name,
        "role": user.role,
        "isActive": user.is_active,
        "createdAt": moment_text(user.created_at),
        "emailVerified": user.email_verified_at is not None,
    }
