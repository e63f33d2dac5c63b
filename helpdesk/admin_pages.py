"""What the admin pages of all apps have in common."""

from datetime import datetime

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin


def shown(moment: datetime | None) -> str:
    """A moment in the time zone of the site, short and to the second."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


def is_admin(request: HttpRequest) -> bool:
    return getattr(request.user, "is_admin", False)


class ReadOnlyPages(ModelAdmin):
    """Rows that admins look at; what they may do with them are actions, which run on POST."""

    list_fullwidth = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_admin(request)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
