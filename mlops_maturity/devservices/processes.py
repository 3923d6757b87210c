"""Processes of a data folder: started with its mark, found again after a crash, and stopped without a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import FrameType

import psutil

from mlops_maturity.devservices.folders import CALLER, CHECKOUT, Account, Folder, ServiceError

MARK = "MLOPS_SERVICES_OF"
SERVERS = ("postgres", "redis-server", "valkey-server")
GRACE_SECONDS = 10.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A signal asked to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def launch(
    folder: Folder,
    name: str,
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    account: Account = CALLER,
    cwd: Path = CHECKOUT,
) -> subprocess.Popen[bytes]:
    """Start a part of the folder in a session of its own; its output goes to `logs/NAME.log`."""
    log = folder.logs / f"{name}.log"
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - no part of it is a user's
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env={**environ, MARK: str(folder.path)},
            start_new_session=True,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
        )


def log_tail(folder: Folder, name: str, lines: int = 15) -> str:
    """Return the last lines of a part's log, indented."""
    text = (folder.logs / f"{name}.log").read_text(errors="replace")
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def sweep(folder: Folder) -> None:
    """Stop every process of the folder, its servers last."""
    _end(_marked(folder), signal.SIGTERM)
    _end(_servers(folder), signal.SIGINT)


def leave(folder: Folder) -> None:
    """Stop every process of the folder, and remove what only they needed."""
    sweep(folder)
    folder.remove_sockets()
    if folder.temporary:
        folder.remove()


def _marked(folder: Folder) -> set[psutil.Process]:
    """Find the parts and what they started; the servers overwrite their environment, and so the mark."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(folder.path):
                found |= {process, *process.children(recursive=True)}
    return {process for process in found if process.pid != os.getpid()} - _servers(folder)


def _servers(folder: Folder) -> set[psutil.Process]:
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name().startswith(SERVERS) and Path(process.cwd()) in {folder.postgres, folder.redis}:
                found.add(process)
    return found


def _end(processes: set[psutil.Process], number: int) -> None:
    """Ask those that started the others to stop, then what they left behind; kill what does not, wait for all."""
    leaders = {process for process in processes if _parent(process) not in processes}
    _signal(leaders, number)
    _wait(leaders)
    _signal(processes, signal.SIGTERM)
    _signal(_wait(processes, 2.0), signal.SIGKILL)
    _wait(processes)


def _parent(process: psutil.Process) -> psutil.Process | None:
    with contextlib.suppress(psutil.Error):
        return process.parent()
    return None


def _signal(processes: set[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _wait(processes: set[psutil.Process], seconds: float = GRACE_SECONDS) -> set[psutil.Process]:
    """Wait until all have ended; return those that have not after so many seconds."""
    deadline = time.monotonic() + seconds
    while (left := {process for process in processes if _alive(process)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _alive(process: psutil.Process) -> bool:
    # A zombie waits for its parent only, which may be a container's that never looks.
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


@contextlib.contextmanager
def held(folder: Folder, purpose: str) -> Iterator[subprocess.Popen[bytes]]:
    """Hold the folder from the end of any leftovers to the end of everything started in it; yield its guard.

    Raises ServiceError where somebody holds it, naming their purpose, or where it can't be made.
    """
    folder.create()
    with locked(folder, purpose) as lock:
        sweep(folder)
        guard = _start_guard(folder, lock)
        try:
            yield guard
        finally:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            leave(folder)
            guard.kill()
            guard.communicate()


@contextlib.contextmanager
def locked(folder: Folder, purpose: str) -> Iterator[int]:
    """Hold the folder's lock, waiting for the guard of one who was killed; yield its descriptor.

    Raises ServiceError where somebody else holds it, naming their purpose.
    """
    descriptor = os.open(folder.lock, os.O_RDWR)
    try:
        deadline = time.monotonic() + 3 * GRACE_SECONDS
        while not _try_lock(descriptor):
            pid, _, held_for = folder.lock.read_text().partition(" ")
            if _is_pid(pid) or time.monotonic() > deadline:
                raise ServiceError(f"Already running {held_for} (process {pid})")
            time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {purpose}".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_pid(text: str) -> bool:
    with contextlib.suppress(psutil.Error, ValueError):
        return _alive(psutil.Process(int(text)))
    return False


def _start_guard(folder: Folder, lock: int) -> subprocess.Popen[bytes]:
    """Start the process that stops everything when this one dies, and keeps the lock until it has."""
    return subprocess.Popen(  # noqa: S603 - no part of it is a user's
        [sys.executable, "-m", "mlops_maturity.devservices", "guard", str(folder.path)],
        cwd=CHECKOUT,
        # Of no folder, lest one that stops a test takes the guard of what the test runs along.
        env={name: value for name, value in os.environ.items() if name != MARK},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[lock],
        start_new_session=True,
    )


def guard(folder: Folder) -> None:
    """Stop everything of the folder as soon as standard input, a pipe from the one who started it, is closed."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    leave(folder)


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into Stopped; later ones must not disturb the stopping."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        # What `nohup` starts is meant to outlive its terminal.
        if number != signal.SIGHUP or before[number] != signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
