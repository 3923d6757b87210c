"""docker-compose.yml and Dockerfile: their shape, their settings, and the commands that they would run.

Docker Compose itself checks the file where it is installed; everywhere else the specification's schema does, as of
docker-compose 1.29 (Apache-2.0).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL
from typing import Any
from urllib.request import Request, urlopen

import jsonschema
import pytest
from pytest_django.live_server_helper import LiveServer
from ruamel.yaml import YAML

from mlops_maturity.env import CHECKOUT
from tests.mlops_maturity.conftest import free_port, status_of, wait_for
from tests.mlops_maturity.test_settings import DOCUMENTED, load

COMPOSE: dict[str, Any] = YAML(typ="safe").load(CHECKOUT / "docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text().replace("\\\n", " ")
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def defaults() -> dict[str, str]:
    """Return the environment of the application where only the key and the database's password are given."""
    given = {name: value for name, value in SERVICES["web"]["environment"].items() if value}
    assert given.pop("SECRET_KEY").startswith("${SECRET_KEY:?")
    given["DATABASE_URL"] = given["DATABASE_URL"].replace("${POSTGRES_PASSWORD}", "k7Qe")
    return {name: re.fullmatch(r"\$\{\w+:-(.*)\}", value)[1] for name, value in given.items()}  # type: ignore[index]


def test_services_and_what_they_wait_for() -> None:
    assert set(SERVICES) == {"db", "redis", "mailpit", "web", "worker", "beat"}
    assert all("test" in SERVICES[name]["healthcheck"] for name in ("db", "redis", "worker"))
    # Web's is the image's.
    assert "healthcheck" not in SERVICES["web"]
    for service in SERVICES.values():
        for wait in service.get("depends_on", {}).values():
            assert wait == {"condition": "service_healthy"}
    named = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert named == set(COMPOSE["volumes"])


def test_environment_needs_nothing_but_secrets() -> None:
    assert set(SERVICES["web"]["environment"]) <= DOCUMENTED
    ran = load("EMAIL_HOST, s.ALLOWED_HOSTS, s.DATABASES['default']['PASSWORD'], s.REDIS_URL", **defaults())
    assert (ran.stdout, ran.stderr) == ("mailpit ['localhost'] k7Qe redis://redis:6379/0\n", "")


def test_no_secret_is_written_down() -> None:
    """Each comes from the environment, without a default; where one is missing nothing starts."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("KEY|PASSWORD|SECRET|TOKEN|DSN", name):
                assert value is None or value.startswith(f"${{{name}:?"), name
            assert not re.search(r"://[^/@$]*:[^@$]+@", value or ""), name


def test_docker_compose_takes_the_file() -> None:
    ran = subprocess.run(["/bin/sh", "-c", "docker compose version"], capture_output=True, check=False)
    if ran.returncode == 0:
        environ = os.environ | {"SECRET_KEY": "k" * 50, "POSTGRES_PASSWORD": "k7Qe"}
        subprocess.run(["docker", "compose", "config", "--quiet"], cwd=CHECKOUT, env=environ, check=True)  # noqa: S607
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_whoever_breaks_in_can_write_nothing_and_gain_nothing(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, ["/tmp"], ["ALL"])  # noqa: S108
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "volumes" not in service
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    last_user = re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)[-1]
    assert last_user == "app"
    assert DOCKERFILE.index("USER app") < DOCKERFILE.index("HEALTHCHECK") < DOCKERFILE.index('CMD ["gunicorn')


def test_health_check_asks_by_the_name_that_is_allowed(live_server: LiveServer) -> None:
    """With another name it would get a 400, and the container would never be healthy."""
    (found,) = re.findall(r"^HEALTHCHECK .*?CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    program, *words = json.loads(found.replace("http://localhost:8000", live_server.url))
    assert program == "python"
    for base_url, code in (("http://testserver", 0), ("http://elsewhere.example", 1)):
        environ = os.environ | {"BASE_URL": base_url}
        assert subprocess.run([sys.executable, *words], env=environ, stderr=DEVNULL, check=False).returncode == code


def test_image_collects_static_files_with_settings_that_load() -> None:
    (command,) = re.findall(r"^RUN (.* collectstatic .*)$", DOCKERFILE, re.MULTILINE)
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


def test_web_runs_where_only_the_temporary_folder_can_be_written(tmp_path: Path) -> None:
    """As the image starts it: processes count together for `/metrics`, and nothing stays behind."""
    (found,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    port = free_port()
    command = json.loads(found.replace("0.0.0.0:8000", f"127.0.0.1:{port}"))
    token = "k7Qe-2vXw9ZsLr4TnYb8HcJd5Fg6Mp1Ua3"
    changes = {"WEB_CONCURRENCY": "2", "METRICS_TOKEN": token, "TMPDIR": str(tmp_path), "PATH": PATH}
    changes |= {"PYTHONDONTWRITEBYTECODE": "1", "ALLOWED_HOSTS": "127.0.0.1"}
    with (tmp_path / "log").open("w") as log:
        web = subprocess.Popen(command, cwd=CHECKOUT, env=os.environ | changes, stdout=log, stderr=log)
    try:
        wait_for(lambda: status_of(f"http://127.0.0.1:{port}/healthz") == 200, "web")
        for _n in range(20):
            assert status_of(f"http://127.0.0.1:{port}/healthz") == 200
        asked = Request(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {token}"})
        with urlopen(asked, timeout=10) as page:  # noqa: S310 - of a program started here
            numbers = page.read().decode()
    finally:
        web.terminate()
        web.wait(60)
    (count,) = re.findall(r'by_status_view_method_total\{method="GET",status="200",view="healthz"\} (\S+)', numbers)
    assert float(count) >= 21, "one process answered for itself alone"
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
