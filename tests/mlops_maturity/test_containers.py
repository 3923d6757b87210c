"""docker-compose.yml without Docker: its shape, its settings, and the commands that it would run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from pytest_django.live_server_helper import LiveServer
from ruamel.yaml import YAML

from mlops_maturity.env import CHECKOUT
from tests.mlops_maturity.test_settings import DOCUMENTED, load

COMPOSE: dict[str, Any] = YAML(typ="safe").load(CHECKOUT / "docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def defaults() -> dict[str, str]:
    """Return the environment of the application where only a key is given."""
    given = {name: value for name, value in SERVICES["web"]["environment"].items() if value}
    assert given.pop("SECRET_KEY").startswith("${SECRET_KEY:?")
    return {name: re.fullmatch(r"\$\{\w+:-(.*)\}", value)[1] for name, value in given.items()}  # type: ignore[index]


def test_services_and_what_they_wait_for() -> None:
    assert set(SERVICES) == {"db", "redis", "mailpit", "web", "worker", "beat"}
    assert all("healthcheck" in SERVICES[name] for name in ("db", "redis", "web"))
    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            assert "healthcheck" in SERVICES[name]
            assert wait == {"condition": "service_healthy"}
    named = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert named == set(COMPOSE["volumes"])


def test_environment_needs_nothing_but_a_key() -> None:
    assert set(SERVICES["web"]["environment"]) <= DOCUMENTED
    ran = load("EMAIL_HOST, s.ALLOWED_HOSTS, s.REDIS_URL", **defaults())
    assert (ran.stdout, ran.stderr) == ("mailpit ['localhost'] redis://redis:6379/0\n", "")


def test_health_check_asks_by_the_name_that_is_allowed(live_server: LiveServer) -> None:
    """With another name it would get a 400, and the container would never be healthy."""
    command = shlex.split(SERVICES["web"]["healthcheck"]["test"].replace("http://localhost:8000", live_server.url))
    for base_url, code in (("http://testserver", 0), ("http://elsewhere.example", 1)):
        environ = os.environ | {"BASE_URL": base_url}
        assert (
            subprocess.run([sys.executable, *command[1:]], env=environ, stderr=DEVNULL, check=False).returncode == code
        )


def test_image_collects_static_files_with_settings_that_load() -> None:
    dockerfile = (CHECKOUT / "Dockerfile").read_text().replace("\\\n", " ")
    (command,) = re.findall(r"^RUN (.* collectstatic .*)$", dockerfile, re.MULTILINE)
    environ = {name: value for name, value in os.environ.items() if name not in DOCUMENTED}
    ran = subprocess.run(
        ["/bin/sh", "-c", f"{command} --dry-run"],
        cwd=CHECKOUT,
        env=environ | {"PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "static files copied" in ran.stdout
