"""Asks a vulnerability service about the packages that are pinned for production, by pip-audit.

    audit.py [--tolerant] [PIP-AUDIT-ARGUMENTS]

Exit code 1 where a package is known to be vulnerable or the list of packages is broken; 2 where the service cannot be
asked, or knows nothing of some packages. With --tolerant the latter is stated, and is no failure: a place without a way
to the service has other checks to run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
COMMAND = [
    *(sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off"),
    *("--format", "json", "--desc", "off", "--requirement", str(CHECKOUT / "requirements.lock.txt")),
]


def main(arguments: Sequence[str]) -> int:
    """Print what is found; return the exit code."""
    tolerant = "--tolerant" in arguments
    asked = [argument for argument in arguments if argument != "--tolerant"]
    ran = _run(*asked)
    packages = _packages(ran.stdout)
    if packages is None and (broken := _run("--dry-run", *asked)).returncode:
        sys.stderr.write(broken.stderr)
        return 1
    if vulnerable := [package for package in packages or () if package.get("vulns")]:
        for package in vulnerable:
            print(*map(str, _lines(package)), sep="\n")
        return 1
    unknown = [package["name"] for package in packages or () if "skip_reason" in package]
    if packages is None:
        reason = (ran.stderr.strip().splitlines() or ["no answer"])[-1]
        return _not_audited(f"the vulnerability service could not be asked ({reason[:200]})", tolerant=tolerant)
    if unknown:
        return _not_audited(
            f"the service knows nothing of {len(unknown)} of {len(packages)} packages", tolerant=tolerant
        )
    print(f"{len(packages)} packages audited, none known to be vulnerable")
    return 0


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - ours


def _packages(output: str) -> list[dict[str, Any]] | None:
    """Return what pip-audit says of each package; None where it says nothing."""
    try:
        found: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return None
    return found


def _lines(package: dict[str, Any]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'none'}"
        for found in package["vulns"]
    ]


def _not_audited(reason: str, *, tolerant: bool) -> int:
    print(f"NOT AUDITED: {reason}; run `make audit` where it can be reached")
    return 0 if tolerant else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
