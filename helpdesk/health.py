"""What a supervisor or load balancer asks: does the process live, and may it be given work?"""

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from worker.models import Turn


@never_cache
@csrf_exempt
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked, so a database that is away restarts no server."""
    return JsonResponse({"status": "ok"})


@never_cache
@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and has every migration; otherwise 503 with a sentence.

    Whether a worker runs is told too, and changes nothing: pages are served without one.
    """
    try:
        missing = pending_migrations()
        worker = not missing and Turn.objects.show_life(timezone.now())
    except Error:
        return JsonResponse({"status": "unavailable", "error": "The database does not answer."}, status=503)
    if missing:
        sentence = "The database is behind the code: run `python manage.py migrate`."
        return JsonResponse({"status": "unavailable", "error": sentence}, status=503)
    return JsonResponse({"status": "ok", "worker": "running" if worker else "silent"})


def pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
