"""The forms around an account."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.account_settings import MAX_NAME, MAX_PHONE
from helpdesk.api.text import check_text
from helpdesk.errors import HelpDeskError, Invalid

from .errors import sentence

MAX_PASSWORD = 1000  # characters
MIN_PASSWORD = 6


class CleanText(forms.CharField):
    """Text that every database and browser can keep."""

    def clean(self, value: Any) -> str:
        text = super().clean(value).replace("\r\n", "\n")
        try:
            check_text(text, "")
        except Invalid:
            raise forms.ValidationError(_("This text has characters that cannot be stored.")) from None
        return text


class EmailAddress(CleanText):
    """What an address is, the verbs say; the widget helps to type one."""

    def __init__(self, **options: Any) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"})
        super().__init__(**{"label": _("Email address"), "max_length": 254, "widget": widget, **options})


class Password(CleanText):
    def __init__(self, *, new: bool = False, **options: Any) -> None:
        attrs = {"autocomplete": "new-password" if new else "current-password"}
        if new:
            attrs["minlength"] = str(MIN_PASSWORD)
            options.setdefault("help_text", _("At least 6 characters."))
        options.setdefault("label", _("Password"))
        super().__init__(strip=False, max_length=MAX_PASSWORD, widget=forms.PasswordInput(attrs=attrs), **options)


class PageForm(forms.Form):
    """A form of the portal: what a verb refuses stands beside the field that it is about."""

    use_required_attribute = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", "auto_id": "%s", **options})

    def refuse(self, problem: HelpDeskError, **names: str) -> None:
        """Show what a verb refused; `names` maps its fields to ours where these differ."""
        details = problem.details if isinstance(problem, Invalid) else {}
        for name, messages in details.items():
            own = names.get(name, name)
            for message in messages:
                self.add_error(own if own in self.fields else None, sentence(message))
        if not details:
            self.add_error(None, sentence(problem))


class SignUpForm(PageForm):
    name = CleanText(label=_("Your name"), max_length=MAX_NAME, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = EmailAddress()
    password = Password(new=True)


class SignInForm(PageForm):
    email = EmailAddress()
    password = Password()


class AskResetForm(PageForm):
    email = EmailAddress()


class ResetForm(PageForm):
    password = Password(new=True, label=_("New password"))


class ProfileForm(PageForm):
    name = CleanText(label=_("Your name"), max_length=MAX_NAME, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = CleanText(
        label=_("Phone"),
        required=False,
        max_length=MAX_PHONE,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "type": "tel"}),
    )
    language = forms.ChoiceField(label=_("Language"), required=False, choices=list)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, choices=list)

    def __init__(self, *args: Any, proven: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["language"].choices = [("", _("As my browser asks")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = zones()  # type: ignore[attr-defined]
        if not proven:
            del self.fields["phone"]


def zones() -> list[tuple[str, Any]]:
    """The places of the world, by continent, and universal time."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, _slash, place = name.partition("/")
        if place and region in REGIONS:
            groups.setdefault(region, []).append((name, place.replace("_", " ").replace("/", " – ")))
    return [("", _("Universal time (UTC)")), *((region, groups[region]) for region in REGIONS if region in groups)]


REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


class AvatarForm(PageForm):
    avatar = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG, WebP or GIF, 5 MB at most. We keep a small square of it."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )


class PasswordForm(PageForm):
    current = Password(label=_("Current password"))
    new = Password(new=True, label=_("New password"))


class EmailForm(PageForm):
    email = EmailAddress(label=_("New email address"))
    current = Password(label=_("Your password"), help_text=_("So that nobody else can do this for you."))
