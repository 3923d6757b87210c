"""Files to take away: tables written as CSV, XLSX or JSON.

What stands in the tables is decided in assessments/selectors/round_export.py and comparison_export.py. Their names and
columns are the same in each language, as programs read them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any, Protocol, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

Cell: TypeAlias = str | int | float | bool | None

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Text that begins so is run by spreadsheets, whoever wrote it."""
ROWS_AT_ONCE = 500
BYTES_AT_ONCE = 64 * 1024
COLUMN_WIDTH = 20


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a file; `rows` may be read once only."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds, and what it is called but for its ending; `details` is what fits no table, for JSON."""

    name: str
    tables: Sequence[Table]
    details: Mapping[str, Any] = field(default_factory=dict)


class Exporter(Protocol):
    """A kind of file: its ending, what people call it, how it is made."""

    @property
    def identifier(self) -> str: ...

    @property
    def verbose_name(self) -> str | Promise: ...

    @property
    def content_type(self) -> str: ...

    def render(self, document: Document) -> Iterator[bytes]:
        """Yield the file piece by piece."""


class Csv:
    """All tables one below the other: each row begins with its table's name, the first of each has its columns."""

    identifier = "csv"
    verbose_name = _("CSV, plain tables")
    content_type = "text/csv; charset=utf-8"

    def render(self, document: Document) -> Iterator[bytes]:
        """Yield the file, some hundred rows at once; the mark at its begin tells spreadsheets that it is UTF-8."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        yield "\ufeff".encode()
        for number, row in enumerate(_stacked(document.tables), start=1):
            writer.writerow([_in_text(cell) for cell in row])
            if number % ROWS_AT_ONCE == 0:
                yield _emptied(buffer)
        yield _emptied(buffer)


class Xlsx:
    """A sheet for each table."""

    identifier = "xlsx"
    verbose_name = _("Excel workbook")
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def render(self, document: Document) -> Iterator[bytes]:
        """Yield the file; rows go to the disk as they come."""
        book = Workbook(write_only=True)
        for table in document.tables:
            sheet = book.create_sheet(table.name.capitalize())
            sheet.freeze_panes = "A2"
            sheet.sheet_format.defaultColWidth = COLUMN_WIDTH
            heading = [WriteOnlyCell(sheet, column) for column in table.columns]
            for cell in heading:
                cell.font = Font(bold=True)
            sheet.append(heading)
            for row in table.rows:
                sheet.append([in_sheet(cell) for cell in row])
        with TemporaryFile() as file:
            book.save(file)
            file.seek(0)
            while piece := file.read(BYTES_AT_ONCE):
                yield piece


class Json:
    """Everything: each table as objects by column, and the details."""

    identifier = "json"
    verbose_name = _("JSON, for programs")
    content_type = "application/json"

    def render(self, document: Document) -> Iterator[bytes]:
        """Yield the file in one piece."""
        tables = {
            table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for table in document.tables
        }
        yield json.dumps({**tables, **document.details}, ensure_ascii=False, indent=1).encode()


EXPORTERS: Mapping[str, Exporter] = {exporter.identifier: exporter for exporter in (Csv(), Xlsx(), Json())}


def harmless(cell: Cell) -> Cell:
    """Return the cell as no spreadsheet runs it: text that looks like a formula gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _in_text(cell: Cell) -> Cell:
    return str(cell).lower() if isinstance(cell, bool) else harmless(cell)


def in_sheet(cell: Cell) -> Cell:
    """Return the cell as a workbook can hold it, harmless too."""
    return ILLEGAL_CHARACTERS_RE.sub("", str(harmless(cell))) if isinstance(cell, str) else cell


def _stacked(tables: Iterable[Table]) -> Iterator[Sequence[Cell]]:
    for table in tables:
        yield (table.name, *table.columns)
        for row in table.rows:
            yield (table.name, *row)


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
