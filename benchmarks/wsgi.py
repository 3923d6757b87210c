"""The project as its workers serve it; what begins with /bare/ goes through a bare project's middleware instead."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
whole = get_wsgi_application()

from django.conf import settings  # noqa: E402 - they are there now
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402

from benchmarks.counting import counting  # noqa: E402
from benchmarks.settings import BARE_MIDDLEWARE  # noqa: E402

settings.MIDDLEWARE, middleware = BARE_MIDDLEWARE, settings.MIDDLEWARE
bare = WSGIHandler()
settings.MIDDLEWARE = middleware


@counting
def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer a request by the one or the other."""
    handler = bare if environ["PATH_INFO"].startswith("/bare/") else whole
    return handler(environ, start_response)
