"""How customers come in and go, and the pages behind the links in account mails.

Opening a link changes nothing, since mail scanners open links too: the page shows a button, and that acts.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import account_settings, portal_accounts, unsent
from accounts.models import User
from helpdesk.api.addresses import client_address
from helpdesk.errors import Conflict, Forbidden, HelpDeskError, Invalid, NotFound, SignInFailed, TooManyAttempts

from .account_forms import AskResetForm, ResetForm, SignInForm, SignUpForm
from .errors import sentence
from .guards import acts, forms, way_back

BACKEND = "accounts.backends.AccountBackend"


# --- Coming and going ---------------------------------------------------------------------------------


@sensitive_post_parameters()
@never_cache
@forms
def sign_up(request: HttpRequest) -> HttpResponse:
    """A new account, or the claim of one that an agent created."""
    back = way_back(request, "portal:requests")
    if is_in_already(request):
        return redirect(back)
    form = SignUpForm(request.POST or None)
    known, status = False, 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                user = portal_accounts.sign_up(address=client_address(request), **form.cleaned_data)
            except HelpDeskError as problem:
                form.refuse(problem)
                known, status = isinstance(problem, Conflict), status_of(problem)
            else:
                return welcome(request, user, back)
    context = {"form": form, "next": back, "known": known}
    return render(request, "portal/account/sign_up.html", context, status=status)


def is_in_already(request: HttpRequest) -> bool:
    """Links in mails lead here whoever has no account yet, and are opened again later."""
    user = request.user
    return request.method != "POST" and user.is_authenticated and not user.is_staff


def welcome(request: HttpRequest, user: User, back: str) -> HttpResponse:
    if settings.CLAIM_POLICY == "verify_first":
        text = _("We have sent you a mail with a link. Open it to confirm your address; then you can sign in.")
        return done(request, _("Check your mail"), text)
    login(request, user, backend=BACKEND)
    messages.success(request, _("Welcome! You are signed in."))
    return redirect(back)


@sensitive_post_parameters()
@never_cache
@forms
def sign_in(request: HttpRequest) -> HttpResponse:
    """Email and password; whatever is wrong, the answer is the same."""
    back = way_back(request, "portal:requests")
    if is_in_already(request):
        return redirect(back)
    form = SignInForm(request.POST or None)
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                user = portal_accounts.sign_in(address=client_address(request), **form.cleaned_data)
            except HelpDeskError as problem:
                form.refuse(problem)
                status = status_of(problem)
            else:
                login(request, user, backend=BACKEND)
                return redirect(back)
    words = {"form": form, "next": back, "unsent": bool(unsent.kept_in(request.session))}
    return render(request, "portal/account/sign_in.html", words, status=status)


@acts
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("portal:home")


# --- Behind the links in mails ------------------------------------------------------------------------


@never_cache
@forms
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """This address is mine."""
    if request.method != "POST":
        return render(request, "portal/account/confirm.html")

    def prove() -> None:
        confirmed = portal_accounts.confirm_email(token, language=get_language() or "")
        user = request.user
        if isinstance(user, User) and user == confirmed:
            user.refresh_from_db()  # the page that says so knows it, too

    return carried_out(request, prove, _("Thank you"), _("Your email address is confirmed."))


@never_cache
@forms
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """I did not sign up."""
    if request.method != "POST":
        return render(request, "portal/account/not_me.html")

    def disown() -> None:
        portal_accounts.disown(token)
        logout(request)

    text = _("The account is closed again, and nobody can sign up with your address for a day.")
    return carried_out(request, disown, _("Done"), text)


@never_cache
@forms
def new_email(request: HttpRequest, token: str) -> HttpResponse:
    """My new address is this one."""
    if request.method != "POST":
        return render(request, "portal/account/new_email.html")
    text = _("From now on this is the address of your account. Please sign in with it.")
    return carried_out(request, lambda: account_settings.confirm_email_change(token), _("Thank you"), text)


@never_cache
@forms
def ask_reset(request: HttpRequest) -> HttpResponse:
    """I forgot my password. The answer is the same whether there is such an account or not."""
    form = AskResetForm(request.POST or None)
    if not form.is_bound:
        return render(request, "portal/account/ask_reset.html", {"form": form})
    if not form.is_valid():
        return render(request, "portal/account/ask_reset.html", {"form": form}, status=400)
    try:
        portal_accounts.request_password_reset(email=form.cleaned_data["email"], address=client_address(request))
    except TooManyAttempts as problem:
        return failed(request, problem)
    text = _("If there is an account with this address, a mail with a link is on its way.")
    return done(request, _("Check your mail"), text)


@sensitive_post_parameters()
@never_cache
@forms
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """Set a new password; the person is signed in here, and signed out everywhere else."""
    form = ResetForm(request.POST or None)
    if not form.is_bound:
        return render(request, "portal/account/reset.html", {"form": form})
    if form.is_valid():
        try:
            user = portal_accounts.reset_password(token, password=form.cleaned_data["password"])
        except Invalid as problem:
            if "password" not in problem.details:
                return failed(request, problem)
            form.refuse(problem)
        else:
            login(request, user, backend=BACKEND)
            return done(request, _("Done"), _("Your new password is set, and you are signed in."))
    return render(request, "portal/account/reset.html", {"form": form}, status=400)


# --- What the pages are made of -----------------------------------------------------------------------


def carried_out(request: HttpRequest, act: Callable[[], object], title: str, text: str) -> HttpResponse:
    try:
        act()
    except Invalid as problem:
        return failed(request, problem)
    return done(request, title, text)


def done(request: HttpRequest, title: str, text: str, status: int = 200) -> HttpResponse:
    return render(request, "portal/done.html", {"title": title, "text": text}, status=status)


def failed(request: HttpRequest, problem: HelpDeskError) -> HttpResponse:
    return done(request, _("This did not work"), sentence(problem), status=status_of(problem))


def status_of(problem: HelpDeskError) -> int:
    codes = {Conflict: 409, Forbidden: 403, NotFound: 404, SignInFailed: 401, TooManyAttempts: 429}
    return codes.get(type(problem), 400)
