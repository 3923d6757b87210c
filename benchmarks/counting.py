"""Counts what one request takes of the database, for a request that asks for it; others pass as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import close_old_connections, connection

ASKS = "X-Count"
QUERIES, BLOCKS = "X-Queries", "X-Blocks"
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def counting(application: Application) -> Application:
    """Return the application, which adds to an answer how many queries it made and how many blocks they read.

    Blocks are those found in PostgreSQL's memory and those read into it; streamed answers are held till they end.
    """

    def counted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if f"HTTP_{ASKS.upper().replace('-', '_')}" not in environ:
            return application(environ, start_response)
        queries, begun = [0], []

        def count(execute: Callable[..., Any], *args: Any) -> Any:
            queries[0] += 1
            return execute(*args)

        # The request would else begin by taking a new one, which has counted nothing yet.
        close_old_connections()
        before = _blocks()
        with connection.execute_wrapper(count):
            answer = application(environ, lambda status, headers, *_error: begun.append((status, headers)))
            body = b"".join(answer)
            if close := getattr(answer, "close", None):
                close()
        status, headers = begun[-1]
        start_response(status, [*headers, (QUERIES, str(queries[0])), (BLOCKS, str(_blocks() - before))])
        return [body]

    return counted


def _blocks() -> int:
    """Return how many blocks this thread's connection has read in all."""
    with connection.cursor() as cursor:
        # What a connection did is told once a second; it is told now, after this statement.
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT coalesce(sum(hits) + sum(read_bytes) / current_setting('block_size')::int, 0)::bigint"
            " FROM pg_stat_get_backend_io(pg_backend_pid())"
        )
        [blocks] = cursor.fetchone() or [0]
    return int(blocks)
