"""docs/security.md names only tests that exist, and leaves no chapter out."""

from __future__ import annotations

import ast
import re

import pytest

from mlops_maturity.env import CHECKOUT

CASE = (CHECKOUT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", CASE)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((CHECKOUT / path).read_text())
    assert not name or name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_chapter_is_there() -> None:
    assert re.findall(r"^## V(\d+) ", CASE, re.MULTILINE) == [str(number) for number in range(1, 18)]


def test_every_threat_has_a_test() -> None:
    rows = [line for line in CASE.splitlines() if line.startswith("| ") and "| shown by |" not in line]
    assert len(rows) > 25
    assert [row for row in rows if "`tests/" not in row.split("|")[3]] == []
