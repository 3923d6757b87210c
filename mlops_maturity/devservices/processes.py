"""Processes of a data folder: started with a record, found again after a crash, and stopped without a trace."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import FrameType

import psutil

from mlops_maturity.devservices.folders import CHECKOUT, Account, Folder, ServiceError

MARK = "MLOPS_SERVICES_OF"
POSTGRES, REDIS = "postgres", "redis"
GRACE_SECONDS = 10.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):  # noqa: N818 - being asked to stop is no error
    """A signal asked to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass(frozen=True)
class Record:
    """A process: its part's name, its id, when it started (seconds since the boot) and the signal that ends it."""

    name: str
    pid: int
    started: float
    stop_signal: int = signal.SIGTERM

    @classmethod
    def of(cls, name: str, pid: int, stop_signal: int = signal.SIGTERM) -> Record:
        """Return the record of a running process."""
        return cls(name, pid, _started(psutil.Process(pid)), stop_signal)

    @classmethod
    def read(cls, path: Path) -> Record | None:
        """Return the record in a file, or None where there is none or half of one."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        half = path.with_name(f"{path.name}.half")
        half.write_text(json.dumps(asdict(self)))
        half.replace(path)

    def process(self) -> psutil.Process | None:
        """Return its process while that lives; another one that got the same id later is not it."""
        try:
            process = psutil.Process(self.pid)
            return process if _alive(process) and abs(_started(process) - self.started) < 0.05 else None
        except psutil.Error:
            return None


def _started(process: psutil.Process) -> float:
    # Since the boot, because the wall clock may be set between two looks.
    return process.create_time() - psutil.boot_time()


def _alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    return False


def launch(
    folder: Folder,
    name: str,
    command: Sequence[str | Path],
    *,
    environ: Mapping[str, str],
    account: Account = Account(),
    cwd: Path = CHECKOUT,
    stop_signal: int = signal.SIGTERM,
    logged: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a part of the folder in a session of its own; its output goes to `logs/NAME.log` unless not `logged`."""
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(_new_log(folder, name).open("wb")) if logged else None
        process = subprocess.Popen(  # noqa: S603 - commands are the project's, or typed by whom they run as
            command,
            stdin=subprocess.DEVNULL if logged else None,
            stdout=output,
            stderr=output,
            cwd=cwd if logged else None,
            env={**environ, MARK: str(folder.path)},
            start_new_session=True,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
        )
    Record.of(name, process.pid, stop_signal).write(folder.records / f"{name}.json")
    return process


def _new_log(folder: Folder, name: str) -> Path:
    log = folder.logs / f"{name}.log"
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_suffix(".log.1"))
    return log


def log_tail(folder: Folder, name: str, lines: int = 15) -> str:
    """Return the last lines of a part's log, indented."""
    text = (folder.logs / f"{name}.log").read_text(errors="replace")
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def running(folder: Folder, name: str) -> Record | None:
    """Return the record of a part that is running."""
    record = Record.read(folder.records / f"{name}.json")
    return record if record and record.process() else None


def sweep(folder: Folder) -> None:
    """Stop every process of the folder, its servers last, and remove their records, sockets and temporary data.

    Sends each part its own signal, then SIGTERM to what it leaves, then SIGKILL. Harms no process of anybody else.
    """
    if not folder.path.exists():
        return
    records = [record for path in folder.records.glob("*.json") if (record := Record.read(path))]
    signals = {record.pid: record.stop_signal for record in records if record.process()}
    for _attempt in range(3):
        servers = _family(record for record in records if record.name in {POSTGRES, REDIS}) | _postgres(folder)
        others = (_family(records) | _marked(folder)) - servers
        if not servers | others:
            break
        _end(others, signals)
        _end(servers, signals)
    for path in folder.records.glob("*"):
        path.unlink(missing_ok=True)
    folder.remove_sockets()
    if folder.temporary:
        folder.remove()


def _family(records: Iterator[Record] | Collection[Record]) -> set[psutil.Process]:
    found: set[psutil.Process] = set()
    for record in records:
        if process := record.process():
            found.add(process)
            with contextlib.suppress(psutil.Error):
                found.update(process.children(recursive=True))
    return found


def _marked(folder: Folder) -> set[psutil.Process]:
    """Find what a part left behind when it was killed, whichever group or session it is in."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(folder.path) and process.pid != os.getpid() and _alive(process):
                found.add(process)
    return found


def _postgres(folder: Folder) -> set[psutil.Process]:
    """Find PostgreSQL's processes, which overwrite their environment, leave their session, but work in the cluster."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name().startswith(POSTGRES) and Path(process.cwd()) == folder.postgres and _alive(process):
                found.add(process)
    return found


def _end(processes: set[psutil.Process], signals: Mapping[int, int]) -> None:
    leaders = {process for process in processes if process.pid in signals}
    for process in leaders:
        _signal(process, signals[process.pid])
    _wait(leaders, GRACE_SECONDS)
    for process in processes:
        _signal(process, signal.SIGTERM)
    for process in _wait(processes, 2.0):
        _signal(process, signal.SIGKILL)
    _wait(processes, 5.0)


def _signal(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(number)


def _wait(processes: set[psutil.Process], seconds: float) -> set[psutil.Process]:
    """Wait until all have ended; return those that have not after so many seconds."""
    deadline = time.monotonic() + seconds
    while (left := {process for process in processes if _alive(process)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@contextlib.contextmanager
def held(folder: Folder, purpose: str) -> Iterator[None]:
    """Hold the folder from the end of any leftovers to the end of everything started in it.

    Raises ServiceError where somebody holds it, naming their purpose, or where it can't be made.
    """
    folder.create()
    with locked(folder, purpose) as lock:
        sweep(folder)
        guard = _start_guard(folder, lock)
        try:
            yield
        finally:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            sweep(folder)
            guard.kill()
            guard.wait()


@contextlib.contextmanager
def locked(folder: Folder, purpose: str) -> Iterator[int]:
    """Hold the folder's lock, waiting for the guard of one who was killed; yield its descriptor.

    Raises ServiceError where somebody else holds it, naming their purpose.
    """
    descriptor = os.open(folder.lock, os.O_RDWR)
    try:
        deadline = time.monotonic() + 2 * GRACE_SECONDS
        while True:
            with contextlib.suppress(BlockingIOError):
                flock(descriptor, LOCK_EX | LOCK_NB)
                break
            holder = Record.read(folder.lock)
            if holder and holder.process() or time.monotonic() > deadline:
                raise ServiceError(f"Already running: {holder.name if holder else folder.path}")
            time.sleep(0.1)
        holder = Record.of(purpose, os.getpid())
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _start_guard(folder: Folder, lock: int) -> subprocess.Popen[bytes]:
    """Start the process that stops everything when this one dies, and keeps the lock until it has."""
    return subprocess.Popen(  # noqa: S603 - no part of it is a user's
        [sys.executable, "-m", "mlops_maturity.devservices", "guard", str(folder.path)],
        cwd=CHECKOUT,
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
    sweep(folder)


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into Stopped; later ones must not disturb the stopping."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    # What `nohup` starts is meant to outlive its terminal.
    hangup_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    before = {
        number: signal.signal(number, stop)
        for number in STOP_SIGNALS
        if not (number == signal.SIGHUP and hangup_ignored)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
