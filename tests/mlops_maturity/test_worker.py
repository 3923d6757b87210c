"""A worker as it runs for real: it does what is due, and the site is ready only while there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from assessments.models import Response
from assessments.tasks import purge_abandoned_responses
from mlops_maturity.celery import app
from mlops_maturity.env import CHECKOUT
from tests.factories import make_response
from tests.mlops_maturity.conftest import wait_for

READY = {"status": "ok", "database": "ok", "redis": "ok", "worker": "ok", "queue": "ok", "beat": "ok"}


@contextmanager
def worker(queue: str, log: Path) -> Iterator[None]:
    """Run a worker of one queue on the tests' database, from when it is ready until it has stopped."""
    url = urlsplit(os.environ["DATABASE_URL"])
    database = url._replace(path=f"/{quote(settings.DATABASES['default']['NAME'])}").geturl()
    command = [sys.executable, "-m", "celery", "-A", "mlops_maturity", "worker", "--pool", "solo", "-Q", queue]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--hostname", f"{queue}@tests", "--loglevel", "INFO"],
            cwd=CHECKOUT,
            env=os.environ | {"DATABASE_URL": database},
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: " ready." in log.read_text(), "worker")
        yield
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.django_db(transaction=True)
def test_worker_does_the_work_and_readyz_sees_it(tmp_path: Path, client: Client) -> None:
    abandoned, kept = make_response(submitted=False), make_response(submitted=False)
    Response.objects.filter(pk=abandoned.pk).update(updated_at=timezone.now() - timedelta(days=365))
    queue = f"tests-{uuid4().hex}"
    with worker(queue, tmp_path / "log"):
        purge_abandoned_responses.apply_async(queue=queue)
        wait_for(lambda: not Response.objects.filter(pk=abandoned.pk).exists(), "effect of the task")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, READY)
    assert Response.objects.filter(pk=kept.pk).exists()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, READY | {"status": "unavailable", "worker": "down"})


def test_whatever_beat_sends_exists() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
