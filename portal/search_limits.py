"""How often one network or account may search: typing asks at every pause, a program at every moment.

Counted in the cache, since reading must not write to the database. With a cache of its own each process counts alone.
"""

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from accounts.throttling import network_of
from helpdesk.api.addresses import client_address

A_MINUTE = 300


def asks_too_often(request: HttpRequest) -> bool:
    user = request.user
    who = str(user.pk) if user.is_authenticated else network_of(client_address(request))
    key = f"portal-searches:{who}:{int(timezone.now().timestamp()) // 60}".replace(" ", "")
    if cache.add(key, 1, timeout=120):
        return False
    try:
        return cache.incr(key) > A_MINUTE
    except ValueError:  # it has just expired
        return False
