"""The forms of the help centre and of requests."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.account_settings import MAX_NAME
from custom_fields.models import CustomField
from tickets.attachments import Upload

from .account_forms import CleanText, EmailAddress, PageForm
from .custom_forms import PREFIX, form_field, stored_value

MAX_COMMENT = 2_000  # characters
MAX_SUBJECT = 200
MAX_TEXT = 50_000
MAX_FILES = 10
STAMP = "portal.guest"
QUICKEST, SLOWEST = 3, 24 * 60 * 60  # seconds in which people fill in a form


class FeedbackForm(PageForm):
    helpful = forms.ChoiceField(choices=[("yes", _("Yes")), ("no", _("No"))])
    comment = CleanText(required=False, max_length=MAX_COMMENT)


class Files(forms.FileField):
    """Any number of files, within limits that are said beforehand."""

    def __init__(self) -> None:
        most = settings.ATTACHMENT_MAX_SIZE
        attrs = {
            "multiple": True,
            "data-max": str(most),
            "data-count": str(MAX_FILES),
            "data-too-large": _("This file is too large."),
            "data-too-many": _("These are too many files."),
        }
        super().__init__(
            label=_("Files"),
            required=False,
            help_text=_("Up to %(count)s files of %(size)s MB each.") % {"count": MAX_FILES, "size": megabytes(most)},
            widget=ManyFiles(attrs=attrs),
        )

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        files: list[UploadedFile] = [file for file in data or [] if file]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(_("These are too many files."))
        for file in files:
            if (file.size or 0) > settings.ATTACHMENT_MAX_SIZE:
                raise forms.ValidationError(_("%(name)s is too large."), params={"name": file.name})
        return [Upload(str(file.name).replace("\x00", ""), file, file.size or 0, file.content_type) for file in files]


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name)


def megabytes(size: int) -> str:
    return f"{size / 2**20:g}"


class SubjectForm(PageForm):
    """What it is about; everything else follows."""

    subject = CleanText(label=_("What is it about?"), max_length=MAX_SUBJECT)


class RequestForm(PageForm):
    """A new request, with the custom fields that customers fill in."""

    subject = CleanText(label=_("What is it about?"), max_length=MAX_SUBJECT)
    description = CleanText(
        label=_("Tell us more"),
        max_length=MAX_TEXT,
        help_text=_("What did you do, what happened, and what did you expect?"),
        widget=forms.Textarea(attrs={"rows": 7}),
    )

    def __init__(self, *args: Any, definitions: Sequence[CustomField], **options: Any) -> None:
        super().__init__(*args, **options)
        self.definitions = definitions
        for field in definitions:
            self.fields[PREFIX + field.name] = form_field(field)
        self.fields["files"] = Files()

    def custom_values(self) -> dict[str, Any]:
        """The custom fields as they are stored."""
        return custom_values(self.cleaned_data, self.definitions)


class GuestRequestForm(RequestForm):
    """A request of somebody without an account: their name and address, and what tells people from programs."""

    field_order = ("name", "email", "subject", "description")

    name = CleanText(label=_("Your name"), max_length=MAX_NAME, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = EmailAddress(help_text=_("We mail you a link there, and begin once you open it."))
    website = CleanText(required=False, max_length=1000)
    stamp = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["files"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not was_shown_to_people(values.get("stamp", "")):
            self.add_error(None, _("Please check your request and send it once more."))
        return values

    @property
    def is_filled_by_a_program(self) -> bool:
        """People do not see the field for a website."""
        return bool(self.cleaned_data.get("website"))


def new_stamp() -> str:
    """When a form was shown, signed."""
    return signing.TimestampSigner(salt=STAMP).sign("shown")


def was_shown_to_people(stamp: str) -> bool:
    """Whether a form came back neither at once nor after days."""
    signer = signing.TimestampSigner(salt=STAMP)
    try:
        signer.unsign(stamp, max_age=SLOWEST)
    except signing.BadSignature:
        return False
    try:
        signer.unsign(stamp, max_age=QUICKEST)
    except signing.SignatureExpired:
        return True
    return False


class ReplyForm(PageForm):
    content = CleanText(label=_("Your message"), max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["files"] = Files()


class CopyForm(PageForm):
    email = EmailAddress(widget=forms.EmailInput(attrs={"autocomplete": "off"}))


class FieldsForm(PageForm):
    """The custom fields of a request that its customer may change."""

    def __init__(self, *args: Any, definitions: Sequence[CustomField], values: dict[str, Any], **options: Any) -> None:
        initial = {PREFIX + field.name: values.get(field.name) for field in definitions}
        super().__init__(*args, initial=initial, **options)
        self.definitions = definitions
        for field in definitions:
            self.fields[PREFIX + field.name] = form_field(field)

    def custom_values(self) -> dict[str, Any]:
        """The custom fields as they are stored; what was emptied is removed."""
        empty = dict.fromkeys((field.name for field in self.definitions), None)
        return {**empty, **custom_values(self.cleaned_data, self.definitions)}


def custom_values(cleaned: dict[str, Any], definitions: Sequence[CustomField]) -> dict[str, Any]:
    found = {field.name: stored_value(cleaned.get(PREFIX + field.name), field) for field in definitions}
    return {name: value for name, value in found.items() if value is not None}
