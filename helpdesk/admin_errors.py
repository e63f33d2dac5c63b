"""What goes wrong: below /admin/ as a page that leads back to work, elsewhere as the portal and the API say it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.views.decorators.csrf import requires_csrf_token

from accounts import unsent
from accounts.models import User
from helpdesk import signing_in
from helpdesk.admin_site import with_policy
from helpdesk.slashes import led_to_its_page
from portal import errors as elsewhere
from workspace.unsent import drafts_again

WORDS = {
    400: (
        "This cannot be read",
        "Something in the address or the form is not as it should be. Go back, or start over.",
    ),
    403: (
        "This form has expired",
        "Nothing was changed. Go back, load the page again, and send it once more. "
        "If that does not help, allow cookies for this site.",
    ),
    404: ("There is no such page", "What was here may be gone, or merged into another, or not for you to see."),
}


KEPT = (
    "You have signed in or out elsewhere since you opened this page. Nothing was changed, and what you wrote is kept."
)


def is_ours(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/")


def explained(request: HttpRequest, status: int, **more: Any) -> HttpResponse:
    title, text = WORDS[status]
    context = {**admin.site.each_context(request), "title": title, "text": text, **more}
    answer = TemplateResponse(request, "admin/wrong.html", context, status=status)
    return with_policy(answer.render())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    # A host that is not ours gets no page: making one asks for the host's name again.
    if is_ours(request) and hasattr(request, "user") and not isinstance(exception, RequestDataTooBig):
        return explained(request, 400)
    return elsewhere.bad_request(request, exception)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What was typed is kept where the form says whose it is: who else could have made somebody's browser send it?"""
    if not is_ours(request):
        return elsewhere.csrf_failure(request, reason=reason)
    if not unsent.keep(request):
        return explained(request, 403)
    user = request.user
    if isinstance(user, User):
        drafts_again(None, request=request, user=user)
    return explained(request, 403, text=KEPT, back=signing_in.came_from(request))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if moved := led_to_its_page(request):
        return with_policy(moved) if is_ours(request) else moved
    return explained(request, 404) if is_ours(request) else elsewhere.not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Made of nothing that may be what broke: no account, no database."""
    if not is_ours(request):
        return elsewhere.server_error(request)
    return with_policy(HttpResponse(render_to_string("admin/broken.html"), status=500))
