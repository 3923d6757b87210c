"""Reads settings from the environment and stops the start, in one line, where one is missing or malformed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environs import Env, EnvError

CHECKOUT = Path(__file__).resolve().parent.parent


@contextmanager
def environment() -> Iterator[Env]:
    """Yield the reader of environment variables; a missing or malformed one ends the process with a line naming it."""
    try:
        yield Env()
    except EnvError as error:
        raise SystemExit(
            f"Settings: {error} (every setting is described in docs/operations.md; for development run `make install`)"
        ) from None


def read_checkout_env() -> None:
    """Take the development settings of this checkout from its `.env`; what is set already stays as it is."""
    Env.read_env(CHECKOUT / ".env", recurse=False, override=False)
