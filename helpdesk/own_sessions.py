"""Where agents and admins are signed in, and how they sign out there."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import sessions
from helpdesk.own_account import Guard, page


def pages(guard: Guard) -> list[URLPattern]:
    return [
        path("account/sessions/", guard(listed), name="account_sessions"),
        path("account/sessions/end/", guard(end), name="end_session"),
        path("account/sessions/end-others/", guard(end_others), name="end_other_sessions"),
    ]


@require_GET
def listed(request: Any) -> HttpResponse:
    own = request.session.session_key
    found = [
        {"name": sessions.name_of(one), "browser": sessions.browser_of(one.browser), "row": one}
        for one in sessions.sessions_of(request.user, timezone.now())
    ]
    here = sessions.fingerprint(own)
    return page(request, "admin/account/sessions.html", title="Where you are signed in", sessions=found, own=here)


@require_POST
def end(request: Any) -> HttpResponse:
    if sessions.end_session(request.user, request.POST.get("session", ""), timezone.now()):
        messages.success(request, "That browser is signed out.")
    return redirect("admin:account_sessions")


@require_POST
def end_others(request: Any) -> HttpResponse:
    sessions.end_other_sessions(request.user, keep=request.session.session_key)
    messages.success(request, "You are signed out everywhere else.")
    return redirect("admin:account_sessions")
