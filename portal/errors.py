"""What people see when something goes wrong: a page of the portal, in their language, or the API's answer."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.csrf import requires_csrf_token

from helpdesk.api import errors as api_errors
from helpdesk.errors import HelpDeskError
from tickets.customers import FULL_NETWORK, TOO_MANY_FILES

from .branding import brand
from .middleware import is_portal, language_asked_for, policy, theme_of

# Sentences of the floors below that customers come to read; translations are looked up when they are shown.
SENTENCES = {
    "This link is no longer valid.": _("This link is no longer valid."),
    "Too many attempts. Please try again later.": _("Too many attempts. Please try again later."),
    "Invalid email or password": _("This is not the right password, or there is no such account."),
    "Email already exists": _("There is an account with this address already."),
    "Enter a valid email address.": _("Please enter a valid email address."),
    "An email address can have 254 characters at most.": _("An email address can have 254 characters at most."),
    "Please confirm your email address first.": _("Please confirm your email address first."),
    "This is not your password.": _("This is not your password."),
    "This is your address already.": _("This is your address already."),
    "Your password has just been changed elsewhere.": _("Your password has just been changed elsewhere."),
    "Pictures can have 5 MB at most.": _("Pictures can have 5 MB at most."),
    "This is no picture we can read. Please choose a JPEG, PNG, WebP or GIF file.": _(
        "This is no picture we can read. Please choose a JPEG, PNG, WebP or GIF file."
    ),
    "Choose a rating from 1 to 5.": _("Please choose a rating."),
    "Only the person who sent this request can do that.": _("Only the person who sent this request can do that."),
    "This is your own address.": _("This is your own address."),
    "Our own mails come from this address.": _("Our own mails come from this address."),
    "At most 10 people can be kept informed.": _("At most 10 people can be kept informed."),
    "At most 5000 characters are allowed.": _("At most 5000 characters are allowed."),
    "Please sign in to send a request.": _("Please sign in to send a request."),
    "Only a ticket that is resolved can be asked about.": _("You can rate a request once it is solved."),
    "Not found.": _("Not found."),
    TOO_MANY_FILES: _("You have sent very many files within an hour. Please send the others later."),
    FULL_NETWORK: _(
        "Very many files were sent from your network today. "
        "Please confirm your email address, or send this without files."
    ),
}


TOO_LARGE = "The request body is too large."
ALONE = {
    400: (
        _("We could not read this"),
        _("Something in the address or the form is not as it should be. Please go back, and try once more."),
    ),
    413: (
        _("This is too much at once"),
        _("Your text or your files are larger than we can take. Nothing was sent. Please go back, and send less."),
    ),
    500: (
        _("Something went wrong"),
        _(
            "This is our mistake, not yours. Please go back and try again in a moment. "
            "If it stays like this, tell us by another way."
        ),
    ),
}


def sentence(problem: HelpDeskError | str) -> str:
    """What was refused, in the reader's language where we have the words."""
    english = problem if isinstance(problem, str) else problem.sentence
    return str(SENTENCES.get(english, english))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_portal(request):
        return defaults.page_not_found(request, exception)
    return render(request, "portal/errors/not_found.html", status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return alone(request, 413) if is_portal(request) else api_errors.error_response(413, TOO_LARGE)
    return alone(request, 400) if is_portal(request) else api_errors.bad_request(request, exception)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if not is_portal(request):
        return api_errors.csrf_failure(request, reason=reason)
    return render(request, "portal/errors/form_expired.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    return alone(request, 500) if is_portal(request) else api_errors.server_error(request)


def alone(request: HttpRequest, status: int) -> HttpResponse:
    """A page made of nothing that may be broken, or not known yet: no account, no session, no host, no database."""
    language = language_asked_for(request)
    with translation.override(language):
        title, text = ALONE[status]
        words = {"title": title, "text": text, "brand": brand(), "theme": theme_of(request), "language": language}
        page = render_to_string("portal/errors/alone.html", words)
    headers = {"Content-Security-Policy": policy(), "Cache-Control": "no-store", "Content-Language": language}
    return HttpResponse(page, status=status, headers=headers)
