"""Rows never point to what belongs to another organization: constraints and triggers for `Meta` of every model.

`tests/test_tenancy.py` finds each foreign key between tables with an organization, and asks for one of these on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.utils.translation import gettext_lazy as _

DEFERRED = "DEFERRABLE INITIALLY DEFERRED"


def tenant_key(name: str) -> models.UniqueConstraint:
    """What composite foreign keys refer to."""
    return models.UniqueConstraint(fields=["organization", "id"], name=name)


class _ForeignKey(models.BaseConstraint):
    """A foreign key for the database alone; `clause` says which columns refer to what."""

    def __init__(self, field: str, *, name: str, violation_error_message: Any = None) -> None:
        self.field = field
        super().__init__(name=name, violation_error_message=violation_error_message)

    def deconstruct(self) -> Any:
        path, _args, kwargs = super().deconstruct()
        return path, (self.field,), kwargs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ForeignKey) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.field, self.name))

    def clause(self, model: Any, quote: Callable[[str], str]) -> str:
        raise NotImplementedError

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        return f"CONSTRAINT {quote(self.name)} FOREIGN KEY {self.clause(model, quote)}"

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table, name = (schema_editor.quote_name(what) for what in (model._meta.db_table, self.name))
        return f"ALTER TABLE {table} DROP CONSTRAINT {name}"

    def validate(
        self, model: Any, instance: Any, exclude: Collection[str] | None = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        """Nothing to tell people."""


class SameOrganization(_ForeignKey):
    """What a foreign key points to belongs to the row's own organization.

    A second, composite foreign key: (organization_id, x_id) refers to the `tenant_key` of the other table. It holds
    where x is empty; it cannot see a row without organization, which `SameOrNoOrganization` does.
    """

    default_violation_error_message = _("This belongs to another organization.")

    def clause(self, model: Any, quote: Callable[[str], str]) -> str:
        field = model._meta.get_field(self.field)
        table = quote(field.related_model._meta.db_table)
        # Checked when the transaction ends: Django deletes in an order of its own.
        return f"(organization_id, {quote(field.column)}) REFERENCES {table} (organization_id, id) {DEFERRED}"

    def validate(
        self, model: Any, instance: Any, exclude: Collection[str] | None = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        """Raise ValidationError at the field. One query, unless the other row is at hand."""
        if exclude and self.field in exclude:
            return
        other = getattr(instance, self.field)
        if other and instance.organization_id and other.organization_id != instance.organization_id:
            raise ValidationError({self.field: self.get_violation_error_message()})


class GoesWithOrganization(_ForeignKey):
    """The database itself deletes the rows with the organization that a column names; Django knows nothing of it."""

    def clause(self, model: Any, quote: Callable[[str], str]) -> str:
        return f"({quote(self.field)}) REFERENCES organizations_organization (id) ON DELETE CASCADE {DEFERRED}"


class _PointsWithin(pgtrigger.Trigger):
    """Checks the organization of the row that `field` points to, empty ones included."""

    when = pgtrigger.Before
    refused = ""

    def __init__(self, field: str, *, name: str) -> None:
        self.field = field
        pointed = pgtrigger.UpdateOf("organization_id", f"{field}_id")  # type: ignore[no-untyped-call]
        super().__init__(name=name, operation=pgtrigger.Insert | pointed)

    def get_func(self, model: Any) -> str:
        other = model._meta.get_field(self.field)
        return (
            f'IF EXISTS (SELECT 1 FROM "{other.related_model._meta.db_table}" AS other'  # noqa: S608 - names of our own
            f' WHERE other.id = NEW."{other.column}" AND {self.refused})'
            " THEN RAISE EXCEPTION 'pgtrigger: % points to another organization', TG_TABLE_NAME"
            " USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NEW;"
        )


class SameOrNoOrganization(_PointsWithin):
    """Both rows belong to one organization, or neither to any. The other row's organization must be frozen."""

    refused = "other.organization_id IS DISTINCT FROM NEW.organization_id"


class OwnOrShared(_PointsWithin):
    """What the row points to is its organization's own or belongs to none. Its organization must be frozen."""

    refused = "other.organization_id IS NOT NULL AND other.organization_id IS DISTINCT FROM NEW.organization_id"


def frozen_organization(name: str) -> pgtrigger.Trigger:
    """A row stays with its organization, or with none."""
    return pgtrigger.ReadOnly(name=name, fields=["organization"])
