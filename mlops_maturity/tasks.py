"""Work of the site itself, done by Celery workers."""

from __future__ import annotations

from celery import shared_task

from mlops_maturity import queue


@shared_task
def note_beat() -> None:
    """Write down that beat sends tasks and a worker does them."""
    queue.note_beat()
