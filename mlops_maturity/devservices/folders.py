"""The data folders of the private services: where they are, whom they belong to, what a new one needs."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
ACCOUNT = "mlops-maturity"
NEEDED_BYTES = 256 * 1024**2


class ServiceError(Exception):
    """What keeps the services from running, said to the person who started them."""


class Account(NamedTuple):
    """Whom the servers run as; None stands for the caller."""

    uid: int | None = None
    gid: int | None = None
    groups: list[int] | None = None


CALLER = Account()


@cache
def service_account() -> Account:
    """Return whom the servers run as: the caller, or for root, as whom PostgreSQL refuses to run, a system user.

    Makes that user where it does not exist; raises ServiceError where it can't.
    """
    if os.geteuid() != 0:
        return CALLER
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        _add_user()
        entry = pwd.getpwnam(ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid, [])


def _add_user() -> None:
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"]
    try:
        path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
        subprocess.run(  # noqa: S603 - no part of it is a user's
            ["useradd", *options, ACCOUNT],  # noqa: S607 - found on root's own PATH
            env={"PATH": path},
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip()
        raise ServiceError(f"PostgreSQL does not run as root, and its user can't be made: {reason}") from None


def accessible(path: Path) -> bool:
    """Tell whether the servers may enter the folder at `path`."""
    account = service_account()
    test = subprocess.run(  # noqa: S603 - no part of it is a user's
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=account.groups,
        check=False,
    )
    return test.returncode == 0


def own(path: Path) -> None:
    """Give the folder at `path` to the servers."""
    account = service_account()
    if account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)


def data_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all this checkout's data folders: MLOPS_DATA_DIR, else one of the checkout's own.

    Root's is outside the checkout, since the system user may be kept out of the folders above it.
    """
    if given := environ.get("MLOPS_DATA_DIR"):
        return Path(given).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/mlops-maturity") / _digest(CHECKOUT)
    return CHECKOUT / ".data"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


@dataclass(frozen=True)
class Folder:
    """The data of one set of services, and of nothing else; `path` is absolute."""

    path: Path

    @property
    def postgres(self) -> Path:
        """The database cluster."""
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        """Redis's append-only file."""
        return self.path / "redis"

    @property
    def logs(self) -> Path:
        """One log a part, and the one before it."""
        return self.path / "logs"

    @property
    def mail(self) -> Path:
        """Sent mail, one file a message."""
        return self.path / "mail"

    @property
    def sockets(self) -> Path:
        """PostgreSQL's socket; a socket's path may have about 100 bytes only, hence not below `path`."""
        return Path("/tmp") / f"mlops-maturity-{os.geteuid()}-{_digest(self.path)}"  # noqa: S108 - never one that was there before

    @property
    def lock(self) -> Path:
        """Locked by whoever uses the folder, and says who that is."""
        return self.path / "lock"

    @property
    def temporary(self) -> bool:
        """Whether it goes when its services stop."""
        return self.path.name.startswith("test-")

    def create(self) -> None:
        """Make what is missing of it; raises ServiceError where it can't be written, entered or has no space."""
        try:
            _make(self.path, 0o700 if service_account() is CALLER else 0o711)
            for folder in (self.logs, self.mail, self.redis):
                _make(folder, 0o700)
            own(self.redis)
            self.lock.touch(mode=0o600)
        except OSError as error:
            raise ServiceError(
                f"Cannot write to {self.path} ({error.strerror}); choose another data folder with MLOPS_DATA_DIR"
            ) from None
        if not accessible(self.path):
            raise ServiceError(
                f"The system user {ACCOUNT} can't enter {self.path}; choose a folder outside homes with MLOPS_DATA_DIR"
            )
        if shutil.disk_usage(self.path).free < NEEDED_BYTES:
            raise ServiceError(f"Less than {NEEDED_BYTES // 1024**2} MB of disk are free for {self.path}")

    def create_sockets(self) -> None:
        """Make the folder of the sockets anew; raises ServiceError where somebody else's is in its place."""
        self.remove_sockets()
        try:
            self.sockets.mkdir(mode=0o700)
            own(self.sockets)
        except OSError as error:
            raise ServiceError(f"Cannot make {self.sockets} ({error.strerror})") from None

    def remove_sockets(self) -> None:
        """Remove the folder of the sockets, which nobody uses any more."""
        shutil.rmtree(self.sockets, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder with all its data."""
        shutil.rmtree(self.path, ignore_errors=True)


def _make(folder: Path, mode: int) -> None:
    if not folder.is_dir():
        _make(folder.parent, mode)
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
