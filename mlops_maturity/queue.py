"""How the queue is: when a task of beat's was last done, how many tasks wait, how many workers there are."""

from __future__ import annotations

import time
from typing import Any

from mlops_maturity.caches import redis_itself
from mlops_maturity.celery import app

BEAT_KEY = "beat-last-done"
LATE_SECONDS = 300
MOST_WAITING = 10_000
DEFAULT_QUEUE = "celery"


def note_beat() -> None:
    """Write down that a task of beat's was done just now."""
    redis_itself().set(BEAT_KEY, time.time(), timeout=None)


def beat_seen_at() -> float | None:
    """Return the Unix time at which a task of beat's was last done, None where none has been."""
    seen: float | None = redis_itself().get(BEAT_KEY)
    return seen


def is_beat_late() -> bool:
    """Return whether beat, or every worker, has been silent for five minutes; before its first minute it is not."""
    seen = beat_seen_at()
    return seen is not None and time.time() - seen > LATE_SECONDS


def tasks_waiting() -> int:
    """Return how many tasks wait for a worker."""
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        return int(channel.client.llen(DEFAULT_QUEUE))


def workers() -> int:
    """Return how many workers answer within a second."""
    return len(app.control.ping(timeout=1.0) or ())
