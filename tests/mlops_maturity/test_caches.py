"""The cache while Redis is away: the process remembers by itself, asks again after a while, and says so once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from pytest_django.fixtures import Settings
from redis import exceptions

from mlops_maturity import caches
from organizations import limits

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis refuses every connection."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": NOWHERE}}
    monkeypatch.setattr(caches, "_away_until", {})


@pytest.mark.usefixtures("away")
def test_the_process_remembers_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    assert cache.add("a", 1)
    assert not cache.add("a", 2)
    assert cache.incr("a", 4) == 5
    cache.set_many({"b": 2, "c": 3})
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": 5, "b": 2, "c": 3}
    assert cache.touch("b", 60)
    assert cache.get_or_set("d", lambda: 6) == 6
    cache.delete_many(["b", "c"])
    assert "b" not in cache
    assert cache.delete("a")
    cache.clear()
    assert cache.get("d") is None
    assert caplog.text.count("redis_is_away") == 1


@pytest.mark.usefixtures("away")
def test_who_asks_for_redis_itself_learns_that_it_is_away() -> None:
    with pytest.raises(exceptions.RedisError):
        caches.redis_itself().get("a")


@pytest.mark.usefixtures("away")
def test_limits_hold_without_redis() -> None:
    allowed = []
    for _mail in range(22):
        with limits.mail_to("anna@acme.example") as may:
            allowed.append(may)
    assert allowed == [True] * 20 + [False] * 2


def test_a_redis_that_hangs_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def hang(self: RedisCache, key: str, *args: Any, **kwargs: Any) -> None:
        asked.append(key)
        raise exceptions.TimeoutError

    clock = [1000.0]
    monkeypatch.setattr(caches, "_away_until", {})
    monkeypatch.setattr("mlops_maturity.caches.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(RedisCache, "get", hang)
    cache.get("first")
    cache.get("second")
    clock[0] += caches.LEFT_ALONE
    cache.get("third")
    assert asked == ["first", "third"]


def test_a_count_survives_that_redis_goes_between_its_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is then in the one memory, and counted in the other."""
    real = caches.RedisOrMemory.add
    added: list[str] = []

    def add(self: caches.RedisOrMemory, key: str, *args: Any, **kwargs: Any) -> bool:
        added.append(key)
        return len(added) == 1 or bool(real(self, key, *args, **kwargs))

    monkeypatch.setattr(caches.RedisOrMemory, "add", add)
    with limits.mail_to("anna@acme.example") as allowed:
        assert allowed
    assert len(added) == 2
