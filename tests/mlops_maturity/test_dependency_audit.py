"""The audit of dependencies: what is known to be vulnerable fails it, what cannot be asked is stated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from mlops_maturity.env import CHECKOUT
from tests.mlops_maturity.conftest import free_port

SCRIPT = CHECKOUT / ".ci" / "audit.py"


class Service(BaseHTTPRequestHandler):
    """Answers like OSV: knows of one vulnerable package, or of none."""

    vulnerable = ""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
        found = [{"id": "GHSA-test", "affected": []}] if asked == self.vulnerable else []
        body = json.dumps({"vulns": found}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


def audit(*arguments: str, service: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, SCRIPT, *arguments, "--vulnerability-service", "osv", "--osv-url", service, "--timeout", "5"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_a_package_known_to_be_vulnerable_fails_it(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Service, "vulnerable", "django")
    code, said = audit("--tolerant", service=service)
    assert code == 1
    assert "django 5.2" in said
    assert "GHSA-test" in said


def test_when_none_is_known_to_be_it_says_of_how_many(service: str) -> None:
    code, said = audit(service=service)
    assert (code, "packages audited, none known" in said) == (0, True)


@pytest.mark.parametrize(("arguments", "code"), [(["--tolerant"], 0), ([], 2)])
def test_a_service_that_cannot_be_asked_is_stated(arguments: list[str], code: int) -> None:
    found, said = audit(*arguments, service=f"http://127.0.0.1:{free_port()}/v1/query")
    assert found == code
    assert said.startswith("NOT AUDITED: the vulnerability service could not be asked")


def test_what_cannot_be_looked_up_at_all_fails_even_so(service: str) -> None:
    code, said = audit("--tolerant", "--requirement", "nothing.txt", service=service)
    assert code == 1
    assert "nothing.txt" in said


def test_ci_runs_it() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    assert "lint-dependencies" in makefile.split("LINT = ")[1].splitlines()[0]
    assert "lint-dependencies:\n\t@$(BIN)python .ci/audit.py --tolerant\n" in makefile
