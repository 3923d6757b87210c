"""The audit trail as a file: a sheet for people, JSON for programs; both piece by piece, however long."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterable, Iterator

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from organizations.audit.trail import Entry

# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield lines with a heading; no cell is a formula."""
    yield _line([_("When"), _("Who"), _("Action"), _("What"), _("Number"), _("Name"), _("Changes"), _("In words")])
    for entry in entries:
        changes = [f"{change.field}: {change.old or ''} → {change.new or ''}" for change in entry.changes]
        cells = [entry.at.isoformat(), entry.who, entry.action.label, entry.kind, entry.object_id, entry.name]
        yield _line([*cells, "; ".join(changes), entry.summary])


def as_json(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield a list of objects, one in a line."""
    separator = "[\n"
    for entry in entries:
        data = dataclasses.asdict(entry) | {"summary": entry.summary}
        yield separator + json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(str(cell)) for cell in cells])
    return line.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
