"""The answers of `/healthz` and `/readyz` while something is down."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from mlops_maturity import health


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
    assert answer.json() == {"status": "unavailable", "database": "ok", "redis": "down", "worker": "ok"}
    assert "redis is down" in caplog.text


def test_readyz_names_the_database(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": "down", "redis": "ok", "worker": "ok"}
    assert "database is down" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_for_looking_only(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 405
