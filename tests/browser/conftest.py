"""Chromium in front of the whole application: the demo, with its own PostgreSQL, Redis, worker and beat.

`pytest tests/browser --base-url http://127.0.0.1:8000` takes a demo that runs already, which saves its start.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Response, WebError, expect

from mlops_maturity.devservices import folders
from mlops_maturity.devservices.folders import CHECKOUT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Neither a sandbox, which root cannot have, nor any network of the browser's own.
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
START_SECONDS = 120
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

# What browser and htmx say of a request that failed; the tests look at what pages make of it.
FAILED_REQUEST = ("Failed to load resource", "htmx:afterRequest", "htmx:sendError", "Response Status Error Code")

# How Django's file backend ends a message; those that are sent at once are in one file.
MAIL_ENDS = f"{'-' * 79}\n"

NewContext: TypeAlias = Callable[..., BrowserContext]

pytest.register_assert_rewrite("tests.browser.survey")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these last: Playwright's event loop would keep every later test in the process from the database.

    The first of them waits for the demo to start, hence more time.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(START_SECONDS + 120))
    items.sort(key=lambda item: here in item.path.parents)


@pytest.fixture(scope="session")
def data_root(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder of the demo's data; of one that runs already, MLOPS_DATA_DIR or the checkout's own."""
    if request.config.getoption("base_url"):
        yield folders.data_root()
        return
    # Not one of pytest's folders: those are closed to the system user that PostgreSQL runs as where the tests are root.
    with tempfile.TemporaryDirectory(prefix="mlops-maturity-browser-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        folder.chmod(0o711)
        yield folder


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest, data_root: Path) -> Iterator[str]:
    """The address of a running demo; its processes have ended when this fixture has."""
    if running := request.config.getoption("base_url"):
        yield running
        return
    yield from _demo(data_root)


@pytest.fixture
def newest_mail(base_url: str, data_root: Path) -> Callable[..., str]:
    """Return a function that waits for mail to an address, which says something, and returns the newest's text."""

    def newest(address: str, saying: str = "") -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            files = sorted((data_root / "demo" / "mail").iterdir(), key=lambda file: file.stat().st_mtime_ns)
            mails = (mail for file in files for mail in file.read_text().split(MAIL_ENDS)[:-1])
            if found := [mail for mail in mails if f"\nTo: {address}\n" in mail and saying in mail]:
                return found[-1]
            time.sleep(0.1)
        pytest.fail(f"No mail to {address} that says {saying!r}")

    return newest


def _demo(folder: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{(port := _free_port())}"
    with (folder / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [sys.executable, "-m", "mlops_maturity.devservices", "demo", "--port", str(port)],
            cwd=CHECKOUT,
            env=os.environ | {"MLOPS_DATA_DIR": str(folder)},
            stdout=log,
            stderr=log,
        )
    try:
        _await_ready(demo, url, folder / "demo.log")
        yield url
    finally:
        demo.send_signal(signal.SIGTERM)
        code = demo.wait(60)
    left = _processes_of(folder)
    assert (code, left) == (0, []), (folder / "demo.log").read_text()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _await_ready(demo: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until the demo says that it is, which it does once `/readyz` answers."""
    for _tenth in range(START_SECONDS * 10):
        if f"ready at {url}" in log.read_text():
            return
        try:
            code = demo.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"The demo ended with {code}:\n{log.read_text()}")
    pytest.fail(f"The demo is not ready after {START_SECONDS} s:\n{log.read_text()}")


def _processes_of(folder: Path) -> list[str]:
    """Name every process that was told of the folder or works in it."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [process.cwd(), *process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(folder) in text for text in told):
            found.append(f"{process.pid} {process.name()}")
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The browser of the environment's CHROMIUM, else the machine's."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail(
            "No Chromium or Chrome found: install one (apt install chromium), or say where it is with CHROMIUM="
        )
    return browser_type_launch_args | {"executable_path": program, "args": BROWSER_OPTIONS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A reader who asks for less motion, so that nothing is looked at halfway through a transition."""
    expect.set_options(timeout=10_000)
    return browser_context_args | {"reduced_motion": "reduce"}


@pytest.fixture
def new_context(new_context: NewContext) -> Iterator[NewContext]:
    """Open browsers with nothing stored, which fail the test where a page has an error of script, policy or files."""
    complaints: list[str] = []

    def listen(context: BrowserContext) -> BrowserContext:
        context.set_default_timeout(15_000)
        context.on("console", lambda message: complaints.extend(_complaint_of_console(message)))
        context.on("weberror", lambda error: complaints.append(_complaint_of_script(error)))
        context.on("response", lambda response: complaints.extend(_complaint_of_response(response)))
        return context

    yield lambda **options: listen(new_context(**options))
    assert complaints == []


def _complaint_of_console(message: ConsoleMessage) -> Iterator[str]:
    if message.type in ("error", "warning") and not message.text.startswith(FAILED_REQUEST):
        yield f"{message.location['url']}: {message.text}"


def _complaint_of_script(error: WebError) -> str:
    return f"{error.page.url if error.page else ''}: {error.error}"


def _complaint_of_response(response: Response) -> Iterator[str]:
    if response.status >= 400 and response.request.resource_type not in ("document", "xhr"):
        yield f"{response.url}: {response.status}"
