"""The workbook computes itself: an evaluator of its own, apart from ours, gets the same figures out of its formulas."""

from __future__ import annotations

import io
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.formula import Tokenizer
from openpyxl.utils import get_column_letter, range_boundaries

from roadmaps.assumptions import Given, estimates
from roadmaps.business_case import BusinessCase, Step, business_case
from roadmaps.case_wording import WORDS
from roadmaps.workbook import CaseToWrite, NamedStep, workbook

STEPS = [Step(1, 2, 6, 0.2), Step(1, 3, 8, 0.2, 0), Step(3, 4, 5, 0.2), Step(4, 5, 6, 0.4), Step(5, 9, 8, 0.2, 2)]
GIVEN: Given = {
    "models": {"expected": 14, "high": 20},
    "toil_hours": {"expected": 160, "low": 80, "high": 220},
    "model_value": {"expected": 300_000},
}


def written(given: Given = GIVEN, currency: str = "EUR", name: str = "Practice") -> tuple[Workbook, BusinessCase]:
    figures = estimates(given, currency)
    case = business_case(figures, STEPS)
    steps = [NamedStep(f"{name} {n}", step) for n, step in enumerate(STEPS)]
    data = workbook(
        CaseToWrite("To level 3", "Acme", currency, given, figures, steps, [swing.key for swing in case.tornado])
    )
    return load_workbook(io.BytesIO(data)), case


# -- A small evaluator -------------------------------------------------------------------------------------------------


class Cells(list[Any]):
    """A range: operators go cell by cell."""


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": operator.pow,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip
PRECEDENCE = [("<", ">", "<=", ">=", "="), ("+", "-"), ("*", "/"), ("^",)]


def each(do: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    if not isinstance(left, Cells) and not isinstance(right, Cells):
        return do(left or 0, right or 0)
    size = len(left if isinstance(left, Cells) else right)
    lefts, rights = (side if isinstance(side, Cells) else [side] * size for side in (left, right))
    return Cells(do(a or 0, b or 0) for a, b in zip(lefts, rights, strict=True))


def flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, Cells) else [value]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SUM": lambda *values: sum(value or 0 for value in flat(values)),
    "SUMPRODUCT": sum,
    "MAX": lambda *values: max(value or 0 for value in flat(values)),
    "ABS": abs,
    "IF": lambda condition, then, otherwise: then if condition else otherwise,
}


class Sheets:
    """Computes cells of a workbook from its formulas, each once."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.cell = cache(self._cell)

    def _cell(self, sheet: str, address: str) -> Any:
        value = self.book[sheet][address].value
        if not (isinstance(value, str) and value.startswith("=")):
            return value
        tokens = [token for token in Tokenizer(value).items if token.type != "WHITE-SPACE"]
        result, rest = self._expression(tokens, sheet, 0)
        assert not rest
        return result

    def _expression(self, tokens: list[Any], sheet: str, level: int) -> tuple[Any, list[Any]]:
        if level == len(PRECEDENCE):
            return self._operand(tokens, sheet)
        left, tokens = self._expression(tokens, sheet, level + 1)
        while tokens and tokens[0].type == "OPERATOR-INFIX" and tokens[0].value in PRECEDENCE[level]:
            sign = tokens[0].value
            right, tokens = self._expression(tokens[1:], sheet, level + 1)
            left = each(OPERATORS[sign], left, right)
        return left, tokens

    def _operand(self, tokens: list[Any], sheet: str) -> tuple[Any, list[Any]]:
        token, *tokens = tokens
        if token.type == "PAREN":
            result, tokens = self._expression(tokens, sheet, 0)
            return result, tokens[1:]
        if token.type == "FUNC":
            arguments = []
            while not (tokens[0].type == "FUNC" and tokens[0].subtype == "CLOSE"):
                if tokens[0].type == "SEP":
                    tokens = tokens[1:]
                value, tokens = self._expression(tokens, sheet, 0)
                arguments.append(value)
            return FUNCTIONS[token.value.rstrip("(")](*arguments), tokens[1:]
        if token.subtype == "NUMBER":
            return float(token.value), tokens
        if token.subtype == "TEXT":
            return token.value.strip('"'), tokens
        return self._range(token.value, sheet), tokens

    def _range(self, text: str, sheet: str) -> Any:
        name, _, address = text.rpartition("!")
        sheet, address = name.strip("'") or sheet, address.replace("$", "")
        if ":" not in address:
            return self.cell(sheet, address)
        left, upper, right, lower = (int(bound or 0) for bound in range_boundaries(address))
        return Cells(
            self.cell(sheet, f"{get_column_letter(column)}{row}")
            for row in range(upper, lower + 1)
            for column in range(left, right + 1)
        )


class Summary:
    """The rows of the summary by their labels, computed when they are asked for."""

    def __init__(self, book: Workbook) -> None:
        self.sheets = Sheets(book)
        self.rows = {str(row[0].value): row[1:] for row in book["Summary"].iter_rows(min_row=4, max_col=4)}

    def __getitem__(self, label: str) -> list[Any]:
        return [self.sheets.cell("Summary", cell.coordinate) for cell in self.rows[label]]


def row_of(book: Workbook, sheet: str, label: str) -> int:
    return next(row[0].row for row in book[sheet].iter_rows(max_col=1) if row[0].value == label)


# -- What it holds -----------------------------------------------------------------------------------------------------


def test_its_formulas_come_to_the_same_as_the_page() -> None:
    book, case = written(currency="JPY")

    found = Summary(book)

    forecasts = [case.low, case.expected, case.high]
    assert found["Yearly benefit at full effect"] == pytest.approx([f.yearly_benefit for f in forecasts])
    assert found["Less manual work"] == pytest.approx([f.yearly["less_toil"] for f in forecasts])
    assert found["Upkeep"] == pytest.approx([sum(f.costs["upkeep"]) for f in forecasts])
    assert found["Cost of three years"] == pytest.approx([f.total_cost for f in forecasts])
    assert found["Net present value of three years"] == pytest.approx([f.npv for f in forecasts])
    assert found["Payback in month"] == [f.payback_month or "not within 36 months" for f in forecasts]
    assert found["Break-even share of the benefits"] == pytest.approx([f.break_even for f in forecasts])


def test_its_tornado_is_live_too() -> None:
    book, case = written()

    found = Summary(book)

    labels = list(found.rows)
    assert labels[labels.index("What matters most") + 1 :] == [str(WORDS[swing.key].label) for swing in case.tornado]
    for swing in (case.tornado[0], case.tornado[-1]):
        assert found[str(WORDS[swing.key].label)] == pytest.approx([swing.at_low, swing.at_high, swing.size])


def test_changing_a_cell_changes_all_that_follows() -> None:
    book, case = written()
    sheet = book["Assumptions"]

    for column in "CDE":
        sheet[f"{column}{row_of(book, 'Assumptions', 'Incidents')}"] = 100
    steps = book["Roadmap"]
    added: tuple[str | float, ...] = ("One more", 2, 3, 4, 0.5, 1)
    for place, value in enumerate(added, start=1):
        steps.cell(4 + len(STEPS), place, value)

    given: Given = {**GIVEN, "incidents": {"expected": 100}}
    again = business_case(estimates(given, "EUR"), [*STEPS, Step(2, 3, 4, 0.5)])
    found = Summary(book)["Net present value of three years"]
    assert found == pytest.approx([again.low.npv, again.expected.npv, again.high.npv])
    assert found[1] != pytest.approx(case.expected.npv)


def test_no_result_is_a_number_and_no_words_run() -> None:
    book, _case = written(name="=HYPERLINK")

    results = [cell for row in book["Summary"].iter_rows(min_row=4, min_col=2, max_col=4) for cell in row if cell.value]
    headings = row_of(book, "Summary", "What matters most")
    assert all(str(cell.value).startswith("=") for cell in results if cell.row != headings)
    assert book["Roadmap"]["A4"].value == "'=HYPERLINK 0"
    whose = {row[0].value: row[6].value for row in book["Assumptions"].iter_rows(min_row=4)}
    assert (whose["Models in production"], whose["Incidents"]) == ("yours", "assumed")
