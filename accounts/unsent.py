"""Forms that were sent after their session had ended wait in the browser's session until their owner has signed in.

A form says on whose page it stands, signed. Nobody else is shown what it held: whoever else signs in with that browser
makes it go, and so does signing out. Files do not wait; they have to be chosen again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.utils import timezone

from helpdesk.errors import TooManyAttempts

from .models import User
from .throttling import Limit, hit

KEPT = timedelta(hours=8)
MOST = 20  # forms in one browser
LONGEST = 300_000  # characters of one form
IN_ALL = 1_000_000  # of all that wait in one browser; the oldest go first
BROWSERS = Limit(60, 60 * 60)  # without a session, in which forms of one person begin to wait
FIELD = "signed_by"
SALT = "accounts.unsent"
KEY = "unsent"
OWN = (FIELD, "csrfmiddlewaretoken", "once")  # of the form, not of what was typed
NEVER = "password"  # fields with this in their names do not wait

Fields = dict[str, list[str]]


@dataclass(frozen=True)
class Unsent:
    path: str  # where the form was sent
    fields: Fields
    had_files: bool

    def text(self, name: str) -> str:
        return (self.fields.get(name) or [""])[-1]


def seal(user: User) -> str:
    """What a form says of whose page it stands on."""
    return signing.Signer(salt=SALT).sign(str(user.pk))


def owner_of(request: Any) -> str:
    """Whose page the form of a request stood on: a key, or nothing."""
    try:
        return signing.Signer(salt=SALT).unsign(request.POST.get(FIELD, ""))
    except (signing.BadSignature, OSError):  # OSError: the form did not come in whole
        return ""


def keep(request: Any) -> bool:
    """Keep the form of a request that cannot be answered now; False when it is nobody's, or somebody else's."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return False  # without cookies: a session begun here would take the place of the one the browser has
    owner, user = owner_of(request), request.user
    if not owner or (user.is_authenticated and str(user.pk) != owner):
        return False
    fields = {name: values for name, values in request.POST.lists() if name not in OWN and NEVER not in name}
    if length_of(fields) > LONGEST:
        return False
    session = request.session
    if session.session_key is None and not may_begin(owner):
        return False
    forms = {path: form for path, form in kept_in(session).items() if path != request.path and form["by"] == owner}
    form = {"by": owner, "at": timezone.now().isoformat(), "fields": fields, "files": bool(request.FILES)}
    waiting = [*forms.items(), (request.path, form)][-MOST:]
    while sum(length_of(one["fields"]) for _, one in waiting) > IN_ALL:
        waiting.pop(0)
    session[KEY] = dict(waiting)
    if not user.is_authenticated:
        session.set_expiry(KEPT)
    return True


def length_of(fields: Fields) -> int:
    """In characters, those of the names too: anybody can make up fields."""
    return sum(len(name) + sum(map(len, values)) for name, values in fields.items())


def may_begin(owner: str) -> bool:
    """Anybody who has an account could otherwise fill the database with sessions that hold much."""
    try:
        hit("unsent", owner, BROWSERS)
    except TooManyAttempts:
        return False
    return True


def kept_in(session: Any) -> dict[str, Any]:
    """The forms by their paths, but for those that have waited too long."""
    since = timezone.now() - KEPT
    forms = session.get(KEY, {})
    return {path: form for path, form in forms.items() if datetime.fromisoformat(form["at"]) > since}


def waiting_for(user: Any, session: Any) -> Iterator[Unsent]:
    """What somebody sent when they were not signed in, in the order in which they did."""
    for path, form in kept_in(session).items():
        if form["by"] == str(user.pk):
            yield Unsent(path, form["fields"], form["files"])


def waiting_at(request: Any, path: str) -> Unsent | None:
    return next((form for form in waiting_for(request.user, request.session) if form.path == path), None)


def forget(request: Any, path: str) -> None:
    forms = request.session.get(KEY, {})
    if path in forms:
        request.session[KEY] = {other: form for other, form in forms.items() if other != path}


def forget_others(sender: Any, request: Any, user: User, **kwargs: Any) -> None:
    """Whoever signs in finds nothing of anybody else, and has a session that lasts as long as all do."""
    session = request.session
    if KEY in session:
        session.set_expiry(None)
        session[KEY] = {path: form for path, form in kept_in(session).items() if form["by"] == str(user.pk)}


def carried_over(session: Any) -> None:
    """Begin a session anew, between two steps of signing in: what waits goes on waiting."""
    forms = kept_in(session)
    session.flush()
    if forms:
        session[KEY] = forms
        session.set_expiry(KEPT)
