"""Throttles that hold across processes, restarts and databases: counters in the database, exact under load."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Network, ip_address
from math import ceil

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from helpdesk.errors import TooManyAttempts

from .models import RateWindow

# One statement, so that parallel requests never count as one: a new window, or one more in the running one.
COUNT = """
    INSERT INTO accounts_ratewindow (key, started_at, count) VALUES (%s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN accounts_ratewindow.started_at < %s THEN excluded.count
                     ELSE accounts_ratewindow.count + excluded.count END,
        started_at = CASE WHEN accounts_ratewindow.started_at < %s THEN excluded.started_at
                          ELSE accounts_ratewindow.started_at END
    RETURNING started_at, count
"""
STALE = timedelta(days=2)
KNOWN_FOR = timedelta(days=30)  # that a network is known to an account, after somebody has signed in from there
SIGNED_IN = "signed in"
PURGE_EVERY = 500  # about one attempt in so many tidies up


@dataclass(frozen=True)
class Limit:
    """At most `count` times in a window of `seconds`."""

    count: int
    seconds: int


PER_ACCOUNT = Limit(10, 15 * 60)
PER_ADDRESS = Limit(100, 15 * 60)
SIGNUPS = Limit(100, 60 * 60)
MAILS = Limit(5, 60 * 60)
LATEST = Limit(1, 0)  # a window that begins anew each time


def hit(what: str, who: str, limit: Limit, *, by: int = 1, apart: str = "") -> None:
    """Count one attempt, or so many; raises TooManyAttempts, with the seconds to wait, when it is one too many.

    What is counted `apart` has a window of its own.
    """
    now = timezone.now()
    if secrets.randbelow(PURGE_EVERY) == 0:
        purge(now)
    started, count = counted(window_key(what, who, apart), now, limit, by)
    if count > limit.count:
        # Of attempts at the same moment a later one may have opened the window.
        elapsed = max(0.0, (now - started).total_seconds())
        raise TooManyAttempts(max(1, ceil(limit.seconds - elapsed)))


def forget(what: str, who: str) -> None:
    """Start over, after a success; what was counted apart, too."""
    key = window_key(what, who)
    RateWindow.objects.filter(Q(key=key) | Q(key__startswith=f"{key}:")).delete()


def hit_sign_in(account: str, address: str) -> None:
    """Count an attempt to sign in, whoever the account belongs to, if anybody; raises TooManyAttempts.

    Attempts from networks where nobody has signed in to it of late count together, and lock nobody out elsewhere.
    """
    network, since = network_of(address), timezone.now() - KNOWN_FOR
    hit("sign-in from", network, PER_ADDRESS)
    is_known = RateWindow.objects.filter(key=window_key(SIGNED_IN, account, network), started_at__gt=since).exists()
    hit("sign-in to", account, PER_ACCOUNT, apart=network if is_known else "")


def note_sign_in(account: str, address: str) -> None:
    """The password was right: start over, and know the network."""
    forget("sign-in to", account)
    counted(window_key(SIGNED_IN, account, network_of(address)), timezone.now(), LATEST, 1)


def network_of(address: str) -> str:
    """Whom attempts from an address count for: of IPv6 the /64, all of which one customer of a provider can use."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))


def purge(now: datetime) -> None:
    """Drop windows that ended long ago."""
    known = Q(key__startswith=f"{SIGNED_IN}:")
    RateWindow.objects.filter(~known, started_at__lt=now - STALE).delete()
    RateWindow.objects.filter(known, started_at__lt=now - KNOWN_FOR).delete()


def counted(key: str, now: datetime, limit: Limit, by: int) -> tuple[datetime, int]:
    field = RateWindow._meta.get_field("started_at")
    moments = [field.get_db_prep_value(moment, connection) for moment in (now, now - timedelta(seconds=limit.seconds))]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key, moments[0], by, moments[1], moments[1]])
        started, count = cursor.fetchone()
    for convert in connection.ops.get_db_converters(field.get_col("accounts_ratewindow")):
        started = convert(started, None, connection)
    return started, count


def window_key(what: str, who: str, apart: str = "") -> str:
    """Hashed: the table tells nobody who tried to sign in."""
    said = [who, apart] if apart else [who]
    return ":".join([what, *(sha256(one.encode(errors="replace")).hexdigest() for one in said)])
