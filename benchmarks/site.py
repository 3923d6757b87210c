"""The site under load: gunicorn with some workers on the benchmark's settings, and people who are logged in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.middleware.csrf import _get_new_csrf_string
from redis import Redis

from benchmarks.load import CLIENTS, Request, Window, run_load
from benchmarks.machine import Terms, ours, quietly
from organizations.models import User

WORKERS = 2
# As in gunicorn.conf.py.
THREADS = 4
CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Site:
    """A running site: its origin, and the process that started its workers."""

    origin: str
    pid: int

    def processes(self) -> set[int]:
        """Return the ids of all processes that work for the site, and of this one."""
        return processes(self.pid)


def processes(*more: int) -> set[int]:
    """Return the ids of this process, the database's and Redis's, and more, with all that they started."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        [folder] = cursor.fetchone() or [""]
    postmaster = int((Path(folder) / "postmaster.pid").read_text().split()[0])
    redis = Redis.from_url(settings.REDIS_URL).info("server")["process_id"]
    return ours(*more, postmaster, redis, os.getpid())


@contextmanager
def running_site() -> Iterator[Site]:
    """Run the site at a free port until the block ends."""
    address = free_address()
    environ = {"BASE_URL": f"http://{address}", "ALLOWED_HOSTS": "127.0.0.1", "LOG_LEVEL": "ERROR"}
    with serving(address, sys.executable, "benchmarks.wsgi", environ, CHECKOUT, "/healthz") as site:
        yield site


def free_address() -> str:
    """Return an address of this machine at which nothing is served."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def serving(
    address: str, python: str | Path, application: str, environ: Mapping[str, str], cwd: Path, ready: str
) -> Iterator[Site]:
    """Run an application under gunicorn, by that Python, until the block ends, which begins once a page is there."""
    command = [str(python), "-m", "gunicorn", application, "--bind", address, "--workers", str(WORKERS)]
    process = subprocess.Popen(  # noqa: S603 - a program of our own
        [*command, "--threads", str(THREADS), "--no-control-socket", "--log-level", "warning"],
        cwd=cwd,
        env=os.environ | environ,
    )
    try:
        _await(f"http://{address}{ready}", process)
        yield Site(f"http://{address}", process.pid)
    finally:
        process.terminate()
        process.wait(30)


def loaded(
    site: Site, requests: Iterator[Request], terms: Terms, *, expected: int = 200, clients: int = CLIENTS
) -> tuple[Window, float]:
    """Measure a window of requests on a quiet machine; return it, and how many cores other processes took."""

    def load() -> Window:
        return run_load(site.origin, requests, seconds=terms.seconds, expected=expected, clients=clients)

    return quietly(load, site.processes, terms.others)


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
