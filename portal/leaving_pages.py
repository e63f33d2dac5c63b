"""The page behind the link at the foot of mails to whoever is kept informed. Opening it changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from helpdesk.errors import Invalid
from tickets import leaving

from .errors import sentence
from .middleware import policy


@csrf_exempt  # mail programs post to it without having seen the page; the signed link is what allows it
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Stop being kept informed about a request; the link is enough, without an account."""
    try:
        response = left(request, token) if request.method == "POST" else asked(request, token)
    except Invalid as problem:
        response = page(request, _("This did not work"), sentence(problem), 404)
    # Nothing runs here: the link came by mail, and opens without a login.
    response["Content-Security-Policy"] = policy(without="script-src")
    return response


def asked(request: HttpRequest, token: str) -> HttpResponse:
    copy = leaving.copy_by(token)
    if copy is None:
        return done(request)
    words = {"number": copy.ticket.ticket_number, "email": copy.email, "no_script": True}
    return render(request, "portal/leave.html", words)


def left(request: HttpRequest, token: str) -> HttpResponse:
    leaving.leave(token)
    return done(request)


def done(request: HttpRequest) -> HttpResponse:
    return page(request, _("You are not kept informed any more"), _("We do not write to you about this request."), 200)


def page(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return render(request, "portal/done.html", {"title": title, "text": text, "no_script": True}, status=status)
