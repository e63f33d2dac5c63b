"""What customers see and change of their own account."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts import account_settings, avatar_files, avatars, portal_accounts, sessions
from accounts.account_settings import Profile
from accounts.models import User
from helpdesk.errors import HelpDeskError

from .account_forms import AvatarForm, EmailForm, PageForm, PasswordForm, ProfileForm
from .account_pages import status_of
from .errors import sentence
from .guards import CustomerRequest, acts, customers_only, forms, pages, way_back
from .middleware import LANGUAGE_COOKIE, THEME_COOKIE, THEMES

YEAR = 365 * 24 * 3600  # seconds


@customers_only
@forms
def profile(request: CustomerRequest) -> HttpResponse:
    """Name, phone, language and time zone; the other forms of the account stand below."""
    user = request.user
    form = ProfileForm(request.POST or None, proven=bool(user.email_verified_at), initial=said_by(user))
    if not form.is_bound or not form.is_valid():
        return account_page(request, form, status=400 if form.is_bound else 200)
    try:
        account_settings.change_profile(user, Profile(**form.cleaned_data))
    except HelpDeskError as problem:
        form.refuse(problem)
        return account_page(request, form, status=status_of(problem))
    language = form.cleaned_data["language"]
    with override(language or get_language()):
        messages.success(request, _("Your profile is saved."))
    response = redirect("portal:profile")
    remember(response, LANGUAGE_COOKIE, language)
    return response


def said_by(user: User) -> dict[str, str]:
    return {"name": user.own_name, "phone": user.phone or "", "language": user.language, "time_zone": user.time_zone}


def account_page(request: CustomerRequest, form: PageForm, status: int = 200) -> HttpResponse:
    return render(request, "portal/account/profile.html", {"form": form, "avatar_form": AvatarForm()}, status=status)


@customers_only
@acts
def avatar(request: CustomerRequest) -> HttpResponse:
    """Use a picture, or none."""
    try:
        if "remove" in request.POST:
            avatars.remove_avatar(request.user)
        elif upload := request.FILES.get("avatar"):
            avatars.set_avatar(request.user, content=upload, size=upload.size or 0)
        else:
            messages.error(request, _("Please choose a picture first."))
            return redirect("portal:profile")
    except HelpDeskError as problem:
        messages.error(request, sentence(problem))
    else:
        messages.success(request, _("Your picture is saved."))
    return redirect("portal:profile")


@pages
def avatar_file(request: HttpRequest, name: str) -> FileResponse:
    """A picture; its name is known to whoever was shown it, and never used again for another."""
    path = avatar_files.file_named(name)
    if path is None or not path.is_file():
        raise Http404
    response = FileResponse(path.open("rb"), content_type="image/webp")
    response["Cache-Control"] = f"private, max-age={YEAR}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@sensitive_post_parameters()
@customers_only
@forms
def password(request: CustomerRequest) -> HttpResponse:
    form = PasswordForm(request.POST or None)
    status = 400 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            user = account_settings.change_password(request.user, **form.cleaned_data)
        except HelpDeskError as problem:
            form.refuse(problem, password="new")  # noqa: S106 - the name of a field
            status = status_of(problem)
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("Your new password is set. You are signed out everywhere else."))
            return redirect("portal:profile")
    return render(request, "portal/account/password.html", {"form": form}, status=status)


@sensitive_post_parameters()
@customers_only
@forms
def email(request: CustomerRequest) -> HttpResponse:
    """Another address; nothing changes until the mail that goes there is answered."""
    if request.user.email_verified_at is None:
        messages.error(request, _("Please confirm your email address first."))
        return redirect("portal:profile")
    form = EmailForm(request.POST or None)
    status = 400 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            account_settings.request_email_change(request.user, email=values["email"], password=values["current"])
        except HelpDeskError as problem:
            form.refuse(problem)
            status = status_of(problem)
        else:
            messages.success(request, _("We have sent a mail to your new address. Open its link to use it."))
            return redirect("portal:profile")
    return render(request, "portal/account/email.html", {"form": form}, status=status)


@customers_only
@acts
def confirm_again(request: CustomerRequest) -> HttpResponse:
    """Mail the confirmation once more."""
    try:
        portal_accounts.request_confirmation(request.user)
    except HelpDeskError as problem:
        messages.error(request, sentence(problem))
    else:
        messages.success(request, _("We have sent the mail again."))
    return redirect(way_back(request, "portal:requests"))


@customers_only
@pages
def session_list(request: CustomerRequest) -> HttpResponse:
    """Where this account is signed in."""
    own = request.session.session_key
    found = [
        {
            "name": sessions.name_of(one),
            "browser": sessions.browser_of(one.browser),
            "row": one,
            "here": one.session_key == own,
        }
        for one in sessions.sessions_of(request.user, timezone.now())
    ]
    return render(request, "portal/account/sessions.html", {"sessions": found})


@customers_only
@acts
def end_session(request: CustomerRequest) -> HttpResponse:
    """Sign out in one other browser."""
    if sessions.end_session(request.user, request.POST.get("session", ""), timezone.now()):
        messages.success(request, _("That browser is signed out."))
    return redirect("portal:sessions")


@customers_only
@acts
def sign_out_everywhere(request: CustomerRequest) -> HttpResponse:
    sessions.end_other_sessions(request.user, keep=request.session.session_key)
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("portal:sign-in")


@acts
def preferences(request: HttpRequest) -> HttpResponse:
    """The language and the colours of this browser."""
    response = redirect(way_back(request, "portal:home"))
    if "language" in request.POST and request.POST["language"] in dict(settings.LANGUAGES):
        remember(response, LANGUAGE_COOKIE, request.POST["language"])
        if request.user.is_authenticated and not request.user.is_staff:
            account_settings.choose_language(request.user, request.POST["language"])
    if "theme" in request.POST:
        remember(response, THEME_COOKIE, request.POST["theme"] if request.POST["theme"] in THEMES else "")
    return response


def remember(response: HttpResponse, cookie: str, value: str) -> None:
    if value:
        response.set_cookie(
            cookie, value, max_age=YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        response.delete_cookie(cookie, samesite="Lax")
