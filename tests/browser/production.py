"""The project's settings as in production, but over plain HTTP, and static files in a folder of the tests."""

from __future__ import annotations

import os
from pathlib import Path

from mlops_maturity.settings import *  # noqa: F403

SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "sessionid", "csrftoken"
STATIC_ROOT = Path(os.environ["STATIC_ROOT"])
