"""Signing in to the admin pages, in two steps for whoever has a second factor.

After the password alone nobody is signed in: the session only remembers who is asked for a code, for some minutes.
"""

import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from unfold.forms import AuthenticationForm

from accounts import two_factor, unsent
from accounts.models import SecondFactor, User
from accounts.staff_sign_in import sign_in_staff
from helpdesk.api.addresses import client_address
from helpdesk.errors import HelpDeskError
from helpdesk.own_account import CodeForm, FirstCodeForm, qr_code

BACKEND = "accounts.backends.AccountBackend"
WAITING = "signing_in"
MINUTES = 10  # from the password to the code
ONLY_READ = ("ticket_rules", "ticket_canned")


class SignInForm(AuthenticationForm):
    """Email and password, throttled; what was wrong is not said."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].max_length = 254
        self.fields["username"].widget.attrs["maxlength"] = 254

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


class SignIn(LoginView):
    """The first step."""

    template_name = "admin/login.html"
    authentication_form = SignInForm

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if user.two_factor_at is None and not two_factor.is_missing(user):
            login(self.request, user, backend=BACKEND)
            return redirect(self.get_success_url())
        remember(self.request, user)
        if user.two_factor_at is None:
            two_factor.begin(user)
            return onwards("admin:sign_in_set_up", self.get_success_url())
        return onwards("admin:sign_in_code", self.get_success_url())


def code(request: HttpRequest) -> HttpResponse:
    """The second step: a code of the app, or a recovery code."""
    user = waiting(request)
    if user is None or user.two_factor_at is None:
        return redirect("admin:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            two_factor.check_code(user, code=form.cleaned_data["code"], now=timezone.now())
        except HelpDeskError as refusal:
            form.add_error("code", str(refusal))
        else:
            enter(request, user)
            return redirect(destination(request))
    return page(request, "admin/account/sign_in_code.html", form=form, title="Enter a code", next=destination(request))


def set_up(request: HttpRequest) -> HttpResponse:
    """The second step where a second factor is required and somebody has none yet."""
    user = waiting(request)
    if user is None or user.two_factor_at is not None:
        return redirect("admin:login")
    form = FirstCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = two_factor.confirm(user, code=form.cleaned_data["code"], now=timezone.now())
        except HelpDeskError as refusal:
            form.add_error("code", str(refusal))
        else:
            onward = destination(request)
            enter(request, user)
            return page(request, "admin/account/first_codes.html", codes=codes, title="Recovery codes", next=onward)
    factor = SecondFactor.objects.get(user=user)
    shown = {"form": form, "qr": qr_code(factor, user), "secret": two_factor.typed_secret(factor)}
    return page(request, "admin/account/sign_in_set_up.html", title="Set up two-factor login", **shown)


# --- What the steps are made of -----------------------------------------------------------------------


def remember(request: HttpRequest, user: User) -> None:
    """Who gave the right password, in a session that nobody is signed in to."""
    unsent.carried_over(request.session)
    request.session[WAITING] = {"user": str(user.pk), "bound_to": user.get_session_auth_hash(), "since": time.time()}


def waiting(request: HttpRequest) -> User | None:
    """Whoever is asked for a code in this session, unless it is too late or their account has changed."""
    said = request.session.get(WAITING)
    if not said or not 0 <= time.time() - said["since"] < MINUTES * 60:
        return None
    user = User.objects.staff().filter(pk=said["user"]).first()
    if user is None or not constant_time_compare(said["bound_to"], user.get_session_auth_hash()):
        return None
    return user


def enter(request: HttpRequest, user: User) -> None:
    request.session.pop(WAITING, None)
    login(request, user, backend=BACKEND)  # with another session key


def onwards(name: str, target: str) -> HttpResponse:
    return redirect(f"{reverse(name)}?{urlencode({'next': target})}")


def destination(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else reverse("admin:index")


def came_from(request: HttpRequest) -> str:
    """The page a refused form stood on: its own address may take no visits, nor may that of a refusal it stood in."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return reverse("admin:index")
    parts = urlsplit(address)
    path, query = page_with(parts.path), parts.query
    return urlunsplit(
        ("", "", path, query if path == parts.path else request.POST.get("queue", "")[:2000], "")
    ) or reverse("admin:index")


def page_with(path: str) -> str:
    """The page that has the form of an address, if a form is all that goes there."""
    try:
        found = resolve(path)
    except Resolver404:
        return path
    name = found.url_name or ""
    if name.startswith("ticket_") and name not in ONLY_READ:
        return reverse("admin:ticket", args=[found.kwargs["number"]])
    return reverse("admin:queue") if name == "queue_bulk" else path


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
