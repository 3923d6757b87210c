"""The demo as a whole, and any command on services of its own: started, watched, and stopped together."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from mlops_maturity.devservices.environment import settings
from mlops_maturity.devservices.folders import CHECKOUT, Folder, ServiceError
from mlops_maturity.devservices.processes import (
    GRACE_SECONDS,
    MARK,
    Stopped,
    held,
    launch,
    leave,
    locked,
    log_tail,
    stop_signals,
)
from mlops_maturity.devservices.servers import start_servers

READY_SECONDS = 60.0
PREPARE = "prepare"
LOGINS = """\
    owner@demo.example        owns the organization: everything, members and settings included
    facilitator@demo.example  runs the assessment rounds
    member@demo.example       answers for a team
    viewer@demo.example       reads the results
    admin@demo.example        administers the site, at {url}/admin/"""


def run_demo(folder: Folder, port: int) -> None:
    """Run services, web, worker and beat on the folder's data until a signal asks to stop.

    Raises ServiceError where the demo runs already, the port is taken, or a part ends; all of it is stopped then.
    """
    url = f"http://127.0.0.1:{port}"
    begin = time.monotonic()
    with stop_signals(), suppress(Stopped), held(folder, f"at {url}") as guard, _stopping():
        _require_free(port)
        environ = {**os.environ, **settings(folder, port), "PYTHONUNBUFFERED": "1"}
        processes = start_servers(folder)
        _say(f"PostgreSQL and Redis run on the data in {folder.path}")
        _prepare(folder, environ)
        _say("The database is up to date")
        for name, command in _parts(port).items():
            processes[name] = launch(folder, name, command, environ=environ)
        _await_ready(folder, f"{url}/readyz", processes)
        _say(
            f"\nMLOps Maturity is ready at {url} after {time.monotonic() - begin:.1f} s. Log in, password demo, as\n"
            f"{LOGINS.format(url=url)}\nLogs are in {folder.logs}, mail is at {url}/demo/mail/. "
            "Ctrl-C stops everything."
        )
        while True:
            _check(folder, processes)
            if guard.poll() is not None:
                raise ServiceError("The process that would clean up after a crash has ended, so all is stopped")
            time.sleep(0.2)


@contextmanager
def _stopping() -> Iterator[None]:
    """Say that a signal was heard, as stopping takes some seconds."""
    try:
        yield
    except Stopped:
        _say("Stopping …")
        raise


def run_command(root: Path, command: Sequence[str]) -> int:
    """Run a command on services of its own, made below `root` and removed at its end; return its exit code.

    Where a signal asks to stop, that is 128 and the signal's number, as shells have it.
    """
    _remove_leftovers(root)
    folder = Folder(root / f"test-{secrets.token_hex(4)}")
    try:
        with stop_signals(), held(folder, f"in {folder.path}"):
            start_servers(folder)
            environ = {**os.environ, **settings(folder), MARK: str(folder.path)}
            try:
                # In a session of its own, so that Ctrl-C reaches it once, from here.
                return _wait(subprocess.Popen(command, env=environ, start_new_session=True))  # noqa: S603 - the caller's
            except OSError as error:
                raise ServiceError(f"Cannot run {command[0]}: {error.strerror}") from None
    except Stopped as stopped:
        return 128 + stopped.number


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        code = process.wait()
    except Stopped as stopped:
        process.send_signal(stopped.number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        process.kill()
        raise
    return code if code >= 0 else 128 - code


def _remove_leftovers(root: Path) -> None:
    """Stop and remove what is left where both the command's runner and its guard were killed."""
    for path in root.glob("test-*"):
        with suppress(ServiceError, OSError), locked(Folder(path), "being removed"):
            leave(Folder(path))


def _parts(port: int) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "-A", "mlops_maturity"]
    return {
        "web": [
            *python,
            *("gunicorn", "mlops_maturity.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2"),
            *("--access-logfile", "-", "--graceful-timeout", "3", "--reload"),
            *(f"--reload-extra-file={template}" for template in (CHECKOUT / "templates").rglob("*.html")),
            # Its default is one a user, not one a checkout.
            "--no-control-socket",
        ],
        "worker": [*celery, "worker", "--loglevel", "INFO", "--concurrency", "2"],
        "beat": [*celery, "beat", "--pidfile="],
    }


def _require_free(port: int) -> None:
    with closing(socket.socket()) as listener, closing(socket.socket()) as visitor:
        # Some systems let two listen on one port, so knock first.
        if visitor.connect_ex(("127.0.0.1", port)) == 0:
            raise ServiceError(f"Port {port} is taken by another program: choose another one with PORT=")
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise ServiceError(f"Port {port} can't be used ({error.strerror}): choose another one with PORT=") from None


def _prepare(folder: Folder, environ: Mapping[str, str]) -> None:
    command = [sys.executable, "manage.py", "prepare_demo"]
    if launch(folder, PREPARE, command, environ=environ).wait() != 0:
        raise ServiceError(f"The database can't be prepared; the log ends with\n{log_tail(folder, PREPARE)}")


def _await_ready(folder: Folder, url: str, processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        _check(folder, processes)
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=10):  # noqa: S310 - ours
            return
        time.sleep(0.1)
    raise ServiceError(f"{url} does not answer; see the logs in {folder.logs}")


def _check(folder: Folder, processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if (code := process.poll()) is not None:
            raise ServiceError(
                f"{name} has ended ({code}), so all is stopped; its log ends with\n{log_tail(folder, name)}"
            )


def _say(text: str) -> None:
    print(text, flush=True)
