"""Reads settings from the environment and stops the start, in one line, where one is missing or malformed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dotenv import load_dotenv
from environs import Env, EnvError, ValidationError

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
CHECKOUT = Path(__file__).resolve().parent.parent


@contextmanager
def environment() -> Iterator[Env]:
    """Yield the reader of environment variables; a missing or malformed one ends the process with a line naming it."""
    try:
        yield Env()
    except EnvError as error:
        raise SystemExit(
            f"Settings: {error} (docs/operations.md describes every setting; for development run `make install`)"
        ) from None


def read_checkout_env() -> None:
    """Take the development settings of this checkout from its `.env`; what is set already stays as it is."""
    load_dotenv(CHECKOUT / ".env")


def postgres_url(value: str) -> None:
    """Raise ValidationError where the value is not the address of a PostgreSQL database."""
    parts = _split(value)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.netloc or not parts.path.strip("/"):
        raise ValidationError("Expected postgres://USER:PASSWORD@HOST:PORT/NAME.")


def redis_url(value: str) -> None:
    """Raise ValidationError where the value is not the address of a Redis server."""
    parts = _split(value)
    if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.path if parts.scheme == "unix" else parts.netloc):
        raise ValidationError("Expected redis://HOST:PORT/0, rediss://… or unix:///path.")


def email_url(value: str) -> None:
    """Raise ValidationError where the value does not say how to send mail."""
    if _split(value).scheme not in {"smtp", "submission", "file", "console", "memory", "dummy"}:
        raise ValidationError("Expected smtp://USER:PASSWORD@HOST:PORT, submission://…, file:///… or console://.")


def email_address(value: str) -> None:
    """Raise ValidationError where the value is not a bare email address; none at all is fine."""
    if value and not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", value):
        raise ValidationError("Expected an address such as bounces@HOST.")


def site_url(value: str) -> None:
    """Raise ValidationError where the value is not the scheme and host of a site."""
    parts = _split(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise ValidationError("Expected https://HOST, without a path.")


def issuer_url(value: str) -> None:
    """Raise ValidationError where the value, if there is one, is not the address of an OpenID Connect provider.

    Without TLS anybody on the way could say who logs in: only this machine itself is reached so.
    """
    parts = _split(value)
    if not value:
        return
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.query:
        raise ValidationError("Expected the provider's issuer, such as https://HOST/REALM; http:// for localhost only.")


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def all_or_none(**values: str) -> None:
    """Raise EnvError naming what is missing, where some but not all of the variables have a value."""
    missing = [name for name, value in values.items() if not value]
    if 0 < len(missing) < len(values):
        raise EnvError(f"set all of {', '.join(values)} or none; not set: {', '.join(missing)}")


def secret(value: str) -> None:
    """Raise ValidationError where the value could be guessed."""
    if len(value) < 50 or len(set(value)) < 5:
        raise ValidationError("Expected 50 random characters or more.")


def hard_to_guess(value: str) -> None:
    """Raise ValidationError where a token is too short to keep others out; none at all is fine."""
    if value and len(value) < 32:
        raise ValidationError("Expected 32 random characters or more.")


def sentry_dsn(value: str) -> None:
    """Raise ValidationError where the value is not the address of a Sentry project; none at all is fine."""
    parts = _split(value)
    if value and not (parts.scheme in {"http", "https"} and parts.username and parts.hostname and parts.path[1:]):
        raise ValidationError("Expected https://KEY@HOST/PROJECT.")


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ValidationError(f"{error}.") from None
    return parts
