"""What something cost as its data grew: the power law that fits it, as a table, as a chart and for JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, floor, log, log10
from statistics import linear_regression
from typing import Any

import pygal
from pygal.style import Style

from assessments.charts import COLOURS, DASHES, FONT, INK, LEVELS, LINE

WORSE = 1.05
"""A slope above it is worse than linear; what is linear measures about 1."""


@dataclass(frozen=True, slots=True)
class Point:
    """What something cost at some amount of data; `blocks` is what its queries read of the database, where known."""

    amount: int
    p50_ms: float
    p95_ms: float
    blocks: int | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What something cost as something else grew, the smallest first; there are two points at least."""

    name: str
    grows: str
    points: Sequence[Point]

    @property
    def slope(self) -> float:
        """The exponent of the power law that fits all points: 0 where cost stays, 1 where it grows as the data do."""
        return _slope(self.points)

    @property
    def last_slope(self) -> float:
        """The exponent between the two largest amounts, where what is small at first shows."""
        return _slope(self.points[-2:])

    @property
    def is_worse_than_linear(self) -> bool:
        """Whether either is clearly above 1."""
        return max(self.slope, self.last_slope) > WORSE


def table(courses: Sequence[Course]) -> str:
    """Return the courses as a table."""
    lines = [
        "| what | grows | amounts | p50 ms | p95 ms | blocks read | slope | last slope | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for course in courses:
        columns = (
            [f"{point.amount:,}" for point in course.points],
            [f"{point.p50_ms:,.1f}" for point in course.points],
            [f"{point.p95_ms:,.1f}" for point in course.points],
            [f"{point.blocks:,}" for point in course.points if point.blocks is not None],
        )
        flag = "worse than linear" if course.is_worse_than_linear else ""
        lines.append(
            f"| {course.name} | {course.grows} | {' | '.join(' · '.join(column) for column in columns)} |"
            f" {course.slope:.2f} | {course.last_slope:.2f} | {flag} |"
        )
    return "\n".join(lines)


def chart(courses: Sequence[Course]) -> bytes:
    """Return the courses as an SVG, both axes logarithmic, beside one that is linear."""
    costs = [point.p50_ms for course in courses for point in course.points]
    most = max(course.points[-1].amount / course.points[0].amount for course in courses)
    style = Style(
        background="#fff",
        plot_background="#fff",
        font_family=FONT,
        colors=(*COLOURS, *LEVELS, INK),
        legend_font_size=12,
        guide_stroke_color=LINE,
        major_guide_stroke_color=LINE,
    )
    drawn = pygal.XY(
        logarithmic=True,
        style=style,
        js=(),
        width=1100,
        height=760,
        x_title="times as much as at first",
        y_title="milliseconds",
        x_labels=_powers(1, most),
        y_labels=_powers(min(costs), max(costs)),
        show_x_guides=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        truncate_legend=-1,
    )
    for number, course in enumerate(courses):
        drawn.add(
            f"{course.name} ({course.grows})",
            [(point.amount / course.points[0].amount, point.p50_ms) for point in course.points],
            stroke_style={"dasharray": DASHES[number // len(COLOURS)], "width": 2},
        )
    drawn.add(
        "linear", [(1, min(costs)), (most, min(costs) * most)], show_dots=False, stroke_style={"dasharray": "1 6"}
    )
    return bytes(drawn.render())


def figures(courses: Sequence[Course]) -> list[Mapping[str, Any]]:
    """Return the courses for JSON."""
    return [
        asdict(course)
        | {"slope": course.slope, "last_slope": course.last_slope, "worse_than_linear": course.is_worse_than_linear}
        for course in courses
    ]


def _powers(least: float, most: float) -> list[float]:
    """Return the powers of ten from below the least to above the most."""
    return [10.0**n for n in range(floor(log10(least)), ceil(log10(most)) + 1)]


def _slope(points: Sequence[Point]) -> float:
    return linear_regression([log(p.amount) for p in points], [log(p.p50_ms) for p in points]).slope
