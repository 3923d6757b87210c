"""Django's `migrate`, which waits for a lock for a moment only, as others queue behind it, and then tries again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import sleep
from typing import Any, TypeVar

from django.core.management import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg import Error
from psycopg.errors import LockNotAvailable

T = TypeVar("T")

LOCK_SECONDS = 0.5
PAUSE_SECONDS = 2.0
TRIES = 30


class Command(migrate.Command):
    """While a statement waits for a table that a long query reads, all who come later wait behind it."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how long to wait for a lock."""
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-seconds",
            type=float,
            default=LOCK_SECONDS,
            help="how long to wait for a lock; 0 is for ever",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate. Raises CommandError where a lock was not to be had; the migrations before stay applied."""
        seconds = options.pop("lock_seconds", LOCK_SECONDS)
        with _impatient(connections[options["database"]], seconds):
            try:
                _try(lambda: super(Command, self).handle(*args, **options), say=self.stdout.write)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                text = f"A table was in use for too long, in {TRIES} tries: {error}"
                raise CommandError(text.strip()) from error


@contextmanager
def _impatient(connection: Any, seconds: float) -> Iterator[None]:
    """Have statements fail that wait longer for a lock.

    Outside of transactions they are tried again by themselves, as what the migration has done before stays done. What
    works concurrently waits for others on purpose, and keeps nobody waiting.
    """

    def execute(run: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's
        if "CONCURRENTLY" in str(sql).upper():
            _wait(connection, 0)
            try:
                return run(sql, params, many, context)
            finally:
                _wait(connection, seconds)
        if connection.in_atomic_block:
            return run(sql, params, many, context)
        return _try(lambda: run(sql, params, many, context))

    connection.ensure_connection()
    _wait(connection, seconds)
    try:
        with connection.execute_wrapper(execute):
            yield
    finally:
        with suppress(Error):
            _wait(connection, None)


def _wait(connection: Any, seconds: float | None) -> None:
    """Set how long to wait for a lock; with None as the server has it."""
    with connection.connection.cursor() as cursor:  # not Django's, which would come by here again
        cursor.execute("RESET lock_timeout" if seconds is None else f"SET lock_timeout = {round(seconds * 1000)}")


def _try(act: Callable[[], T], say: Callable[[str], object] = lambda _text: None) -> T:
    """Return what `act` returns, which is called again where a lock was not to be had."""
    for _n in range(TRIES - 1):
        try:
            return act()
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            say(f"A table is in use, trying again: {str(error).strip()}")
            sleep(PAUSE_SECONDS)
    return act()
