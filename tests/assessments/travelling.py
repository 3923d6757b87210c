"""The Celery application with a clock that a test sets: `celery -A tests.assessments.travelling`.

TRAVEL is a folder: `offset` says by how many seconds the clock is ahead; `begun` and `ticks` get a byte for each tick
that begins and ends.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.utils import timezone

from mlops_maturity.celery import app

TRAVEL = Path(os.environ["TRAVEL"])
TICK = "assessments.tasks.send_due_reminders"
real_now = timezone.now


def now() -> datetime:
    return real_now() + timedelta(seconds=float((TRAVEL / "offset").read_text()))


timezone.now = now
app.conf.task_default_queue = os.environ["TRAVEL_QUEUE"]
app.conf.beat_schedule = {"tick": {"task": TICK, "schedule": float(os.environ["TRAVEL_EVERY"])}}
app.conf.beat_max_loop_interval = 1


@app.on_after_finalize.connect
def shorten_leases(**_named: Any) -> None:
    """Let those who die leave what they claimed after so many seconds, as no test waits five minutes."""
    from assessments.services import deliveries  # noqa: PLC0415 - Django has to be ready

    deliveries.LEASE = timedelta(seconds=float(os.environ.get("TRAVEL_LEASE", "310")))


@task_prerun.connect
def note_begin(task: Any, **_named: Any) -> None:
    _note(task, "begun")


@task_postrun.connect
def note_end(task: Any, **_named: Any) -> None:
    _note(task, "ticks")


def _note(task: Any, name: str) -> None:
    if task.name == TICK:
        with (TRAVEL / name).open("ab") as notes:
            notes.write(b".")
