"""The demo as a whole, and any command on services of its own: started, watched, and stopped together."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from mlops_maturity.devservices.environment import settings
from mlops_maturity.devservices.folders import Folder, ServiceError
from mlops_maturity.devservices.processes import (
    POSTGRES,
    REDIS,
    Stopped,
    held,
    launch,
    log_tail,
    stop_signals,
    sweep,
)
from mlops_maturity.devservices.servers import port_is_free, start_servers

READY_SECONDS = 60.0
LOGINS = ("owner", "facilitator", "member", "viewer", "admin")


@dataclass(frozen=True)
class Part:
    """A command that makes up the demo, by the name that its log has."""

    name: str
    command: Sequence[str]


def demo_parts(folder: Folder, port: int) -> tuple[Part, list[Part]]:
    """Return what brings the database up to date, and what then runs side by side: web, worker and beat."""
    python = (sys.executable, "-m")
    celery = (*python, "celery", "-A", "mlops_maturity")
    web = (
        *(*python, "gunicorn", "mlops_maturity.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2"),
        # Its default is one a user, not one a checkout.
        *("--reload", "--access-logfile", "-", "--graceful-timeout", "3", "--no-control-socket"),
    )
    return Part("prepare", (sys.executable, "manage.py", "prepare_demo")), [
        Part("web", web),
        Part("worker", (*celery, "worker", "--loglevel", "INFO", "--concurrency", "2")),
        Part("beat", (*celery, "beat", "--schedule", str(folder.path / "beat-schedule"), "--pidfile=")),
    ]


def run_demo(folder: Folder, port: int, prepare: Part, parts: Sequence[Part]) -> None:
    """Run the services, `prepare` to its end, then the parts until a signal asks to stop; `/healthz` must answer.

    Raises ServiceError where the demo runs already, the port is taken, or a part ends; all of it is stopped then.
    """
    url = f"http://127.0.0.1:{port}"
    begin = time.monotonic()
    with stop_signals(), suppress(Stopped), held(folder, f"at {url}"):
        if not port_is_free(port):
            raise ServiceError(f"Port {port} is taken by another program: choose another one with PORT=")
        environ = {**os.environ, **settings(folder, port), "PYTHONUNBUFFERED": "1"}
        start_servers(folder)
        environ |= settings(folder, port)
        _say(f"PostgreSQL and Redis run on the data in {folder.path}")
        processes = {prepare.name: launch(folder, prepare.name, prepare.command, environ=environ)}
        if processes.pop(prepare.name).wait() != 0:
            raise ServiceError(f"The database can't be prepared; its log ends with\n{log_tail(folder, prepare.name)}")
        _say("The database is up to date")
        running = [(part.name, launch(folder, part.name, part.command, environ=environ)) for part in parts]
