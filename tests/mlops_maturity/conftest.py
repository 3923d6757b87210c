"""Data folders of private services, the programs that run on them, and what of those is left."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from mlops_maturity.devservices.folders import CHECKOUT

SECONDS = 60
DEVSERVICES = (sys.executable, "-m", "mlops_maturity.devservices")


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds; fail, saying what was waited for, where it does not in a minute."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"no {what} after {SECONDS} s"
        time.sleep(0.05)


def status_of(url: str) -> int:
    """Return the status that an address answers with, 0 where nobody does."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - of a program started here
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Services:
    """A data folder's root, and the programs of `mlops_maturity.devservices` run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = os.environ | {"MLOPS_DATA_DIR": str(root)}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `python -m mlops_maturity.devservices WORDS`, with its output in `output`."""
        with (self.root / "output").open("w") as output:
            process = subprocess.Popen(
                [*DEVSERVICES, *words], cwd=CHECKOUT, env=self.environ, stdout=output, stderr=output, text=True
            )
        self.started.append(process)
        return process

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m mlops_maturity.devservices WORDS` to its end."""
        return subprocess.run(
            [*DEVSERVICES, *words],
            cwd=CHECKOUT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    @property
    def output(self) -> str:
        """What the program started last has printed."""
        return (self.root / "output").read_text()

    def processes(self) -> list[psutil.Process]:
        """Return the processes that name the folder in their command line, or belong to one that does."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                if str(self.root) in " ".join([process.cwd(), *process.cmdline(), *process.environ().values()]):
                    found.append(process)
        return found

    def process(self, word: str) -> psutil.Process:
        """Return the one whose command line has this word, of several their parent."""
        found = [process for process in self.processes() if word in " ".join(process.cmdline())]
        return next(process for process in found if process.ppid() not in {each.pid for each in found})

    def kill_all(self) -> None:
        """End the programs that were started; what they started ends with them."""
        for process in self.started:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)


@pytest.fixture(scope="module")
def make_services() -> Iterator[Callable[[], Services]]:
    """Return a maker of data folders, which are gone with all that runs on them when the module's tests are done."""
    made: list[Services] = []

    def make() -> Services:
        # Not below pytest's own folder, which the account of a root's servers may not enter.
        services = Services(Path(tempfile.mkdtemp(prefix="mlops-maturity-test-")))
        services.root.chmod(0o711)
        made.append(services)
        return services

    yield make
    for services in made:
        services.kill_all()
        shutil.rmtree(services.root)


@pytest.fixture(scope="module")
def services(make_services: Callable[[], Services]) -> Services:
    return make_services()
