"""Throttles that hold across processes, restarts and databases: counters in the database, exact under load."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Network, ip_address
from math import ceil

from django.db import connection
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


def hit(what: str, who: str, limit: Limit, *, by: int = 1) -> None:
    """Count one attempt, or so many; raises TooManyAttempts, with the seconds to wait, when it is one too many."""
    now = timezone.now()
    if secrets.randbelow(PURGE_EVERY) == 0:
        purge(now)
    started, count = counted(window_key(what, who), now, limit, by)
    if count > limit.count:
        # Of attempts at the same moment a later one may have opened the window.
        elapsed = max(0.0, (now - started).total_seconds())
        raise TooManyAttempts(max(1, ceil(limit.seconds - elapsed)))


def forget(what: str, who: str) -> None:
    """Start over, after a success."""
    RateWindow.objects.filter(key=window_key(what, who)).delete()


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
    RateWindow.objects.filter(started_at__lt=now - STALE).delete()


def counted(key: str, now: datetime, limit: Limit, by: int) -> tuple[datetime, int]:
    field = RateWindow._meta.get_field("started_at")
    moments = [field.get_db_prep_value(moment, connection) for moment in (now, now - timedelta(seconds=limit.seconds))]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key, moments[0], by, moments[1], moments[1]])
        started, count = cursor.fetchone()
    for convert in connection.ops.get_db_converters(field.get_col("accounts_ratewindow")):
        started = convert(started, None, connection)
    return started, count


def window_key(what: str, who: str) -> str:
    """Hashed: the table tells nobody who tried to sign in."""
    return f"{what}:{sha256(who.encode(errors='replace')).hexdigest()}"
