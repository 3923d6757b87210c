"""The migrations that no release has, on a live data set: how long anybody waits for a lock while they run."""

from __future__ import annotations

import random
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from benchmarks.site import CHECKOUT

GOAL_SECONDS = 1.0
OURS = ("organizations", "assessments", "roadmaps")
PEOPLE = 4
LOOK_EVERY = 0.01
LONG_QUERY = "SELECT pg_sleep(3)"
"""What somebody asks for who has a table in use for seconds, such as an export or a backup."""
WAITS = (
    "SELECT relation::regclass::text, extract(epoch FROM clock_timestamp() - waitstart)"
    " FROM pg_locks WHERE NOT granted AND waitstart IS NOT NULL AND relation IS NOT NULL AND pid <> %s"
)


def migrating(answers: int) -> Mapping[str, Any]:
    """Write the data, take the newest migrations back, and make them again while people read and write all tables.

    Returns the migrations, what was done meanwhile and how often, and the longest wait for a lock by table.
    """
    call_command("questionnaire", "load")
    call_command("seed_large", answers=answers, organizations=max(1, answers // 10_000))
    newest = _newest()
    for app, last in newest.items():
        call_command("migrate", app, last, verbosity=0)
    with _people() as seen:
        begin = time.monotonic()
        call_command("migrate")
        seconds = time.monotonic() - begin
    longest = max(seen.waits.values(), default=0.0)
    return {
        "after": newest,
        "seconds": seconds,
        "transactions": dict(seen.done),
        "waits_s": dict(seen.waits),
        "longest_s": longest,
        "met": longest <= GOAL_SECONDS,
    }


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a table, the longest wait first."""
    after = ", ".join(f"{app}.{name}" for app, name in figures["after"].items()) or "the last ones"
    made = sum(figures["transactions"].values())
    rows = sorted(figures["waits_s"].items(), key=lambda row: -row[1])
    return "\n".join(
        [
            f"Migrations after {after}: {figures['seconds']:.1f} s, {made} transactions of others meanwhile.",
            "",
            "| table | longest wait for a lock, s |",
            "|---|---|",
            *(f"| {name} | {seconds:.2f} |" for name, seconds in rows),
            f"| any | {figures['longest_s']:.2f}, {'within' if figures['met'] else 'above'} {GOAL_SECONDS:g} |",
        ]
    )


def _newest() -> Mapping[str, str]:
    """Return the last migration that is released, by app, of the apps that have newer ones."""
    released = tomllib.loads((CHECKOUT / ".ci" / "migrations.toml").read_text())["released"]
    graph = MigrationLoader(None).graph
    plan = [key for app in OURS for leaf in graph.leaf_nodes(app) for key in graph.forwards_plan(leaf) if key[0] == app]
    newer = {app for app, name in plan if f"{app}.{name}" not in released}
    return {app: name for app, name in plan if app in newer and f"{app}.{name}" in released}


class _Seen:
    """What happened meanwhile: transactions by kind, and the longest wait of others for a lock by table."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.waits: dict[str, float] = defaultdict(float)


@contextmanager
def _people() -> Iterator[_Seen]:
    """Have people read and write every table that has rows, one of them slowly, until the block ends."""
    seen, stop, tables = _Seen(), Event(), _tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [migrator] = cursor.fetchone() or [0]
    workers = [Thread(target=_work, args=(tables, seen, stop, number)) for number in range(PEOPLE)]
    workers += [
        Thread(target=_read_slowly, args=(tables, seen, stop)),
        Thread(target=_look, args=(migrator, seen, stop)),
    ]
    for worker in workers:
        worker.start()
    try:
        yield seen
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def _tables() -> Sequence[str]:
    """Return the tables of our apps that have rows."""
    names = [model._meta.db_table for app in OURS for model in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s)"
            " AND pg_relation_size(oid) > 0",
            [names],
        )
        return [name for (name,) in cursor.fetchall()]


def _work(tables: Sequence[str], seen: _Seen, stop: Event, seed: int) -> None:
    """Read a row, and take the lock that a write takes, of one table after the other."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    with _server() as server:
        while not stop.is_set():
            name = chance.choice(tables)
            with server.transaction():
                server.execute(f'SELECT * FROM "{name}" LIMIT 1'.encode())  # noqa: S608
            with server.transaction():
                server.execute(f'LOCK TABLE "{name}" IN ROW EXCLUSIVE MODE'.encode())
            seen.done["reads and writes"] += 2


def _read_slowly(tables: Sequence[str], seen: _Seen, stop: Event) -> None:
    """Have a table in use for seconds, again and again."""
    chance = random.Random(0)  # noqa: S311 - no secret
    with _server() as server:
        while not stop.is_set():
            with server.transaction():
                server.execute(f'SELECT 1 FROM "{chance.choice(tables)}" LIMIT 1'.encode())  # noqa: S608
                server.execute(LONG_QUERY)
            seen.done["slow reads"] += 1
            stop.wait(1)


def _look(migrator: int, seen: _Seen, stop: Event) -> None:
    """Note who waits for a lock, but for whoever migrates."""
    with _server() as server:
        while not stop.wait(LOOK_EVERY):
            for name, seconds in server.execute(WAITS, [migrator]).fetchall():
                seen.waits[name] = max(seen.waits[name], float(seconds))


def _server() -> psycopg.Connection[tuple[Any, ...]]:
    """Return a connection of one's own, where each statement is a transaction unless it is put into one."""
    parameters = connection.get_connection_params()
    return psycopg.connect(**{**parameters, "cursor_factory": psycopg.Cursor, "autocommit": True})
