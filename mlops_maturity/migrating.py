"""Changes of the database that do not keep those who work with it waiting; for migrations with `atomic = False`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.migrations import AlterField, RunPython, SeparateDatabaseAndState
from django.db.models import Field


def without_index(app: str, model: str, name: str, field: Field[Any, Any]) -> SeparateDatabaseAndState:
    """Return the operation that drops the index of a foreign key alone.

    AlterField would drop the key as well, make it anew and check every row, while nobody may write.
    """
    return SeparateDatabaseAndState(
        database_operations=[RunPython(_drop(app, model, name), _create(app, model, name))],
        state_operations=[AlterField(model, name, field)],
    )


def _drop(app: str, model: str, name: str) -> Callable[[Any, Any], None]:
    def drop(apps: Any, schema_editor: Any) -> None:
        meta = apps.get_model(app, model)._meta
        with schema_editor.connection.cursor() as cursor:
            found = schema_editor.connection.introspection.get_constraints(cursor, meta.db_table)
        for index, about in found.items():
            plain = about["index"] and not about["unique"] and about["columns"] == [meta.get_field(name).column]
            if plain and "WHERE" not in (about["definition"] or ""):
                schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(index)}")

    return drop


def _create(app: str, model: str, name: str) -> Callable[[Any, Any], None]:
    def create(apps: Any, schema_editor: Any) -> None:
        meta = apps.get_model(app, model)._meta
        table, column = meta.db_table, meta.get_field(name).column
        index = schema_editor.quote_name(schema_editor._create_index_name(table, [column]))
        schema_editor.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {schema_editor.quote_name(table)}"
            f" ({schema_editor.quote_name(column)})"
        )

    return create
