"""Is the process alive (`/healthz`), and can it do its work (`/readyz`)?"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mlops_maturity import queue
from mlops_maturity.caches import redis_itself
from mlops_maturity.celery import app

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process serves requests."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where database, Redis and a worker respond and the queue is no flood, else 503; the body says which.

    Beat that is late is told, and costs nothing of it: pages work all the same.
    """
    parts = {name: "ok" if _works(name, check) else "down" for name, check in CHECKS.items()}
    ready = "down" not in parts.values()
    parts["beat"] = "ok" if _works("beat", _beat) else "late"
    return JsonResponse({"status": "ok" if ready else "unavailable"} | parts, status=200 if ready else 503)


def _works(name: str, check: Callable[[], object]) -> bool:
    try:
        return bool(check())
    except Exception:
        logger.warning("%s is down", name, exc_info=True)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _redis() -> bool:
    redis = redis_itself()
    redis.set("readyz", 1, timeout=10)
    return bool(redis.get("readyz") == 1)


def _worker() -> object:
    return app.control.ping(timeout=1.0, limit=1)


def _queue() -> bool:
    return queue.tasks_waiting() <= queue.MOST_WAITING


def _beat() -> bool:
    return not queue.is_beat_late()


CHECKS: dict[str, Callable[[], object]] = {
    "database": _database,
    "redis": _redis,
    "worker": _worker,
    "queue": _queue,
}
