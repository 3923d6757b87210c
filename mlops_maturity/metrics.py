"""`/metrics` for Prometheus: not for the public, as numbers tell too."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from assessments.selectors.reminders import reminders_by_state, seconds_late
from mlops_maturity import queue

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever bears METRICS_TOKEN; for all others, and where none is set, there is nothing here (Http404)."""
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404
    response: HttpResponse = ExportToDjangoView(request)
    # Told by every web process alike, so it is computed when asked for, in no process's memory.
    response.content += generate_latest(OF_THE_SITE)
    return response


class _Background(Collector):
    """The queue, its workers, and the reminders."""

    def collect(self) -> Iterator[Metric]:
        for name, words, read in GAUGES:
            try:
                value = read()
            except Exception:
                # What cannot be read is missing, not 0; the rest is told all the same.
                logger.warning("%s cannot be read", name, exc_info=True)
            else:
                yield GaugeMetricFamily(name, words, value=value)
        counts = GaugeMetricFamily("mlops_reminders", "Reminders by their fate", labels=["state"])
        try:
            for state, count in reminders_by_state().items():
                counts.add_metric([state], count)
        except DatabaseError:
            logger.warning("mlops_reminders cannot be read", exc_info=True)
        else:
            yield counts


GAUGES: list[tuple[str, str, Callable[[], float]]] = [
    ("mlops_tasks_waiting", "Tasks that wait for a worker", queue.tasks_waiting),
    ("mlops_workers", "Workers that answer", queue.workers),
    ("mlops_beat_last_seconds", "When a task of beat's was last done, in Unix time", lambda: queue.beat_seen_at() or 0),
    ("mlops_reminders_late_seconds", "How late the reminder is that waits longest", seconds_late),
]
OF_THE_SITE = CollectorRegistry()
OF_THE_SITE.register(_Background())
