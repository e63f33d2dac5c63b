"""`python -m benchmarks.profile_request PATH`: where the time of one request goes, in this process, without a server.

    python -m benchmarks.profile_request "/api/tickets?limit=50"
    python -m benchmarks.profile_request /api/tickets/ID --method PATCH --body '{"priority": "low"}'

Speaks to the database in DATABASE_URL (one that `make bench` has loaded, say) through the WSGI callable itself, with a
key made for the run and revoked after it. A write is really written.
"""

import argparse
import cProfile
import io
import os
import pstats
import sys
from statistics import median
from time import perf_counter
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
# As the servers that are measured: see benchmarks/servers.py.
os.environ |= {"SECRET_KEY": "benchmark", "HELPDESK_HTTPS": "false", "DEBUG": "false"}

from helpdesk.wsgi import application  # settings are read and apps are ready from here on

# isort: split
from django.db import connection, reset_queries
from django.utils import timezone

from accounts.keys import issue_api_key, revoke_api_key
from accounts.models import User
from helpdesk.api.permissions import SCOPES

WARM_UP = 50  # requests before the first one counts: statements get compiled and prepared


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.profile_request", description=__doc__.partition("\n")[0])
    parser.add_argument("path", help="For example /api/tickets?limit=50.")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--body", default="", help="JSON.")
    parser.add_argument("--count", type=int, default=500, help="Requests; 500 by default.")
    parser.add_argument("--sort", default="tottime", choices=("tottime", "cumtime", "ncalls"))
    parser.add_argument("--lines", type=int, default=35)
    parser.add_argument("--out", help="Also write the profile to this file, for a viewer.")
    options = parser.parse_args()
    owner = User.objects.admins().first()
    if owner is None:
        sys.exit("There is no admin in this database: run `manage.py bootstrap` first.")
    key, secret = issue_api_key(owner=owner, actor=None, name="Profile", scopes=SCOPES)
    try:
        profile(options, secret)
    finally:
        revoke_api_key(key.pk, actor=None)


def profile(options: argparse.Namespace, secret: str) -> None:
    for _ in range(WARM_UP):
        status, body = call(options, secret)
    if not status.startswith("2"):
        sys.exit(f"{status}: {body[:500].decode(errors='replace')}")
    show_queries(options, secret)
    seconds = []
    for _ in range(options.count):
        begin = perf_counter()
        call(options, secret)
        seconds.append(perf_counter() - begin)
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(options.count):
        call(options, secret)
    profiler.disable()
    print(f"{median(seconds) * 1e6:,.0f} µs a request without the profiler (median of {options.count})\n")
    statistics = pstats.Stats(profiler)
    statistics.sort_stats(options.sort).print_stats(options.lines)
    if options.out:
        statistics.dump_stats(options.out)


def show_queries(options: argparse.Namespace, secret: str) -> None:
    """What one request asks the database."""
    connection.force_debug_cursor = True
    reset_queries()
    call(options, secret)
    connection.force_debug_cursor = False
    print(f"{timezone.now():%H:%M:%S}  {options.method} {options.path}: {len(connection.queries)} queries")
    for query in connection.queries:
        print(f"  {float(query['time']) * 1000:7.1f} ms  {query['sql'][:150]}")
    print()


def call(options: argparse.Namespace, secret: str) -> tuple[str, bytes]:
    """One request, as a WSGI server would make it."""
    path, _, query = options.path.partition("?")
    body = options.body.encode()
    answered: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": options.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_AUTHORIZATION": f"ApiKey {secret}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }

    def start_response(status: str, *headers: Any) -> None:
        answered.append(status)

    parts = application(environ, start_response)
    try:
        return answered[0], b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()


if __name__ == "__main__":
    main()
