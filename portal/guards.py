"""Who may open a page of the portal."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import unsent
from accounts.models import User

View = Callable[..., HttpResponseBase]
ONLY_POSTED = "only_posted"

pages = require_http_methods(["GET", "HEAD"])
forms = require_http_methods(["GET", "HEAD", "POST"])


def acts(view: View) -> View:
    """What a button does; there is nothing to look at under its address."""
    guarded = require_http_methods(["POST"])(view)
    setattr(guarded, ONLY_POSTED, True)
    return guarded


def is_only_posted(view: object) -> bool:
    return getattr(view, ONLY_POSTED, False)


class CustomerRequest(HttpRequest):
    """What a guarded page is called with: somebody is signed in, and no colleague."""

    user: User


def customers_only(view: View) -> View:
    """Guests sign in first; colleagues have pages of their own."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return turned_away(request) or view(request, *args, **kwargs)

    return guarded


def turned_away(request: HttpRequest) -> HttpResponse | None:
    """What somebody gets who is no customer that is signed in; None for one who is."""
    user = request.user
    if not user.is_authenticated:
        if request.method == "POST":
            unsent.keep(request)
        return redirect(f"{reverse('portal:sign-in')}?{urlencode({'next': here(request)})}")
    if user.is_staff:
        return render(request, "portal/errors/for_customers.html", status=403)
    return None


def here(request: HttpRequest) -> str:
    """The address of this page or, when this answers a button, that of the page which has it."""
    match = request.resolver_match
    if match is None or not is_only_posted(match.func):
        return request.get_full_path()
    path = request.path_info
    while path.count("/") > 1:
        path = path.rpartition("/")[0]
        try:
            if not is_only_posted(resolve(path).func):
                return path
        except Resolver404:
            continue
    return reverse("portal:home")


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Where `next` asks to go, if that is one of our own pages."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else reverse(otherwise)
