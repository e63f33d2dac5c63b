"""The site at /admin/: who comes in, and how."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

import workspace.urls
from accounts.staff_sign_in import sign_in_staff
from helpdesk.admin_pages import Who
from helpdesk.api.addresses import client_address
from helpdesk.errors import HelpDeskError

View = Callable[..., HttpResponse]

# Alpine.js, which the pages are made with, compiles what stands in their attributes.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class SignInForm(AuthenticationForm):
    """Email and password, throttled; what was wrong is not said."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].max_length = 254

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "username" in given and "password" in given:
            try:
                self.user_cache = sign_in_staff(
                    email=given["username"], password=given["password"], address=client_address(self.request)
                )
            except HelpDeskError as problem:
                raise ValidationError(str(problem)) from None
        return given


class HelpDeskAdmin(UnfoldAdminSite):
    site_title = site_header = "HelpDesk"
    index_title = "Home"
    login_form = SignInForm

    def get_urls(self) -> list[Any]:
        return [*workspace.urls.pages(self.admin_view), *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        return Who.STAFF.includes(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Customers, and agents where only admins may go, get a page that says so; who is nobody may sign in."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            leaving = request.path == reverse("admin:logout", current_app=self.name)
            if request.user.is_authenticated and not self.has_permission(request) and not leaving:
                return with_policy(self.refused(request))
            try:
                return with_policy(inner(request, *args, **kwargs))
            except PermissionDenied:
                return with_policy(self.refused(request))

        return guarded

    def refused(self, request: HttpRequest) -> HttpResponse:
        context = {**self.each_context(request), "title": "No access"}
        return TemplateResponse(request, "admin/refused.html", context, status=403)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return with_policy(super().login(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Passwords change through the verbs of accounts alone."""
        raise Http404

    password_change_done = password_change

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:
        """Our sections are not Django's apps."""
        raise Http404


def with_policy(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    return response
