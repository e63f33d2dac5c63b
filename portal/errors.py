"""What people see when something goes wrong: a page of the portal, in their language, or the API's answer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.csrf import requires_csrf_token

from helpdesk.api import errors as api_errors
from helpdesk.errors import HelpDeskError

from .middleware import is_portal

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
    "At most 10 people can be kept informed.": _("At most 10 people can be kept informed."),
    "At most 5000 characters are allowed.": _("At most 5000 characters are allowed."),
    "Please sign in to send a request.": _("Please sign in to send a request."),
    "Only a ticket that is resolved can be asked about.": _("You can rate a request once it is solved."),
    "Not found.": _("Not found."),
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
    return api_errors.bad_request(request, exception)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if not is_portal(request):
        return api_errors.csrf_failure(request, reason=reason)
    return render(request, "portal/errors/form_expired.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    return api_errors.server_error(request)
