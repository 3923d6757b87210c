"""What the services' addresses are to Django's settings, as variables of the environment or a `.env` file."""

from __future__ import annotations

import secrets
from pathlib import Path

import dotenv

from mlops_maturity.devservices.folders import Folder, ServiceError
from mlops_maturity.devservices.servers import database_url, redis_url

DEFAULT_PORT = 8000


def settings(folder: Folder, port: int = DEFAULT_PORT) -> dict[str, str]:
    """Return the settings of a site at this port of the loopback address, on the folder's services."""
    return {
        "SECRET_KEY": _secret_key(folder),
        "DEBUG": "true",
        "DATABASE_URL": database_url(folder),
        "REDIS_URL": redis_url(folder),
        # The fourth slash belongs to the path.
        "EMAIL_URL": f"file:///{folder.mail}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "BASE_URL": f"http://127.0.0.1:{port}",
    }


def write_env(folder: Folder, path: Path) -> None:
    """Write the settings to a `.env` file for this user's eyes; lines of other settings stay, and so does its key.

    Raises ServiceError where it can't be written.
    """
    folder.create()
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        kept_key = dotenv.dotenv_values(path).get("SECRET_KEY")
        for name, value in settings(folder).items():
            dotenv.set_key(path, name, kept_key or value if name == "SECRET_KEY" else value)
    except OSError as error:
        raise ServiceError(f"Cannot write {path} ({error.strerror})") from None


def _secret_key(folder: Folder) -> str:
    """Return the folder's key, made once, so that sessions outlive a restart."""
    path = folder.path / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()
