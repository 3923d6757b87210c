"""Migrations of a live database: what the linter finds, and how `manage.py migrate` waits for locks."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from mlops_maturity.env import CHECKOUT

LINTER = runpy.run_path(str(CHECKOUT / ".ci" / "migrations.py"))
INDEX = models.Index(fields=["note"], name="by_note")
LONG_NOTE = models.CheckConstraint(condition=~models.Q(note="x"), name="no_x")


def state() -> migrations.state.ProjectState:
    """Return a project with a table of answers."""
    before = migrations.state.ProjectState()
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("note", models.TextField()),
    ]
    before.add_model(migrations.state.ModelState("assessments", "Answer", fields))
    return before


def lint(*operations: Operation, atomic: bool = True) -> list[str]:
    """Return the rules that a migration breaks."""
    migration = type("Migration", (migrations.Migration,), {"operations": operations, "atomic": atomic})
    return [rule for rule, _words in LINTER["findings"](migration("0999_new", "assessments"), state())]


def nothing(apps: Any, schema_editor: Any) -> None:
    """Change no row."""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        (migrations.AddIndex("answer", INDEX), "require-concurrent-index-creation"),
        (migrations.AddConstraint("answer", LONG_NOTE), "constraint-missing-not-valid"),
        (
            migrations.AddConstraint("answer", models.UniqueConstraint(fields=["note"], name="one")),
            "disallowed-unique-constraint",
        ),
        (migrations.AlterField("answer", "note", models.IntegerField()), "changing-column-type"),
        (migrations.RemoveField("answer", "note"), "ban-drop-column"),
        (migrations.RenameField("answer", "note", "remark"), "renaming-column"),
        (migrations.AddField("answer", "more", models.BooleanField(default=False)), "ban-drop-default"),
        (
            migrations.AddField(
                "answer", "by", models.ForeignKey("assessments.Answer", models.CASCADE, null=True, db_index=False)
            ),
            "adding-foreign-key-constraint",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_migration_that_keeps_people_waiting_is_found(operation: Operation, rule: str) -> None:
    assert rule in lint(operation)


@pytest.mark.django_db
def test_rows_are_not_written_while_the_schema_is_locked() -> None:
    python, column = migrations.RunPython(nothing), migrations.AddField("answer", "more", models.TextField(null=True))
    assert lint(python, column) == [LINTER["MIXED"]]
    assert lint(column) == lint(python) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operations", "atomic"),
    [
        ([AddIndexConcurrently("answer", INDEX)], False),
        ([AddConstraintNotValid("answer", LONG_NOTE)], True),
        ([migrations.AddField("answer", "more", models.BooleanField(db_default=False))], True),
        ([migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))])], True),
    ],
)
def test_a_migration_that_keeps_nobody_waiting_passes(operations: Sequence[Operation], atomic: bool) -> None:
    assert lint(*operations, atomic=atomic) == []


@pytest.mark.django_db
def test_our_own_migrations_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert LINTER["main"]() == 0, capsys.readouterr().out
