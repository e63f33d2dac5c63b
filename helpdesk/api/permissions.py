"""Scopes, declared on views and checked here."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from helpdesk.errors import Forbidden

from .errors import MissingCredentials

READ_METHODS = ("GET", "HEAD", "OPTIONS")
RESOURCES = ("tickets", "users", "kb")
SCOPES = tuple(f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write"))


def needed_scope(view: Any, method: str) -> str | None:
    """The scope a request needs, or None for views that any credential may call."""
    if view.scope is None:
        return None
    reads = method in READ_METHODS or getattr(view, "action", None) in view.read_actions
    return f"{view.scope}:{'read' if reads else 'write'}"


def needs_admin(view: Any, method: str) -> bool:
    if getattr(view, "action", None) in view.read_actions:
        return view.admin == "always"
    return view.admin == "always" or (view.admin == "writes" and method not in READ_METHODS)


class ScopePermission(BasePermission):
    """A view says `scope = "tickets"`, and `admin = "writes"` or `"always"` where only admins may act."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.public:
            return True
        credential = request.auth
        if credential is None:
            raise MissingCredentials
        scope = needed_scope(view, request.method or "")
        if scope and scope not in credential.scopes:
            raise Forbidden(f"This needs the scope {scope}.")
        if needs_admin(view, request.method or "") and not request.user.is_admin:
            raise Forbidden("Only admins may do this.")
        return True
