"""The site under load: gunicorn with some workers on the benchmark's settings, and people who are logged in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.middleware.csrf import _get_new_csrf_string
from redis import Redis

from benchmarks.machine import ours
from organizations.models import User

WORKERS = 2
CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Site:
    """A running site: its origin, and the process that started its workers."""

    origin: str
    pid: int

    def processes(self) -> set[int]:
        """Return the ids of all processes that work for the site, and of this one."""
        with connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            [folder] = cursor.fetchone() or [""]
        postmaster = int((Path(folder) / "postmaster.pid").read_text().split()[0])
        redis = Redis.from_url(settings.REDIS_URL).info("server")["process_id"]
        return ours(self.pid, postmaster, redis, os.getpid())


@contextmanager
def running_site() -> Iterator[Site]:
    """Run the site at a free port until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", "benchmarks.wsgi", "--workers", str(WORKERS)]
    process = subprocess.Popen(  # noqa: S603 - a program of our own
        [*command, "--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "warning"],
        cwd=CHECKOUT,
        env=os.environ | {"BASE_URL": origin, "ALLOWED_HOSTS": "127.0.0.1", "LOG_LEVEL": "ERROR"},
    )
    try:
        _await(f"{origin}/healthz", process)
        yield Site(origin, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def cookies_of(user: User) -> dict[str, str]:
    """Log a user in, without a password, and return the cookies of the browser."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"sessionid": str(session.session_key), "csrftoken": _get_new_csrf_string()}


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    for _tenth in range(600):
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - of a program started here
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit("The site does not start")
