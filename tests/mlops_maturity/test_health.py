"""The answers of `/healthz` and `/readyz` while something is down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from assessments.models import Reminder, ReminderHook
from mlops_maturity import health, metrics, queue
from mlops_maturity.queue import note_beat
from tests import factories


@pytest.fixture(autouse=True)
def worker_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real workers are in test_worker.py."""
    monkeypatch.setitem(health.CHECKS, "worker", lambda: True)


def test_healthz_needs_neither_database_nor_redis(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_readyz_names_redis(client: Client, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "database": "ok",
        "redis": "down",
        "worker": "ok",
        "queue": "ok",
        "beat": "late",
    }
    assert "redis is down" in caplog.text


def test_readyz_names_the_database(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "database": "down",
        "redis": "ok",
        "worker": "ok",
        "queue": "ok",
        "beat": "ok",
    }
    assert "database is down" in caplog.text


@pytest.mark.django_db
def test_readyz_tells_of_a_flood_and_of_beat_that_is_late(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").json()["beat"] == "ok"
    note_beat()
    assert client.get("/readyz").json()["beat"] == "ok"
    monkeypatch.setattr(queue, "LATE_SECONDS", -1)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["beat"]) == (200, "late")
    monkeypatch.setattr(queue, "tasks_waiting", lambda: queue.MOST_WAITING + 1)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["queue"]) == (503, "down")


@pytest.mark.django_db
def test_the_metrics_tell_of_the_queue_and_of_reminders(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_TOKEN = "t" * 32
    monkeypatch.setattr(metrics, "GAUGES", [gauge for gauge in metrics.GAUGES if gauge[0] != "mlops_workers"])
    schedule = factories.make_schedule()
    late = timezone.now() - timedelta(hours=1)
    Reminder.objects.create(
        organization=schedule.organization,
        schedule=schedule,
        user=factories.make_user(),
        on=schedule.anchor,
        days_before=0,
        send_at=late,
        try_at=late,
    )
    hook = ReminderHook.objects.create(organization=schedule.organization, url="https://hooks.example/1")
    earlier = late - timedelta(days=1)
    Reminder.objects.create(
        organization=schedule.organization,
        schedule=schedule,
        hook=hook,
        on=schedule.anchor,
        days_before=0,
        send_at=earlier,
        try_at=earlier,
    )
    note_beat()

    def read() -> dict[str, float]:
        text = client.get("/metrics", headers={"authorization": f"Bearer {settings.METRICS_TOKEN}"}).content.decode()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}

    told = read()
    assert told['mlops_reminders{state="due"}'] == 2
    assert told['mlops_reminders{state="sent"}'] == 0
    assert 3600 <= told["mlops_reminders_late_seconds"] < 3700
    assert told["mlops_beat_last_seconds"] > 1e9
    assert "mlops_tasks_waiting" in told
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    assert "mlops_beat_last_seconds" not in read()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_for_looking_only(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 405
