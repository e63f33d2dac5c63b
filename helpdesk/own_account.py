"""What agents and admins change of their own account: profile, password, second factor."""

from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST

from accounts import avatars, staff_sign_in, two_factor
from accounts.models import RecoveryCode, SecondFactor, User
from helpdesk.errors import HelpDeskError, Invalid

Guard = Callable[..., Any]


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
    )


class FirstCodeForm(CodeForm):
    """For a second factor that is not in force yet, and has no recovery codes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = "From your authenticator app."


class ProfileForm(forms.ModelForm):
    avatar = forms.FileField(
        label="Picture",
        required=False,
        widget=forms.FileInput({"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        help_text="Beside your messages, for colleagues and customers. A JPEG, PNG, WebP or GIF file of 5 MB at most.",
    )
    remove_avatar = forms.BooleanField(label="Remove the picture", required=False)
    field_order = ["name", "phone", "avatar", "remove_avatar", "is_away"]

    class Meta:
        model = User
        fields = ["name", "phone", "is_away"]
        labels = {"is_away": "I am away"}
        help_texts = {"is_away": "No ticket is assigned to you automatically while you are."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.avatar_url:
            del self.fields["remove_avatar"]

    def _post_clean(self) -> None:
        """The row is changed by the verb alone."""


class NewPasswordForm(forms.Form):
    new = forms.CharField(label="New password", widget=forms.PasswordInput({"autocomplete": "new-password"}))
    again = forms.CharField(label="New password, again", widget=forms.PasswordInput({"autocomplete": "new-password"}))

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "new" in given and "again" in given and given["new"] != given["again"]:
            self.add_error("again", "The two are not the same.")
        return given


class PasswordForm(NewPasswordForm):
    current = forms.CharField(
        label="Current password", widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True})
    )
    field_order = ["current", "new", "again"]


class DisableForm(CodeForm):
    password = forms.CharField(label="Your password", widget=forms.PasswordInput({"autocomplete": "current-password"}))
    field_order = ["password", "code"]


def pages(guard: Guard) -> list[URLPattern]:
    """`guard` lets staff in; what sets a second factor up opens to those who still need one, too."""
    return [
        path("account/", guard(profile), name="account"),
        path("account/password/", guard(password), name="account_password"),
        path("account/two-factor/", guard(second_factor, while_incomplete=True), name="account_two_factor"),
        path("account/two-factor/begin/", guard(begin, while_incomplete=True), name="two_factor_begin"),
        path("account/two-factor/confirm/", guard(confirm, while_incomplete=True), name="two_factor_confirm"),
        path("account/two-factor/disable/", guard(disable), name="two_factor_disable"),
        path("account/two-factor/codes/", guard(renew_codes), name="two_factor_codes"),
    ]


def profile(request: Any) -> HttpResponse:
    form = ProfileForm(request.POST or None, request.FILES or None, instance=request.user)
    if form.is_valid() and carried_out(form, lambda: save_profile(request.user, **form.cleaned_data)):
        messages.success(request, "Your profile is saved.")
        return redirect("admin:account")
    return page(request, "admin/account/profile.html", title="Your account", form=form)


def save_profile(user: User, *, avatar: Any = None, remove_avatar: bool = False, **said: Any) -> None:
    # The picture first: it is what may be refused.
    if avatar:
        avatars.set_avatar(user, content=avatar, size=avatar.size or 0)
    elif remove_avatar:
        avatars.remove_avatar(user)
    staff_sign_in.change_own_profile(user, **said)


def password(request: Any) -> HttpResponse:
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("current", "new")}
        if carried_out(form, lambda: staff_sign_in.change_own_password(request.user, **given)):
            update_session_auth_hash(request, request.user)
            messages.success(request, "Your password is changed. Everywhere else you are signed out.")
            return redirect("admin:account")
    return page(request, "admin/account/password.html", title="Change your password", form=form)


def second_factor(request: Any, **forms_given: forms.Form) -> HttpResponse:
    """What there is, and what can be done about it: four states of one page."""
    user = request.user
    factor = SecondFactor.objects.filter(user=user).first()
    waiting = factor is not None and factor.confirmed_at is None
    context: dict[str, Any] = {
        "required": two_factor.settings.REQUIRE_TWO_FACTOR,
        "confirm_form": FirstCodeForm(),
        "disable_form": DisableForm(auto_id="off_%s"),
        "codes_form": CodeForm(auto_id="codes_%s"),
        "codes_left": RecoveryCode.objects.filter(user=user).count(),
        **forms_given,
    }
    if factor is not None and waiting:
        context |= {"qr": qr_code(factor, user), "secret": two_factor.typed_secret(factor)}
    return page(request, "admin/account/two_factor.html", title="Two-factor login", **context)


@require_POST
def begin(request: Any) -> HttpResponse:
    try:
        two_factor.begin(request.user)
    except HelpDeskError as refusal:
        messages.error(request, str(refusal))
    return redirect("admin:account_two_factor")


@require_POST
def confirm(request: Any) -> HttpResponse:
    form = FirstCodeForm(request.POST)
    codes: list[str] = []
    if form.is_valid() and carried_out(
        form, lambda: codes.extend(two_factor.confirm(request.user, now=timezone.now(), **form.cleaned_data))
    ):
        update_session_auth_hash(request, request.user)
        return page(request, "admin/account/codes.html", title="Recovery codes", codes=codes, first=True)
    return second_factor(request, confirm_form=form)


@require_POST
def disable(request: Any) -> HttpResponse:
    form = DisableForm(request.POST, auto_id="off_%s")
    if form.is_valid() and carried_out(
        form, lambda: two_factor.disable(request.user, now=timezone.now(), **form.cleaned_data)
    ):
        update_session_auth_hash(request, request.user)
        messages.success(request, "Two-factor login is switched off.")
        return redirect("admin:account_two_factor")
    return second_factor(request, disable_form=form)


@require_POST
def renew_codes(request: Any) -> HttpResponse:
    form = CodeForm(request.POST, auto_id="codes_%s")
    codes: list[str] = []
    if form.is_valid() and carried_out(
        form,
        lambda: codes.extend(two_factor.renew_recovery_codes(request.user, now=timezone.now(), **form.cleaned_data)),
    ):
        return page(request, "admin/account/codes.html", title="Recovery codes", codes=codes)
    return second_factor(request, codes_form=form)


# --- What the pages are made of -----------------------------------------------------------------------


def carried_out(form: forms.BaseForm, verb: Callable[[], Any]) -> bool:
    """Call a verb; what it refuses stands beside the field it is about."""
    try:
        verb()
    except Invalid as refusal:
        for name, texts in refusal.details.items():
            form.add_error({"password": "new"}.get(name, name) if "new" in form.fields else name, texts)
        if not refusal.details:
            form.add_error(None, str(refusal))
    except HelpDeskError as refusal:
        form.add_error("code" if "code" in form.fields else None, str(refusal))
    else:
        return True
    return False


def qr_code(factor: SecondFactor, user: User) -> SafeString:
    """Dark on light in either theme, or cameras cannot read it."""
    drawn = segno.make(two_factor.uri(factor, user.email), error="m")
    return mark_safe(drawn.svg_inline(scale=5, border=3, dark="#111827", light="#fff"))  # noqa: S308 - drawn by us


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
