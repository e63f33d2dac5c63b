"""The pages behind the links in account mails.

Opening a link changes nothing, since mail scanners open links too: the page shows a button, and that acts.
"""

from django.contrib.auth import login, logout
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import portal_accounts
from helpdesk.api.addresses import client_address
from helpdesk.api.text import check_text
from helpdesk.errors import HelpDeskError, Invalid, TooManyAttempts

BACKEND = "accounts.backends.AccountBackend"
forms = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@forms
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """This address is mine."""
    if request.method != "POST":
        return render(request, "portal/confirm.html")
    try:
        portal_accounts.confirm_email(token)
    except Invalid as problem:
        return failed(request, problem)
    return render(request, "portal/done.html", {"title": "Thank you", "text": "Your email address is confirmed."})


@never_cache
@forms
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """I did not sign up."""
    if request.method != "POST":
        return render(request, "portal/not_me.html")
    try:
        portal_accounts.disown(token)
    except Invalid as problem:
        return failed(request, problem)
    logout(request)
    text = "The account is closed again, and nobody can sign up with your address for a day."
    return render(request, "portal/done.html", {"title": "Done", "text": text})


@never_cache
@forms
def ask_reset(request: HttpRequest) -> HttpResponse:
    """I forgot my password. The answer is the same whether there is such an account or not."""
    if request.method != "POST":
        return render(request, "portal/ask_reset.html")
    try:
        portal_accounts.request_password_reset(email=field(request, "email"), address=client_address(request))
    except TooManyAttempts as problem:
        return failed(request, problem, status=429)
    text = "If there is an account with this address, a mail with a link is on its way."
    return render(request, "portal/done.html", {"title": "Check your mail", "text": text})


@never_cache
@forms
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """Set a new password; the person is signed in here, and signed out everywhere else."""
    if request.method != "POST":
        return render(request, "portal/reset.html")
    try:
        user = portal_accounts.reset_password(token, password=field(request, "password"))
    except Invalid as problem:
        if "password" in problem.details:
            return render(request, "portal/reset.html", {"errors": problem.details["password"]}, status=400)
        return failed(request, problem)
    login(request, user, backend=BACKEND)
    return render(request, "portal/done.html", {"title": "Done", "text": "Your new password is set."})


def field(request: HttpRequest, name: str) -> str:
    """A form field as clean text; what no browser sends is a bad request."""
    text = request.POST.get(name, "")[:1000]
    try:
        check_text(text, name)
    except Invalid as problem:
        raise BadRequest(problem.sentence) from None
    return text


def failed(request: HttpRequest, problem: HelpDeskError, status: int = 400) -> HttpResponse:
    return render(request, "portal/done.html", {"title": "This did not work", "text": problem.sentence}, status=status)
