"""The demo as it is started by hand: it serves, and whatever ends it, nothing stays behind and nothing is lost."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Callable

import psycopg
import pytest
import redis

from mlops_maturity.devservices.folders import Folder
from mlops_maturity.devservices.servers import database_url, redis_url
from tests.mlops_maturity.conftest import Services, free_port, status_of, wait_for

pytestmark = pytest.mark.timeout(300)


class Demo:
    """The demo of one data folder at one port."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.folder = Folder(services.root / "demo")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> subprocess.Popen[str]:
        """Start it and wait until it says that it is ready."""
        process = self.services.start("demo", "--port", str(self.port))
        wait_for(lambda: process.poll() is not None or "Ctrl-C" in self.services.output, "demo")
        assert process.poll() is None, self.services.output
        assert status_of(f"{self.url}/readyz") == 200
        return process

    def keep(self, value: str) -> None:
        """Store something in the database and in Redis."""
        with psycopg.connect(database_url(self.folder)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
            connection.execute("INSERT INTO kept VALUES (%s)", [value])
        with redis.Redis.from_url(redis_url(self.folder)) as client:
            client.rpush("kept", value)

    def kept(self) -> tuple[list[str], list[str]]:
        """Return what was stored in the database and in Redis."""
        with psycopg.connect(database_url(self.folder)) as connection:
            rows = connection.execute("SELECT value FROM kept").fetchall()
        with redis.Redis.from_url(redis_url(self.folder), decode_responses=True) as client:
            return [value for (value,) in rows], client.lrange("kept", 0, -1)


@pytest.fixture(scope="module")
def demo(make_services: Callable[[], Services]) -> Demo:
    return Demo(make_services())


def test_second_demo_of_a_folder_is_refused_and_another_folders_is_not(
    demo: Demo, make_services: Callable[[], Services]
) -> None:
    process = demo.start()
    assert all(f"{name}@demo.example" in demo.services.output for name in ("owner", "facilitator", "member", "admin"))
    again = demo.services.run("demo", "--port", str(free_port()))
    assert (again.returncode, again.stderr) == (1, f"Already running at {demo.url} (process {process.pid})\n")
    other = make_services()
    taken = other.run("demo", "--port", str(demo.port))
    assert (taken.returncode, taken.stderr) == (
        1,
        f"Port {demo.port} is taken by another program: choose another one with PORT=\n",
    )
    assert other.run("run", "--", "true").returncode == 0
    assert status_of(f"{demo.url}/readyz") == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert demo.services.output.endswith("\nStopping …\n")
    assert demo.services.processes() == []


def test_crash_of_any_part_stops_all_and_the_next_start_heals_it(demo: Demo) -> None:
    for count, (part, word) in enumerate(
        {"postgres": "bin/postgres", "redis": "redis-server", "worker": "celery"}.items()
    ):
        process = demo.start()
        demo.keep(part)
        database, cache = demo.kept()
        assert database == cache
        assert len(database) == count + 1
        demo.services.process(word).kill()
        assert process.wait(60) == 1
        assert f"\n{part} has ended (-9), so all is stopped; its log ends with\n    " in demo.services.output
        assert demo.services.processes() == []


def test_killed_supervisor_and_guard_are_healed_by_the_next_start(demo: Demo) -> None:
    process = demo.start()
    demo.keep("supervisor")
    process.send_signal(signal.SIGSTOP)
    demo.services.process(" guard ").kill()
    process.kill()
    process.wait()
    assert status_of(f"{demo.url}/healthz") == 200
    process = demo.start()
    database, cache = demo.kept()
    assert database[-1] == cache[-1] == "supervisor"
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0
    assert demo.services.processes() == []


def test_end_of_the_guard_stops_all(demo: Demo) -> None:
    process = demo.start()
    demo.services.process(" guard ").kill()
    assert process.wait(60) == 1
    assert "clean up after a crash has ended, so all is stopped\n" in demo.services.output
    assert demo.services.processes() == []


@pytest.mark.parametrize("port", ["0", "65536", "99999", "80x", "-1", "", "\u00b2"])
def test_impossible_port_is_one_line(services: Services, port: str) -> None:
    ran = services.run("demo", f"--port={port}")
    assert (ran.returncode, ran.stderr) == (1, f"{port!r} is no port: choose a number from 1 to 65535 with PORT=\n")


def test_port_of_a_listener_that_does_not_answer_is_taken(services: Services) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        ran = services.run("demo", "--port", str(listener.getsockname()[1]))
    assert ran.returncode == 1
    assert "choose another one with PORT=" in ran.stderr
    assert ran.stderr.count("\n") == 1
