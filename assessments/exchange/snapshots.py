"""A document put together from many tables: read as they are at one moment, kept in a file until it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

from django.db import connection, transaction

IN_MEMORY_BYTES = 1_000_000


@contextmanager
def snapshot() -> Iterator[None]:
    """See the database as it is now until the block ends, whatever others change; in a transaction, as that does."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def in_file(pieces: Iterable[str]) -> IO[bytes]:
    """Return an open file, at its beginning, with text that is read from one snapshot; the caller closes it."""
    file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - whoever sends it closes it
    try:
        with snapshot():
            for piece in pieces:
                file.write(piece.encode())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file
