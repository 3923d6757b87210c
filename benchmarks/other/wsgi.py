"""The project as its workers serve it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.other.settings"
django_application = get_wsgi_application()

from benchmarks.counting import counting  # noqa: E402 - Django is ready now

application = counting(django_application)
