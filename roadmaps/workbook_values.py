"""What a workbook's formulas come to, stored beside them.

Excel's Protected View and the previews of mail and phones show stored values and compute nothing, and openpyxl writes
formulas without any. The evaluator knows what the formulas of `workbook_formulas` are written with, no more.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import escape
from io import BytesIO
from math import isfinite, nan
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.utils import get_column_letter, range_boundaries

UNVALUED = re.compile(r'<c r="([A-Z]+[0-9]+)"([^>]*)><f>([^<]*)</f><v ?/></c>')
"""A cell as openpyxl writes a formula: address, other attributes, formula."""


def with_values(book: Workbook) -> bytes:
    """Return a workbook as a file in which each formula has its value; one that comes to no number has none."""
    plain, file = BytesIO(), BytesIO()
    book.save(plain)
    sheets = Sheets(book)
    names = {f"xl/worksheets/sheet{n}.xml": name for n, name in enumerate(book.sheetnames, start=1)}
    with ZipFile(plain) as source, ZipFile(file, "w", ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if name := names.get(entry.filename):
                content = _valued(content.decode(), sheets, name).encode()
            target.writestr(entry, content, ZIP_DEFLATED)
    return file.getvalue()


def _valued(xml: str, sheets: Sheets, name: str) -> str:
    def valued(found: re.Match[str]) -> str:
        address, attributes, formula = found.groups()
        value = sheets.cell(name, address)
        if isinstance(value, str):
            return f'<c r="{address}"{attributes} t="str"><f>{formula}</f><v>{escape(value)}</v></c>'
        number = float(value or 0)
        return f'<c r="{address}"{attributes}><f>{formula}</f><v>{number!r}</v></c>' if isfinite(number) else found[0]

    return UNVALUED.sub(valued, xml)


class Cells(list[Any]):
    """A range: operators go cell by cell."""


def _divide(left: float, right: float) -> float:
    """Divide; by nothing it is no number, as both arms of an IF are computed."""
    return left / right if right else nan


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divide, "^": operator.pow,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip
PRECEDENCE = [("<", ">", "<=", ">=", "="), ("+", "-"), ("*", "/"), ("^",)]
"""Signs by how tightly they bind, the loosest first."""


def _each(do: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    if not isinstance(left, Cells) and not isinstance(right, Cells):
        return do(left or 0, right or 0)
    size = len(left if isinstance(left, Cells) else right)
    lefts, rights = (side if isinstance(side, Cells) else [side] * size for side in (left, right))
    return Cells(do(a or 0, b or 0) for a, b in zip(lefts, rights, strict=True))


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, Cells) else [value]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SUM": lambda *values: sum(value or 0 for value in _flat(values)),
    "SUMPRODUCT": sum,
    "MAX": lambda *values: max(value or 0 for value in _flat(values)),
    "ABS": abs,
    "IF": lambda condition, then, otherwise: then if condition else otherwise,
}


class Sheets:
    """Computes cells of a workbook from its formulas, each once."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.cell = cache(self._cell)
        self.range = cache(self._range)

    def _cell(self, sheet: str, address: str) -> Any:
        value = self.book[sheet][address].value
        if not (isinstance(value, str) and value.startswith("=")):
            return value
        reader = _Reader([token for token in Tokenizer(value).items if token.type != "WHITE-SPACE"], sheet, self)
        return reader.whole()

    def _range(self, sheet: str, text: str) -> Any:
        name, _bang, address = text.rpartition("!")
        sheet = name.removeprefix("'").removesuffix("'").replace("''", "'") or sheet
        address = address.replace("$", "")
        if ":" not in address:
            return self.cell(sheet, address)
        left, upper, right, lower = (int(bound or 0) for bound in range_boundaries(address))
        return Cells(
            self.cell(sheet, f"{get_column_letter(column)}{row}")
            for row in range(upper, lower + 1)
            for column in range(left, right + 1)
        )


class _Reader:
    """Reads a formula's tokens from left to right and computes as it goes."""

    def __init__(self, tokens: Sequence[Token], sheet: str, sheets: Sheets) -> None:
        self.tokens, self.at = tokens, 0
        self.sheet, self.sheets = sheet, sheets

    def whole(self) -> Any:
        """Return what the formula comes to. Raises ValueError where something is left over."""
        result = self._expression(0)
        if self.at < len(self.tokens):
            raise ValueError(self.tokens[self.at].value)
        return result

    def _expression(self, level: int) -> Any:
        if level == len(PRECEDENCE):
            return self._operand()
        left = self._expression(level + 1)
        while self.at < len(self.tokens) and self.tokens[self.at].type == "OPERATOR-INFIX":
            sign = self.tokens[self.at].value
            if sign not in PRECEDENCE[level]:
                break
            self.at += 1
            left = _each(OPERATORS[sign], left, self._expression(level + 1))
        return left

    def _operand(self) -> Any:
        token = self.tokens[self.at]
        self.at += 1
        if token.type == "PAREN":
            result = self._expression(0)
            self.at += 1
            return result
        if token.type == "FUNC":
            return FUNCTIONS[token.value.rstrip("(")](*self._arguments())
        if token.subtype == "NUMBER":
            return float(token.value)
        if token.subtype == "TEXT":
            return token.value[1:-1].replace('""', '"')
        return self.sheets.range(self.sheet, token.value)

    def _arguments(self) -> list[Any]:
        arguments = []
        while not (self.tokens[self.at].type == "FUNC" and self.tokens[self.at].subtype == "CLOSE"):
            if self.tokens[self.at].type == "SEP":
                self.at += 1
            arguments.append(self._expression(0))
        self.at += 1
        return arguments
