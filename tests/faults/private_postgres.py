"""A PostgreSQL of a test's own, with a copy of the test's database, that may be killed and run out of room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection

from mlops_maturity.devservices.folders import Folder, service_account
from tests.mlops_maturity.conftest import DEVSERVICES

TELL_AND_WAIT = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"


class PrivatePostgres:
    """The server in a data folder; `url` is that of its copy."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.url = environ["DATABASE_URL"]
        self.data = Folder(Path(environ["MLOPS_SERVICES_OF"])).postgres
        # The first word is the program that runs; as root it is a copy where the servers' account can reach it.
        program, _, self.options = (self.data / "postmaster.opts").read_text().strip().partition(" ")
        self.programs = Path(program).parent

    def run(self, sql: str, url: str = "") -> list[tuple[object, ...]]:
        """Run SQL outside of any transaction, and return the rows of the last statement."""
        with psycopg.connect(url or self.url, autocommit=True) as server:
            cursor = server.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def copy_tests_database(self, url: str = "") -> None:
        """Copy what the test has in its database, structure and rows."""
        info = connection.get_connection_params()
        source = psycopg.conninfo.make_conninfo(
            host=info["host"], port=info["port"], user=info["user"], dbname=info["dbname"]
        )
        dump = [str(self.programs / "pg_dump"), "--no-owner", source]
        sql = subprocess.run(dump, capture_output=True, check=True).stdout
        restore = [str(self.programs / "psql"), "--quiet", "--set=ON_ERROR_STOP=1", url or self.url]
        subprocess.run(restore, input=sql, check=True, stdout=subprocess.DEVNULL)
        # The server forgets fast, as all of tests do: what commits here has to stay, as in production.
        name = psycopg.conninfo.conninfo_to_dict(url or self.url)["dbname"]
        self.run(f'ALTER DATABASE "{name}" SET synchronous_commit = on')
        assert self.run("SHOW synchronous_commit", url) == [("on",)]

    def check_for_corruption(self, url: str) -> None:
        """Have PostgreSQL read all tables and indexes of a database. Raises CalledProcessError for what is broken."""
        command = [str(self.programs / "pg_amcheck"), "--install-missing", "--heapallindexed", url]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; `immediate` is to it what a power cut is."""
        self._control("stop", "-m", mode)

    def start(self, *, largest_file: int = 0) -> None:
        """Start it again as it was; no file may become larger than so many bytes."""
        # The shell counts in blocks of 512 bytes.
        self._control("start", "-o", self.options, before=f"ulimit -f {largest_file // 512}; " if largest_file else "")

    def _control(self, *words: str, before: str = "") -> None:
        account = service_account()
        command = [str(self.programs / "pg_ctl"), "-w", "-D", str(self.data), "-l", str(self.data / "log"), *words]
        subprocess.run(
            ["/bin/sh", "-ec", f'{before}exec "$0" "$@"', *command],
            cwd=self.data,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """Run a server until the block ends, or the test's process."""
    with tempfile.TemporaryDirectory(prefix="mlops-maturity-test-") as root:
        # The account of a root's servers has to enter.
        Path(root).chmod(0o711)
        process = subprocess.Popen(
            [*DEVSERVICES, "run", "--", sys.executable, "-c", TELL_AND_WAIT],
            env=os.environ | {"MLOPS_DATA_DIR": root},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        try:
            yield PrivatePostgres(json.loads(process.stdout.readline()))
        finally:
            process.communicate()
