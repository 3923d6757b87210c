"""The project's settings as in production, with static files as they lie in the source, and cheap passwords."""

from __future__ import annotations

import os

from mlops_maturity.settings import *  # noqa: F403
from mlops_maturity.settings import STORAGES

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# That of the worker beside it (tests/assessments/travelling.py).
CELERY_TASK_DEFAULT_QUEUE = os.environ["TRAVEL_QUEUE"]
