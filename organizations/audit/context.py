"""On whose behalf a change is made: the user and the page of a request, else the task or the command."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pghistory
from celery import Task
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from pghistory.middleware import HistoryMiddleware


class AuditMiddleware(HistoryMiddleware):
    """Gives the events of a request its user and its route; never the path itself, as that can hold a token."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        try:
            route = resolve(request.path_info).route
        except Resolver404:
            route = ""
        return {**super().get_context(request), "url": f"/{route}"}


class AuditedTask(Task):  # type: ignore[type-arg]  # takes none when it runs
    """A task whose events carry its name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with pghistory.context(task=self.name):
            return super().__call__(*args, **kwargs)


def audited_command(argv: Sequence[str]) -> AbstractContextManager[object]:
    """Return what to run a command of `manage.py` in, so that its events carry its name."""
    # Migrations may hold SQL that takes no parameters, which the context would give it.
    if len(argv) < 2 or argv[1] == "migrate":
        return nullcontext()
    return pghistory.context(command=argv[1])
