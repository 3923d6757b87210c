"""A business case as an Excel workbook that computes itself: finance changes a cell, and everything follows.

The sheets hold the formulas of docs/business-case.md, each with what it comes to. Spare rows of the roadmap may be
filled in; they count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.chart import LineChart, Reference
from openpyxl.chart.series import SeriesLabel
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from assessments.exports import in_sheet
from roadmaps.assumptions import ASSUMPTIONS, PARTS, Estimate, Given, Part, Weighs, is_given
from roadmaps.business_case import COSTS, HORIZON, HOURS_A_WEEK, STREAMS, WEEKS_A_YEAR, WORKING_WEEKS, Step
from roadmaps.case_wording import COST_NAMES, PART_NAMES, STREAM_NAMES, WORDS, unit_of
from roadmaps.workbook_formulas import Formula, benefits, costs, levels
from roadmaps.workbook_values import with_values

FIRST_ROW = 4
"""Where tables begin, below a sheet's title and heading."""
SPARE_STEPS = 20
FIXED = {"working_weeks": WORKING_WEEKS, "hours_a_week": HOURS_A_WEEK, "weeks_a_year": WEEKS_A_YEAR}
MONEY = "#,##0"
INPUT = PatternFill("solid", fgColor="FFF6D6")
HEADING = PatternFill("solid", fgColor="E3F1EF")
WEIGHS_ON: Mapping[tuple[Weighs, Part], str] = {
    ("for", "low"): "C", ("for", "high"): "E", ("against", "low"): "E", ("against", "high"): "C",
}  # fmt: skip
"""The column of an assumption's end in a case; all others stand at what is expected, in D."""
CASE_COLUMNS: Mapping[Part, str] = {"low": "I", "expected": "J", "high": "K"}


@dataclass(frozen=True, slots=True)
class NamedStep:
    """A step of the roadmap and the practice that it puts in place."""

    name: str
    step: Step


@dataclass(frozen=True, slots=True)
class CaseToWrite:
    """What the workbook is made of; `tornado` has the keys of the assumptions, those first that move most."""

    title: str
    organization: str
    currency: str
    given: Given
    estimates: Mapping[str, Estimate]
    steps: Sequence[NamedStep]
    tornado: Sequence[str]

    @property
    def by_swing(self) -> list[str]:
        """All assumptions: those without a range last, so that they count as soon as one gives them one."""
        return [*self.tornado, *(key for key in ASSUMPTIONS if key not in self.tornado)]


def workbook(case: CaseToWrite) -> bytes:
    """Return the workbook as a file: summary, assumptions, roadmap, a sheet for each case, and sensitivity."""
    book = Workbook()
    summary = book.active
    assert isinstance(summary, Worksheet)  # noqa: S101 - a new workbook has one
    assumptions = _Assumptions(book.create_sheet(_("Assumptions")), case)
    steps = _Steps(book.create_sheet(_("Roadmap")), case.steps)
    flows = {part: _CashFlow(book.create_sheet(str(PART_NAMES[part])), part, assumptions, steps) for part in PARTS}
    sensitivity = _Sensitivity(book.create_sheet(_("Sensitivity")), case, assumptions, steps)
    _summarize(summary, case, flows, sensitivity)
    return with_values(book)


class _Assumptions:
    """The sheet on which figures are changed; each has a row, and a column for each case that looks at it."""

    def __init__(self, sheet: Worksheet, case: CaseToWrite) -> None:
        self.name = sheet.title
        self.rows = {key: FIRST_ROW + n for n, key in enumerate((*ASSUMPTIONS, *FIXED))}
        _head(
            sheet,
            _("Assumptions, money in %(currency)s. Change the yellow cells.") % {"currency": case.currency},
            [
                _("Assumption"), _("Unit"), _("Low"), _("Expected"), _("High"), _("Weighs"), _("Whose"), _("Why"),
                _("In the low case"), _("In the expected case"), _("In the high case"),
            ],
            widths=[34, 24, 14, 14, 14, 14, 14, 90, 14, 14, 14],
        )  # fmt: skip
        for key, row in ASSUMPTIONS.items():
            at, words, ends = self.rows[key], WORDS[key], case.estimates[key]
            whose = _("yours") if is_given(case.given, key) else _("assumed")
            unit = unit_of(key, case.currency)
            numbers = [ends.low, ends.expected, ends.high]
            _write(sheet, at, [words.label, unit, *numbers, _weighs(row.weighs), whose, words.why])
            for column in "CDE":
                sheet[f"{column}{at}"].fill = INPUT
                sheet[f"{column}{at}"].number_format = MONEY if row.unit == "money" else "General"
            for part, column in CASE_COLUMNS.items():
                sheet[f"{column}{at}"] = f"={WEIGHS_ON.get((row.weighs, part), 'D')}{at}"
        fixed = {
            "working_weeks": _("Weeks of work in a person’s year"),
            "hours_a_week": _("Hours of work in a week"),
            "weeks_a_year": _("Weeks in which manual work falls due"),
        }
        for key, label in fixed.items():
            at = self.rows[key]
            _write(sheet, at, [label, "", None, FIXED[key]])
            sheet[f"D{at}"].fill = INPUT
            for column in CASE_COLUMNS.values():
                sheet[f"{column}{at}"] = f"=D{at}"

    def cell(self, key: str, column: str) -> str:
        """Return where a figure stands, as other sheets write it."""
        return f"{_quoted(self.name)}!${column}${self.rows[key]}"


class _Steps:
    """The sheet of the roadmap's practices."""

    def __init__(self, sheet: Worksheet, steps: Sequence[NamedStep]) -> None:
        self.name = sheet.title
        self.last = FIRST_ROW + len(steps) + SPARE_STEPS - 1
        _head(
            sheet,
            _("Practices of the roadmap, months from its start. Change or add rows."),
            [
                _("Practice"), _("First month"), _("Last month"), _("Effort in person-weeks"), _("Levels gained"),
                _("Tools to pay for"),
            ],
            widths=[80, 14, 14, 22, 16, 18],
        )  # fmt: skip
        for at, named in enumerate(steps, start=FIRST_ROW):
            step = named.step
            _write(sheet, at, [named.name, step.first_month, step.last_month, step.weeks, step.levels, step.tools])
        for at in range(FIRST_ROW, self.last + 1):
            for column in "BCDEF":
                sheet[f"{column}{at}"].fill = INPUT

    def __getitem__(self, column: str) -> str:
        """Return a column of all practices, spare rows too."""
        return f"{_quoted(self.name)}!${column}${FIRST_ROW}:${column}${self.last}"


class _CashFlow:
    """The months of one case, a row each."""

    LAST = FIRST_ROW + HORIZON - 1

    def __init__(self, sheet: Worksheet, part: Part, assumptions: _Assumptions, steps: _Steps) -> None:
        self.sheet, self.name = sheet, sheet.title
        names = [*STREAM_NAMES.values(), _("All benefits"), *COST_NAMES.values(), _("All costs")]
        derived = [_("Net"), _("Cumulative cash"), _("Present value"), _("Below zero")]
        _head(
            sheet,
            _("Cash flow by month: the %(case)s case") % {"case": str(PART_NAMES[part]).lower()},
            [_("Month"), _("Levels gained"), *names, *derived],
            widths=[10, 14] + [18] * (len(names) + len(derived)),
        )

        def look(key: str) -> str:
            return assumptions.cell(key, CASE_COLUMNS[part])

        for month in range(1, HORIZON + 1):
            at = FIRST_ROW + month - 1
            income = [Formula(f"={formula}") for formula in benefits(look, f"$B{at}").values()]
            spent = [Formula(f"={formula}") for formula in costs(look, steps, f"$A{at}").values()]
            _write(
                sheet,
                at,
                [
                    month,
                    levels(steps, f"$A{at}", look("ramp_months")),
                    *income,
                    Formula(f"=SUM(C{at}:G{at})"),
                    *spent,
                    Formula(f"=SUM(I{at}:L{at})"),
                    Formula(f"=H{at}-M{at}"),
                    Formula(f"=N{at}" if month == 1 else f"=O{at - 1}+N{at}"),
                    Formula(f"=N{at}/(1+{look('discount_rate')}/100)^(A{at}/12)"),
                    Formula(f"=IF(O{at}<0,A{at},0)"),
                ],
            )
            for cell in sheet[at][2:16]:
                cell.number_format = MONEY
        self.look, self.steps = look, steps

    def column(self, letter: str) -> str:
        """Return a column of all months."""
        return f"{_quoted(self.name)}!{letter}{FIRST_ROW}:{letter}{self.LAST}"

    @property
    def yearly(self) -> dict[str, Formula]:
        """The formulas of a year's benefits once every step has its full effect."""
        all_levels = f"SUM({self.steps['E']})"
        return {stream: Formula(f"=12*{formula}") for stream, formula in benefits(self.look, all_levels).items()}

    @property
    def payback(self) -> Formula:
        """The formula of the payback month."""
        below = f"MAX({self.column('Q')})"
        return Formula(f'=IF({below}<{HORIZON},{below}+1,"{_("not within 36 months")}")')

    @property
    def break_even(self) -> Formula:
        """The formula of the share of its benefits at which the roadmap pays for itself."""
        rate, months = f"(1+{self.look('discount_rate')}/100)", self.column("A")
        benefit, cost = (f"SUMPRODUCT({self.column(letter)}/{rate}^({months}/12))" for letter in "HM")
        return Formula(f'=IF({benefit}>0,{cost}/{benefit},"–")')


class _Sensitivity:
    """Each assumption at both ends, all others as expected: a row for each, the months in columns."""

    def __init__(self, sheet: Worksheet, case: CaseToWrite, assumptions: _Assumptions, steps: _Steps) -> None:
        self.name = sheet.title
        keys = [*ASSUMPTIONS, *FIXED]
        figures = {key: get_column_letter(4 + n) for n, key in enumerate(keys)}
        gained = [get_column_letter(4 + len(keys) + n) for n in range(HORIZON)]
        nets = [get_column_letter(4 + len(keys) + HORIZON + n) for n in range(HORIZON)]
        labels = [str(WORDS[key].label) if key in WORDS else key for key in keys]
        months = [*(_("Levels, month %d") % m for m in _months()), *(_("Net, month %d") % m for m in _months())]
        _head(
            sheet,
            _("Each assumption at its low and its high end, all others as expected"),
            [_("Assumption"), _("End"), _("Net present value"), *labels, *months],
            widths=[34, 10, 20],
        )
        self.rows: dict[tuple[str, Part], int] = {}
        ends: list[tuple[str, Part]] = [(key, part) for key in case.by_swing for part in ("low", "high")]
        for at, (moved, part) in enumerate(ends, start=FIRST_ROW):
            self.rows[moved, part] = at

            def look(key: str, at: int = at) -> str:
                return f"${figures[key]}{at}"

            taken = {key: assumptions.cell(key, "D") for key in keys} | {
                moved: assumptions.cell(moved, "C" if part == "low" else "E")
            }
            net = [
                Formula(
                    f"={'+'.join(benefits(look, f'{gained[m - 1]}{at}').values())}"
                    f"-({'+'.join(costs(look, steps, str(m)).values())})"
                )
                for m in _months()
            ]
            rate = f"(1+{look('discount_rate')}/100)"
            value = Formula("=" + "+".join(f"{nets[m - 1]}{at}/{rate}^({m}/12)" for m in _months()))
            _write(
                sheet,
                at,
                [
                    WORDS[moved].label, str(PART_NAMES[part]), value,
                    *(Formula(f"={cell}") for cell in taken.values()),
                    *(levels(steps, str(m), look("ramp_months")) for m in _months()), *net,
                ],
            )  # fmt: skip
            sheet[f"C{at}"].number_format = MONEY

    def value(self, key: str, part: Part) -> Formula:
        """Return where the net present value stands with an assumption at one of its ends."""
        return Formula(f"={_quoted(self.name)}!C{self.rows[key, part]}")


def _summarize(sheet: Worksheet, case: CaseToWrite, flows: Mapping[Part, _CashFlow], sensitivity: _Sensitivity) -> None:
    sheet.title = _("Summary")
    title = _("Business case: %(title)s, %(organization)s") % {"title": case.title, "organization": case.organization}
    _head(
        sheet,
        title,
        [_("In %(currency)s") % {"currency": case.currency}, *(PART_NAMES[part] for part in PARTS)],
        widths=[44, 18, 18, 18],
    )
    at = FIRST_ROW
    for label, cells, number_format, bold in _lines(flows):
        _write(sheet, at, [label, *cells])
        for cell in sheet[at]:
            cell.font = Font(bold=bold)
            cell.number_format = number_format
        at += 1
    at += 1
    _write(
        sheet,
        at,
        [
            _("What matters most, in the order when exported"),
            _("NPV at its low end"),
            _("NPV at its high end"),
            _("Difference"),
        ],
    )
    for cell in sheet[at]:
        cell.font, cell.fill = Font(bold=True), HEADING
    for at, key in enumerate(case.by_swing, start=at + 1):  # noqa: B020 - the rows go on from there
        ends = [sensitivity.value(key, part) for part in ("low", "high")]
        _write(sheet, at, [WORDS[key].label, *ends, Formula(f"=ABS(C{at}-B{at})")])
        for cell in sheet[at][1:]:
            cell.number_format = MONEY
    sheet.add_chart(_curve(flows), "F3")


def _lines(flows: Mapping[Part, _CashFlow]) -> Iterator[tuple[object, list[Formula], str, bool]]:
    """Yield the summary's rows: label, a formula for each case, how it is written, and whether it stands out."""

    ordered = [flows[part] for part in PARTS]

    def sums(letter: str) -> list[Formula]:
        return [Formula(f"=SUM({flow.column(letter)})") for flow in ordered]

    for stream in STREAMS:
        yield STREAM_NAMES[stream], [flow.yearly[stream] for flow in ordered], MONEY, False
    streams = f"{FIRST_ROW}:{{0}}{FIRST_ROW + len(STREAMS) - 1}"
    total = [Formula(f"=SUM({column}{streams.format(column)})") for column in "BCD"]
    yield _("Yearly benefit at full effect"), total, MONEY, True
    for cost, letter in zip(COSTS, "IJKL", strict=True):
        yield COST_NAMES[cost], sums(letter), MONEY, False
    yield _("Cost of three years"), sums("M"), MONEY, True
    yield _("Net present value of three years"), sums("P"), MONEY, True
    yield _("Payback in month"), [flow.payback for flow in ordered], "General", True
    yield _("Break-even share of the benefits"), [flow.break_even for flow in ordered], "0%", True


def _curve(flows: Mapping[Part, _CashFlow]) -> LineChart:
    chart = LineChart()
    chart.title, chart.height, chart.width = _("Cumulative cash"), 9, 20
    for part in PARTS:
        chart.add_data(Reference(flows[part].sheet, min_col=15, min_row=FIRST_ROW, max_row=_CashFlow.LAST))
        chart.series[-1].tx = SeriesLabel(v=str(PART_NAMES[part]))
    chart.set_categories(Reference(flows["expected"].sheet, min_col=1, min_row=FIRST_ROW, max_row=_CashFlow.LAST))
    return chart


def _weighs(weighs: Weighs) -> str:
    return {"for": _("for it"), "against": _("against it"), "both": _("both ways")}[weighs]


def _months() -> range:
    return range(1, HORIZON + 1)


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _head(sheet: Worksheet, title: str, headings: Sequence[object], *, widths: Iterable[int]) -> None:
    sheet["A1"] = in_sheet(title)
    sheet["A1"].font = Font(bold=True, size=14)
    _write(sheet, FIRST_ROW - 1, headings)
    for cell in sheet[FIRST_ROW - 1]:
        cell.font, cell.fill, cell.alignment = Font(bold=True), HEADING, Alignment(wrap_text=True, vertical="top")
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = f"B{FIRST_ROW}"


def _write(sheet: Worksheet, row: int, cells: Iterable[object]) -> None:
    """Write a row; only our own formulas run, whatever people's words begin with."""
    for column, cell in enumerate(cells, start=1):
        plain = cell if cell is None or isinstance(cell, int | float) else str(cell)
        value = plain if isinstance(cell, Formula) else in_sheet(plain)
        sheet.cell(row, column, value)
