"""The workbook computes itself: evaluating its formulas gives the figures of the page."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from roadmaps.assumptions import Given, estimates
from roadmaps.business_case import BusinessCase, Step, business_case
from roadmaps.case_wording import WORDS
from roadmaps.workbook import CaseToWrite, NamedStep, workbook
from roadmaps.workbook_values import Sheets

STEPS = [Step(1, 2, 6, 0.2), Step(1, 3, 8, 0.2, 0), Step(3, 4, 5, 0.2), Step(4, 5, 6, 0.4), Step(5, 9, 8, 0.2, 2)]
GIVEN: Given = {
    "models": {"expected": 14, "high": 20},
    "toil_hours": {"expected": 160, "low": 80, "high": 220},
    "model_value": {"expected": 300_000},
}


def file_of(given: Given = GIVEN, currency: str = "EUR", name: str = "Practice") -> tuple[bytes, BusinessCase]:
    figures = estimates(given, currency)
    case = business_case(figures, STEPS)
    steps = [NamedStep(f"{name} {n}", step) for n, step in enumerate(STEPS)]
    data = workbook(
        CaseToWrite("To level 3", "Acme", currency, given, figures, steps, [swing.key for swing in case.tornado])
    )
    return data, case


def written(given: Given = GIVEN, currency: str = "EUR", name: str = "Practice") -> tuple[Workbook, BusinessCase]:
    data, case = file_of(given, currency, name)
    return load_workbook(io.BytesIO(data)), case


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
    told = labels[labels.index("What matters most, in the order when exported") + 1 :]
    assert told[: len(case.tornado)] == [str(WORDS[swing.key].label) for swing in case.tornado]
    assert len(told) == len(WORDS)
    for swing in (case.tornado[0], case.tornado[-1]):
        assert found[str(WORDS[swing.key].label)] == pytest.approx([swing.at_low, swing.at_high, swing.size])


def test_what_gets_a_range_later_moves_a_line_of_its_own() -> None:
    book, _case = written({"models": {"low": 10, "expected": 10, "high": 10}})
    label = str(WORDS["models"].label)
    assert Summary(book)[label][2] == 0

    book["Assumptions"][f"E{row_of(book, 'Assumptions', label)}"] = 40

    assert Summary(book)[label][2] > 0


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
    headings = row_of(book, "Summary", "What matters most, in the order when exported")
    assert all(str(cell.value).startswith("=") for cell in results if cell.row != headings)
    assert book["Roadmap"]["A4"].value == "'=HYPERLINK 0"
    whose = {row[0].value: row[6].value for row in book["Assumptions"].iter_rows(min_row=4)}
    assert (whose["Models in production"], whose["Incidents"]) == ("yours", "assumed")


def test_what_only_shows_finds_the_values_beside_the_formulas() -> None:
    data, case = file_of(name="A & <b>")
    shown, formulas = load_workbook(io.BytesIO(data), data_only=True), load_workbook(io.BytesIO(data))

    rows = {row[0].value: [cell.value for cell in row[1:]] for row in shown["Summary"].iter_rows(min_row=4, max_col=4)}
    forecasts = [case.low, case.expected, case.high]
    assert rows["Net present value of three years"] == pytest.approx([f.npv for f in forecasts])
    assert rows["Payback in month"] == [f.payback_month or "not within 36 months" for f in forecasts]
    assert not [
        cell.coordinate
        for sheet in formulas
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value).startswith("=") and shown[sheet.title][cell.coordinate].value is None
    ]


def test_without_a_benefit_there_is_no_break_even_and_a_file_all_the_same() -> None:
    nothing = ("models", "new_models", "toil_hours", "incidents")
    data, _case = file_of({key: {"low": 0, "expected": 0, "high": 0} for key in nothing})

    book = load_workbook(io.BytesIO(data), data_only=True)
    at = row_of(book, "Summary", "Break-even share of the benefits")
    assert [cell.value for cell in book["Summary"][at][1:4]] == ["–", "–", "–"]
