"""Which columns the audit trail keeps of a table, and what protects its rows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import models

from organizations.tenancy import GoesWithOrganization

M = TypeVar("M", bound=type[models.Model])


class AppendOnly(pgtrigger.Trigger):
    """No event changes, and none goes before its organization does; one without organization never goes.

    Django may delete what an organization owned after it: there is nobody left to tell of that.
    """

    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete

    def __init__(self, column: str) -> None:
        self.column = column
        super().__init__(name="append_only")

    def get_func(self, model: Any) -> str:
        gone = (
            f"{{row}}.{self.column} IS NOT NULL AND NOT EXISTS"  # noqa: S608 - one of our columns
            f" (SELECT 1 FROM organizations_organization WHERE id = {{row}}.{self.column})"
        )
        return (
            f"IF TG_OP = 'INSERT' THEN IF {gone.format(row='NEW')} THEN RETURN NULL; END IF; RETURN NEW; END IF;"
            f" IF TG_OP = 'DELETE' AND {gone.format(row='OLD')} THEN RETURN OLD; END IF;"
            " RAISE EXCEPTION 'pgtrigger: The audit trail cannot be changed (table %)', TG_TABLE_NAME;"
        )


def tracked(*fields: str, also: Collection[str] = (), named_by: str = "") -> Callable[[M], M]:
    """Have each insert, update and delete of a table's rows kept as an event, with the fields named.

    Only named fields are kept, so that a new one is not by mistake; the fields in `also` make an event when they
    change, without being kept. Whoever reads the trail may read the fields: no secrets, nothing anonymous, and as no
    event ever changes, nothing personal but ids. `named_by` is the field by which a row is called, if not by itself.
    """

    def track(model: M) -> M:
        is_organization = "organization" not in fields
        column = "pgh_obj_id" if is_organization else "organization_id"
        changed = pgtrigger.AnyChange(*fields, *also)
        # An organization's events go with it, so that none can tell of its end.
        ends = [] if is_organization else [pghistory.DeleteEvent()]
        name = f"{model.__name__}Event"
        pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(condition=changed),
            *ends,
            pghistory.ManualEvent("download"),  # type: ignore[no-untyped-call]
            fields=list(fields),
            model_name=name,
            obj_field=pghistory.ObjForeignKey(related_name="+"),
            attrs={"named_by": named_by},
            context_field=pghistory.ContextJSONField(),
            context_id_field=None,  # type: ignore[arg-type]  # as its documentation says
            meta={
                "constraints": [GoesWithOrganization(column, name=f"{name.lower()}_goes_with_organization")],
                "triggers": [AppendOnly(column)],
            },
        )(model)
        return model

    return track
