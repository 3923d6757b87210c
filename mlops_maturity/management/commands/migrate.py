"""Django's `migrate`, which waits for a lock for a moment only, so that nobody queues behind it, and then tries again."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

Execute = Callable[..., Any]

LOCK_SECONDS = 0.5
PAUSE_SECONDS = 2.0
TRIES = 30


class Command(migrate.Command):
    """While a statement waits for a table that a long query reads, all who come later wait behind it."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-seconds", type=float, default=LOCK_SECONDS, help="How long to wait for a lock; 0 is for ever."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; raise CommandError where a lock could not be had in all tries. What was done before stays done."""
        connection = connections[options["database"]]
        with _impatient(connection, options.pop("lock_seconds", LOCK_SECONDS)):
            _trying(lambda: super(Command, self).handle(*args, **options), say=self.stderr.write)


@contextmanager
def _impatient(connection: Any, seconds: float) -> Iterator[None]:
    """Have statements fail that wait longer for a lock.

    Outside of transactions they are tried again by themselves: what the migration did before stays done. What works
    concurrently waits for others on purpose, and keeps nobody waiting.
    """

    def run(execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's
        if "CONCURRENTLY" in str(sql).upper():
            with connection.connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
            try:
                return execute(sql, params, many, context)
            finally:
                with connection.connection.cursor() as cursor:
                    cursor.execute(_timeout(seconds))
        if connection.in_atomic_block:
            return execute(sql, params, many, context)
        return _trying(lambda: execute(sql, params, many, context))

    with connection.cursor() as cursor:
        cursor.execute(_timeout(seconds))
    try:
        with connection.execute_wrapper(run):
            yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
