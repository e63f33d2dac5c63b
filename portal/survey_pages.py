"""The page behind the link in a survey mail. Opening it changes nothing; it needs no login and no script."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from csat import services
from csat.mails import RATINGS
from csat.models import MAX_FEEDBACK, Survey
from helpdesk.api.text import check_text
from helpdesk.errors import Invalid

from .errors import sentence
from .middleware import policy


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """How satisfied are you? An answer can be changed until the link expires."""
    try:
        found = services.find(token)
        response = answered(request, token, found) if request.method == "POST" else asked(request, found)
    except Invalid as problem:
        response = page(request, _("This did not work"), sentence(problem), 404)
    # Nothing runs here: the link came by mail, and opens without a login.
    response["Content-Security-Policy"] = policy(without="script-src")
    return response


def asked(request: HttpRequest, found: Survey) -> HttpResponse:
    chosen = rating_in(request.GET.get("rating", "")) or found.rating
    return form(request, found, rating=chosen, feedback=found.feedback or "")


def answered(request: HttpRequest, token: str, found: Survey) -> HttpResponse:
    rating, feedback = rating_in(request.POST.get("rating", "")), request.POST.get("feedback", "")
    try:
        check_text(feedback, _("The comment"))
        services.answer(token, rating=rating, feedback=feedback.replace("\r\n", "\n"), now=timezone.now())
    except Invalid as problem:
        return form(request, found, rating=rating, feedback=feedback, error=sentence(problem), status=400)
    text = _("Your answer is saved. You can open the link again and change it for a while.")
    return page(request, _("Thank you"), text, 200)


def form(
    request: HttpRequest, found: Survey, *, rating: int | None, feedback: str, error: str = "", status: int = 200
) -> HttpResponse:
    words = {
        "ticket": found.ticket,
        "no_script": True,
        "ratings": RATINGS.items(),
        "rating": rating,
        "feedback": feedback[:MAX_FEEDBACK],
        "max_feedback": MAX_FEEDBACK,
        "error": error,
    }
    return render(request, "portal/survey.html", words, status=status)


def page(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return render(request, "portal/done.html", {"title": title, "text": text, "no_script": True}, status=status)


def rating_in(text: str) -> int | None:
    return int(text) if text in ("1", "2", "3", "4", "5") else None
