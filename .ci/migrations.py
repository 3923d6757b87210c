"""Finds migrations that would keep people waiting, or break the version that still runs: Squawk reads their SQL.

    migrations.py

Migrations listed in migrations.toml as released are left out. Exit code 1 where something is found that is not allowed
there, by migration and rule, with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import django
from django.apps import apps
from django.db import connection
from django.db.migrations import Migration, RunPython, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

HERE = Path(__file__).resolve().parent
SQUAWK = [
    *(str(Path(sys.executable).with_name("squawk")), "--config", str(HERE / "squawk.toml")),
    *("--reporter", "json", "--stdin-filepath", "migration.sql"),
]
MIXED = "python-in-a-transaction-with-schema-changes"


def main() -> int:
    """Print what is found; return the exit code."""
    known = tomllib.loads((HERE / "migrations.toml").read_text())
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).parent == HERE.parent}
    count, found = 0, []
    for migration, state in unreleased(ours, known["released"]):
        count += 1
        name = f"{migration.app_label}.{migration.name}"
        allowed = known.get("allowed", {}).get(name, {})
        found += [f"{name}: {finding}" for rule, finding in findings(migration, state) if rule not in allowed]
    print(*found, f"{count} migrations since the last release, {len(found)} findings", sep="\n")
    return 1 if found else 0


def unreleased(labels: set[str], released: Sequence[str]) -> Iterator[tuple[Migration, ProjectState]]:
    """Yield the migrations of some apps that no release has, in their order, each with the state before it."""
    graph = MigrationLoader(None).graph
    plan = [key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf)]
    state = ProjectState()
    for key in dict.fromkeys(plan):
        migration = graph.nodes[key]
        if migration.app_label in labels and ".".join(key) not in released:
            yield migration, state.clone()
        migration.mutate_state(state, preserve=False)


def findings(migration: Migration, state: ProjectState) -> Iterator[tuple[str, str]]:
    """Yield the rules that a migration breaks, each with words for people; `state` is that before the migration."""
    sql = statements(migration, state)
    ran = subprocess.run(SQUAWK, input=sql, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    for row in json.loads(ran.stdout):
        line = sql.splitlines()[row["line"]].strip()
        yield row["rule_name"], f"{row['rule_name']}: {row['message']} {row['help'] or ''}\n    {line[:200]}"
    changes_schema = any(not line.startswith("--") for line in sql.splitlines()[1:-1])
    if migration.atomic and changes_schema and any(map(_is_python, migration.operations)):
        yield MIXED, f"{MIXED}: Rows are written while the schema's locks are held. Make it two migrations."


def statements(migration: Migration, state: ProjectState) -> str:
    """Return the SQL of a migration, in a transaction if it runs in one."""
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    frame = ("BEGIN;", "COMMIT;") if migration.atomic else ("--", "--")
    return "\n".join([frame[0], *editor.collected_sql, frame[1]])


def _is_python(operation: Operation) -> bool:
    inner = operation.database_operations if isinstance(operation, SeparateDatabaseAndState) else []
    return isinstance(operation, RunPython) or any(map(_is_python, inner))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_maturity.settings")
    django.setup()
    sys.exit(main())
