"""The cache in Redis, which a process does without while Redis is away (docs/decisions/0040).

Limits on tries and mails then hold in each process by itself, and nothing fails for want of a cache.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# Seconds for which Redis is not asked again: one that does not even refuse would hold up every page.
LEFT_ALONE = 5.0
MOST_ENTRIES = 10_000
_away_until: dict[str, float] = {}
"""When Redis is to be asked again, by its address; one for all threads of a process."""


def _either(name: str) -> Callable[..., Any]:
    """Return a method that asks Redis, and the process's own memory where that fails or just has."""

    def method(self: RedisOrMemory, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= _away_until.get(self.server, 0.0):
            try:
                return getattr(self.redis, name)(*args, **kwargs)
            except RedisError as error:
                _away_until[self.server] = time.monotonic() + LEFT_ALONE
                logger.warning("redis_is_away", extra={"error": type(error).__name__})
        return getattr(self.memory, name)(*args, **kwargs)

    return method


class RedisOrMemory(BaseCache):
    """Django's cache in Redis; `redis` is the same without the memory, which raises RedisError where Redis is away."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.server = server
        self.redis = RedisCache(server, params)
        self.memory = LocMemCache("without-redis", params | {"OPTIONS": {"MAX_ENTRIES": MOST_ENTRIES}})

    add = _either("add")
    get = _either("get")
    set = _either("set")
    touch = _either("touch")
    delete = _either("delete")
    incr = _either("incr")
    has_key = _either("has_key")
    get_many = _either("get_many")
    set_many = _either("set_many")
    delete_many = _either("delete_many")
    clear = _either("clear")


def redis_itself() -> RedisCache:
    """Return the cache that knows no other memory, for those who ask whether Redis is there."""
    found = caches["default"]
    assert isinstance(found, RedisOrMemory)  # noqa: S101 - as the settings say
    return found.redis
