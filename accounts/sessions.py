"""Sessions that know whose they are, so that people can see where they are signed in, and sign out there."""

import re
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db.models import QuerySet
from django.utils import timezone

from .models import AccountSession, User
from .tokens import fingerprint

SEEN_EVERY = timedelta(minutes=15)
MAX_BROWSER = 200  # characters
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    (r"iPhone|iPad", "iOS"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class SessionStore(DatabaseSessions):
    """Django's sessions in the database, in a table that has the owner in a column of its own."""

    @classmethod
    def get_model_class(cls) -> type[AccountSession]:
        return AccountSession

    def create_model_instance(self, data: dict[str, Any]) -> AccountSession:
        session = cast(AccountSession, super().create_model_instance(data))
        session.user_id = data.get("_auth_user_id")
        session.browser = data.get("browser", "")
        session.started_at = moment(data.get("started"))
        session.seen_at = moment(data.get("seen"))
        return session


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def note_sign_in(sender: Any, request: Any, user: User, **kwargs: Any) -> None:
    """Remember when and with what somebody signed in."""
    now = timezone.now().isoformat()
    browser = request.META.get("HTTP_USER_AGENT", "").encode(errors="replace").decode().replace("\0", "")
    request.session.update({"browser": browser[:MAX_BROWSER], "started": now, "seen": now})


def note_visit(session: SessionBase, now: datetime) -> None:
    """Remember that a signed-in browser was here; written at most every quarter of an hour."""
    seen = moment(session.get("seen"))
    if seen is None or now - seen > SEEN_EVERY:
        session["seen"] = now.isoformat()


def sessions_of(user: User, now: datetime) -> QuerySet[AccountSession]:
    return AccountSession.objects.filter(user=user, expire_date__gt=now).order_by("-seen_at", "session_key")


def end_session(user: User, name: str, now: datetime) -> bool:
    """Sign one browser of this person out; False when there is none of that name."""
    keys = [session.session_key for session in sessions_of(user, now) if name_of(session) == name]
    return AccountSession.objects.filter(user=user, session_key__in=keys).delete()[0] > 0


def end_other_sessions(user: User, *, keep: str | None = None) -> int:
    """Sign every browser of this person out, but for the one with the session to keep; returns how many."""
    return AccountSession.objects.filter(user=user).exclude(session_key=keep).delete()[0]


def name_of(session: AccountSession) -> str:
    """By what a page refers to a session: its key opens the account, and stays out of pages."""
    return fingerprint(session.session_key)


def browser_of(agent: str) -> str:
    """What a browser says it is, in two words.

    >>> browser_of("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
    'Firefox, Linux'
    """
    found = [next((name for sign, name in known if re.search(sign, agent)), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found))
