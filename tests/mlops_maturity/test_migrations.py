"""Migrations of a live database: what the linter finds, and how `manage.py migrate` waits for locks."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate as djangos
from django.db import ProgrammingError, connection, migrations, models, transaction
from django.db.migrations.operations.base import Operation

from mlops_maturity.env import CHECKOUT
from mlops_maturity.management.commands import migrate

pytestmark = pytest.mark.django_db

IN_EARNEST = pytest.mark.django_db(transaction=True)

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


def test_rows_are_not_written_while_the_schema_is_locked() -> None:
    python, column = migrations.RunPython(nothing), migrations.AddField("answer", "more", models.TextField(null=True))
    assert lint(python, column) == [LINTER["MIXED"]]
    assert lint(column) == lint(python) == []


@pytest.mark.parametrize(
    "operation",
    [
        AddConstraintNotValid("answer", LONG_NOTE),
        migrations.AddField("answer", "more", models.BooleanField(db_default=False)),
        migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))]),
    ],
)
def test_a_migration_that_keeps_nobody_waiting_passes(operation: Operation) -> None:
    assert lint(operation) == []


@IN_EARNEST
def test_an_index_made_concurrently_passes() -> None:
    assert lint(AddIndexConcurrently("answer", INDEX), atomic=False) == []


@IN_EARNEST
def test_our_own_migrations_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert LINTER["main"]() == 0, capsys.readouterr().out


LOCK = "LOCK TABLE organizations_team IN ACCESS EXCLUSIVE MODE"
WAITS = "SELECT current_setting('lock_timeout')"


class Reader:
    """Somebody else who reads teams in a long transaction, until `stop`."""

    def __init__(self) -> None:
        self.tries = 0
        self.connection = psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})
        self.connection.execute("SELECT 1 FROM organizations_team")

    def stop(self, _seconds: float = 0) -> None:
        self.tries += 1
        self.connection.close()


def ask(sql: str) -> str:
    """Return the one value that a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0])


@pytest.fixture
def reader(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """A reader who stops when the migration pauses."""
    reader = Reader()
    monkeypatch.setattr(migrate, "sleep", reader.stop)
    yield reader
    reader.stop()


def migrating(monkeypatch: pytest.MonkeyPatch, *statements: str, atomic: bool) -> list[str]:
    """Have `migrate` run statements; return how long it waited for locks, as each attempt began."""
    waits: list[str] = []

    def handle(_command: Any, **_options: Any) -> None:
        waits.append(ask(WAITS))
        with transaction.atomic() if atomic else nullcontext(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    monkeypatch.setattr(djangos.Command, "handle", handle)
    call_command("migrate", lock_seconds=0.01, verbosity=0)
    return waits


def test_a_migration_gives_way_and_comes_again(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    assert migrating(monkeypatch, LOCK, atomic=True) == ["10ms", "10ms"]
    assert reader.tries == 1
    assert ask(WAITS) == "0"


def test_outside_of_a_transaction_the_statement_alone_comes_again(
    monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    alter = "ALTER TABLE organizations_team ALTER COLUMN name SET NOT NULL"
    assert migrating(monkeypatch, alter, atomic=False) == ["10ms"]
    assert reader.tries == 1


def test_a_migration_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(migrate, "sleep", pauses.append)
    with pytest.raises(CommandError, match="in use for too long"):
        migrating(monkeypatch, LOCK, atomic=True)
    assert len(pauses) == migrate.TRIES - 1


@IN_EARNEST
def test_what_works_concurrently_waits_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = "SELECT set_config('test.concurrently', current_setting('lock_timeout'), false)"
    migrating(monkeypatch, keep, atomic=False)
    assert ask("SELECT current_setting('test.concurrently')") == "0"


def test_other_errors_are_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProgrammingError, match="no_such_table"):
        migrating(monkeypatch, "LOCK TABLE no_such_table", atomic=True)
