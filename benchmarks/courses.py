"""What something cost as its data grew: the power law that fits it, as a table, as a chart and for JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from statistics import linear_regression
from typing import Any

from assessments.charts import Line, log_log

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


def chart(courses: Sequence[Course]) -> str:
    """Return the courses as an SVG, both axes logarithmic, beside one that is linear."""
    least = min(point.p50_ms for course in courses for point in course.points)
    places = [[point.amount / course.points[0].amount for point in course.points] for course in courses]
    most = max(map(max, places))
    lines = [Line(f"{each.name} ({each.grows})", [point.p50_ms for point in each.points]) for each in courses]
    return log_log(
        [*places, [1, most]],
        [*lines, Line("linear", [least, least * most], stands_out=True)],
        ("times as much as at first", "milliseconds"),
    )


def figures(courses: Sequence[Course]) -> list[Mapping[str, Any]]:
    """Return the courses for JSON."""
    return [
        asdict(course)
        | {"slope": course.slope, "last_slope": course.last_slope, "worse_than_linear": course.is_worse_than_linear}
        for course in courses
    ]


def _slope(points: Sequence[Point]) -> float:
    return linear_regression([log(p.amount) for p in points], [log(p.p50_ms) for p in points]).slope
