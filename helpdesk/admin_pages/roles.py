"""Whom a page is for."""

from enum import Enum

from django.http import HttpRequest


class Who(Enum):
    """`Who.STAFF.includes(request)`: whether a page for active agents and admins opens to this request."""

    NOBODY = ""
    ADMINS = "is_admin"
    STAFF = "is_staff"

    def includes(self, request: HttpRequest) -> bool:
        return bool(self.value and getattr(request.user, self.value, False))
