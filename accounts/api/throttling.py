"""The optional rate limit of the API: so many requests a key, counted across processes."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.throttling import Limit, hit

SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}


class KeyRate(BaseThrottle):
    """HELPDESK_API_RATE, such as `600/min`; off when it is empty."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if settings.API_RATE and request.auth is not None:
            hit("api", str(getattr(request.auth, "id", request.user.pk)), parse_rate(settings.API_RATE))
        return True


@lru_cache(maxsize=8)
def parse_rate(text: str) -> Limit:
    """The limit a text such as `600/min` means; the settings have checked its form."""
    count, _, period = text.partition("/")
    return Limit(int(count), SECONDS[period])
