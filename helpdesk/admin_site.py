"""The site at /admin/: who comes in, and how."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from unfold.sites import UnfoldAdminSite

import workspace.urls
from accounts import unsent
from accounts.sessions import note_visit
from accounts.two_factor import is_missing
from helpdesk import invitation_pages, own_account, own_sessions, signing_in
from helpdesk.admin_pages import Who

View = Callable[..., Any]

# Alpine.js, which the pages are made with, compiles what stands in their attributes.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class HelpDeskAdmin(UnfoldAdminSite):
    site_title = site_header = "HelpDesk"
    index_title = "Home"
    login_form = signing_in.SignInForm

    def get_urls(self) -> list[Any]:
        return [
            path("login/code/", self.door(signing_in.code), name="sign_in_code"),
            path("login/password/<str:token>/", self.door(invitation_pages.choose_password), name="choose_password"),
            path("login/set-up/", self.door(signing_in.set_up), name="sign_in_set_up"),
            *own_account.pages(self.admin_view),
            *own_sessions.pages(self.admin_view),
            *workspace.urls.pages(self.admin_view),
            *super().get_urls(),
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        return Who.STAFF.includes(request)

    def admin_view(self, view: View, cacheable: bool = False, *, while_incomplete: bool = False) -> View:
        """Customers, and agents where only admins may go, get a page that says so; who is nobody may sign in.

        Who still has to set a second factor up gets to the pages for that, `while_incomplete`, and to no other.
        """
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            use_site_language()
            if any("\x00" in value for values in request.GET.lists() for value in values[1]):
                raise BadRequest("An address cannot hold NUL.")
            leaving = request.path == reverse("admin:logout", current_app=self.name)
            if request.user.is_authenticated and not self.has_permission(request) and not leaving:
                return with_policy(self.refused(request))
            if self.has_permission(request) and is_missing(request.user) and not (leaving or while_incomplete):
                return with_policy(redirect("admin:account_two_factor"))
            if request.method == "POST" and not request.user.is_authenticated and not leaving:
                unsent.keep(request)
                return with_policy(redirect_to_login(signing_in.came_from(request), reverse("admin:login")))
            if self.has_permission(request):
                note_visit(request.session, timezone.now())
            try:
                return with_policy(inner(request, *args, **kwargs))
            except PermissionDenied:
                return with_policy(self.refused(request))

        return guarded

    def unsent_here(self, request: HttpRequest) -> QueryDict | None:
        """What somebody sent to this address after their session had ended, as the form held it."""
        waiting = unsent.waiting_at(request, request.path)
        if waiting is None:
            return None
        found = QueryDict(mutable=True)
        for name, values in waiting.fields.items():
            found.setlist(name, values)
        return found

    def forget_unsent(self, request: HttpRequest) -> None:
        unsent.forget(request, request.path)

    def refused(self, request: HttpRequest) -> HttpResponse:
        context = {**self.each_context(request), "title": "No access"}
        return TemplateResponse(request, "admin/refused.html", context, status=403)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {
            **self.each_context(request),
            "title": "Log in",
            "app_path": request.get_full_path(),
            "unsent": bool(unsent.kept_in(request.session)),
            REDIRECT_FIELD_NAME: signing_in.destination(request),
            **(extra_context or {}),
        }
        return self.door(signing_in.SignIn.as_view(extra_context=context, next_page="admin:index"))(request)

    def door(self, view: View) -> View:
        """A page for whoever is not signed in."""
        inner = never_cache(csrf_protect(view))

        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            use_site_language()
            request.current_app = self.name
            return with_policy(inner(request, *args, **kwargs))

        return opened

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Passwords change through the verbs of accounts alone."""
        raise Http404

    password_change_done = password_change

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every model with its address, once somebody looks: pages have our sidebar instead."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:
        """Our sections are not Django's apps."""
        raise Http404


def use_site_language() -> None:
    """In the language of the site: Django finds it anew for each word and address while none is active."""
    translation.activate(settings.LANGUAGE_CODE)


def with_policy(response: HttpResponse) -> HttpResponse:
    """What all of these pages carry; they are somebody's, refusals as well."""
    response["Content-Security-Policy"] = POLICY
    add_never_cache_headers(response)
    return response
