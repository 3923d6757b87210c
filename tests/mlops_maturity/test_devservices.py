"""Private services for a command: what it gets, what it returns, and that nothing of them outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import dotenv
import pytest

from mlops_maturity.devservices import __main__ as command_line
from mlops_maturity.devservices import folders, servers
from mlops_maturity.devservices.environment import settings, write_env
from mlops_maturity.devservices.folders import Folder, ServiceError
from mlops_maturity.env import CHECKOUT
from tests.mlops_maturity.conftest import Services, free_port, wait_for

USE_BOTH = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    assert connection.execute("SELECT 6 * 7").fetchone() == (42,)
assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
"""


def test_command_has_both_and_its_exit_code_is_passed_on(services: Services) -> None:
    ran = services.run("run", "--", sys.executable, "-c", USE_BOTH + "raise SystemExit(7)")
    assert (ran.returncode, ran.stderr) == (7, "")
    assert services.processes() == []
    assert [path.name for path in services.root.iterdir() if path.name.startswith("test-")] == []


def test_command_ended_by_a_signal_has_the_exit_code_of_shells(services: Services) -> None:
    assert services.run("run", "--", "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM


def test_missing_command_is_one_line(services: Services) -> None:
    ran = services.run("run", "--", "no-such-program")
    assert (ran.returncode, ran.stderr) == (1, "Cannot run no-such-program: No such file or directory\n")
    assert services.run("run").returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_everything(services: Services, number: int) -> None:
    running = services.root / "running"
    running.unlink(missing_ok=True)
    process = services.start(
        "run", "--", sys.executable, "-c", f"open({str(running)!r}, 'w'); import time; time.sleep(99)"
    )
    wait_for(running.exists, "command")
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert services.processes() == []


def test_killed_runner_takes_everything_along(services: Services) -> None:
    running = services.root / "lingering"
    process = services.start("run", "--", "sh", "-c", "setsid sleep 1000 & touch $0; wait", str(running))
    wait_for(running.exists, "command")
    process.kill()
    wait_for(lambda: not services.processes(), "end of all processes")
    assert [path.name for path in services.root.iterdir() if path.name.startswith("test-")] == []


def test_next_start_removes_what_a_killed_runner_and_guard_left(services: Services) -> None:
    running = services.root / "left"
    process = services.start("run", "--", "sh", "-c", "touch $0; exec sleep 1000", str(running))
    wait_for(running.exists, "command")
    services.process(" guard ").kill()
    process.kill()
    process.wait()
    assert services.process("postgres").is_running()
    assert services.run("run", "--", "true").returncode == 0
    assert services.processes() == []
    assert [path.name for path in services.root.iterdir() if path.name.startswith("test-")] == []


def test_unwritable_data_folder_is_one_line(services: Services) -> None:
    occupied = services.root / "a-file"
    occupied.touch()
    ran = subprocess.run(
        [sys.executable, "-m", "mlops_maturity.devservices", "demo"],
        env=os.environ | {"MLOPS_DATA_DIR": str(occupied)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"Cannot write to {occupied}/demo (")
    assert ran.stderr.count("\n") == 1


def test_env_file_has_the_addresses_and_keeps_the_rest(services: Services, tmp_path: Path) -> None:
    folder, path = Folder(services.root / "for-env"), tmp_path / ".env"
    path.write_text("LOG_LEVEL=DEBUG\nSECRET_KEY=mine\nBASE_URL=http://old\n")
    write_env(folder, path)
    assert dotenv.dotenv_values(path) == settings(folder) | {"LOG_LEVEL": "DEBUG", "SECRET_KEY": "mine"}
    assert path.stat().st_mode & 0o077 == 0


def test_key_is_kept_and_each_folders_own(services: Services) -> None:
    one, other = Folder(services.root / "one"), Folder(services.root / "other")
    for folder in (one, other):
        folder.create()
    assert settings(one) == settings(one)
    assert all(settings(one)[name] != settings(other)[name] for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL"))


def test_redis_from_path_where_there_is_no_wheel(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(servers, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = Folder(services.root / "no-redis")
    with pytest.raises(ServiceError, match="No Redis found: install it"):
        servers.start_servers(folder)
    program = tmp_path / "valkey-server"
    program.touch(mode=0o755)
    with pytest.raises(ServiceError, match="PostgreSQL's programs are missing: run `make install`"):
        servers.start_servers(folder)


def test_programs_out_of_the_servers_reach_are_copied(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "accessible", lambda path: False)
    folder = Folder(services.root / "copies")
    folder.create()
    program = servers._redis_program(folder)
    assert program.is_relative_to(services.root)
    assert "Redis server" in subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert servers._redis_program(folder) == program


@pytest.mark.parametrize(
    ("name", "broken", "reason"),
    [(servers.POSTGRES, "postgres", "postgresql.conf"), (servers.REDIS, "redis/appendonly.aof", "append")],
)
def test_server_that_does_not_start_shows_its_log(
    make_services: Callable[[], Services], name: str, broken: str, reason: str
) -> None:
    services = make_services()
    folder = Folder(services.root / "demo")
    folder.create()
    (folder.path / broken).mkdir()
    ran = services.run("demo", "--port", str(free_port()))
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"{name} does not start; its log ends with\n    ")
    assert reason in ran.stderr
    assert services.processes() == []


def test_full_disk_is_one_line(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "NEEDED_BYTES", 2**62)
    with pytest.raises(ServiceError, match="MB of disk are free"):
        Folder(services.root / "full").create()


def test_data_is_the_checkouts_own_but_roots_outside_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert folders.data_root({}) == folders.CHECKOUT / ".data"
    assert folders.service_account.__wrapped__() == folders.CALLER
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert folders.data_root({}).parent == Path("/var/lib/mlops-maturity")
    assert folders.data_root({"MLOPS_DATA_DIR": "~/data"}) == Path.home() / "data"


def test_command_line_reports_what_keeps_it_from_working(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], make_services: Callable[[], Services]
) -> None:
    services = make_services()
    monkeypatch.setenv("MLOPS_DATA_DIR", str(services.root))
    monkeypatch.setattr(sys, "argv", ["devservices", "env"])
    monkeypatch.setattr(command_line, "CHECKOUT", services.root)
    assert command_line.main() == 0
    assert dotenv.dotenv_values(services.root / ".env")["DEBUG"] == "true"
    (services.root / ".env").unlink()
    (services.root / ".env").mkdir()
    assert command_line.main() == 1
    assert capsys.readouterr().err.startswith("Cannot write ")


def test_a_checkout_that_cannot_be_written_to_is_said_in_one_line() -> None:
    with TemporaryDirectory() as checkout:  # not tmp_path, into which root alone looks
        for name in ("Makefile", "requirements-dev.lock.txt"):
            Path(checkout, name).write_bytes((CHECKOUT / name).read_bytes())
        Path(checkout).chmod(0o555)
        nobody = 65534 if os.geteuid() == 0 else None  # root may write everywhere
        result = subprocess.run(
            ["make", "install"],  # noqa: S607
            cwd=checkout,
            user=nobody,
            capture_output=True,
            text=True,
            check=False,
        )
    first, _make_says = result.stderr.splitlines()
    assert result.returncode == 2
    assert first.startswith("This folder cannot be written to")
