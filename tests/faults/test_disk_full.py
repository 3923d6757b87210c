"""PostgreSQL out of room: who saves is told, pages are read, nothing is broken, and all goes on once there is room.

Twice: on a small file system that somebody else's file fills, where this process may mount one, and with a limit on the
size of files, which works for everybody.
"""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest

from mlops_maturity.devservices.folders import own
from tests.assessments.stack import stack
from tests.factories import make_response, make_round
from tests.faults.private_postgres import PrivatePostgres, private_postgres
from tests.faults.respondents import answering, make_respondents

TIMES = int(os.environ.get("CHAOS_DISKS", "1"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
PEOPLE = 3
SAVES = 10
REFUSALS = 6
NOTE = 1000
"""Characters. Long enough that a page of PostgreSQL's is soon full."""
SMALL_DISK = "100m"
PAGE = 8192
"""Bytes of one of PostgreSQL's pages."""


class SmallDisk:
    """The database on a file system of its own, which a file fills."""

    def __init__(self, server: PrivatePostgres, folder: Path) -> None:
        self.url = server.url + "_on_small_disk"
        self.filler = folder / "filler"
        place = folder / "tables"
        place.mkdir(mode=0o700)
        own(place)
        server.run(f"CREATE TABLESPACE small LOCATION '{place}'")
        server.run(f"CREATE DATABASE {self.url.rpartition('/')[2]} TABLESPACE small")
        server.copy_tests_database(self.url)

    def fill(self) -> None:
        with self.filler.open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                return

    def clear(self) -> None:
        self.filler.unlink()


class SmallFiles:
    """The database on a server that may not let its largest file grow."""

    # Some more than the 16 MB of each file of the log of changes, which are to be written further.
    FILL = """
        INSERT INTO assessments_answer (response_id, question_key, choice_key, note, evidence_url, updated_at)
        SELECT r.id, 'q' || n, '', repeat(md5(n::text), 60), '', now()
        FROM generate_series(1, 10000) n, (SELECT id FROM assessments_response WHERE participant_id IS NULL) r
    """

    def __init__(self, server: PrivatePostgres) -> None:
        self.server, self.url = server, server.url
        server.copy_tests_database()
        server.run(self.FILL)

    def fill(self) -> None:
        [(path,)] = self.server.run("SELECT pg_relation_filepath('assessments_answer')")
        self.server.stop("fast")
        # Not before it has stopped: what is there already can be written over on a full disk, all of it.
        pages = (self.server.data / str(path)).stat().st_size // PAGE
        assert pages * PAGE > 16 * 1024**2
        # Half of one more page: PostgreSQL then finds, as on a full disk, that less was written than it asked for.
        self.server.start(largest_file=pages * PAGE + PAGE // 2)

    def clear(self) -> None:
        self.server.stop("fast")
        self.server.start()


@contextmanager
def small_disk(server: PrivatePostgres) -> Iterator[SmallDisk | SmallFiles]:
    """Mount a small file system in memory until the block ends; where that is not allowed, limit the files."""
    with tempfile.TemporaryDirectory(prefix="mlops-maturity-test-") as folder:
        Path(folder).chmod(0o711)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=711", "tmpfs", folder]
        try:
            subprocess.run(mount, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            yield SmallFiles(server)
            return
        try:
            yield SmallDisk(server, Path(folder))
        finally:
            server.stop()
            subprocess.run(["umount", folder], check=True)  # noqa: S607 - wherever it is


@contextmanager
def small_files(server: PrivatePostgres) -> Iterator[SmallFiles]:
    yield SmallFiles(server)


@contextmanager
def nothing_reused(url: str) -> Iterator[None]:
    """Look at the database as it is now, so that no place of what is overwritten meanwhile is used again."""
    with psycopg.connect(url) as looking:
        looking.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        looking.execute("SELECT FROM assessments_answer LIMIT 1")
        yield


@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scarcity", [small_disk, small_files])
def test_without_room_who_saves_is_told_and_all_goes_on_once_there_is(
    scarcity: Callable[[PrivatePostgres], AbstractContextManager[SmallDisk | SmallFiles]], tmp_path: Path
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret, but the same at every run
    round_ = make_round()
    make_response(version=round_.version)
    with private_postgres() as server, stack(tmp_path) as running:
        people = make_respondents(round_, PEOPLE, running.origin, "", chance, padding=NOTE)
        with scarcity(server) as scarce:
            running.environ["DATABASE_URL"] = scarce.url
            running.start_web()
            for person in people:
                person.database_url = scarce.url
            with answering(people) as load:
                for _time in range(TIMES):
                    load.await_saves(SAVES)
                    scarce.fill()
                    with nothing_reused(scarce.url):
                        load.await_refusals(REFUSALS)
                        assert people[0].browser.get(people[0].base).status == 200
                    scarce.clear()
                    load.await_saves(SAVES)
            load.check()
            server.check_for_corruption(scarce.url)
    print(f"\n{TIMES} times without room ({type(scarce).__name__}); {load.told()}.")
